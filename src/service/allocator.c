/*
 * See allocator.h.
 */
#define _DEFAULT_SOURCE

#include "service/allocator.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define LINE_SIZE_BYTES ((size_t)64)
#define HUGE_PAGE_SIZE_BYTES ((size_t)2 << 20)

static void *allocate(void *context, size_t size_bytes)
{
    (void)context;
    size_t unit = size_bytes >= HUGE_PAGE_SIZE_BYTES ? HUGE_PAGE_SIZE_BYTES : LINE_SIZE_BYTES;
    if (size_bytes > SIZE_MAX - unit)
        return NULL;
    /* A multiple of the alignment; a large block's last page is taken by nobody until it is written to. */
    void *block = aligned_alloc(unit, (size_bytes + unit - 1) / unit * unit);
    if (block != NULL && unit == HUGE_PAGE_SIZE_BYTES)
        (void)madvise(block, size_bytes, MADV_HUGEPAGE);
    return block;
}

static void release(void *context, void *block, size_t size_bytes)
{
    (void)context;
    (void)size_bytes;
    free(block);
}

struct recon_allocator recon_allocator_system(void)
{
    return (struct recon_allocator){.allocate = allocate, .release = release, .context = NULL};
}

uint64_t recon_memory_total_bytes(void)
{
    long pages = sysconf(_SC_PHYS_PAGES);
    long page_size = sysconf(_SC_PAGESIZE);
    uint64_t total = pages > 0 && page_size > 0 ? (uint64_t)pages * (uint64_t)page_size : UINT64_MAX;
    /* Within a container this is the container's own; "max" where there is no bound. */
    FILE *file = fopen("/sys/fs/cgroup/memory.max", "re");
    uint64_t bound = 0;
    if (file != NULL) {
        if (fscanf(file, "%" SCNu64, &bound) == 1 && bound > 0 && bound < total)
            total = bound;
        fclose(file);
    }
    return total;
}
