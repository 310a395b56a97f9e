/*
 * The plan: what becomes of the i-th ID.
 *
 * Pure functions of the options and i, in integers only, so that they are the same on every machine and nothing has to
 * be kept for an ID. Randomness is a hash of (seed, what is drawn, i), not a sequence. Arrivals are times on the axis
 * of event time: a record with time t that arrives at a stands behind all records of its stream that arrive before a.
 *
 * 1. Times don't fall as i rises.
 * 2. An audit record's first copy arrives at most disorder_ms <= n behind its time: audits are never late.
 * 3. A second copy never arrives before the first.
 */
#ifndef RECON_GENERATE_PLAN_H
#define RECON_GENERATE_PLAN_H

#include "generate/options.h"

enum recon_fate {
    RECON_FATE_LOST = RECON_SHARE_LOSS,
    RECON_FATE_UNAUDITED = RECON_SHARE_UNAUDITED,
    RECON_FATE_LATE_WITHIN_N = RECON_SHARE_LATE_WITHIN_N,
    RECON_FATE_LATE_WITHIN_M = RECON_SHARE_LATE_WITHIN_M,
    RECON_FATE_LATE_BEYOND_M = RECON_SHARE_LATE_BEYOND_M,
    RECON_FATE_ORDINARY = RECON_FATE_COUNT,
};

/* What is drawn; each has a sequence of its own. */
enum recon_draw {
    RECON_DRAW_FATE,
    RECON_DRAW_SOURCE,
    RECON_DRAW_ID,
    RECON_DRAW_ID_REST,
    RECON_DRAW_TEXT,
    RECON_DRAW_DELAY, /* + stream */
    RECON_DRAW_DOUBLE = RECON_DRAW_DELAY + 2,
    RECON_DRAW_SECOND = RECON_DRAW_DOUBLE + 2,
    RECON_DRAW_STALL = RECON_DRAW_SECOND + 2,
    RECON_DRAW_COUNT = RECON_DRAW_STALL + 2
};

struct recon_plan {
    struct recon_generate_options options;
    uint64_t key[RECON_DRAW_COUNT];
    uint64_t step_ms; /* time of i = start + i * step_ms / step_count */
    uint64_t step_count;
    int64_t span_ms;                      /* from the first time to behind the last one */
    int64_t slot_ms;                      /* each stall has one */
    uint64_t share_end[RECON_FATE_COUNT]; /* sums of the shares, in parts of 2^32 */
    uint64_t share_duplicates;            /* in parts of 2^32 */
};

/* The options must be legal (recon_generate_options_check). */
void recon_plan_init(struct recon_plan *plan, const struct recon_generate_options *options);

uint64_t recon_plan_draw(const struct recon_plan *plan, int draw, uint64_t i);

int64_t recon_plan_time(const struct recon_plan *plan, uint64_t i);
enum recon_fate recon_plan_fate(const struct recon_plan *plan, uint64_t i);
uint32_t recon_plan_source(const struct recon_plan *plan, uint64_t i);
/* When the first copy arrives in the stream (enum recon_stream), unless its fate keeps it out of it. */
int64_t recon_plan_arrival(const struct recon_plan *plan, int stream, uint64_t i, enum recon_fate fate, int64_t time);
bool recon_plan_is_doubled(const struct recon_plan *plan, int stream, uint64_t i);
int64_t recon_plan_second_arrival(const struct recon_plan *plan, int stream, uint64_t i, int64_t arrival);
/* Whether an event of the source at the time falls into a stall; *end_ms then says when it catches up. */
bool recon_plan_is_stalled(const struct recon_plan *plan, uint32_t source, int64_t time, int64_t *end_ms);

#endif
