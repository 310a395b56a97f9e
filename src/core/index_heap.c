#include "core/index_heap.h"

#include <assert.h>
#include <string.h>

#include "recon/status.h"

void index_heap_init(struct index_heap *heap, struct recon_memory *memory)
{
    *heap = (struct index_heap){.memory = memory};
}

void index_heap_deinit(struct index_heap *heap)
{
    recon_memory_give(heap->memory, heap->items, heap->capacity * sizeof(*heap->items));
    *heap = (struct index_heap){.memory = heap->memory};
}

int index_heap_reserve(struct index_heap *heap)
{
    if (heap->count < heap->capacity)
        return RECON_OK;
    if (heap->capacity > UINT32_MAX / 2)
        return RECON_ERROR_FULL;
    uint32_t capacity = heap->capacity == 0 ? 16 : heap->capacity * 2;
    int64_t *items = recon_memory_take(heap->memory, capacity * sizeof(*items));
    if (items == NULL)
        return RECON_ERROR_MEMORY;
    if (heap->count > 0)
        memcpy(items, heap->items, heap->count * sizeof(*items));
    recon_memory_give(heap->memory, heap->items, heap->capacity * sizeof(*items));
    heap->items = items;
    heap->capacity = capacity;
    return RECON_OK;
}

void index_heap_push(struct index_heap *heap, int64_t index)
{
    assert(heap->count < heap->capacity);
    uint32_t place = heap->count++;
    while (place > 0 && heap->items[(place - 1) / 2] > index) {
        heap->items[place] = heap->items[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    heap->items[place] = index;
}

int64_t index_heap_pop(struct index_heap *heap)
{
    assert(heap->count > 0);
    int64_t top = heap->items[0];
    int64_t last = heap->items[--heap->count];
    uint32_t place = 0;
    for (;;) {
        uint32_t child = place * 2 + 1;
        if (child >= heap->count)
            break;
        if (child + 1 < heap->count && heap->items[child + 1] < heap->items[child])
            child++;
        if (heap->items[child] >= last)
            break;
        heap->items[place] = heap->items[child];
        place = child;
    }
    heap->items[place] = last;
    return top;
}
