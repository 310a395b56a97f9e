/*
 * The summary of a check for people, and the verdict that its exit status states.
 */
#ifndef RECON_CLI_CHECK_SUMMARY_H
#define RECON_CLI_CHECK_SUMMARY_H

#include <stdio.h>

#include "service/check.h"

/* A share in percent, exact to six decimals. */
struct recon_percent {
    uint32_t millionths; /* of a percent: 100 % is 100,000,000 */
};
#define RECON_PERCENT_MILLIONTHS_MAX UINT32_C(100000000)

/* `99`, `99.9`, `99.9%`; from 0 to 100. False where it is none, or has more decimals than six. */
bool recon_percent_parse(const char *text, struct recon_percent *percent);

struct recon_verdict {
    uint64_t audited;  /* IDs that were judged */
    uint64_t arrived;  /* of these, in the end */
    uint64_t unjudged; /* audit records that could not be read or came too late */
    bool is_enough;    /* arrived / audited reaches the mark */
    int exit_status;
};

/* mark: the share that must have arrived. */
struct recon_verdict recon_verdict_of(const struct recon_check_totals *totals, struct recon_percent mark);

struct recon_summary_options {
    size_t file_count[RECON_STREAM_COUNT];
    struct recon_percent mark;
    int64_t taken_ms; /* wall-clock time of the run */
};

void recon_summary_print(FILE *file, const struct recon_check_totals *totals,
                         const struct recon_summary_options *options);

#endif
