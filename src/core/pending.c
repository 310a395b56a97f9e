#include "core/pending.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

/* A place in a page is kept + 1, so the last unit of a page can't be named: it stays unused. */
#define PAGE_BYTES ((size_t)65536)
#define UNIT_COUNT (PAGE_BYTES / PENDING_UNIT_BYTES - 1)
#define PAGE_COUNT_MAX (UINT32_C(1) << (32 - PENDING_PAGE_BITS))

#define CLASS_OWN_PAGE (PENDING_CLASS_COUNT - 1)

/* Past 512 bytes a class is a quarter larger than the one before, as far as a page holds several. */
static const uint16_t large_units[PENDING_CLASS_COUNT - 1 - PENDING_SMALL_CLASS_COUNT] = {
    40, 50, 62, 78, 98, 122, 152, 190, 238, 298, 372, 466, 582, 728, 1023, 1365,
};

static uint16_t class_units(uint32_t size_class)
{
    assert(size_class < CLASS_OWN_PAGE);
    return size_class < PENDING_SMALL_CLASS_COUNT ? (uint16_t)(size_class + 1)
                                                  : large_units[size_class - PENDING_SMALL_CLASS_COUNT];
}

static uint32_t class_of(size_t size_bytes)
{
    size_t units = (size_bytes + PENDING_UNIT_BYTES - 1) / PENDING_UNIT_BYTES;
    if (units <= PENDING_SMALL_CLASS_COUNT)
        return (uint32_t)units - 1;
    for (uint32_t i = PENDING_SMALL_CLASS_COUNT; i < CLASS_OWN_PAGE; i++)
        if (units <= class_units(i))
            return i;
    return CLASS_OWN_PAGE;
}

void pending_pool_init(struct pending_pool *pool, struct recon_memory *memory)
{
    *pool = (struct pending_pool){.memory = memory};
}

void pending_pool_deinit(struct pending_pool *pool)
{
    for (uint32_t i = 0; i < pool->page_count; i++)
        recon_memory_give(pool->memory, pool->pages[i].blocks, pool->pages[i].size_bytes);
    recon_memory_give(pool->memory, pool->spare, PAGE_BYTES);
    recon_memory_give(pool->memory, pool->pages, pool->page_capacity * sizeof(*pool->pages));
    *pool = (struct pending_pool){.memory = pool->memory};
}

/* A page number that is free, or PAGE_COUNT_MAX when memory or numbers are out. */
static uint32_t number_take(struct pending_pool *pool)
{
    if (pool->free_number != 0) {
        uint32_t number = pool->free_number - 1;
        pool->free_number = pool->pages[number].next;
        return number;
    }
    if (pool->page_count == PAGE_COUNT_MAX)
        return PAGE_COUNT_MAX;
    if (pool->page_count == pool->page_capacity) {
        uint32_t capacity = pool->page_capacity == 0 ? 16 : pool->page_capacity * 2;
        struct pending_page *pages = recon_memory_take(pool->memory, capacity * sizeof(*pages));
        if (pages == NULL)
            return PAGE_COUNT_MAX;
        if (pool->page_count > 0)
            memcpy(pages, pool->pages, pool->page_count * sizeof(*pages));
        recon_memory_give(pool->memory, pool->pages, pool->page_capacity * sizeof(*pages));
        pool->pages = pages;
        pool->page_capacity = capacity;
    }
    return pool->page_count++;
}

static void number_give(struct pending_pool *pool, uint32_t number)
{
    pool->pages[number] = (struct pending_page){.next = pool->free_number};
    pool->free_number = number + 1;
}

static void partial_link(struct pending_pool *pool, uint32_t number)
{
    struct pending_page *page = &pool->pages[number];
    uint32_t *head = &pool->partial[page->size_class];
    page->previous = 0;
    page->next = *head;
    if (*head != 0)
        pool->pages[*head - 1].previous = number + 1;
    *head = number + 1;
}

static void partial_unlink(struct pending_pool *pool, uint32_t number)
{
    struct pending_page *page = &pool->pages[number];
    if (page->previous != 0)
        pool->pages[page->previous - 1].next = page->next;
    else
        pool->partial[page->size_class] = page->next;
    if (page->next != 0)
        pool->pages[page->next - 1].previous = page->previous;
    page->previous = page->next = 0;
}

/* A new page of the class, in no list; PAGE_COUNT_MAX when memory is out. */
static uint32_t page_new(struct pending_pool *pool, uint32_t size_class, size_t size_bytes)
{
    uint32_t number = number_take(pool);
    if (number == PAGE_COUNT_MAX)
        return number;
    char *blocks = NULL;
    if (size_bytes == PAGE_BYTES && pool->spare != NULL) {
        blocks = pool->spare;
        pool->spare = NULL;
    } else {
        blocks = recon_memory_take(pool->memory, size_bytes);
    }
    if (blocks == NULL) {
        number_give(pool, number);
        return PAGE_COUNT_MAX;
    }
    pool->pages[number] = (struct pending_page){
        .blocks = blocks,
        .block_count = size_class == CLASS_OWN_PAGE ? 1 : (uint32_t)(UNIT_COUNT / class_units(size_class)),
        .size_class = (uint16_t)size_class,
        .size_bytes = size_bytes,
    };
    return number;
}

static void page_free(struct pending_pool *pool, uint32_t number)
{
    struct pending_page *page = &pool->pages[number];
    if (page->size_bytes == PAGE_BYTES && pool->spare == NULL)
        pool->spare = page->blocks;
    else
        recon_memory_give(pool->memory, page->blocks, page->size_bytes);
    number_give(pool, number);
}

pending_handle pending_block_new_anywhere(struct pending_pool *pool, size_t size_bytes, void **block)
{
    uint32_t size_class = class_of(size_bytes);
    uint32_t number;
    *block = NULL;
    if (size_class == CLASS_OWN_PAGE || pool->partial[size_class] == 0) {
        number = page_new(pool, size_class, size_class == CLASS_OWN_PAGE ? size_bytes : PAGE_BYTES);
        if (number == PAGE_COUNT_MAX)
            return 0;
        if (size_class != CLASS_OWN_PAGE)
            partial_link(pool, number);
    } else {
        number = pool->partial[size_class] - 1;
    }
    struct pending_page *page = &pool->pages[number];
    const uint32_t unit = pending_page_take(page, size_class == CLASS_OWN_PAGE ? 0 : class_units(size_class));
    if (size_class != CLASS_OWN_PAGE && page->live_count == page->block_count)
        partial_unlink(pool, number);
    *block = page->blocks + (size_t)(unit - 1) * PENDING_UNIT_BYTES;
    return number << PENDING_PAGE_BITS | unit;
}

void pending_free_anywhere(struct pending_pool *pool, pending_handle handle)
{
    assert(handle != 0);
    uint32_t number = handle >> PENDING_PAGE_BITS;
    struct pending_page *page = &pool->pages[number];
    assert(page->live_count > 0);
    bool was_full = page->live_count == page->block_count;
    if (page->live_count == 1) {
        if (page->size_class != CLASS_OWN_PAGE && !was_full)
            partial_unlink(pool, number);
        page_free(pool, number);
        return;
    }
    pending_page_give(page, handle);
    if (was_full)
        partial_link(pool, number);
}

struct pending_place pending_place_of(const struct pending *record)
{
    struct pending_place place = {0};
    if (record->has_place) {
        memcpy(&place.offset, record->tail, sizeof(place.offset));
        memcpy(&place.partition, record->tail + sizeof(place.offset), sizeof(place.partition));
    }
    return place;
}

int64_t pending_emitted_time_of(const struct pending *record)
{
    int64_t time = 0;
    if (record->has_emitted_time)
        memcpy(&time, pending_texts(record) - sizeof(time), sizeof(time));
    return time;
}

char *pending_set_more(struct pending *record, struct pending_place place, int64_t emitted_time)
{
    char *to = record->tail;
    if (record->has_place) {
        memcpy(to, &place.offset, sizeof(place.offset));
        memcpy(to + sizeof(place.offset), &place.partition, sizeof(place.partition));
        to += PENDING_PLACE_BYTES;
    }
    if (record->has_emitted_time) {
        memcpy(to, &emitted_time, sizeof(emitted_time));
        to += sizeof(emitted_time);
    }
    return to;
}
