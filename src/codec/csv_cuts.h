/*
 * Usual CSV, many lines at a time: where the commas and line ends are.
 *
 * Usual is what needs no judgement: every quote where RFC 4180 allows it, no newline within quotes, no NUL. What is not
 * is for csv_record.h, which takes one record at a time and knows of all faults.
 */
#ifndef RECON_CODEC_CSV_CUTS_H
#define RECON_CODEC_CSV_CUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* So much is looked at at once: it stays in the nearest cache. */
#define RECON_CSV_CUTS_BYTES ((uint32_t)16 << 10)
/* What may be written behind the last element. */
#define RECON_CSV_CUTS_SLACK 8

struct recon_csv_cuts {
    uint32_t size;       /* of the lines, from the first byte on, with their ends */
    uint32_t line_count; /* 0: the first record is not usual, or not whole */
    bool is_utf8;        /* all of them */
    bool has_doubled;    /* some quote in them may be doubled */
    uint16_t places[RECON_CSV_CUTS_BYTES + RECON_CSV_CUTS_SLACK]; /* of commas and LFs outside of quotes */
    uint16_t ends[RECON_CSV_CUTS_BYTES + RECON_CSV_CUTS_SLACK];   /* of each line: which of the places its LF is */
};

/* bytes: a record's first one and those that follow. Any thread. */
void recon_csv_cuts_find(struct recon_csv_cuts *cuts, const char *bytes, size_t size);

typedef void (*recon_csv_cutter)(struct recon_csv_cuts *cuts, const char *bytes, size_t size);
#define RECON_CSV_CUTTER_COUNT_MAX 3
/* The ways that there are on this processor, the fastest first: recon_csv_cuts_find goes the first. */
size_t recon_csv_cutters(recon_csv_cutter cutters[RECON_CSV_CUTTER_COUNT_MAX]);

#endif
