#include "allocator.h"

#include <stdlib.h>
#include <string.h>

#define ALIGNMENT_BYTES 64
#define MARK UINT64_C(0x7ec0a110ca7e0000)

/* In front of every block; as large as the alignment. */
struct header {
    uint64_t mark;
    uint64_t size_bytes;
};

static void *allocate(void *context, size_t size_bytes)
{
    struct test_allocator *allocator = context;
    if (allocator->fail_one_in > 0 && random_one_in(&allocator->random, allocator->fail_one_in)) {
        allocator->failures++;
        return NULL;
    }
    size_t whole = (size_bytes + 2 * ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES * ALIGNMENT_BYTES;
    char *block = aligned_alloc(ALIGNMENT_BYTES, whole);
    if (block == NULL)
        abort();
    *(struct header *)(void *)block = (struct header){.mark = MARK, .size_bytes = size_bytes};
    memset(block + ALIGNMENT_BYTES, 0xa5, size_bytes);
    allocator->held_bytes += size_bytes;
    allocator->held_count++;
    return block + ALIGNMENT_BYTES;
}

static void release(void *context, void *block, size_t size_bytes)
{
    struct test_allocator *allocator = context;
    if (block == NULL) {
        allocator->is_corrupted |= size_bytes != 0;
        return;
    }
    char *whole = (char *)block - ALIGNMENT_BYTES;
    struct header *header = (struct header *)(void *)whole;
    if (header->mark != MARK || header->size_bytes != size_bytes) {
        allocator->is_corrupted = true;
        return;
    }
    memset(whole, 0x5a, ALIGNMENT_BYTES + size_bytes);
    allocator->held_bytes -= size_bytes;
    allocator->held_count--;
    free(whole);
}

struct recon_allocator test_allocator_of(struct test_allocator *allocator)
{
    return (struct recon_allocator){.allocate = allocate, .release = release, .context = allocator};
}
