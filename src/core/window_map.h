/*
 * From a window's index (floor(time / o)) to a number below count: dense, in order of insertion.
 *
 * Open addressing with linear probing; grows by doubling. Removing gives the removed number to the last one, so that
 * whoever keeps an array beside it moves its last element there.
 */
#ifndef RECON_CORE_WINDOW_MAP_H
#define RECON_CORE_WINDOW_MAP_H

#include "core/memory.h"

#define WINDOW_MAP_NONE UINT32_MAX

struct window_map {
    struct recon_memory *memory;
    int64_t *indexes;  /* by number */
    uint32_t *numbers; /* the hash's places: number + 1, 0 empty */
    uint32_t count;
    uint32_t capacity; /* of indexes; there are twice as many places */
};

void window_map_init(struct window_map *map, struct recon_memory *memory);
void window_map_deinit(struct window_map *map);

/* Room for so many more (at most 16): RECON_OK, RECON_ERROR_MEMORY or RECON_ERROR_FULL. capacity may have grown. */
int window_map_reserve(struct window_map *map, uint32_t more);
/* WINDOW_MAP_NONE: not there. */
uint32_t window_map_find(const struct window_map *map, int64_t index);
/* Adds an index that is not there; room was made before. Its number is the count before. */
uint32_t window_map_add(struct window_map *map, int64_t index);
void window_map_remove(struct window_map *map, uint32_t number);
void window_map_clear(struct window_map *map);

#endif
