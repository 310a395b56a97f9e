/*
 * See merge.h. heap[0] is the next input; a parent is never behind its children, at 2i + 1 and 2i + 2.
 */
#include "service/merge.h"

#include <assert.h>
#include <stdlib.h>

#include "recon/status.h"

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

static bool is_before(struct recon_merge_input a, struct recon_merge_input b)
{
    return a.max < b.max || (a.max == b.max && a.number < b.number);
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
        if (child + 1 < merge->count && is_before(merge->heap[child + 1], merge->heap[child]))
            child++;
        if (!is_before(merge->heap[child], moved))
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

size_t recon_merge_take(struct recon_merge *merge, const struct recon_record *records, size_t count)
{
    assert(merge->count > 0 && count > 0);
    struct recon_merge_input *input = &merge->heap[0];
    /* The largest max with which the input is still before its rival. */
    int64_t bound = RECON_TIME_MAX;
    if (merge->count > 1) {
        struct recon_merge_input rival = merge->heap[1];
        if (merge->count > 2 && is_before(merge->heap[2], rival))
            rival = merge->heap[2];
        /* No underflow: a max below the rival's, or the lower number, made the input the next one. */
        bound = input->number < rival.number ? rival.max : rival.max - 1;
    }
    int64_t max = input->max;
    int64_t time_max = merge->time_max;
    size_t taken = 0;
    while (taken < count && max <= bound) {
        const struct recon_record *record = &records[taken++];
        if (record->time > max && record->has_time && record->kind != RECON_KIND_REJECTED && record->time <= time_max)
            max = record->time;
    }
    input->max = max;
    if (max > bound)
        sink(merge);
    return taken;
}

void recon_merge_out(struct recon_merge *merge)
{
    assert(merge->count > 0);
    merge->heap[0] = merge->heap[--merge->count];
    if (merge->count > 0)
        sink(merge);
}
