/*
 * The watermark's state, for the parts of the core that embed or save it.
 */
#ifndef RECON_CORE_WATERMARK_STATE_H
#define RECON_CORE_WATERMARK_STATE_H

#include "core/memory.h"
#include "recon/status.h"
#include "recon/watermark.h"

struct partition {
    int64_t max;     /* largest event time seen, if has_max */
    int64_t last_ms; /* clock when max last rose or it was said to be alive */
    bool has_max;
    bool has_ended;
    bool is_idle; /* as of the last survey */
};

struct partition_list {
    struct partition *items;
    uint32_t count;
    uint32_t capacity;
};

struct recon_watermark {
    struct recon_memory *memory;
    int64_t out_of_orderness_ms;
    int64_t idle_timeout_ms;
    int64_t max_future_skew_ms;
    struct partition_list partitions[RECON_STREAM_COUNT];
    struct recon_rise bound; /* W and R as last risen to */
    int64_t now_ms;
    int64_t largest_time; /* in any partition, ended or not, if has_largest */
    int64_t silence_ms;   /* clock when all were last known to be idle, if was_silent */
    int64_t idle_check_at_ms;
    int64_t lowest_max; /* of the last survey; a partition at or below it holds the watermark */
    bool has_clock;
    bool has_largest;
    bool was_silent;
    bool is_clock_driven; /* the clock alone can raise something: each move is looked at */
    bool stale;
};

/* recon_watermark_partition_check and recon_watermark_saw, which come with each record. */
static inline int watermark_partition_check(const struct recon_watermark *watermark, int stream, uint32_t partition)
{
    const struct partition_list *list = &watermark->partitions[stream];
    if (partition >= list->count)
        return RECON_ERROR_PARTITION;
    return list->items[partition].has_ended ? RECON_ERROR_ENDED : RECON_OK;
}

static inline void watermark_saw(struct recon_watermark *watermark, int stream, uint32_t partition, int64_t time_ms)
{
    struct partition *seen = &watermark->partitions[stream].items[partition];
    if (seen->has_max && time_ms <= seen->max)
        return;
    /* With n unset no record's time makes W rise. */
    if (watermark->out_of_orderness_ms != RECON_DURATION_UNSET &&
        (!seen->has_max || seen->is_idle || seen->max <= watermark->lowest_max))
        watermark->stale = true;
    seen->has_max = true;
    seen->max = time_ms;
    seen->last_ms = watermark->now_ms;
    if (!watermark->has_largest || time_ms > watermark->largest_time) {
        watermark->has_largest = true;
        watermark->largest_time = time_ms;
    }
}

/* For embedding: memory is the owner's and outlives it. */
int recon_watermark_init(struct recon_watermark *watermark, const struct recon_settings *settings,
                         struct recon_memory *memory);
void recon_watermark_deinit(struct recon_watermark *watermark);

#endif
