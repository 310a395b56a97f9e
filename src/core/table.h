/*
 * The identity table: 16 bytes an identity, found by 88 bits of its key.
 *
 * Extendible hashing (Fagin and others, 1979): a directory, indexed by the key's top bits, of segments. In a segment
 * the entries lie in order of their keys, each at its home or as near behind it as those before it leave room (linear
 * probing in order: Amble and Knuth, "Ordered hash tables", 1974). So a search ends at the first key that is not
 * smaller, whether it is there or not; there are no tombstones; and growing, splitting and purging are one pass in
 * order.
 *
 * A segment grows by a fifth until it has its largest size and then splits in two; the sizes after a split are spread
 * by the segment's number, so that not all segments are at their emptiest at once, and the whole table holds between 18
 * and 23 bytes an entry, 20 to 21 on average. No step copies more than one segment.
 *
 * Invariants
 *  1. Entries are in order of key; no entry lies before its home; between an entry and its home no place is free.
 *  2. The last place of a segment is free: every search ends. Behind every home there are four places more.
 *  3. A segment of depth d has 2^(directory_bits - d) slots in the directory, side by side, all with the same content.
 *  4. used counts a segment's entries; room is what they leave of the share that may be taken.
 */
#ifndef RECON_CORE_TABLE_H
#define RECON_CORE_TABLE_H

#include "core/memory.h"

/* What an entry's payload is. */
enum table_state {
    TABLE_EMPTY = 0,
    TABLE_PENDING,   /* a pending_handle: the record says more */
    TABLE_MATCHED,   /* both came; the identity's time */
    TABLE_MISSING,   /* reported missing; its time */
    TABLE_UNAUDITED, /* reported (or counted) unaudited; its time */
    TABLE_SILENT,    /* an event outside [from, to); its time */
    TABLE_ABSENT,    /* in a table of before-images alone: nothing was there */
};

#define TABLE_STATE_BITS 3
#define TABLE_PAYLOAD_BITS 37
#define TABLE_PAYLOAD_MASK ((UINT64_C(1) << TABLE_PAYLOAD_BITS) - 1)
#define TABLE_STATE_MASK ((UINT64_C(7)) << TABLE_PAYLOAD_BITS)
#define TABLE_KEY_LOW_MASK (~(TABLE_STATE_MASK | TABLE_PAYLOAD_MASK))

/* Homes in the largest segment: 128 KiB, which a growth copies in some 30 us. */
#define TABLE_SEGMENT_PLACES_MAX 8192

struct table_entry {
    uint64_t key_high;
    uint64_t rest; /* from the top: 24 bits of the key, 3 of state, 37 of payload */
};

/* What a look-up needs of a segment, in the directory itself. */
struct table_slot {
    struct table_entry *entries;
    uint32_t place_count; /* the last one is always free */
    uint32_t home_count;  /* homes are among the first so many: the others are for what is pushed on */
    uint32_t segment;
    uint32_t depth;
};

struct table_segment {
    int64_t oldest; /* no entry's time is before it */
    uint32_t first_slot;
    uint32_t used;
    uint32_t room;   /* entries it takes before it must grow */
    bool is_at_end;  /* the last place but one was taken since the segment was made or purged: it must grow */
    bool is_crowded; /* it has no room: is_at_end, or an entry lies very far from its home, so that it must be split */
};

struct table {
    struct recon_memory *memory;
    struct table_slot *slots; /* 2^directory_bits */
    struct table_segment *segments;
    uint32_t directory_bits;
    uint32_t segment_count;
    uint32_t segment_capacity;
    uint64_t entry_count;
};

/* Where an entry is; good until the table's next change. */
struct table_place {
    struct table_entry *entry; /* NULL: not there */
    struct table_entry *spot;  /* where it is or would be */
    uint32_t slot;
};

int table_init(struct table *table, struct recon_memory *memory);
void table_deinit(struct table *table);

static inline uint32_t table_slot_of(const struct table *table, uint64_t key_high)
{
    return table->directory_bits == 0 ? 0 : (uint32_t)(key_high >> (64 - table->directory_bits));
}

/* The slot behind the last one of a segment. */
static inline uint32_t table_segment_end(const struct table *table, const struct table_slot *slot)
{
    return table->segments[slot->segment].first_slot + (UINT32_C(1) << (table->directory_bits - slot->depth));
}

static inline uint32_t table_home(uint64_t key_high, const struct table_slot *slot)
{
    return (uint32_t)(((key_high << slot->depth) >> 32) * slot->home_count >> 32);
}

/* Where the key's entry is or close behind: entries lie 2 to 4 places behind their homes on average. To be asked for by
 * the caller, some time before. */
static inline const char *table_line(const struct table *table, struct recon_key key)
{
    const struct table_slot *slot = &table->slots[table_slot_of(table, key.high)];
    return (const char *)&slot->entries[table_home(key.high, slot)];
}

/* Entries that a search compares without a branch: with those from any home on they lie in two lines. */
#define TABLE_GLANCE_PLACES 5

/* Whether a place is free: an entry has a state. */
static inline bool table_is_empty(const struct table_entry *entry)
{
    return entry->rest == 0;
}

/* The first entry of the slot's segment whose key is not smaller than this one, or the free place before it. A free
 * place has the largest key there is, so that no comparison passes it. */
static inline struct table_entry *table_search(const struct table_slot *slot, struct recon_key key)
{
    struct table_entry *entry = &slot->entries[table_home(key.high, slot)];
    size_t before = 0;
    for (size_t i = 0; i < TABLE_GLANCE_PLACES; i++)
        before += entry[i].key_high < key.high;
    entry += before;
    if (before == TABLE_GLANCE_PLACES)
        while (entry->key_high < key.high)
            entry++;
    /* Those that have the first half in common, which are hardly ever several. */
    while (entry->key_high == key.high && (entry->rest & TABLE_KEY_LOW_MASK) < (key.low & TABLE_KEY_LOW_MASK) &&
           !table_is_empty(entry))
        entry++;
    return entry;
}

static inline struct table_place table_find(const struct table *table, struct recon_key key)
{
    const uint32_t slot = table_slot_of(table, key.high);
    struct table_entry *entry = table_search(&table->slots[slot], key);
    const bool is_there =
        entry->key_high == key.high && ((entry->rest ^ key.low) & TABLE_KEY_LOW_MASK) == 0 && !table_is_empty(entry);
    return (struct table_place){is_there ? entry : NULL, entry, slot};
}

/* Entries that the slot's segment takes before it must grow, 0 where it must now. */
static inline uint32_t table_room(const struct table *table, uint32_t slot)
{
    return table->segments[table->slots[slot].segment].room;
}
/* Makes the key's segment larger, or splits it (then it may still have no room: call again). RECON_OK
 * or RECON_ERROR_MEMORY. Places found before are void. */
int table_grow(struct table *table, struct recon_key key);

/* Keys come in order: the key's segment, if it is empty, is given its depth and size beforehand, for as many entries
 * as it would hold if all keys together were so many. (It would be split into far too small ones, as its first keys
 * alone are not spread over its range.) Where there is no memory for that it stays as it is. Places found before are
 * void. */
void table_prepare(struct table *table, struct recon_key key, uint64_t entry_count);

/* Puts an entry that is not there, at the place that table_find gave; room was made before that. time: the identity's,
 * for `oldest`. */
void table_put(struct table *table, struct table_place place, struct recon_key key, enum table_state state,
               uint64_t payload, int64_t time);

/* Removes the entry; entries behind it may move, other places are void. */
void table_remove(struct table *table, struct table_place place);

static inline enum table_state table_state_of(const struct table_entry *entry)
{
    return (enum table_state)((entry->rest & TABLE_STATE_MASK) >> TABLE_PAYLOAD_BITS);
}

static inline uint64_t table_payload_of(const struct table_entry *entry)
{
    return entry->rest & TABLE_PAYLOAD_MASK;
}

/* Times in entries count from half the payload's range before a base. Sums are modulo 2^64. */
static inline int64_t table_time_of(int64_t time_base, uint64_t payload)
{
    return (int64_t)((uint64_t)time_base + payload - (UINT64_C(1) << (TABLE_PAYLOAD_BITS - 1)));
}

static inline void table_set(struct table_entry *entry, enum table_state state, uint64_t payload)
{
    entry->rest = (entry->rest & TABLE_KEY_LOW_MASK) | (uint64_t)state << TABLE_PAYLOAD_BITS | payload;
}

/* The segment holds an entry of this time from now on. */
static inline void table_note_time(struct table *table, uint32_t slot, int64_t time)
{
    struct table_segment *segment = &table->segments[table->slots[slot].segment];
    if (time < segment->oldest)
        segment->oldest = time;
}

/* A place between entries in order of key; void after the table's next change. */
struct table_cursor {
    uint32_t slot;
    uint32_t place;
};

/* Before the first entry whose key is not before this one. */
void table_cursor_seek(const struct table *table, struct recon_key key, struct table_cursor *cursor);
/* The entry behind it, NULL at the end; place + 1 is behind that. */
const struct table_entry *table_cursor_entry(const struct table *table, struct table_cursor *cursor);

/* Says whether an entry is over and, if so, what is behind it was given back. */
typedef bool (*table_is_over)(void *context, struct table_entry *entry, int64_t *time);

/* Removes what is over from the segment and sets its `oldest`; shrinks it where it became mostly empty. */
void table_purge(struct table *table, uint32_t slot, table_is_over is_over, void *context);

#endif
