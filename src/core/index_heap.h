/*
 * A binary min-heap of window indexes.
 */
#ifndef RECON_CORE_INDEX_HEAP_H
#define RECON_CORE_INDEX_HEAP_H

#include "core/memory.h"

struct index_heap {
    struct recon_memory *memory;
    int64_t *items;
    uint32_t count;
    uint32_t capacity;
};

void index_heap_init(struct index_heap *heap, struct recon_memory *memory);
void index_heap_deinit(struct index_heap *heap);

/* Room for one more: RECON_OK or RECON_ERROR_MEMORY. */
int index_heap_reserve(struct index_heap *heap);
/* Room was made before. */
void index_heap_push(struct index_heap *heap, int64_t index);
/* The heap is not empty. */
int64_t index_heap_pop(struct index_heap *heap);

#endif
