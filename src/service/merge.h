/*
 * The order in which bounded inputs are read: the next record comes from the input whose `max`, the largest event time
 * seen in it, is lowest; of equals from the one with the lowest number.
 *
 * A heap of inputs with the records that each has at hand. Pure; single-threaded.
 */
#ifndef RECON_SERVICE_MERGE_H
#define RECON_SERVICE_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recon/settings.h"

struct recon_merge_input {
    int64_t max;                     /* RECON_TIME_MIN: no time was seen */
    const struct recon_record *next; /* at hand, up to end; borrowed */
    const struct recon_record *end;
    uint32_t number;
};

struct recon_merge {
    struct recon_merge_input *heap;
    size_t count;
    int64_t time_max;                     /* a later time is not believed: it lifts no max */
    bool keeps_texts[RECON_STREAM_COUNT]; /* whoever takes the records copies texts of these: they are asked for */
};

/* All inputs, 0 to count - 1, are in, without a time. now_ms + max_future_skew_ms (unset: any time) is the latest time
 * that is believed. Sets all but keeps_texts, which are false. RECON_OK or RECON_ERROR_MEMORY. */
int recon_merge_init(struct recon_merge *merge, size_t count, int64_t now_ms, int64_t max_future_skew_ms);
void recon_merge_deinit(struct recon_merge *merge);

/* Copies records in order, until there are capacity or the input that is next has none at hand; gives how many. */
size_t recon_merge_gather(struct recon_merge *merge, struct recon_record *records, size_t capacity);

/* The input that is next; false: all are out. */
bool recon_merge_next(const struct recon_merge *merge, uint32_t *number);

/* The input that is next, which has none at hand, has these now. They must stay until they are gathered. */
void recon_merge_give(struct recon_merge *merge, const struct recon_record *records, size_t count);

/* The input that is next is at its end. */
void recon_merge_out(struct recon_merge *merge);

#endif
