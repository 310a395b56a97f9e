#include "core/window_map.h"

#include <assert.h>
#include <string.h>

#include "recon/status.h"

#define CAPACITY_MIN 16

void window_map_init(struct window_map *map, struct recon_memory *memory)
{
    *map = (struct window_map){.memory = memory};
}

static uint32_t place_count(const struct window_map *map)
{
    return map->capacity * 2;
}

void window_map_deinit(struct window_map *map)
{
    recon_memory_give(map->memory, map->indexes, map->capacity * sizeof(*map->indexes));
    recon_memory_give(map->memory, map->numbers, (size_t)place_count(map) * sizeof(*map->numbers));
    *map = (struct window_map){.memory = map->memory};
}

/* Windows that follow each other get places far apart (Knuth's multiplicative hash); whoever chooses the times can
 * make long probes, but only as many as there are windows in memory. */
static uint32_t home_of(const struct window_map *map, int64_t index)
{
    uint64_t mixed = (uint64_t)index * UINT64_C(0x9E3779B97F4A7C15);
    mixed ^= mixed >> 32;
    mixed *= UINT64_C(0xD6E8FEB86659FD93);
    return (uint32_t)(mixed >> 32) & (place_count(map) - 1);
}

static void place_put(struct window_map *map, uint32_t number)
{
    uint32_t place = home_of(map, map->indexes[number]);
    while (map->numbers[place] != 0)
        place = (place + 1) & (place_count(map) - 1);
    map->numbers[place] = number + 1;
}

int window_map_reserve(struct window_map *map, uint32_t more)
{
    assert(more <= CAPACITY_MIN);
    if (map->capacity - map->count >= more)
        return RECON_OK;
    if (map->capacity > UINT32_MAX / 4)
        return RECON_ERROR_FULL;
    struct window_map larger = *map;
    larger.capacity = map->capacity == 0 ? CAPACITY_MIN : map->capacity * 2;
    size_t numbers_size = (size_t)place_count(&larger) * sizeof(*larger.numbers);
    larger.indexes = recon_memory_take(map->memory, larger.capacity * sizeof(*larger.indexes));
    larger.numbers = recon_memory_take(map->memory, numbers_size);
    if (larger.indexes == NULL || larger.numbers == NULL) {
        recon_memory_give(map->memory, larger.indexes, larger.capacity * sizeof(*larger.indexes));
        recon_memory_give(map->memory, larger.numbers, numbers_size);
        return RECON_ERROR_MEMORY;
    }
    memset(larger.numbers, 0, numbers_size);
    if (map->count > 0)
        memcpy(larger.indexes, map->indexes, map->count * sizeof(*map->indexes));
    for (uint32_t number = 0; number < map->count; number++)
        place_put(&larger, number);
    window_map_deinit(map);
    *map = larger;
    return RECON_OK;
}

/* The place that holds the index, or the empty one where the search ends. */
static uint32_t place_of(const struct window_map *map, int64_t index)
{
    uint32_t place = home_of(map, index);
    while (map->numbers[place] != 0 && map->indexes[map->numbers[place] - 1] != index)
        place = (place + 1) & (place_count(map) - 1);
    return place;
}

uint32_t window_map_find(const struct window_map *map, int64_t index)
{
    if (map->count == 0)
        return WINDOW_MAP_NONE;
    uint32_t number = map->numbers[place_of(map, index)];
    return number == 0 ? WINDOW_MAP_NONE : number - 1;
}

uint32_t window_map_add(struct window_map *map, int64_t index)
{
    assert(map->count < map->capacity);
    map->indexes[map->count] = index;
    place_put(map, map->count);
    return map->count++;
}

void window_map_remove(struct window_map *map, uint32_t number)
{
    assert(number < map->count);
    uint32_t mask = place_count(map) - 1;
    uint32_t last = map->count - 1;
    uint32_t place = place_of(map, map->indexes[number]);
    uint32_t last_place = place_of(map, map->indexes[last]);
    map->numbers[last_place] = number + 1;
    /* Close the gap: what was put off past it moves back. */
    uint32_t next = place;
    for (;;) {
        next = (next + 1) & mask;
        if (map->numbers[next] == 0)
            break;
        int64_t index = next == last_place ? map->indexes[last] : map->indexes[map->numbers[next] - 1];
        uint32_t home = home_of(map, index);
        if (((next - home) & mask) >= ((next - place) & mask)) {
            map->numbers[place] = map->numbers[next];
            if (next == last_place)
                last_place = place;
            place = next;
        }
    }
    map->numbers[place] = 0;
    map->indexes[number] = map->indexes[last];
    map->count = last;
}

void window_map_clear(struct window_map *map)
{
    if (map->count == 0)
        return;
    memset(map->numbers, 0, (size_t)place_count(map) * sizeof(*map->numbers));
    map->count = 0;
}
