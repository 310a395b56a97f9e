/*
 * The identity table in order of its keys: homes follow each other in that order, and one's entries are sorted.
 */
#include "core/table.h"

void table_cursor_seek(const struct table *table, struct recon_key key, struct table_cursor *cursor)
{
    cursor->from = (struct recon_key){key.high, key.low & TABLE_KEY_LOW_MASK};
    cursor->slot = table_slot_of(table, key.high);
    cursor->home = table_home(key.high, &table->slots[cursor->slot]);
    cursor->count = cursor->at = 0;
}

/* Puts the entry among the first `count`, which are in order. */
static void sort_in(struct table_entry **list, uint32_t count, struct table_entry *entry)
{
    for (; count > 0 && table_is_before(table_key_of(entry), table_key_of(list[count - 1])); count--)
        list[count] = list[count - 1];
    list[count] = entry;
}

#define SORT_BUCKETS 64

/* Entries of one home: first by the bits behind it (counting them), then, nearly in order, by all. */
static void list_sort(struct table_cursor *cursor, const struct table_slot *slot)
{
    struct table_entry *unsorted[TABLE_CURSOR_COUNT];
    uint8_t starts[SORT_BUCKETS + 1] = {0};
    for (uint32_t i = 0; i < cursor->count; i++) {
        unsorted[i] = cursor->list[i];
        starts[(table_position(unsorted[i]->key_high, slot) >> 26) % SORT_BUCKETS + 1]++;
    }
    for (unsigned i = 0; i < SORT_BUCKETS; i++)
        starts[i + 1] = (uint8_t)(starts[i + 1] + starts[i]);
    for (uint32_t i = 0; i < cursor->count; i++)
        cursor->list[starts[(table_position(unsorted[i]->key_high, slot) >> 26) % SORT_BUCKETS]++] = unsorted[i];
    for (uint32_t i = 1; i < cursor->count; i++)
        sort_in(cursor->list, i, cursor->list[i]);
}

/* Lists the home's entries from `from` on, in order; the first ones, where they are too many. */
static void home_list(struct table_cursor *cursor, const struct table_slot *slot)
{
    cursor->count = 0;
    bool is_sorted = false;
    for (uint32_t distance = 0; distance <= slot->blocks[cursor->home].reach; distance++) {
        struct table_block *block = table_block_behind(slot, cursor->home, distance);
        for (struct table_entry *entry = block->entries; entry < block->entries + block->used; entry++) {
            if (table_home(entry->key_high, slot) != cursor->home || table_is_before(table_key_of(entry), cursor->from))
                continue;
            if (cursor->count < TABLE_CURSOR_COUNT) {
                cursor->list[cursor->count++] = entry;
                continue;
            }
            if (!is_sorted)
                list_sort(cursor, slot);
            is_sorted = true;
            if (table_is_before(table_key_of(entry), table_key_of(cursor->list[TABLE_CURSOR_COUNT - 1])))
                sort_in(cursor->list, TABLE_CURSOR_COUNT - 1, entry);
        }
    }
    if (!is_sorted)
        list_sort(cursor, slot);
}

bool table_cursor_list(const struct table *table, struct table_cursor *cursor)
{
    if (cursor->count > 0) {
        cursor->from = table_key_of(cursor->list[cursor->count - 1]);
        if (!table_key_next(&cursor->from))
            return false;
        /* A full list may have left out some of its home's. */
        cursor->home += cursor->count < TABLE_CURSOR_COUNT;
    }
    cursor->count = cursor->at = 0;
    for (; cursor->slot < UINT32_C(1) << table->directory_bits; cursor->home = 0) {
        const struct table_slot *slot = &table->slots[cursor->slot];
        for (; cursor->home < slot->block_count; cursor->home++) {
            home_list(cursor, slot);
            if (cursor->count > 0)
                return true;
        }
        cursor->slot = table_segment_end(table, slot);
    }
    return false;
}
