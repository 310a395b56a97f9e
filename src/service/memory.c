/*
 * See memory.h.
 */
#define _POSIX_C_SOURCE 200809L

#include "service/memory.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A thread's heap in glibc is of 64 MiB at most, and what is mapped by itself is not in one. */
#define MMAP_BYTES (8 << 20)
#define TRIM_BYTES (16 << 20)
/* A heap for each of librdkafka's threads. glibc has eight for a processor and lets threads share them from then on;
 * two that go through answers, and share one, wait for each other and for each other's caches. */
#define HEAP_COUNT 128

uint64_t recon_memory_total(void)
{
    long pages = sysconf(_SC_PHYS_PAGES);
    long page_size = sysconf(_SC_PAGESIZE);
    uint64_t total = pages > 0 && page_size > 0 ? (uint64_t)pages * (uint64_t)page_size : UINT64_MAX;
    /* Within a container this is the container's own; "max" where there is no bound. */
    FILE *file = fopen("/sys/fs/cgroup/memory.max", "re");
    char text[32];
    if (file != NULL) {
        uint64_t bound = fgets(text, sizeof text, file) != NULL ? strtoull(text, NULL, 10) : 0;
        if (bound > 0 && bound < total)
            total = bound;
        fclose(file);
    }
    return total;
}

void recon_memory_keep(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, MMAP_BYTES);
    mallopt(M_TRIM_THRESHOLD, TRIM_BYTES);
    mallopt(M_ARENA_MAX, HEAP_COUNT);
#endif
}
