#include "core/table.h"

#include <assert.h>
#include <string.h>

#include "core/limits.h"
#include "recon/status.h"

#define ENTRY_BYTES sizeof(struct table_entry)
#define HOMES_MIN 10
#define PAGE_PLACES ((uint32_t)(4096 / ENTRY_BYTES))
#define DIRECTORY_BITS_MAX 24

/* An entry that far from its home (and past an eighth of the homes) says that the segment's keys are not spread over
 * its range: an engine that has some key groups alone. It is split then, until the parts fit the groups. */
#define CROWDED_PLACES 64
#define CROWDED_DEPTH_MAX 16 /* 2^16 parts are finer than the groups can be */

/* A segment is full at this share of its homes: a search is then past 4 entries on average and an insertion moves 35;
 * at 0.95 it would be 10 and 200. */
static uint32_t used_max(uint32_t home_count)
{
    return (uint32_t)((uint64_t)home_count * 88 / 100);
}

/* A free place has the largest key, so that no search passes it for a smaller one. */
static const struct table_entry free_entry = {.key_high = UINT64_MAX, .rest = 0};

static uint64_t key_low_of(struct recon_key key)
{
    return key.low & TABLE_KEY_LOW_MASK;
}

/* How far entries may be pushed on from the last home, where nothing more is known. */
static uint32_t slack_for(uint32_t home_count)
{
    return home_count / 8 < 64 ? home_count / 8 + TABLE_GLANCE_PLACES : 64;
}

/* Takes memory for a segment, whose places are not set yet. False: there is none. */
static bool segment_new(struct table *table, struct table_slot *slot)
{
    slot->entries = recon_memory_take(table->memory, slot->place_count * ENTRY_BYTES);
    return slot->entries != NULL;
}

static void segment_free(struct table *table, const struct table_slot *slot)
{
    recon_memory_give(table->memory, slot->entries, slot->place_count * ENTRY_BYTES);
}

static uint32_t slots_of_segment(const struct table *table, const struct table_slot *slot)
{
    return UINT32_C(1) << (table->directory_bits - slot->depth);
}

void table_deinit(struct table *table)
{
    for (uint32_t i = 0; i < table->segment_count; i++)
        segment_free(table, &table->slots[table->segments[i].first_slot]);
    recon_memory_give(table->memory, table->slots, sizeof(*table->slots) << table->directory_bits);
    recon_memory_give(table->memory, table->segments, sizeof(*table->segments) * table->segment_capacity);
    *table = (struct table){.memory = table->memory};
}

void table_cursor_seek(const struct table *table, struct recon_key key, struct table_cursor *cursor)
{
    cursor->slot = table_slot_of(table, key.high);
    const struct table_slot *slot = &table->slots[cursor->slot];
    cursor->place = (uint32_t)(table_search(slot, key) - slot->entries);
}

const struct table_entry *table_cursor_entry(const struct table *table, struct table_cursor *cursor)
{
    while (cursor->slot < UINT32_C(1) << table->directory_bits) {
        const struct table_slot *slot = &table->slots[cursor->slot];
        for (; cursor->place < slot->place_count; cursor->place++)
            if (!table_is_empty(&slot->entries[cursor->place]))
                return &slot->entries[cursor->place];
        cursor->slot = table_segment_end(table, slot);
        cursor->place = 0;
    }
    return NULL;
}

static void set_room(struct table_segment *segment, const struct table_slot *slot)
{
    uint32_t most = used_max(slot->home_count);
    segment->room = segment->is_crowded || segment->used >= most ? 0 : most - segment->used;
}

void table_put(struct table *table, struct table_place place, struct recon_key key, enum table_state state,
               uint64_t payload, int64_t time)
{
    const struct table_slot *slot = &table->slots[place.slot];
    struct table_segment *segment = &table->segments[slot->segment];
    struct table_entry *entry = place.spot;
    while (!table_is_empty(&entry[0])) {
        if (table_is_empty(&entry[1])) {
            entry++;
            break;
        }
        entry += 2;
    }
    assert(segment->room > 0 && entry < &slot->entries[slot->place_count - 1]);
    /* Each entry from the spot to the first free place moves on by one. */
    memmove(place.spot + 1, place.spot, (size_t)((char *)entry - (char *)place.spot));
    *place.spot = (struct table_entry){key.high, key_low_of(key)};
    table_set(place.spot, state, payload);
    if (time < segment->oldest)
        segment->oldest = time;
    segment->used++;
    table->entry_count++;
    /* What lies at the end may be pushed on to the last place but one, and no further. */
    uint32_t number = (uint32_t)(entry - slot->entries);
    uint32_t pushed = number - table_home(entry->key_high, slot);
    segment->is_at_end |= number + 2 >= slot->place_count;
    segment->is_crowded = segment->is_at_end ||
                          (pushed > CROWDED_PLACES && pushed > slot->home_count / 8 && slot->depth < CROWDED_DEPTH_MAX);
    segment->room = segment->is_crowded ? 0 : segment->room - 1;
}

void table_remove(struct table *table, struct table_place place)
{
    const struct table_slot *slot = &table->slots[place.slot];
    struct table_entry *entry = place.entry;
    struct table_segment *segment = &table->segments[slot->segment];
    segment->used--;
    set_room(segment, slot);
    table->entry_count--;
    /* What was pushed on comes back by one, up to one that is at its home. */
    for (;;) {
        struct table_entry *next = entry + 1;
        if (table_is_empty(next) || next == &slot->entries[table_home(next->key_high, slot)])
            break;
        *entry = *next;
        entry = next;
    }
    *entry = free_entry;
}

/* Larger segments are of whole pages, as allocators give them. */
static uint32_t whole_pages(uint32_t place_count)
{
    return place_count < PAGE_PLACES ? place_count : (place_count + PAGE_PLACES - 1) / PAGE_PLACES * PAGE_PLACES;
}

/* How many places a segment of so many homes has, where its keys are spread evenly. */
static uint32_t places_usual(uint32_t home_count)
{
    return whole_pages(home_count + slack_for(home_count));
}

/* How many it needs for these entries: more, where many of them want the last homes. */
static uint32_t places_needed(const struct table_entry *from, const struct table_entry *end,
                              const struct table_slot *to)
{
    uint32_t place = 0;
    for (; from < end; from++) {
        if (table_is_empty(from))
            continue;
        uint32_t home = table_home(from->key_high, to);
        place = (place < home ? home : place) + 1;
    }
    uint32_t usual = places_usual(to->home_count);
    return place + 2 > usual ? whole_pages(place + place / 16 + 2) : usual;
}

/* Sets all places of the segment, so that it holds the entries. False: it has too few. */
static bool entries_put(const struct table_entry *from, const struct table_entry *end, const struct table_slot *to)
{
    uint32_t place = 0;
    for (; from < end; from++) {
        if (table_is_empty(from))
            continue;
        uint32_t home = table_home(from->key_high, to);
        while (place < home)
            to->entries[place++] = free_entry;
        if (place + 3 > to->place_count)
            return false;
        to->entries[place++] = *from;
    }
    while (place < to->place_count)
        to->entries[place++] = free_entry;
    return true;
}

/* Makes a segment of slot's homes that holds the entries. False: no memory. */
static bool segment_make(struct table *table, const struct table_entry *from, const struct table_entry *end,
                         struct table_slot *slot)
{
    slot->place_count = places_usual(slot->home_count);
    if (!segment_new(table, slot))
        return false;
    if (entries_put(from, end, slot))
        return true;
    segment_free(table, slot);
    slot->place_count = places_needed(from, end, slot);
    return segment_new(table, slot) && entries_put(from, end, slot);
}

int table_init(struct table *table, struct recon_memory *memory)
{
    *table = (struct table){.memory = memory};
    table->slots = recon_memory_take(memory, sizeof(*table->slots));
    table->segments = recon_memory_take(memory, sizeof(*table->segments));
    struct table_slot slot = {.home_count = HOMES_MIN};
    if (!segment_make(table, NULL, NULL, &slot) || table->slots == NULL || table->segments == NULL) {
        recon_memory_give(memory, table->slots, sizeof(*table->slots));
        recon_memory_give(memory, table->segments, sizeof(*table->segments));
        segment_free(table, &slot);
        return RECON_ERROR_MEMORY;
    }
    table->slots[0] = slot;
    table->segments[0] = (struct table_segment){.oldest = RECON_TIME_MAX};
    set_room(&table->segments[0], &slot);
    table->segment_count = table->segment_capacity = 1;
    return RECON_OK;
}

/* Gives all directory slots of the segment the same content. */
static void slots_set(struct table *table, struct table_slot slot, uint32_t first)
{
    uint32_t count = slots_of_segment(table, &slot);
    for (uint32_t i = 0; i < count; i++)
        table->slots[first + i] = slot;
}

static int segment_resize(struct table *table, uint32_t slot_number, uint32_t home_count)
{
    struct table_slot old = table->slots[slot_number];
    struct table_slot slot = {.home_count = home_count, .depth = old.depth, .segment = old.segment};
    const struct table_entry *end = old.entries + old.place_count;
    if (!segment_make(table, old.entries, end, &slot))
        return RECON_ERROR_MEMORY;
    slots_set(table, slot, table->segments[slot.segment].first_slot);
    struct table_segment *segment = &table->segments[slot.segment];
    segment->is_crowded = segment->is_at_end = false;
    set_room(segment, &slot);
    segment_free(table, &old);
    return RECON_OK;
}

static int directory_double(struct table *table)
{
    uint32_t count = UINT32_C(1) << table->directory_bits;
    struct table_slot *slots = recon_memory_take(table->memory, 2 * count * sizeof(*slots));
    if (slots == NULL)
        return RECON_ERROR_MEMORY;
    for (uint32_t i = 0; i < count; i++)
        slots[2 * i] = slots[2 * i + 1] = table->slots[i];
    for (uint32_t i = 0; i < table->segment_count; i++)
        table->segments[i].first_slot *= 2;
    recon_memory_give(table->memory, table->slots, count * sizeof(*slots));
    table->slots = slots;
    table->directory_bits++;
    return RECON_OK;
}

static int segments_reserve(struct table *table)
{
    if (table->segment_count < table->segment_capacity)
        return RECON_OK;
    uint32_t capacity = table->segment_capacity * 2;
    struct table_segment *segments = recon_memory_take(table->memory, capacity * sizeof(*segments));
    if (segments == NULL)
        return RECON_ERROR_MEMORY;
    memcpy(segments, table->segments, table->segment_count * sizeof(*segments));
    recon_memory_give(table->memory, table->segments, table->segment_capacity * sizeof(*segments));
    table->segments = segments;
    table->segment_capacity = capacity;
    return RECON_OK;
}

/* Homes for so many entries: room for a twentieth more at least, and up to a fifth more again, spread by the number
 * (Weyl's sequence of the golden ratio is even over any run of numbers). */
static uint32_t homes_for(uint32_t used, uint32_t number)
{
    uint64_t spread = (uint64_t)(number * UINT32_C(2654435769)) * used / 5 >> 32;
    uint64_t entries = used + spread + used / 20;
    return (uint32_t)(entries * 100 / 88) + HOMES_MIN;
}

static int segment_split(struct table *table, uint64_t key_high)
{
    int status = segments_reserve(table);
    if (status != RECON_OK)
        return status;
    struct table_slot old = table->slots[table_slot_of(table, key_high)];
    if (old.depth == table->directory_bits) {
        status = directory_double(table);
        if (status != RECON_OK)
            return status;
    }
    uint32_t first = table->segments[old.segment].first_slot;
    uint64_t prefix = old.depth == 0 ? 0 : key_high >> (64 - old.depth) << (64 - old.depth);
    uint64_t middle = prefix | UINT64_C(1) << (63 - old.depth);
    const struct table_entry *end = old.entries + old.place_count;
    uint32_t used[2] = {0, 0};
    const struct table_entry *split = old.entries; /* behind the first half */
    for (const struct table_entry *entry = old.entries;
         entry < end && (table_is_empty(entry) || entry->key_high < middle); entry++) {
        used[0] += !table_is_empty(entry);
        split = entry + 1;
    }
    used[1] = table->segments[old.segment].used - used[0];
    struct table_slot half[2];
    for (uint32_t bit = 0; bit < 2; bit++) {
        uint32_t number = bit == 0 ? old.segment : table->segment_count;
        half[bit] =
            (struct table_slot){.home_count = homes_for(used[bit], number), .depth = old.depth + 1, .segment = number};
    }
    if (!segment_make(table, old.entries, split, &half[0]))
        return RECON_ERROR_MEMORY;
    if (!segment_make(table, split, end, &half[1])) {
        segment_free(table, &half[0]);
        return RECON_ERROR_MEMORY;
    }
    int64_t oldest = table->segments[old.segment].oldest;
    for (uint32_t bit = 0; bit < 2; bit++) {
        uint32_t half_first = first + bit * slots_of_segment(table, &half[bit]);
        struct table_segment *made = &table->segments[half[bit].segment];
        *made = (struct table_segment){.oldest = oldest, .used = used[bit], .first_slot = half_first};
        set_room(made, &half[bit]);
        slots_set(table, half[bit], half_first);
    }
    table->segment_count++;
    segment_free(table, &old);
    return RECON_OK;
}

int table_grow(struct table *table, struct recon_key key)
{
    uint32_t slot_number = table_slot_of(table, key.high);
    const struct table_slot *slot = &table->slots[slot_number];
    uint32_t larger = slot->home_count < PAGE_PLACES ? slot->home_count * 2 : slot->home_count + slot->home_count / 5;
    const struct table_segment *segment = &table->segments[slot->segment];
    bool is_small = larger <= TABLE_SEGMENT_PLACES_MAX && (!segment->is_crowded || segment->is_at_end);
    if (is_small || slot->depth == DIRECTORY_BITS_MAX)
        return segment_resize(table, slot_number, larger);
    return segment_split(table, key.high);
}

/* homes_for this many is a large segment, if not the largest. */
#define PREPARED_MAX 5600

void table_prepare(struct table *table, struct recon_key key, uint64_t entry_count)
{
    if (entry_count > RECON_IDENTITY_COUNT_MAX)
        entry_count = RECON_IDENTITY_COUNT_MAX;
    for (;;) {
        uint32_t slot_number = table_slot_of(table, key.high);
        struct table_slot slot = table->slots[slot_number];
        if (table->segments[slot.segment].used > 0)
            return;
        uint64_t range_left = slot.depth == 0 ? ~key.high : ~key.high << slot.depth >> slot.depth;
        uint64_t expected = ((range_left >> 32) + 1) * entry_count >> 32;
        if (expected <= PREPARED_MAX || slot.depth == DIRECTORY_BITS_MAX) {
            uint32_t wanted = homes_for((uint32_t)(expected < PREPARED_MAX ? expected : PREPARED_MAX), slot.segment);
            if (wanted > slot.home_count)
                (void)segment_resize(table, slot_number, wanted);
            return;
        }
        if (segment_split(table, key.high) != RECON_OK)
            return;
    }
}

void table_purge(struct table *table, uint32_t slot_number, table_is_over is_over, void *context)
{
    const struct table_slot *slot = &table->slots[slot_number];
    struct table_segment *segment = &table->segments[slot->segment];
    struct table_entry *place = slot->entries;
    int64_t oldest = RECON_TIME_MAX;
    for (uint32_t i = 0; i < slot->place_count; i++) {
        struct table_entry entry = slot->entries[i];
        int64_t time;
        if (table_is_empty(&entry))
            continue;
        slot->entries[i] = free_entry;
        if (is_over(context, &entry, &time)) {
            segment->used--;
            table->entry_count--;
            continue;
        }
        /* Never behind where it was: those before it have only become fewer. */
        struct table_entry *home = &slot->entries[table_home(entry.key_high, slot)];
        if (place < home)
            place = home;
        *place++ = entry;
        if (time < oldest)
            oldest = time;
    }
    segment->oldest = oldest;
    segment->is_at_end = place >= &slot->entries[slot->place_count - 2];
    segment->is_crowded = segment->is_at_end;
    set_room(segment, slot);
    uint32_t wanted = homes_for(segment->used, slot->segment);
    if (wanted < slot->home_count / 2)
        (void)segment_resize(table, slot_number, wanted); /* no memory for it: it stays as it is */
}
