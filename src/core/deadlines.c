#include "core/deadlines.h"

#include <assert.h>
#include <string.h>

#define DIGIT_BITS 8
#define DIGIT_MASK (DEADLINE_DIGIT_COUNT - 1)
#define SIGN (UINT64_C(1) << 63)

void deadlines_init(struct deadlines *deadlines, struct pending_pool *pool)
{
    memset(deadlines, 0, sizeof(*deadlines));
    deadlines->pool = pool;
    deadlines->bound = UINT64_MAX;
}

static struct deadline_list *list_of(struct deadlines *deadlines, uint64_t time)
{
    uint64_t difference = time ^ deadlines->cursor;
    unsigned level = difference == 0 ? 0 : (63u - (unsigned)__builtin_clzll(difference)) / DIGIT_BITS;
    unsigned digit = (unsigned)(time >> (level * DIGIT_BITS)) & DIGIT_MASK;
    deadlines->filled[level][digit / 64] |= UINT64_C(1) << (digit % 64);
    return &deadlines->lists[level][digit];
}

static void list_append(struct pending_pool *pool, struct deadline_list *list, pending_handle handle,
                        struct pending *record)
{
    record->previous = list->last;
    record->next = 0;
    if (list->last != 0)
        pending_at(pool, list->last)->next = handle;
    else
        list->first = handle;
    list->last = handle;
}

void deadlines_add(struct deadlines *deadlines, pending_handle handle, int64_t watermark)
{
    struct pending *record = pending_at(deadlines->pool, handle);
    deadlines->count++;
    if (record->time <= watermark) {
        record->is_late = true;
        list_append(deadlines->pool, &deadlines->late, handle, record);
        return;
    }
    record->is_late = false;
    uint64_t time = (uint64_t)record->time ^ SIGN;
    assert(time >= deadlines->cursor);
    if (time < deadlines->bound)
        deadlines->bound = time;
    list_append(deadlines->pool, list_of(deadlines, time), handle, record);
}

void deadlines_remove(struct deadlines *deadlines, pending_handle handle)
{
    struct pending *record = pending_at(deadlines->pool, handle);
    deadlines->count--;
    if (record->previous != 0 && record->next != 0) {
        pending_at(deadlines->pool, record->previous)->next = record->next;
        pending_at(deadlines->pool, record->next)->previous = record->previous;
        record->previous = record->next = 0;
        return;
    }
    /* At an end of its list: the list is the one that its time leads to (invariant 1 of the wheel). The list may
     * become empty; its bit then stays until the search comes by. */
    struct deadline_list *list = record->is_late ? &deadlines->late : list_of(deadlines, (uint64_t)record->time ^ SIGN);
    if (record->previous != 0)
        pending_at(deadlines->pool, record->previous)->next = record->next;
    else
        list->first = record->next;
    if (record->next != 0)
        pending_at(deadlines->pool, record->next)->previous = record->previous;
    else
        list->last = record->previous;
    record->previous = record->next = 0;
}

/* The first filled list of the level at digit `from` or after; bits of empty lists are cleared on the way. */
static unsigned level_next(struct deadlines *deadlines, unsigned level, unsigned from)
{
    for (unsigned word = from / 64; word < DEADLINE_DIGIT_COUNT / 64; word++) {
        uint64_t bits = deadlines->filled[level][word];
        if (word == from / 64)
            bits &= ~UINT64_C(0) << (from % 64);
        while (bits != 0) {
            unsigned digit = word * 64 + (unsigned)__builtin_ctzll(bits);
            if (deadlines->lists[level][digit].first != 0)
                return digit;
            deadlines->filled[level][word] &= ~(UINT64_C(1) << (digit % 64));
            bits &= bits - 1;
        }
    }
    return DEADLINE_DIGIT_COUNT;
}

/* Deals a list of a higher level out to the lower ones; the cursor is already at its start. */
static void deal_out(struct deadlines *deadlines, unsigned level, unsigned digit)
{
    struct deadline_list list = deadlines->lists[level][digit];
    deadlines->lists[level][digit] = (struct deadline_list){0};
    for (pending_handle handle = list.first; handle != 0;) {
        struct pending *record = pending_at(deadlines->pool, handle);
        pending_handle next = record->next;
        if (next != 0)
            __builtin_prefetch(pending_at(deadlines->pool, next));
        list_append(deadlines->pool, list_of(deadlines, (uint64_t)record->time ^ SIGN), handle, record);
        handle = next;
    }
}

/* Moves the cursor to the earliest record, if that is not past limit; its list's digit at level 0, or
 * DEADLINE_DIGIT_COUNT where nothing is due. */
static unsigned earliest(struct deadlines *deadlines, uint64_t limit)
{
    for (;;) {
        unsigned level = 0;
        unsigned digit = level_next(deadlines, 0, (unsigned)deadlines->cursor & DIGIT_MASK);
        while (digit == DEADLINE_DIGIT_COUNT) {
            if (++level == DEADLINE_LEVEL_COUNT) {
                deadlines->bound = UINT64_MAX;
                return DEADLINE_DIGIT_COUNT;
            }
            unsigned cursor_digit = (unsigned)(deadlines->cursor >> (level * DIGIT_BITS)) & DIGIT_MASK;
            digit = level_next(deadlines, level, cursor_digit + 1);
        }
        unsigned shift = level * DIGIT_BITS;
        uint64_t low_digits = shift + DIGIT_BITS == 64 ? UINT64_MAX : (UINT64_C(1) << (shift + DIGIT_BITS)) - 1;
        uint64_t start = (deadlines->cursor & ~low_digits) | (uint64_t)digit << shift;
        deadlines->bound = start;
        if (start > limit)
            return DEADLINE_DIGIT_COUNT;
        deadlines->cursor = start;
        if (level == 0)
            return digit;
        deal_out(deadlines, level, digit);
    }
}

/* The list of the next record that is due; NULL: none is. */
static struct deadline_list *list_due(struct deadlines *deadlines, int64_t watermark)
{
    if (deadlines->late.first != 0)
        return &deadlines->late;
    unsigned digit = earliest(deadlines, (uint64_t)watermark ^ SIGN);
    return digit == DEADLINE_DIGIT_COUNT ? NULL : &deadlines->lists[0][digit];
}

size_t deadlines_peek(struct deadlines *deadlines, int64_t watermark, pending_handle *handles, size_t capacity)
{
    const struct deadline_list *list = list_due(deadlines, watermark);
    size_t count = 0;
    for (pending_handle handle = list == NULL ? 0 : list->first; handle != 0 && count < capacity;
         handle = pending_at(deadlines->pool, handle)->next)
        handles[count++] = handle;
    return count;
}

pending_handle deadlines_take(struct deadlines *deadlines, int64_t watermark)
{
    struct deadline_list *list = list_due(deadlines, watermark);
    if (list == NULL)
        return 0;
    pending_handle handle = list->first;
    struct pending *record = pending_at(deadlines->pool, handle);
    deadlines->count--;
    list->first = record->next;
    if (record->next != 0)
        pending_at(deadlines->pool, record->next)->previous = 0;
    else
        list->last = 0;
    record->previous = record->next = 0;
    return handle;
}
