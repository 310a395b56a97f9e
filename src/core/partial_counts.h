/*
 * Partial counts: what one matcher counted by window since it was last asked.
 */
#ifndef RECON_CORE_PARTIAL_COUNTS_H
#define RECON_CORE_PARTIAL_COUNTS_H

#include "core/window_map.h"
#include "recon/record.h"
#include "recon/status.h"

struct partial_counts {
    struct window_map map;
    struct recon_counts *counts; /* by the map's numbers */
    uint32_t capacity;
    int64_t interval_ms;
    /* The window counted in last: records come in order of time, more or less. */
    int64_t recent_first; /* its first ms (or what of it 64 bits hold) */
    int64_t recent_last;
    uint32_t recent; /* its number; good while has_recent */
    bool has_recent;
};

void partial_counts_init(struct partial_counts *partial, struct recon_memory *memory, int64_t interval_ms);
void partial_counts_deinit(struct partial_counts *partial);

/* Makes room; for partial_counts_reserve. */
int partial_counts_grow(struct partial_counts *partial, uint32_t window_count);

/* Room for so many windows more: RECON_OK, RECON_ERROR_MEMORY or RECON_ERROR_FULL. */
static inline int partial_counts_reserve(struct partial_counts *partial, uint32_t window_count)
{
    bool has_room = partial->capacity - partial->map.count >= window_count;
    return has_room ? RECON_OK : partial_counts_grow(partial, window_count);
}

/* The number of a window's counts, made if need be (room was made before). */
uint32_t partial_counts_number(struct partial_counts *partial, int64_t window_index);

/* As partial_counts_at, where it is not the window counted in last. */
struct recon_counts *partial_counts_look_up(struct partial_counts *partial, int64_t time);

/* The counts of the time's window, made if need be (room was made before); good until the next call. */
static inline struct recon_counts *partial_counts_at(struct partial_counts *partial, int64_t time)
{
    if (partial->has_recent && time >= partial->recent_first && time <= partial->recent_last)
        return &partial->counts[partial->recent];
    return partial_counts_look_up(partial, time);
}

/* Takes out one window's. False: there are none. */
bool partial_counts_take(struct partial_counts *partial, int64_t *window_index, struct recon_counts *counts);

#endif
