/*
 * Memory with an account: every block of the core comes from here.
 *
 * used_bytes is what the parts hold; it never passes limit_bytes. Parts of one engine share one account. What can be
 * done without is given back when memory is short: reclaim is called then, once, and the memory asked for again.
 */
#ifndef RECON_CORE_MEMORY_H
#define RECON_CORE_MEMORY_H

#include "recon/settings.h"

struct recon_memory {
    struct recon_allocator allocator;
    uint64_t used_bytes;
    uint64_t limit_bytes;
    void (*reclaim)(void *context); /* NULL: nothing can be done without. Sets itself to NULL */
    void *reclaim_context;
    bool is_optional; /* what is asked for now can be done without, too: nothing is reclaimed for it */
};

/* NULL if the limit would be passed or the allocator has none; not cleared. */
static inline void *recon_memory_take(struct recon_memory *memory, size_t size_bytes)
{
    for (;;) {
        bool fits = memory->used_bytes <= memory->limit_bytes && size_bytes <= memory->limit_bytes - memory->used_bytes;
        void *block = fits ? memory->allocator.allocate(memory->allocator.context, size_bytes) : NULL;
        if (block != NULL) {
            memory->used_bytes += size_bytes;
            return block;
        }
        if (memory->reclaim == NULL || memory->is_optional)
            return NULL;
        memory->reclaim(memory->reclaim_context);
    }
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
