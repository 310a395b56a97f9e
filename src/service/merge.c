/*
 * See merge.h. heap[0] is the next input; a parent is never behind its children, at 2i + 1 and 2i + 2.
 */
#include "service/merge.h"

#include <assert.h>
#include <stdlib.h>

#include "recon/status.h"

#define PREFETCH_BYTES 192
#define AHEAD_BYTES (12 * sizeof(struct recon_record))

int recon_merge_init(struct recon_merge *merge, size_t count, int64_t now_ms, int64_t max_future_skew_ms)
{
    struct recon_merge_input *heap = calloc(count > 0 ? count : 1, sizeof *heap);
    if (heap == NULL)
        return RECON_ERROR_MEMORY;
    for (size_t i = 0; i < count; i++)
        heap[i] = (struct recon_merge_input){.max = RECON_TIME_MIN, .number = (uint32_t)i};
    int64_t time_max = RECON_TIME_MAX;
    if (max_future_skew_ms != RECON_DURATION_UNSET && now_ms < RECON_TIME_MAX - max_future_skew_ms)
        time_max = now_ms + max_future_skew_ms;
    *merge = (struct recon_merge){.heap = heap, .count = count, .time_max = time_max};
    return RECON_OK;
}

void recon_merge_deinit(struct recon_merge *merge)
{
    free(merge->heap);
    merge->heap = NULL;
}

static bool is_before(const struct recon_merge_input *a, const struct recon_merge_input *b)
{
    return a->max < b->max || (a->max == b->max && a->number < b->number);
}

/* Lets heap[0] sink to its place. */
static void sink(struct recon_merge *merge)
{
    struct recon_merge_input moved = merge->heap[0];
    size_t place = 0;
    for (;;) {
        size_t child = 2 * place + 1;
        if (child >= merge->count)
            break;
        if (child + 1 < merge->count && is_before(&merge->heap[child + 1], &merge->heap[child]))
            child++;
        if (!is_before(&merge->heap[child], &moved))
            break;
        merge->heap[place] = merge->heap[child];
        place = child;
    }
    merge->heap[place] = moved;
}

bool recon_merge_next(const struct recon_merge *merge, uint32_t *number)
{
    if (merge->count == 0)
        return false;
    *number = merge->heap[0].number;
    return true;
}

void recon_merge_give(struct recon_merge *merge, const struct recon_record *records, size_t count)
{
    assert(merge->count > 0 && merge->heap[0].next == merge->heap[0].end);
    merge->heap[0].next = records;
    merge->heap[0].end = records + count;
}

/* The largest max with which heap[0] is still before its rival. */
static int64_t bound_of(const struct recon_merge *merge)
{
    if (merge->count == 1)
        return RECON_TIME_MAX;
    const struct recon_merge_input *rival = &merge->heap[1];
    if (merge->count > 2 && is_before(&merge->heap[2], rival))
        rival = &merge->heap[2];
    /* No underflow: a max below the rival's, or the lower number, made the input the next one. */
    return merge->heap[0].number < rival->number ? rival->max : rival->max - 1;
}

size_t recon_merge_gather(struct recon_merge *merge, struct recon_record *records, size_t capacity)
{
    assert(merge->count > 0);
    struct recon_merge_input *input = &merge->heap[0];
    const int64_t time_max = merge->time_max;
    int64_t bound = bound_of(merge);
    size_t count = 0;
    while (count < capacity && input->next < input->end) {
        const struct recon_record *record = input->next++;
        /* What is in a batch lies in the reader's core's cache still, and so do its texts. */
        __builtin_prefetch((const char *)record + AHEAD_BYTES);
        __builtin_prefetch((const char *)record + AHEAD_BYTES + 64);
        records[count++] = *record;
        if (merge->keeps_texts[record->stream] && record->id.bytes != NULL)
            for (size_t ahead = 0; ahead < PREFETCH_BYTES; ahead += 64)
                __builtin_prefetch(record->id.bytes + ahead);
        if (record->time <= input->max || !record->has_time || record->kind == RECON_KIND_REJECTED ||
            record->time > time_max)
            continue;
        input->max = record->time;
        if (record->time > bound) {
            sink(merge);
            bound = bound_of(merge);
        }
    }
    return count;
}

void recon_merge_out(struct recon_merge *merge)
{
    assert(merge->count > 0);
    merge->heap[0] = merge->heap[--merge->count];
    if (merge->count > 0)
        sink(merge);
}
