/*
 * The arena: blocks are apart, keep what was written while memory is made ready beside them, and go back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_keep_what_was_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
