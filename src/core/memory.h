/*
 * Memory with an account: every block of the core comes from here.
 *
 * used_bytes is what the parts hold; it never passes limit_bytes. Parts of one engine share one account.
 */
#ifndef RECON_CORE_MEMORY_H
#define RECON_CORE_MEMORY_H

#include "recon/settings.h"

struct recon_memory {
    struct recon_allocator allocator;
    uint64_t used_bytes;
    uint64_t limit_bytes;
};

/* NULL if the limit would be passed or the allocator has none; not cleared. */
static inline void *recon_memory_take(struct recon_memory *memory, size_t size_bytes)
{
    if (memory->used_bytes > memory->limit_bytes || size_bytes > memory->limit_bytes - memory->used_bytes)
        return NULL;
    void *block = memory->allocator.allocate(memory->allocator.context, size_bytes);
    if (block != NULL)
        memory->used_bytes += size_bytes;
    return block;
}

/* block may be NULL. */
static inline void recon_memory_give(struct recon_memory *memory, void *block, size_t size_bytes)
{
    if (block == NULL)
        return;
    memory->used_bytes -= size_bytes;
    memory->allocator.release(memory->allocator.context, block, size_bytes);
}

#endif
