#include "core/partial_counts.h"

#include <string.h>

#include "core/event_time.h"
#include "recon/status.h"

void partial_counts_init(struct partial_counts *partial, struct recon_memory *memory, int64_t interval_ms)
{
    *partial = (struct partial_counts){.interval_ms = interval_ms};
    window_map_init(&partial->map, memory);
}

void partial_counts_deinit(struct partial_counts *partial)
{
    recon_memory_give(partial->map.memory, partial->counts, partial->capacity * sizeof(*partial->counts));
    window_map_deinit(&partial->map);
    partial->counts = NULL;
    partial->capacity = 0;
}

int partial_counts_grow(struct partial_counts *partial, uint32_t window_count)
{
    int status = window_map_reserve(&partial->map, window_count);
    if (status != RECON_OK || partial->capacity == partial->map.capacity)
        return status;
    struct recon_counts *counts = recon_memory_take(partial->map.memory, partial->map.capacity * sizeof(*counts));
    if (counts == NULL)
        return partial->capacity - partial->map.count >= window_count ? RECON_OK : RECON_ERROR_MEMORY;
    if (partial->map.count > 0)
        memcpy(counts, partial->counts, partial->map.count * sizeof(*counts));
    recon_memory_give(partial->map.memory, partial->counts, partial->capacity * sizeof(*partial->counts));
    partial->counts = counts;
    partial->capacity = partial->map.capacity;
    return RECON_OK;
}

uint32_t partial_counts_number(struct partial_counts *partial, int64_t window_index)
{
    uint32_t number = window_map_find(&partial->map, window_index);
    if (number == WINDOW_MAP_NONE) {
        number = window_map_add(&partial->map, window_index);
        partial->counts[number] = (struct recon_counts){0};
    }
    return number;
}

struct recon_counts *partial_counts_look_up(struct partial_counts *partial, int64_t time)
{
    int64_t index = floor_divide(time, partial->interval_ms);
    uint32_t number = partial_counts_number(partial, index);
    partial->recent_first = window_start(index, partial->interval_ms);
    partial->recent_last = window_last(index, partial->interval_ms);
    partial->recent = number;
    partial->has_recent = true;
    return &partial->counts[number];
}

bool partial_counts_take(struct partial_counts *partial, int64_t *window_index, struct recon_counts *counts)
{
    if (partial->map.count == 0)
        return false;
    uint32_t last = partial->map.count - 1;
    *window_index = partial->map.indexes[last];
    *counts = partial->counts[last];
    window_map_remove(&partial->map, last);
    partial->has_recent = false;
    return true;
}
