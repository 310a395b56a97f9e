/*
 * Two streams of records with a known truth, as lines: audit, events, and what the truth is.
 *
 * Pure: no I/O, no clock; the same options give the same bytes on every machine. An ID costs nothing but 16 bytes for
 * each of its lines that is under way: its time is past, it has not arrived yet. Single-threaded.
 *
 * What the truth says. The files are read as `recon check` reads them, each from its start. late_ms of a line is how
 * far its time lies behind the largest time before it in its own file; late says within_n where that is more than the
 * ordinary disorder (disorder_ms) but at most n, within_m where it is more than n but at most n + m, beyond_m past
 * that. These are measured on the lines as they stand, not what the plan meant them to be: so with n and m as given
 * here
 *
 *     missing     is reported for each ID that is `lost`, or has an event `late` within_m or beyond_m
 *     found       follows for those within_m
 *     too_late    is reported for each line that is beyond_m, whatever its fate
 *     unaudited   is reported for each `unaudited` one that is not beyond_m
 *     duplicate   is reported for each `doubled` one that is not beyond_m
 *
 * and nothing else is. An ID can be late and doubled; it then has a line for each.
 */
#ifndef RECON_GENERATE_GENERATOR_H
#define RECON_GENERATE_GENERATOR_H

#include "generate/line.h"
#include "generate/options.h"

enum recon_generate_file {
    RECON_GENERATE_AUDIT,
    RECON_GENERATE_EVENTS,
    RECON_GENERATE_TRUTH,
    RECON_GENERATE_FILE_COUNT
};

/* The caller's; capacity at least RECON_GENERATE_LINE_SIZE_MAX. */
struct recon_generate_buffer {
    char *bytes;
    size_t size;
    size_t capacity;
};

enum recon_reach { RECON_REACH_WITHIN_N, RECON_REACH_WITHIN_M, RECON_REACH_BEYOND_M, RECON_REACH_COUNT };

struct recon_generate_counts {
    uint64_t lines[RECON_GENERATE_FILE_COUNT];
    uint64_t lost;
    uint64_t unaudited;
    uint64_t late[RECON_REACH_COUNT]; /* first copies of audited events */
    uint64_t stalled;                 /* of these and of unaudited ones */
    uint64_t doubled[2];              /* by stream */
    uint64_t under_way_max;           /* lines held at once, in each stream's worst moment, added up */
};

struct recon_generator;

/* RECON_OK, RECON_ERROR_MEMORY, or RECON_ERROR_INVALID where recon_generate_options_check says so. */
int recon_generator_new(const struct recon_generate_options *options, struct recon_generator **generator);
void recon_generator_free(struct recon_generator *generator);

/* Appends lines until one of the buffers may not take another, or all is written: then *done. RECON_OK or
 * RECON_ERROR_MEMORY (too many lines under way); then the generator can only be freed. */
int recon_generator_next(struct recon_generator *generator,
                         struct recon_generate_buffer buffers[RECON_GENERATE_FILE_COUNT], bool *done);

void recon_generator_counts(const struct recon_generator *generator, struct recon_generate_counts *counts);
/* How many IDs have been begun, for progress. */
uint64_t recon_generator_position(const struct recon_generator *generator);

#endif
