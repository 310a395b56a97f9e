/*
 * What two generated streams shall be like. Plain data.
 */
#ifndef RECON_GENERATE_OPTIONS_H
#define RECON_GENERATE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* IDs times the ms of one day fit 63 bits. */
#define RECON_GENERATE_ID_COUNT_MAX UINT64_C(100000000000)
/* IDs a second of event time. */
#define RECON_GENERATE_RATE_MAX UINT64_C(1000000000)
#define RECON_GENERATE_SOURCE_COUNT_MAX 1000
#define RECON_GENERATE_STALL_COUNT_MAX 1000000
/* Ten years, in ms: a bound for every duration. */
#define RECON_GENERATE_DURATION_MAX INT64_C(315576000000)
/* Shares are parts of 10^9. */
#define RECON_GENERATE_WHOLE UINT32_C(1000000000)

/* An ID has one of the first five fates or none; DUPLICATES is drawn for each stream besides. */
enum recon_share {
    RECON_SHARE_LOSS,
    RECON_SHARE_UNAUDITED,
    RECON_SHARE_LATE_WITHIN_N,
    RECON_SHARE_LATE_WITHIN_M,
    RECON_SHARE_LATE_BEYOND_M,
    RECON_SHARE_DUPLICATES,
    RECON_SHARE_COUNT
};
#define RECON_FATE_COUNT RECON_SHARE_DUPLICATES

/* Durations in ms. */
struct recon_generate_options {
    uint64_t seed;
    uint64_t id_count;
    int64_t start_ms; /* the first event's time */
    uint64_t rate;    /* IDs a second; 0: all of them within one day */
    uint32_t source_count;
    int64_t out_of_orderness_ms; /* n */
    int64_t retention_ms;        /* m */
    int64_t disorder_ms;         /* how far behind any record may be, by way of ordinary disorder; <= n */
    uint32_t share[RECON_SHARE_COUNT];
    uint32_t stall_count; /* how often a source's events stop for stall_ms, spread over the whole time */
    int64_t stall_ms;
};

/* The defaults; disorder_ms is n / 6 and is to be set anew where n is. */
void recon_generate_options_init(struct recon_generate_options *options);

/* RECON_OK, or RECON_ERROR_INVALID and why, with the mend, in message (terminated). */
int recon_generate_options_check(const struct recon_generate_options *options, char *message, size_t message_size);

/* Whether all stalls find room in the time that the events span. */
bool recon_generate_stalls_fit(const struct recon_generate_options *options);

#endif
