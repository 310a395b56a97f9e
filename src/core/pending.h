/*
 * Pending records: what is kept of an identity while one of its sides is absent.
 *
 * Blocks of one size class share a page of 64 KiB; a page whose last block is given back goes back to the allocator
 * (one empty page is kept, so that a pool at a page's edge does not take and give it at every turn). A record too
 * large for a class has a page of its own. Blocks never move: a pointer is good until its block is given back.
 */
#ifndef RECON_CORE_PENDING_H
#define RECON_CORE_PENDING_H

#include <stddef.h>
#include <string.h>

#include "core/memory.h"

/* Names a block, of a record or of deadlines: page number and place in the page, in units of 16 bytes. 0 names none. */
typedef uint32_t pending_handle;

enum pending_state {
    PENDING_AUDIT = 1, /* audit record waits, not reported: in the deadlines */
    PENDING_EVENT,     /* event waits, not reported: in the deadlines */
    PENDING_MISSING,   /* audit record waits, was reported */
    PENDING_UNAUDITED, /* event waits, was reported */
    PENDING_SILENT,    /* event waits outside [from, to): never reported */
    PENDING_MATCHED,   /* both came; kept only because its time does not fit the table */
    PENDING_RELEASED,  /* done with, but for a frozen view (matcher_view.h) */
};

/* What few records have lies behind the others' fields, before the texts; what a match reads comes first, so that it
 * lies in one cache line most times. */
struct pending {
    int64_t time;
    pending_handle link;  /* in the deadlines: its chunk's number; among those spent or restored: the next one */
    uint8_t state;        /* enum pending_state */
    uint8_t frozen_state; /* matcher_view.h: what it was; 0: no before-image refers to the record */
    uint8_t spot;         /* in its chunk */
    bool has_place : 1;
    bool has_offset : 1; /* then it has_place, too */
    bool has_emitted_time : 1;
    bool has_id : 1;
    bool has_source : 1;
    bool has_context : 1;
    uint64_t key_high;
    uint64_t key_low;
    uint64_t arrival; /* rank among all that ever waited */
    uint32_t context_size;
    uint16_t id_size;
    uint16_t source_size;
    char tail[]; /* struct pending_place, if has_place; i64 emitted time, if it has that; id, source, context */
};

struct pending_place {
    int64_t offset;
    uint32_t partition;
};

#define PENDING_PLACE_BYTES 12

struct pending_page {
    char *blocks; /* NULL: the page number is free */
    uint32_t live_count;
    uint32_t used_count; /* blocks ever given out; the rest of the page is untouched */
    uint32_t block_count;
    uint16_t free_unit; /* first free block, + 1; 0: none */
    uint16_t size_class;
    uint32_t previous; /* pages of the class with room; page numbers + 1 */
    uint32_t next;
    size_t size_bytes; /* of the page */
};

#define PENDING_CLASS_COUNT 49

struct pending_pool {
    struct recon_memory *memory;
    struct pending_page *pages;
    uint32_t page_count; /* numbers in use or freed */
    uint32_t page_capacity;
    uint32_t free_number;                  /* first freed page number + 1, chained by next */
    char *spare;                           /* one empty page's blocks */
    uint32_t partial[PENDING_CLASS_COUNT]; /* first page with room, + 1 */
};

void pending_pool_init(struct pending_pool *pool, struct recon_memory *memory);
/* Gives everything back, live or not. */
void pending_pool_deinit(struct pending_pool *pool);

#define PENDING_UNIT_BYTES 16
#define PENDING_PAGE_BITS 12

static inline void *pending_block_at(const struct pending_pool *pool, pending_handle handle)
{
    const struct pending_page *page = &pool->pages[handle >> PENDING_PAGE_BITS];
    size_t unit = (handle & ((1u << PENDING_PAGE_BITS) - 1)) - 1;
    return page->blocks + unit * PENDING_UNIT_BYTES;
}

/* The same for a block that was taken for a record. */
static inline struct pending *pending_at(const struct pending_pool *pool, pending_handle handle)
{
    return pending_block_at(pool, handle);
}

#define PENDING_SMALL_CLASS_COUNT 32 /* 16 to 512 bytes, in steps of 16 */

/* A page's free block becomes live, or a live one free; what is full, empty or to be linked is the caller's. units: of
 * its class. Blocks are named by their first unit, + 1. */
static inline uint32_t pending_page_take(struct pending_page *page, uint32_t units)
{
    uint32_t unit = page->free_unit;
    page->live_count++;
    if (unit == 0)
        return page->used_count++ * units + 1;
    memcpy(&page->free_unit, page->blocks + (size_t)(unit - 1) * PENDING_UNIT_BYTES, sizeof(page->free_unit));
    return unit;
}

static inline void pending_page_give(struct pending_page *page, pending_handle handle)
{
    const uint32_t unit = handle & ((1u << PENDING_PAGE_BITS) - 1);
    page->live_count--;
    memcpy(page->blocks + (size_t)(unit - 1) * PENDING_UNIT_BYTES, &page->free_unit, sizeof(page->free_unit));
    page->free_unit = (uint16_t)unit;
}

/* Where the quick ways below don't do. */
pending_handle pending_block_new_anywhere(struct pending_pool *pool, size_t size_bytes, void **block);
void pending_free_anywhere(struct pending_pool *pool, pending_handle handle);

/* A block of at least so many bytes, more than 0; nothing in it is set. *block is NULL (and 0 returned) when memory is
 * out. */
static inline pending_handle pending_block_new(struct pending_pool *pool, size_t size_bytes, void **block)
{
    const size_t units = (size_bytes + PENDING_UNIT_BYTES - 1) / PENDING_UNIT_BYTES;
    const uint32_t number = units <= PENDING_SMALL_CLASS_COUNT ? pool->partial[units - 1] : 0;
    if (number == 0)
        return pending_block_new_anywhere(pool, size_bytes, block);
    struct pending_page *page = &pool->pages[number - 1];
    if (page->live_count + 1 == page->block_count)
        return pending_block_new_anywhere(pool, size_bytes, block);
    const uint32_t unit = pending_page_take(page, (uint32_t)units);
    *block = page->blocks + (size_t)(unit - 1) * PENDING_UNIT_BYTES;
    return (number - 1) << PENDING_PAGE_BITS | unit;
}

/* The same for a record whose tail has this size. */
static inline pending_handle pending_new(struct pending_pool *pool, size_t tail_size, struct pending **record)
{
    void *block;
    const pending_handle handle = pending_block_new(pool, offsetof(struct pending, tail) + tail_size, &block);
    *record = block;
    return handle;
}

static inline void pending_free(struct pending_pool *pool, pending_handle handle)
{
    struct pending_page *page = &pool->pages[handle >> PENDING_PAGE_BITS];
    if (page->live_count <= 1 || page->live_count == page->block_count) {
        pending_free_anywhere(pool, handle);
        return;
    }
    pending_page_give(page, handle);
}

/* Bytes of the record's texts. */
static inline size_t pending_text_size(const struct pending *record)
{
    return (size_t)record->id_size + record->source_size + record->context_size;
}

/* Bytes in its tail before the texts. */
static inline size_t pending_more_size(const struct pending *record)
{
    return (record->has_place ? PENDING_PLACE_BYTES : 0u) + (record->has_emitted_time ? sizeof(int64_t) : 0u);
}

static inline const char *pending_texts(const struct pending *record)
{
    return record->tail + pending_more_size(record);
}

/* Where it came from; zeros if that is not known. */
struct pending_place pending_place_of(const struct pending *record);
/* 0 if it has none. */
int64_t pending_emitted_time_of(const struct pending *record);
/* Writes what comes before the texts, as the record's fields say that it has it; its texts' place. */
char *pending_set_more(struct pending *record, struct pending_place place, int64_t emitted_time);

#endif
