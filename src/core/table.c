#include "core/table.h"

#include <assert.h>
#include <string.h>

#include "recon/status.h"

#define BUCKETS_MIN 4
#define BUCKET_BYTES (TABLE_BUCKET_ENTRIES * sizeof(struct table_entry))
#define DIRECTORY_BITS_MAX 24

/* A segment is full at this share of its entries: 15/16 would make probes long, less would cost bytes. */
static uint32_t used_max(uint32_t bucket_count)
{
    return (uint32_t)((uint64_t)bucket_count * TABLE_BUCKET_ENTRIES * 9 / 10);
}

static bool is_empty(const struct table_entry *entry)
{
    return (entry->rest & TABLE_STATE_MASK) == 0;
}

static uint64_t key_low_of(struct recon_key key)
{
    return key.low & TABLE_KEY_LOW_MASK;
}

static struct table_entry *entries_new(struct table *table, uint32_t bucket_count)
{
    struct table_entry *entries = recon_memory_take(table->memory, bucket_count * BUCKET_BYTES);
    if (entries != NULL)
        memset(entries, 0, bucket_count * BUCKET_BYTES);
    return entries;
}

int table_init(struct table *table, struct recon_memory *memory)
{
    *table = (struct table){.memory = memory};
    table->slots = recon_memory_take(memory, sizeof(*table->slots));
    table->segments = recon_memory_take(memory, sizeof(*table->segments));
    struct table_entry *entries = entries_new(table, BUCKETS_MIN);
    if (table->slots == NULL || table->segments == NULL || entries == NULL) {
        recon_memory_give(memory, table->slots, sizeof(*table->slots));
        recon_memory_give(memory, table->segments, sizeof(*table->segments));
        recon_memory_give(memory, entries, BUCKETS_MIN * BUCKET_BYTES);
        return RECON_ERROR_MEMORY;
    }
    table->slots[0] = (struct table_slot){.entries = entries, .bucket_count = BUCKETS_MIN};
    table->segments[0] = (struct table_segment){.oldest = RECON_TIME_MAX};
    table->segment_count = table->segment_capacity = 1;
    return RECON_OK;
}

static uint32_t slots_of_segment(const struct table *table, const struct table_slot *slot)
{
    return UINT32_C(1) << (table->directory_bits - slot->depth);
}

void table_deinit(struct table *table)
{
    for (uint32_t i = 0; i < table->segment_count; i++) {
        struct table_slot *slot = &table->slots[table->segments[i].first_slot];
        recon_memory_give(table->memory, slot->entries, slot->bucket_count * BUCKET_BYTES);
    }
    recon_memory_give(table->memory, table->slots, sizeof(*table->slots) << table->directory_bits);
    recon_memory_give(table->memory, table->segments, sizeof(*table->segments) * table->segment_capacity);
    *table = (struct table){.memory = table->memory};
}

struct table_place table_find(const struct table *table, struct recon_key key)
{
    uint32_t slot_number = table_slot_of(table, key.high);
    const struct table_slot *slot = &table->slots[slot_number];
    uint64_t low = key_low_of(key);
    uint32_t bucket = table_home(key.high, slot->depth, slot->bucket_count);
    for (;;) {
        struct table_entry *entry = &slot->entries[(size_t)bucket * TABLE_BUCKET_ENTRIES];
        bool has_empty = false;
        for (uint32_t i = 0; i < TABLE_BUCKET_ENTRIES; i++) {
            if (entry[i].key_high == key.high && (entry[i].rest & TABLE_KEY_LOW_MASK) == low && !is_empty(&entry[i]))
                return (struct table_place){&entry[i], slot_number, bucket * TABLE_BUCKET_ENTRIES + i};
            has_empty |= is_empty(&entry[i]);
        }
        if (has_empty)
            return (struct table_place){NULL, slot_number, 0};
        if (++bucket == slot->bucket_count)
            bucket = 0;
    }
}

uint32_t table_room(const struct table *table, struct recon_key key)
{
    const struct table_slot *slot = &table->slots[table_slot_of(table, key.high)];
    uint32_t used = table->segments[slot->segment].used;
    uint32_t most = used_max(slot->bucket_count);
    return used < most ? most - used : 0;
}

static struct table_entry *free_entry(const struct table_slot *slot, uint64_t key_high)
{
    uint32_t bucket = table_home(key_high, slot->depth, slot->bucket_count);
    for (;;) {
        struct table_entry *entry = &slot->entries[(size_t)bucket * TABLE_BUCKET_ENTRIES];
        for (uint32_t i = 0; i < TABLE_BUCKET_ENTRIES; i++)
            if (is_empty(&entry[i]))
                return &entry[i];
        if (++bucket == slot->bucket_count)
            bucket = 0;
    }
}

void table_put(struct table *table, struct recon_key key, enum table_state state, uint64_t payload, int64_t time)
{
    const struct table_slot *slot = &table->slots[table_slot_of(table, key.high)];
    struct table_segment *segment = &table->segments[slot->segment];
    assert(segment->used < slot->bucket_count * TABLE_BUCKET_ENTRIES);
    struct table_entry *entry = free_entry(slot, key.high);
    entry->key_high = key.high;
    entry->rest = key_low_of(key);
    table_set(entry, state, payload);
    if (time < segment->oldest)
        segment->oldest = time;
    segment->used++;
    table->entry_count++;
}

void table_remove(struct table *table, struct table_place place)
{
    const struct table_slot *slot = &table->slots[place.slot];
    struct table_entry *hole = place.entry;
    uint32_t hole_bucket = place.index / TABLE_BUCKET_ENTRIES;
    table->segments[slot->segment].used--;
    table->entry_count--;

    bool was_full = true;
    struct table_entry *bucket = &slot->entries[(size_t)hole_bucket * TABLE_BUCKET_ENTRIES];
    for (uint32_t i = 0; i < TABLE_BUCKET_ENTRIES; i++)
        was_full &= !is_empty(&bucket[i]);
    *hole = (struct table_entry){0};

    /* While buckets were full, entries further on may have passed the hole: the first that did moves into it. */
    uint32_t number = hole_bucket;
    while (was_full) {
        if (++number == slot->bucket_count)
            number = 0;
        bucket = &slot->entries[(size_t)number * TABLE_BUCKET_ENTRIES];
        uint32_t distance = (number >= hole_bucket ? number : number + slot->bucket_count) - hole_bucket;
        struct table_entry *mover = NULL;
        for (uint32_t i = 0; i < TABLE_BUCKET_ENTRIES; i++) {
            if (is_empty(&bucket[i])) {
                was_full = false;
                continue;
            }
            uint32_t home = table_home(bucket[i].key_high, slot->depth, slot->bucket_count);
            uint32_t from_home = (number >= home ? number : number + slot->bucket_count) - home;
            if (from_home >= distance)
                mover = &bucket[i];
        }
        if (mover != NULL) {
            *hole = *mover;
            *mover = (struct table_entry){0};
            hole = mover;
            hole_bucket = number;
        }
    }
}

/* Puts all entries of a block into a segment's (empty) one, those alone whose bit under the prefix is `bit` where
 * bit >= 0. The number put. */
static uint32_t entries_move(const struct table_entry *from, uint32_t bucket_count, const struct table_slot *to,
                             int bit)
{
    uint32_t moved = 0;
    for (size_t i = 0; i < (size_t)bucket_count * TABLE_BUCKET_ENTRIES; i++) {
        if (is_empty(&from[i]))
            continue;
        if (bit >= 0 && (int)(from[i].key_high >> (64 - to->depth) & 1) != bit)
            continue;
        *free_entry(to, from[i].key_high) = from[i];
        moved++;
    }
    return moved;
}

/* Gives all directory places of the segment the same content. */
static void slots_set(struct table *table, struct table_slot slot, uint32_t first)
{
    uint32_t count = slots_of_segment(table, &slot);
    for (uint32_t i = 0; i < count; i++)
        table->slots[first + i] = slot;
}

static int segment_resize(struct table *table, uint32_t slot_number, uint32_t bucket_count)
{
    struct table_slot slot = table->slots[slot_number];
    struct table_slot old = slot;
    slot.entries = entries_new(table, bucket_count);
    if (slot.entries == NULL)
        return RECON_ERROR_MEMORY;
    slot.bucket_count = bucket_count;
    entries_move(old.entries, old.bucket_count, &slot, -1);
    slots_set(table, slot, table->segments[slot.segment].first_slot);
    recon_memory_give(table->memory, old.entries, old.bucket_count * BUCKET_BYTES);
    return RECON_OK;
}

static int directory_double(struct table *table)
{
    if (table->directory_bits == DIRECTORY_BITS_MAX)
        return RECON_ERROR_FULL;
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

/* Larger segments are of whole pages, as allocators give them. */
#define PAGE_BUCKETS ((uint32_t)(4096 / BUCKET_BYTES))
static uint32_t whole_pages(uint32_t bucket_count)
{
    return (bucket_count + PAGE_BUCKETS - 1) / PAGE_BUCKETS * PAGE_BUCKETS;
}

/* Buckets for so many entries after a split: room for a fifth more at least, and up to a fifth more again, spread by
 * the number (Weyl's sequence of the golden ratio is even over any run of numbers). */
static uint32_t split_buckets(uint32_t used, uint32_t number)
{
    uint64_t spread = (uint64_t)(number * UINT32_C(2654435769)) * used / 5 >> 32;
    uint64_t entries = used + spread + used / 20;
    uint32_t buckets = (uint32_t)(entries * 10 / 9 / TABLE_BUCKET_ENTRIES) + 1;
    return buckets < BUCKETS_MIN ? BUCKETS_MIN : buckets < PAGE_BUCKETS ? buckets : whole_pages(buckets);
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
    uint32_t number[2] = {old.segment, table->segment_count};
    struct table_slot half[2];
    uint32_t ones = 0;
    for (size_t i = 0; i < (size_t)old.bucket_count * TABLE_BUCKET_ENTRIES; i++)
        ones += !is_empty(&old.entries[i]) && (old.entries[i].key_high >> (63 - old.depth) & 1) != 0;
    uint32_t used[2] = {table->segments[old.segment].used - ones, ones};
    for (int bit = 0; bit < 2; bit++) {
        half[bit] = (struct table_slot){.depth = (uint16_t)(old.depth + 1), .segment = number[bit]};
        half[bit].bucket_count = split_buckets(used[bit], number[bit]);
        half[bit].entries = entries_new(table, half[bit].bucket_count);
        if (half[bit].entries == NULL) {
            if (bit == 1)
                recon_memory_give(table->memory, half[0].entries, half[0].bucket_count * BUCKET_BYTES);
            return RECON_ERROR_MEMORY;
        }
    }
    int64_t oldest = table->segments[old.segment].oldest;
    for (int bit = 0; bit < 2; bit++) {
        entries_move(old.entries, old.bucket_count, &half[bit], bit);
        uint32_t half_first = first + (uint32_t)bit * slots_of_segment(table, &half[bit]);
        table->segments[number[bit]] =
            (struct table_segment){.oldest = oldest, .used = used[bit], .first_slot = half_first};
        slots_set(table, half[bit], half_first);
    }
    table->segment_count++;
    recon_memory_give(table->memory, old.entries, old.bucket_count * BUCKET_BYTES);
    return RECON_OK;
}

int table_grow(struct table *table, struct recon_key key)
{
    uint32_t slot_number = table_slot_of(table, key.high);
    uint32_t buckets = table->slots[slot_number].bucket_count;
    uint32_t larger = buckets < PAGE_BUCKETS ? buckets * 2 : whole_pages(buckets + buckets / 5);
    if (larger <= TABLE_SEGMENT_BUCKETS_MAX)
        return segment_resize(table, slot_number, larger);
    return segment_split(table, key.high);
}

void table_purge(struct table *table, uint32_t slot_number, table_is_over is_over, void *context)
{
    struct table_slot *slot = &table->slots[slot_number];
    struct table_segment *segment = &table->segments[slot->segment];
    int64_t oldest = RECON_TIME_MAX;
    size_t count = (size_t)slot->bucket_count * TABLE_BUCKET_ENTRIES;
    for (size_t i = 0; i < count;) {
        struct table_entry *entry = &slot->entries[i];
        int64_t time = RECON_TIME_MAX;
        if (!is_empty(entry) && is_over(context, entry, &time)) {
            /* Another entry may move into the gap: look at the place again. One that moves from the front of the
             * segment to its end, past the edge, was looked at before. */
            table_remove(table, (struct table_place){entry, slot_number, (uint32_t)i});
            continue;
        }
        if (time < oldest)
            oldest = time;
        i++;
    }
    segment->oldest = oldest;
    uint32_t wanted = split_buckets(segment->used, slot->segment);
    if (wanted < slot->bucket_count / 2)
        (void)segment_resize(table, slot_number, wanted); /* no memory for it: it stays as it is */
}
