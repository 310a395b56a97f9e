#include "core/deadlines.h"

#include <assert.h>
#include <string.h>

#include "recon/status.h"

#define DIGIT_BITS 8
#define DIGIT_MASK (DEADLINE_DIGIT_COUNT - 1)
#define SIGN (UINT64_C(1) << 63)

void deadlines_init(struct deadlines *deadlines, struct pending_pool *pool)
{
    memset(deadlines, 0, sizeof(*deadlines));
    deadlines->pool = pool;
    deadlines->bound = UINT64_MAX;
}

int deadlines_spare_new(struct deadlines *deadlines)
{
    void *chunk;
    deadlines->spare = pending_block_new(deadlines->pool, sizeof(struct deadline_chunk), &chunk);
    return deadlines->spare != 0 ? RECON_OK : RECON_ERROR_MEMORY;
}

static uint32_t list_of(struct deadlines *deadlines, uint64_t time)
{
    uint64_t difference = time ^ deadlines->cursor;
    unsigned level = difference == 0 ? 0 : (63u - (unsigned)__builtin_clzll(difference)) / DIGIT_BITS;
    unsigned digit = (unsigned)(time >> (level * DIGIT_BITS)) & DIGIT_MASK;
    deadlines->filled[level][digit / 64] |= UINT64_C(1) << (digit % 64);
    return level * DEADLINE_DIGIT_COUNT + digit;
}

/* Puts the spare chunk at the list's end. */
static struct deadline_chunk *chunk_append(struct deadlines *deadlines, uint32_t number)
{
    struct deadline_list *list = &deadlines->lists[number];
    assert(deadlines->spare != 0);
    struct deadline_chunk *chunk = deadlines_chunk(deadlines, deadlines->spare);
    chunk->waiting = 0;
    chunk->previous = list->last;
    chunk->next = 0;
    chunk->list = number;
    chunk->used = 0;
    if (list->last != 0)
        deadlines_chunk(deadlines, list->last)->next = deadlines->spare;
    else
        list->first = deadlines->spare;
    list->last = deadlines->spare;
    deadlines->spare = 0;
    return chunk;
}

static inline void list_append(struct deadlines *deadlines, uint32_t number, pending_handle handle,
                               struct pending *record)
{
    const struct deadline_list *list = &deadlines->lists[number];
    struct deadline_chunk *chunk = list->last != 0 ? deadlines_chunk(deadlines, list->last) : NULL;
    if (chunk == NULL || chunk->used == DEADLINE_CHUNK_HANDLES)
        chunk = chunk_append(deadlines, number);
    chunk->waiting |= UINT64_C(1) << chunk->used;
    chunk->handles[chunk->used] = handle;
    record->link = list->last;
    record->spot = (uint8_t)chunk->used++;
}

void deadlines_chunk_end(struct deadlines *deadlines, pending_handle handle)
{
    const struct deadline_chunk *chunk = deadlines_chunk(deadlines, handle);
    struct deadline_list *list = &deadlines->lists[chunk->list];
    if (chunk->previous != 0)
        deadlines_chunk(deadlines, chunk->previous)->next = chunk->next;
    else
        list->first = chunk->next;
    if (chunk->next != 0)
        deadlines_chunk(deadlines, chunk->next)->previous = chunk->previous;
    else
        list->last = chunk->previous;
    if (deadlines->spare == 0)
        deadlines->spare = handle;
    else
        pending_free(deadlines->pool, handle);
}

void deadlines_add(struct deadlines *deadlines, pending_handle handle, struct pending *record, int64_t watermark)
{
    deadlines->count++;
    if (record->time <= watermark) {
        list_append(deadlines, DEADLINE_LATE, handle, record);
        return;
    }
    uint64_t time = (uint64_t)record->time ^ SIGN;
    assert(time >= deadlines->cursor);
    if (time < deadlines->bound)
        deadlines->bound = time;
    list_append(deadlines, list_of(deadlines, time), handle, record);
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
            if (deadlines->lists[level * DEADLINE_DIGIT_COUNT + digit].first != 0)
                return digit;
            deadlines->filled[level][word] &= ~(UINT64_C(1) << (digit % 64));
            bits &= bits - 1;
        }
    }
    return DEADLINE_DIGIT_COUNT;
}

/* Asks the memory for the chunk's records. */
static void prefetch_records(const struct deadlines *deadlines, const struct deadline_chunk *chunk)
{
    for (uint64_t left = chunk->waiting; left != 0; left &= left - 1)
        __builtin_prefetch(pending_at(deadlines->pool, chunk->handles[__builtin_ctzll(left)]), 1);
}

/* Deals deadlines->dealing out to the lower levels; the cursor is already at its start. RECON_ERROR_MEMORY: what is
 * left is still in it. */
static int deal_out(struct deadlines *deadlines)
{
    const struct deadline_list *list = &deadlines->lists[deadlines->dealing];
    if (deadlines->dealing == 0)
        return RECON_OK;
    if (list->first != 0)
        prefetch_records(deadlines, deadlines_chunk(deadlines, list->first));
    while (list->first != 0) {
        const pending_handle first = list->first;
        struct deadline_chunk *chunk = deadlines_chunk(deadlines, first);
        if (chunk->next != 0)
            prefetch_records(deadlines, deadlines_chunk(deadlines, chunk->next));
        for (; chunk->waiting != 0; chunk->waiting &= chunk->waiting - 1) {
            int status = deadlines_reserve(deadlines);
            if (status != RECON_OK)
                return status;
            const pending_handle handle = chunk->handles[__builtin_ctzll(chunk->waiting)];
            struct pending *record = pending_at(deadlines->pool, handle);
            list_append(deadlines, list_of(deadlines, (uint64_t)record->time ^ SIGN), handle, record);
        }
        deadlines_chunk_end(deadlines, first);
    }
    deadlines->dealing = 0;
    return RECON_OK;
}

/* Moves the cursor to the earliest record, if that is not past limit; *digit: its list's at level 0, or
 * DEADLINE_DIGIT_COUNT where nothing is due. */
static int earliest(struct deadlines *deadlines, uint64_t limit, unsigned *found)
{
    *found = DEADLINE_DIGIT_COUNT;
    for (;;) {
        int status = deal_out(deadlines);
        if (status != RECON_OK)
            return status;
        unsigned level = 0;
        unsigned digit = level_next(deadlines, 0, (unsigned)deadlines->cursor & DIGIT_MASK);
        while (digit == DEADLINE_DIGIT_COUNT) {
            if (++level == DEADLINE_LEVEL_COUNT) {
                deadlines->bound = UINT64_MAX;
                return RECON_OK;
            }
            unsigned cursor_digit = (unsigned)(deadlines->cursor >> (level * DIGIT_BITS)) & DIGIT_MASK;
            digit = level_next(deadlines, level, cursor_digit + 1);
        }
        unsigned shift = level * DIGIT_BITS;
        uint64_t low_digits = shift + DIGIT_BITS == 64 ? UINT64_MAX : (UINT64_C(1) << (shift + DIGIT_BITS)) - 1;
        uint64_t start = (deadlines->cursor & ~low_digits) | (uint64_t)digit << shift;
        deadlines->bound = start;
        if (start > limit)
            return RECON_OK;
        deadlines->cursor = start;
        if (level == 0) {
            *found = digit;
            return RECON_OK;
        }
        deadlines->dealing = level * DEADLINE_DIGIT_COUNT + digit;
    }
}

/* The first chunk of what is due, 0: nothing is. */
static int chunk_due(struct deadlines *deadlines, int64_t watermark, pending_handle *first)
{
    *first = deadlines->lists[DEADLINE_LATE].first;
    if (*first != 0)
        return RECON_OK;
    unsigned digit;
    int status = earliest(deadlines, (uint64_t)watermark ^ SIGN, &digit);
    if (status == RECON_OK && digit < DEADLINE_DIGIT_COUNT)
        *first = deadlines->lists[digit].first;
    return status;
}

size_t deadlines_peek(struct deadlines *deadlines, int64_t watermark, pending_handle *handles, size_t capacity)
{
    pending_handle next;
    size_t count = 0;
    if (chunk_due(deadlines, watermark, &next) != RECON_OK)
        return 0;
    while (next != 0) {
        const struct deadline_chunk *chunk = deadlines_chunk(deadlines, next);
        for (uint64_t left = chunk->waiting; left != 0 && count < capacity; left &= left - 1)
            handles[count++] = chunk->handles[__builtin_ctzll(left)];
        next = count < capacity ? chunk->next : 0;
    }
    return count;
}

int deadlines_take(struct deadlines *deadlines, int64_t watermark, pending_handle *handle)
{
    pending_handle first;
    int status = chunk_due(deadlines, watermark, &first);
    *handle = 0;
    if (status != RECON_OK || first == 0)
        return status;
    const struct deadline_chunk *chunk = deadlines_chunk(deadlines, first);
    *handle = chunk->handles[__builtin_ctzll(chunk->waiting)];
    deadlines_remove(deadlines, pending_at(deadlines->pool, *handle));
    return RECON_OK;
}
