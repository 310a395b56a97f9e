/*
 * The arena: blocks are apart, keep what was written while memory is made ready beside them, and go back.
 */
#define _DEFAULT_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "service/arena.h"

#define BLOCK_COUNT 900
#define LIVE_BYTES_MAX ((size_t)96 << 20)

struct block {
    unsigned char *bytes; /* NULL: there is none */
    size_t size;
    unsigned char mark;
};

static uint64_t random_state = 11;

static size_t random_below(size_t bound)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)((random_state >> 33) % bound);
}

/* Small ones, pages, those that have regions of their own, and some that are larger than a huge page. */
static size_t random_size(void)
{
    switch (random_below(6)) {
    case 0:
        return 1 + random_below(4096);
    case 1:
        return 65536;
    case 2:
        return (size_t)1 + random_below((size_t)3 << 20);
    default:
        return 4096 * (1 + random_below(40));
    }
}

static void expect_mark(const struct block *block)
{
    for (size_t i = 0; i < block->size; i += 512)
        assert_int_equal(block->bytes[i], block->mark);
    assert_int_equal(block->bytes[block->size - 1], block->mark);
}

static void blocks_keep_what_was_written(void **state)
{
    (void)state;
    static struct block blocks[BLOCK_COUNT];
    struct recon_arena *arena = recon_arena_new();
    assert_non_null(arena);
    struct recon_allocator allocator = recon_arena_allocator(arena);
    size_t live = 0;
    for (unsigned step = 0; step < 12000; step++) {
        struct block *block = &blocks[random_below(BLOCK_COUNT)];
        if (block->bytes != NULL) {
            expect_mark(block);
            allocator.release(allocator.context, block->bytes, block->size);
            live -= block->size;
            block->bytes = NULL;
        } else if (live < LIVE_BYTES_MAX) {
            block->size = random_size();
            block->mark = (unsigned char)(1 + random_below(255));
            block->bytes = allocator.allocate(allocator.context, block->size);
            assert_non_null(block->bytes);
            memset(block->bytes, block->mark, block->size);
            live += block->size;
        }
    }
    for (size_t i = 0; i < BLOCK_COUNT; i++) {
        if (blocks[i].bytes == NULL)
            continue;
        expect_mark(&blocks[i]);
        allocator.release(allocator.context, blocks[i].bytes, blocks[i].size);
    }
    recon_arena_free(arena);
}

/* Resident pages of those that the block lies in. */
static size_t resident_pages(unsigned char *bytes, size_t page_count)
{
    unsigned char is_resident[1024];
    assert_true(page_count <= sizeof is_resident);
    assert_int_equal(mincore(bytes, page_count * 4096, is_resident), 0);
    size_t count = 0;
    for (size_t i = 0; i < page_count; i++)
        count += is_resident[i] & 1;
    return count;
}

/* 30 blocks of a megabyte, written and released: how many of their pages are still there. */
static size_t pages_left(bool keeps)
{
    enum { COUNT = 30, PAGES = 256 };
    struct recon_arena *arena = recon_arena_new();
    assert_non_null(arena);
    if (keeps)
        recon_arena_keep(arena);
    struct recon_allocator allocator = recon_arena_allocator(arena);
    unsigned char *blocks[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = allocator.allocate(allocator.context, PAGES * 4096);
        assert_non_null(blocks[i]);
        memset(blocks[i], 1, PAGES * 4096);
    }
    for (size_t i = 0; i < COUNT; i++)
        allocator.release(allocator.context, blocks[i], PAGES * 4096);
    size_t left = 0;
    for (size_t i = 0; i < COUNT; i++)
        left += resident_pages(blocks[i], PAGES);
    recon_arena_free(arena);
    return left;
}

static void what_is_released_goes_back_unless_it_is_kept(void **state)
{
    (void)state;
    assert_int_equal(pages_left(true), 30 * 256);
    assert_true(pages_left(false) < 30 * 256 / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_keep_what_was_written),
        cmocka_unit_test(what_is_released_goes_back_unless_it_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
