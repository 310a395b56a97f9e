/*
 * The watermark's state, for the parts of the core that embed or save it.
 */
#ifndef RECON_CORE_WATERMARK_STATE_H
#define RECON_CORE_WATERMARK_STATE_H

#include "core/memory.h"
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

/* For embedding: memory is the owner's and outlives it. */
int recon_watermark_init(struct recon_watermark *watermark, const struct recon_settings *settings,
                         struct recon_memory *memory);
void recon_watermark_deinit(struct recon_watermark *watermark);

#endif
