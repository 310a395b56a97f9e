#include "core/deadlines.h"

#include <assert.h>
#include <string.h>

#include "recon/record.h"
#include "recon/status.h"

#define DIGIT_BITS 8
#define DIGIT_MASK (DEADLINE_DIGIT_COUNT - 1)
#define SIGN (UINT64_C(1) << 63)

void deadlines_init(struct deadlines *deadlines, struct pending_pool *pool)
{
    memset(deadlines, 0, sizeof(*deadlines));
    deadlines->pool = pool;
    deadlines->bound = UINT64_MAX;
    deadlines->is_empty = true;
    for (unsigned level = 0; level < DEADLINE_LEVEL_COUNT; level++)
        deadlines->ahead[level] = DEADLINE_NOT_AHEAD;
}

/* Of so many pointers to pages. */
static size_t pages_size(uint32_t count)
{
    return count * sizeof(void *);
}

void deadlines_deinit(struct deadlines *deadlines)
{
    struct recon_memory *memory = deadlines->pool->memory;
    for (uint32_t page = 0; page < deadlines->page_count; page++)
        recon_memory_give(memory, deadlines->pages[page], sizeof(*deadlines->pages[page]));
    recon_memory_give(memory, deadlines->pages, pages_size(deadlines->page_capacity));
}

/* The number's handle while a chunk has it, and otherwise the next free number, + 1. */
static inline uint32_t *chunk_at(const struct deadlines *deadlines, uint32_t number)
{
    return &deadlines->pages[number >> DEADLINE_PAGE_BITS]->chunks[number & (DEADLINE_PAGE_CHUNKS - 1)];
}

/* Free numbers, one page of them more. */
static int page_new(struct deadlines *deadlines)
{
    struct recon_memory *memory = deadlines->pool->memory;
    if (deadlines->page_count == deadlines->page_capacity) {
        const uint32_t capacity = deadlines->page_capacity == 0 ? 16 : 2 * deadlines->page_capacity;
        struct deadline_page **pages = recon_memory_take(memory, pages_size(capacity));
        if (pages == NULL)
            return RECON_ERROR_MEMORY;
        if (deadlines->page_count > 0)
            memcpy(pages, deadlines->pages, pages_size(deadlines->page_count));
        recon_memory_give(memory, deadlines->pages, pages_size(deadlines->page_capacity));
        deadlines->pages = pages;
        deadlines->page_capacity = capacity;
    }
    struct deadline_page *page = recon_memory_take(memory, sizeof(*page));
    if (page == NULL)
        return RECON_ERROR_MEMORY;
    const uint32_t first = deadlines->page_count << DEADLINE_PAGE_BITS;
    deadlines->pages[deadlines->page_count++] = page;
    for (uint32_t i = 0; i < DEADLINE_PAGE_CHUNKS; i++)
        page->chunks[i] = i + 1 < DEADLINE_PAGE_CHUNKS ? first + i + 2 : 0;
    deadlines->free_number = first + 1;
    return RECON_OK;
}

int deadlines_spare_new(struct deadlines *deadlines)
{
    void *block;
    if (deadlines->free_number == 0 && page_new(deadlines) != RECON_OK)
        return RECON_ERROR_MEMORY;
    const pending_handle handle = pending_block_new(deadlines->pool, sizeof(struct deadline_chunk), &block);
    if (handle == 0)
        return RECON_ERROR_MEMORY;
    struct deadline_chunk *chunk = block;
    chunk->number = deadlines->free_number - 1;
    deadlines->free_number = *chunk_at(deadlines, chunk->number);
    *chunk_at(deadlines, chunk->number) = handle;
    deadlines->spare = handle;
    return RECON_OK;
}

static unsigned digit_of(uint64_t time, unsigned level)
{
    return (unsigned)(time >> (level * DIGIT_BITS)) & DIGIT_MASK;
}

/* The highest digit in which two times differ; 0 if they are the same. */
static unsigned level_between(uint64_t time, uint64_t other)
{
    return time == other ? 0 : (63u - (unsigned)__builtin_clzll(time ^ other)) / DIGIT_BITS;
}

static uint32_t list_number(unsigned level, unsigned set, unsigned digit)
{
    return (level * 2 + set) * DEADLINE_DIGIT_COUNT + digit;
}

/* The list of this digit, which a record is about to be put into. */
static uint32_t list_to_fill(struct deadlines *deadlines, unsigned level, unsigned set, unsigned digit)
{
    deadlines->filled[level * 2 + set][digit / 64] |= UINT64_C(1) << (digit % 64);
    return list_number(level, set, digit);
}

static uint32_t list_of(struct deadlines *deadlines, uint64_t time)
{
    const unsigned level = level_between(time, deadlines->cursor);
    return list_to_fill(deadlines, level, deadlines->set[level], digit_of(time, level));
}

/* Puts the spare chunk at the list's end. */
static struct deadline_chunk *chunk_append(struct deadlines *deadlines, uint32_t number)
{
    struct deadline_list *list = &deadlines->lists[number];
    assert(deadlines->spare != 0);
    struct deadline_chunk *chunk = deadlines_chunk(deadlines, deadlines->spare);
    *deadlines_waiting(deadlines, chunk->number) = 0;
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
    *deadlines_waiting(deadlines, chunk->number) |= UINT64_C(1) << chunk->used;
    chunk->handles[chunk->used] = handle;
    record->link = chunk->number;
    record->spot = (uint8_t)chunk->used++;
}

void deadlines_chunk_end(struct deadlines *deadlines, uint32_t number)
{
    const pending_handle handle = *chunk_at(deadlines, number);
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
    if (deadlines->spare == 0) {
        deadlines->spare = handle;
        return;
    }
    pending_free(deadlines->pool, handle);
    *chunk_at(deadlines, number) = deadlines->free_number;
    deadlines->free_number = number + 1;
}

/* All chunks of the one go behind those of the other. */
static void chain_append(struct deadlines *deadlines, uint32_t number, struct deadline_list *from)
{
    struct deadline_list *to = &deadlines->lists[number];
    for (pending_handle handle = from->first; handle != 0; handle = deadlines_chunk(deadlines, handle)->next)
        deadlines_chunk(deadlines, handle)->list = number;
    if (from->first == 0)
        return;
    deadlines_chunk(deadlines, from->first)->previous = to->last;
    if (to->last != 0)
        deadlines_chunk(deadlines, to->last)->next = from->first;
    else
        to->first = from->first;
    to->last = from->last;
    *from = (struct deadline_list){0};
}

/* The watermark has not come to the cursor yet, and a record has an earlier time than all: what differs from the cursor
 * in a lower digit than that does now differs first in the same one. */
static void lower_cursor(struct deadlines *deadlines, uint64_t time)
{
    const unsigned level = level_between(time, deadlines->cursor);
    const uint32_t number = list_to_fill(deadlines, level, deadlines->set[level], digit_of(deadlines->cursor, level));
    for (unsigned lower = 0; lower < level; lower++) {
        uint64_t *filled = deadlines->filled[lower * 2 + deadlines->set[lower]];
        for (unsigned word = 0; word < DEADLINE_DIGIT_COUNT / 64; word++) {
            for (; filled[word] != 0; filled[word] &= filled[word] - 1) {
                const unsigned digit = word * 64 + (unsigned)__builtin_ctzll(filled[word]);
                chain_append(deadlines, number, &deadlines->lists[list_number(lower, deadlines->set[lower], digit)]);
            }
        }
    }
    deadlines->cursor = time;
}

void deadlines_add(struct deadlines *deadlines, pending_handle handle, struct pending *record, int64_t watermark)
{
    deadlines->count++;
    if (record->time <= watermark) {
        list_append(deadlines, DEADLINE_LATE, handle, record);
        return;
    }
    uint64_t time = (uint64_t)record->time ^ SIGN;
    if (deadlines->is_empty)
        deadlines->cursor = watermark == RECON_TIME_MIN ? time : (uint64_t)(watermark + 1) ^ SIGN;
    else if (time < deadlines->cursor)
        lower_cursor(deadlines, time);
    deadlines->is_empty = false;
    assert(time >= deadlines->cursor);
    if (time < deadlines->bound)
        deadlines->bound = time;
    list_append(deadlines, list_of(deadlines, time), handle, record);
}

/* The first list of the level, at the digit `from` or after, that has records or was dealt out ahead; bits of empty
 * ones are cleared on the way. */
static unsigned level_next(struct deadlines *deadlines, unsigned level, unsigned from)
{
    const unsigned set = deadlines->set[level];
    uint64_t *filled = deadlines->filled[level * 2 + set];
    for (unsigned word = from / 64; word < DEADLINE_DIGIT_COUNT / 64; word++) {
        uint64_t bits = filled[word];
        if (word == from / 64)
            bits &= ~UINT64_C(0) << (from % 64);
        while (bits != 0) {
            unsigned digit = word * 64 + (unsigned)__builtin_ctzll(bits);
            if (deadlines->lists[list_number(level, set, digit)].first != 0 || deadlines->ahead[level] == digit)
                return digit;
            filled[word] &= ~(UINT64_C(1) << (digit % 64));
            bits &= bits - 1;
        }
    }
    return DEADLINE_DIGIT_COUNT;
}

/* Asks the memory for the chunk's records. */
static void prefetch_records(const struct deadlines *deadlines, const struct deadline_chunk *chunk)
{
    for (uint64_t left = *deadlines_waiting(deadlines, chunk->number); left != 0; left &= left - 1)
        __builtin_prefetch(pending_at(deadlines->pool, chunk->handles[__builtin_ctzll(left)]), 1);
}

/* Deals the level's list at ahead[level] out to the other set of the level below, so many records at the most.
 * RECON_ERROR_MEMORY: the others are still in it. */
static int deal_out(struct deadlines *deadlines, unsigned level, size_t budget)
{
    const unsigned below = level - 1;
    const unsigned set = deadlines->set[below] ^ 1u;
    const struct deadline_list *list =
        &deadlines->lists[list_number(level, deadlines->set[level], deadlines->ahead[level])];
    if (list->first != 0)
        prefetch_records(deadlines, deadlines_chunk(deadlines, list->first));
    while (list->first != 0) {
        const pending_handle first = list->first;
        struct deadline_chunk *chunk = deadlines_chunk(deadlines, first);
        if (chunk->next != 0 && budget > DEADLINE_CHUNK_HANDLES)
            prefetch_records(deadlines, deadlines_chunk(deadlines, chunk->next));
        uint64_t *waiting = deadlines_waiting(deadlines, chunk->number);
        for (; *waiting != 0; *waiting &= *waiting - 1) {
            if (budget-- == 0)
                return RECON_OK;
            int status = deadlines_reserve(deadlines);
            if (status != RECON_OK)
                return status;
            const pending_handle handle = chunk->handles[__builtin_ctzll(*waiting)];
            struct pending *record = pending_at(deadlines->pool, handle);
            const unsigned digit = digit_of((uint64_t)record->time ^ SIGN, below);
            list_append(deadlines, list_to_fill(deadlines, below, set, digit), handle, record);
        }
        deadlines_chunk_end(deadlines, chunk->number);
    }
    return RECON_OK;
}

void deadlines_work(struct deadlines *deadlines, size_t budget, int64_t watermark)
{
    if (deadlines->count == 0 || deadlines->cursor > ((uint64_t)watermark ^ SIGN))
        return;
    /* It could wait: nothing else is given up for its chunks. */
    deadlines->pool->memory->is_optional = true;
    for (unsigned level = 1; level < DEADLINE_LEVEL_COUNT; level++) {
        const unsigned next = digit_of(deadlines->cursor, level) + 1;
        if (next == DEADLINE_DIGIT_COUNT ||
            deadlines->lists[list_number(level, deadlines->set[level], next)].first == 0)
            continue;
        assert(deadlines->ahead[level] == next || deadlines->ahead[level] == DEADLINE_NOT_AHEAD);
        deadlines->ahead[level] = (uint16_t)next;
        if (deal_out(deadlines, level, budget) != RECON_OK)
            break; /* who needs it will see */
    }
    deadlines->pool->memory->is_optional = false;
}

/* Moves the cursor to the earliest record, if that is not past limit; *digit: its list's at level 0, or
 * DEADLINE_DIGIT_COUNT where nothing is due. */
static int earliest(struct deadlines *deadlines, uint64_t limit, unsigned *found)
{
    *found = DEADLINE_DIGIT_COUNT;
    for (;;) {
        unsigned level = 0;
        unsigned digit;
        while ((digit = level_next(deadlines, level, digit_of(deadlines->cursor, level))) == DEADLINE_DIGIT_COUNT) {
            if (++level == DEADLINE_LEVEL_COUNT) {
                deadlines->bound = UINT64_MAX;
                deadlines->is_empty = true;
                return RECON_OK;
            }
        }
        unsigned shift = level * DIGIT_BITS;
        uint64_t low_digits = shift + DIGIT_BITS == 64 ? UINT64_MAX : (UINT64_C(1) << (shift + DIGIT_BITS)) - 1;
        uint64_t start = (deadlines->cursor & ~low_digits) | (uint64_t)digit << shift;
        deadlines->bound = start;
        if (start > limit)
            return RECON_OK;
        if (level == 0) {
            deadlines->cursor = start;
            *found = digit;
            return RECON_OK;
        }
        assert(deadlines->ahead[level] == digit || deadlines->ahead[level] == DEADLINE_NOT_AHEAD);
        deadlines->ahead[level] = (uint16_t)digit;
        int status = deal_out(deadlines, level, SIZE_MAX);
        if (status != RECON_OK)
            return status;
        deadlines->ahead[level] = DEADLINE_NOT_AHEAD;
        deadlines->set[level - 1] ^= 1u;
        deadlines->cursor = start;
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
        *first = deadlines->lists[list_number(0, deadlines->set[0], digit)].first;
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
        uint64_t left = *deadlines_waiting(deadlines, chunk->number);
        for (; left != 0 && count < capacity; left &= left - 1)
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
    *handle = chunk->handles[__builtin_ctzll(*deadlines_waiting(deadlines, chunk->number))];
    deadlines_remove(deadlines, pending_at(deadlines->pool, *handle));
    return RECON_OK;
}
