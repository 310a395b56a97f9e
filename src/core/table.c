#include "core/table.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "core/limits.h"
#include "recon/status.h"

#define BLOCK_BYTES sizeof(struct table_block)
#define PAGE_BLOCKS ((uint32_t)(4096 / BLOCK_BYTES))
#define DIRECTORY_BITS_MAX 24

/* An entry that many blocks from its home (and past a third of them all) says that the segment's keys are not spread
 * over its range: an engine that has some key groups alone. It is split then, until the parts fit the groups. */
#define CROWDED_BLOCKS 16
#define CROWDED_DEPTH_MAX 16 /* 2^16 parts are finer than the groups can be */

/* A segment is given room for a seventh of what it holds when it is its turn. */
#define TURN_SHARE 7

/* A segment is full at this share of its places: then one home in three has had more than it holds. */
#define FULL_PERCENT 95

static uint32_t used_max(uint32_t block_count)
{
    return (uint32_t)((uint64_t)block_count * TABLE_BLOCK_PLACES * FULL_PERCENT / 100);
}

/* Takes memory for a segment, whose blocks are empty. False: there is none. */
static bool segment_new(struct table *table, struct table_slot *slot)
{
    slot->blocks = recon_memory_take(table->memory, slot->block_count * BLOCK_BYTES);
    for (uint32_t i = 0; slot->blocks != NULL && i < slot->block_count; i++)
        memset(&slot->blocks[i], 0, offsetof(struct table_block, entries));
    return slot->blocks != NULL;
}

static void segment_free(struct table *table, const struct table_slot *slot)
{
    table->version++;
    recon_memory_give(table->memory, slot->blocks, slot->block_count * BLOCK_BYTES);
}

/* The first block with a free place, from the home on. NULL: there is none. */
static struct table_block *block_with_room(const struct table_slot *slot, uint32_t home)
{
    for (uint32_t distance = 0; distance < slot->block_count; distance++) {
        struct table_block *block = table_block_behind(slot, home, distance);
        if (block->used < TABLE_BLOCK_PLACES)
            return block;
    }
    return NULL;
}

/* An entry of the home is put into this block, which isn't its home: how far behind it that is. Both are told. */
static uint32_t reach_to(const struct table_slot *slot, uint32_t home, struct table_block *block)
{
    const uint32_t number = (uint32_t)(block - slot->blocks);
    const uint32_t distance = number >= home ? number - home : number + slot->block_count - home;
    block->has_strangers = true;
    if (slot->blocks[home].reach < distance)
        slot->blocks[home].reach = (uint16_t)distance;
    return distance;
}

/* Puts the entry behind the block's others. */
static void block_add(struct table_block *block, uint8_t tag, const struct table_entry *entry)
{
    block->tags[block->used] = tag;
    block->entries[block->used++] = *entry;
}

/* Takes the entry out: the last one comes to its place. */
static void block_take_out(struct table_block *block, struct table_entry *entry)
{
    const size_t at = (size_t)(entry - block->entries);
    block->used--;
    block->tags[at] = block->tags[block->used];
    block->entries[at] = block->entries[block->used];
}

/* Puts an entry of a key that is not there into the segment, which has a free place. (The slot by value: what is
 * written could not be it.) */
static inline void segment_add(struct table_slot slot, const struct table_entry *entry)
{
    const uint64_t position = table_position(entry->key_high, &slot);
    struct table_block *block = &slot.blocks[position >> 32];
    if (block->used == TABLE_BLOCK_PLACES) {
        const uint32_t home = (uint32_t)(position >> 32);
        block = block_with_room(&slot, home);
        (void)reach_to(&slot, home, block);
    }
    block_add(block, (uint8_t)(position >> 24), entry);
}

struct table_place table_find_beyond(const struct table *table, struct recon_key key, uint32_t slot_number)
{
    const struct table_slot *slot = &table->slots[slot_number];
    const uint64_t position = table_position(key.high, slot);
    const uint32_t home = (uint32_t)(position >> 32);
    const uint8_t tag = (uint8_t)(position >> 24);
    for (uint32_t distance = 1; distance <= slot->blocks[home].reach; distance++) {
        struct table_block *block = table_block_behind(slot, home, distance);
        struct table_entry *entry = table_block_find(block, tag, key);
        if (entry != NULL)
            return (struct table_place){entry, block, slot_number, tag, false};
    }
    struct table_block *block = block_with_room(slot, home);
    return (struct table_place){NULL, block, slot_number, tag, block == &slot->blocks[home]};
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

static void set_room(struct table_segment *segment, const struct table_slot *slot)
{
    uint32_t most = used_max(slot->block_count);
    segment->room = segment->is_crowded || segment->used >= most ? 0 : most - segment->used;
}

void table_put(struct table *table, const struct table_place *place, struct recon_key key, enum table_state state,
               uint64_t payload, int64_t time)
{
    const struct table_slot *slot = &table->slots[place->slot];
    struct table_segment *segment = &table->segments[slot->segment];
    assert(segment->room > 0 && place->entry == NULL && place->block != NULL);
    const struct table_entry entry = {key.high,
                                      (key.low & TABLE_KEY_LOW_MASK) | (uint64_t)state << TABLE_PAYLOAD_BITS | payload};
    block_add(place->block, place->tag, &entry);
    if (time < segment->oldest)
        segment->oldest = time;
    segment->used++;
    segment->room--;
    table->turn_credit++;
    table->entry_count++;
    if (place->is_home)
        return;
    const uint32_t distance = reach_to(slot, table_home(key.high, slot), place->block);
    if (distance >= CROWDED_BLOCKS && distance > slot->block_count / 3 && slot->depth < CROWDED_DEPTH_MAX) {
        segment->is_crowded = true;
        segment->room = 0;
    }
}

void table_remove(struct table *table, struct table_place place)
{
    const struct table_slot *slot = &table->slots[place.slot];
    struct table_segment *segment = &table->segments[slot->segment];
    segment->used--;
    table->entry_count--;
    table->version++;
    block_take_out(place.block, place.entry);
    segment->is_crowded = false;
    set_room(segment, slot);
}

/* Larger segments are of whole pages, as allocators give them. */
static uint32_t whole_pages(uint32_t block_count)
{
    return block_count < PAGE_BLOCKS ? block_count : (block_count + PAGE_BLOCKS - 1) / PAGE_BLOCKS * PAGE_BLOCKS;
}

/* Copies all entries to another segment, which has places for them. */
static void copy_all(const struct table_slot *from, struct table_slot to)
{
    for (const struct table_block *block = from->blocks; block < from->blocks + from->block_count; block++)
        for (const struct table_entry *entry = block->entries; entry < block->entries + block->used; entry++)
            segment_add(to, entry);
}

/* Deals the segment's entries out to two, by the first bit behind its depth. */
static void deal_out(const struct table_slot *from, struct table_slot low, struct table_slot high)
{
    const unsigned shift = 63 - from->depth;
    for (const struct table_block *block = from->blocks; block < from->blocks + from->block_count; block++)
        for (const struct table_entry *entry = block->entries; entry < block->entries + block->used; entry++)
            if ((entry->key_high >> shift & 1) == 0)
                segment_add(low, entry);
            else
                segment_add(high, entry);
}

int table_init(struct table *table, struct recon_memory *memory)
{
    *table = (struct table){.memory = memory};
    table->slots = recon_memory_take(memory, sizeof(*table->slots));
    table->segments = recon_memory_take(memory, sizeof(*table->segments));
    struct table_slot slot = {.block_count = 1};
    if (!segment_new(table, &slot) || table->slots == NULL || table->segments == NULL) {
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

static int segment_resize(struct table *table, uint32_t slot_number, uint32_t block_count)
{
    struct table_slot old = table->slots[slot_number];
    struct table_slot slot = {.block_count = block_count, .depth = old.depth, .segment = old.segment};
    if (!segment_new(table, &slot))
        return RECON_ERROR_MEMORY;
    copy_all(&old, slot);
    slots_set(table, slot, table->segments[slot.segment].first_slot);
    struct table_segment *segment = &table->segments[slot.segment];
    segment->is_crowded = false;
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
    table->version++; /* numbers of slots, too, are in hints */
    table->directory_bits++;
    table->turn_slot *= 2;
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

/* What is put into a segment until its next turn, nearly always: an eighth of what it holds, as each turn takes so
 * many; what a seventh and 32 are more than that is three standard deviations and more. */
static uint32_t entries_ahead(uint32_t used)
{
    return used / TURN_SHARE + 32;
}

/* Blocks for so many entries, until the segment's next turn. */
static uint32_t blocks_for(uint32_t used)
{
    const uint32_t count = whole_pages((used + entries_ahead(used)) * 100 / FULL_PERCENT / TABLE_BLOCK_PLACES + 1);
    /* The size of a page of what is pending is left to that: it comes and goes, and an arena keeps it apart. */
    return count == 64 ? count + PAGE_BLOCKS : count;
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
    uint32_t used[2] = {0, 0};
    for (const struct table_block *block = old.blocks; block < old.blocks + old.block_count; block++)
        for (uint32_t i = 0; i < block->used; i++)
            used[block->entries[i].key_high >> (63 - old.depth) & 1]++;
    struct table_slot half[2];
    for (uint32_t bit = 0; bit < 2; bit++) {
        uint32_t number = bit == 0 ? old.segment : table->segment_count;
        half[bit] =
            (struct table_slot){.block_count = blocks_for(used[bit]), .depth = old.depth + 1, .segment = number};
    }
    if (!segment_new(table, &half[0]))
        return RECON_ERROR_MEMORY;
    if (!segment_new(table, &half[1])) {
        segment_free(table, &half[0]);
        return RECON_ERROR_MEMORY;
    }
    deal_out(&old, half[0], half[1]);
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

bool table_next_turn(struct table *table, uint32_t *slot_number)
{
    for (;;) {
        if (table->turn_slot >= UINT32_C(1) << table->directory_bits)
            table->turn_slot = 0;
        const struct table_slot *slot = &table->slots[table->turn_slot];
        const struct table_segment *segment = &table->segments[slot->segment];
        const uint32_t price = segment->used / (TURN_SHARE + 1) + 1;
        if (table->turn_credit < price)
            return false;
        table->turn_credit -= price;
        *slot_number = table->turn_slot;
        table->turn_slot = table_segment_end(table, slot);
        if (segment->room < entries_ahead(segment->used))
            return true;
    }
}

/* Memory that can be done without: nothing else is given up for it. */
static void resize_if_easy(struct table *table, uint32_t slot_number, uint32_t block_count)
{
    table->memory->is_optional = true;
    const struct table_slot *slot = &table->slots[slot_number];
    if (block_count <= TABLE_SEGMENT_BLOCKS_MAX || slot->depth == DIRECTORY_BITS_MAX)
        (void)segment_resize(table, slot_number, block_count);
    else
        (void)segment_split(table,
                            table->directory_bits == 0 ? 0 : (uint64_t)slot_number << (64 - table->directory_bits));
    table->memory->is_optional = false;
}

void table_grow_ahead(struct table *table, uint32_t slot_number)
{
    const struct table_slot *slot = &table->slots[slot_number];
    const struct table_segment *segment = &table->segments[slot->segment];
    if (segment->room >= entries_ahead(segment->used))
        return;
    const uint32_t larger = blocks_for(segment->used);
    if (larger > slot->block_count)
        resize_if_easy(table, slot_number, larger);
}

int table_grow(struct table *table, struct recon_key key)
{
    uint32_t slot_number = table_slot_of(table, key.high);
    const struct table_slot *slot = &table->slots[slot_number];
    const uint32_t larger = whole_pages(slot->block_count + slot->block_count / 5 + 1);
    const bool is_small = larger <= TABLE_SEGMENT_BLOCKS_MAX && !table->segments[slot->segment].is_crowded;
    if (is_small || slot->depth == DIRECTORY_BITS_MAX)
        return segment_resize(table, slot_number, larger);
    return segment_split(table, key.high);
}

/* blocks_for this many is a large segment, if not the largest. */
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
            uint32_t wanted = blocks_for((uint32_t)(expected < PREPARED_MAX ? expected : PREPARED_MAX));
            if (wanted > slot.block_count)
                (void)segment_resize(table, slot_number, wanted);
            return;
        }
        if (segment_split(table, key.high) != RECON_OK)
            return;
    }
}

/* What there is to do in a block. */
struct block_look {
    uint64_t pending; /* a bit for each entry */
    uint64_t over;    /* of those that aren't pending */
    int64_t oldest;   /* of the others */
};

/* Which entries are over is anybody's guess, so nothing here branches on it. */
static struct block_look block_look_at(const struct table_block *block, const struct table_purge *purge)
{
    const int64_t time_base = purge->time_base;
    const int64_t last = purge->last;
    struct block_look look = {.oldest = RECON_TIME_MAX};
    for (uint32_t i = 0; i < block->used; i++) {
        const struct table_entry *entry = &block->entries[i];
        const int64_t time = table_time_of(time_base, table_payload_of(entry));
        const bool is_pending = table_state_of(entry) == TABLE_PENDING;
        const bool is_over = !is_pending & (time <= last);
        const int64_t stays = (is_pending | is_over) ? RECON_TIME_MAX : time;
        look.pending |= (uint64_t)is_pending << i;
        look.over |= (uint64_t)is_over << i;
        look.oldest = stays < look.oldest ? stays : look.oldest;
    }
    return look;
}

static void ask_for_pending(const struct table_block *block, uint64_t pending, const struct table_purge *purge)
{
    for (; pending != 0; pending &= pending - 1)
        purge->ask_ahead(purge->context, &block->entries[__builtin_ctzll(pending)]);
}

/* Removes what is over; the oldest that stays. *removed: one more for each. */
static int64_t block_purge(struct table_block *block, struct block_look look, const struct table_purge *purge,
                           uint32_t *removed)
{
    for (uint64_t left = look.pending; left != 0; left &= left - 1) {
        int64_t time;
        const int at = __builtin_ctzll(left);
        if (purge->is_over(purge->context, &block->entries[at], &time))
            look.over |= UINT64_C(1) << at;
        else if (time < look.oldest)
            look.oldest = time;
    }
    /* From the last one on: what comes to its place stays. */
    while (look.over != 0) {
        const int at = 63 - __builtin_clzll(look.over);
        look.over &= ~(UINT64_C(1) << at);
        purge->forget(purge->context, &block->entries[at]);
        block_take_out(block, &block->entries[at]);
        ++*removed;
    }
    return look.oldest;
}

/* What lies behind its home moves up, where there is room. The blocks' reach was unset. */
static void strangers_move_up(const struct table_slot *slot)
{
    for (struct table_block *block = slot->blocks; block < slot->blocks + slot->block_count; block++) {
        if (!block->has_strangers)
            continue;
        block->has_strangers = false;
        for (uint32_t i = block->used; i-- > 0;) {
            const struct table_entry entry = block->entries[i];
            if (&slot->blocks[table_home(entry.key_high, slot)] == block)
                continue;
            block_take_out(block, &block->entries[i]);
            segment_add(*slot, &entry);
        }
    }
}

void table_purge(struct table *table, uint32_t slot_number, const struct table_purge *purge)
{
    table->version++;
    const struct table_slot *slot = &table->slots[slot_number];
    struct table_segment *segment = &table->segments[slot->segment];
    struct table_block *end = slot->blocks + slot->block_count;
    int64_t oldest = RECON_TIME_MAX;
    uint32_t removed = 0;
    struct block_look ahead = block_look_at(slot->blocks, purge);
    ask_for_pending(slot->blocks, ahead.pending, purge);
    for (struct table_block *block = slot->blocks; block < end; block++) {
        const struct block_look look = ahead;
        if (block + 1 < end) {
            ahead = block_look_at(block + 1, purge);
            ask_for_pending(block + 1, ahead.pending, purge);
        }
        block->reach = 0;
        const int64_t block_oldest = block_purge(block, look, purge, &removed);
        if (block_oldest < oldest)
            oldest = block_oldest;
    }
    segment->used -= removed;
    table->entry_count -= removed;
    strangers_move_up(slot);
    segment->oldest = oldest;
    segment->is_crowded = false;
    set_room(segment, slot);
    uint32_t wanted = blocks_for(segment->used);
    if (wanted < slot->block_count / 2)
        resize_if_easy(table, slot_number, wanted);
}
