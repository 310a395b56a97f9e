/*
 * The identity table: 16 bytes an identity and one for its tag, found by 88 bits of its key.
 *
 * Extendible hashing (Fagin and others, 1979): a directory, indexed by the key's top bits, of segments. A segment is an
 * array of blocks of 1 KiB: a cache line with 60 tags, then 60 entries. The key's next bits lead, in order of the keys,
 * to its home block, and the 8 behind those are its tag. A search compares all tags of the home at once (after the
 * tables of Abseil and F14, which do so with 16 and 14) and looks at the entries whose tags agree, so that it comes to
 * two lines, whether the key is there or not; an insertion moves nothing. What a full block has no room for lies in the
 * first one behind it that has (behind the last comes the first), and the block says how far (its reach).
 *
 * Segments grow in turn, in order of their keys, each by a seventh until it has its largest size and then by splitting
 * in two. So the table holds some 20 bytes an entry at all times; and what one gives back lies beside what the one
 * before it gave back, so that those behind fit in: as the keys are even, all segments are about as large, and if each
 * grew when it happens to be full, nobody would want what it leaves (15 % of the memory). One that is full before its
 * turn grows by a fifth. No step copies more than one segment.
 *
 * Invariants
 *  1. A block's entries are its first `used` ones, in no order; the tags beside them are theirs.
 *  2. No entry lies farther behind its home than the home's reach.
 *  3. A segment that has room has a free place: so every search for one ends.
 *  4. A segment of depth d has 2^(directory_bits - d) slots in the directory, side by side, all with the same content.
 *  5. used counts a segment's entries; room is what they leave of the share that may be taken.
 */
#ifndef RECON_CORE_TABLE_H
#define RECON_CORE_TABLE_H

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <assert.h>

#include "core/memory.h"

/* What an entry's payload is. */
enum table_state {
    TABLE_PENDING = 1, /* a pending_handle: the record says more */
    TABLE_MATCHED,     /* both came; the identity's time */
    TABLE_MISSING,     /* reported missing; its time */
    TABLE_UNAUDITED,   /* reported (or counted) unaudited; its time */
    TABLE_SILENT,      /* an event outside [from, to); its time */
    TABLE_ABSENT,      /* in a table of before-images alone: nothing was there */
};

#define TABLE_STATE_BITS 3
#define TABLE_PAYLOAD_BITS 37
#define TABLE_PAYLOAD_MASK ((UINT64_C(1) << TABLE_PAYLOAD_BITS) - 1)
#define TABLE_STATE_MASK ((UINT64_C(7)) << TABLE_PAYLOAD_BITS)
#define TABLE_KEY_LOW_MASK (~(TABLE_STATE_MASK | TABLE_PAYLOAD_MASK))
#define TABLE_KEY_LOW_STEP (UINT64_C(1) << (TABLE_STATE_BITS + TABLE_PAYLOAD_BITS))

#define TABLE_BLOCK_PLACES 60
/* Blocks of the largest segment: 128 KiB, which a growth copies in some 30 us. */
#define TABLE_SEGMENT_BLOCKS_MAX 128

struct table_entry {
    uint64_t key_high;
    uint64_t rest; /* from the top: 24 bits of the key, 3 of state, 37 of payload */
};

struct table_block {
    uint8_t tags[TABLE_BLOCK_PLACES];
    uint8_t used;
    uint8_t has_strangers; /* it may hold entries whose home it isn't */
    uint16_t reach;        /* no entry whose home this is lies more blocks behind it */
    struct table_entry entries[TABLE_BLOCK_PLACES];
};

/* What a look-up needs of a segment, in the directory itself. */
struct table_slot {
    struct table_block *blocks;
    uint32_t block_count;
    uint32_t segment;
    uint32_t depth;
};

struct table_segment {
    int64_t oldest; /* no entry's time is before it */
    uint32_t first_slot;
    uint32_t used;
    uint32_t room;   /* entries it takes before it must grow */
    bool is_crowded; /* it has no room: an entry lies very far from its home, so that it must be split */
};

struct table {
    struct recon_memory *memory;
    struct table_slot *slots; /* 2^directory_bits */
    struct table_segment *segments;
    uint32_t directory_bits;
    uint32_t segment_count;
    uint32_t segment_capacity;
    uint64_t entry_count;
    uint64_t version;     /* changes whenever entries move */
    uint64_t turn_credit; /* entries put that no turn was given for yet */
    uint32_t turn_slot;   /* whose turn is next */
};

/* Where an entry is; good until the table's next change. */
struct table_place {
    struct table_entry *entry; /* NULL: not there */
    struct table_block *block; /* where it is, or would be put behind the others; NULL: there is no place */
    uint32_t slot;
    uint8_t tag;
    bool is_home; /* that block is the key's home */
};

/* Field by field: copied whole it would be read back in other pieces than it was just written in, for which a core
 * waits until all writes before are done. */
static inline void table_place_set(struct table_place *place, const struct table_place *other)
{
    place->entry = other->entry;
    place->block = other->block;
    place->slot = other->slot;
    place->tag = other->tag;
    place->is_home = other->is_home;
}

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

/* Where the key lies in its segment: the block's number, and 32 bits of what is behind it. */
static inline uint64_t table_position(uint64_t key_high, const struct table_slot *slot)
{
    return (key_high << slot->depth >> 32) * slot->block_count;
}

static inline uint32_t table_home(uint64_t key_high, const struct table_slot *slot)
{
    return (uint32_t)(table_position(key_high, slot) >> 32);
}

/* The key's home and its tag there. The block's first line, its tags, is to be asked for some time before a search. */
static inline struct table_block *table_home_block(const struct table *table, uint64_t key_high, uint8_t *tag)
{
    const struct table_slot *slot = &table->slots[table_slot_of(table, key_high)];
    const uint64_t position = table_position(key_high, slot);
    *tag = (uint8_t)(position >> 24);
    return &slot->blocks[position >> 32];
}

/* A bit for each entry of the block that has this tag. */
static inline uint64_t table_block_matches(const struct table_block *block, uint8_t tag)
{
    uint64_t matches = 0;
#if defined(__SSE2__) && !defined(RECON_PORTABLE)
    const __m128i wanted = _mm_set1_epi8((char)tag);
    for (unsigned i = 0; i < 4; i++) {
        const __m128i tags = _mm_loadu_si128((const __m128i *)(const void *)block + i);
        matches |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(tags, wanted)) << (16 * i);
    }
#else
    for (unsigned i = 0; i < TABLE_BLOCK_PLACES; i++)
        matches |= (uint64_t)(block->tags[i] == tag) << i;
#endif
    return matches & ((UINT64_C(1) << block->used) - 1);
}

static inline struct recon_key table_key_of(const struct table_entry *entry)
{
    return (struct recon_key){.high = entry->key_high, .low = entry->rest & TABLE_KEY_LOW_MASK};
}

/* In the order of the table, of keys without the bits that it does not keep. */
static inline bool table_is_before(struct recon_key one, struct recon_key other)
{
    return one.high < other.high || (one.high == other.high && one.low < other.low);
}

/* Makes the key the next one; false: there is none. */
static inline bool table_key_next(struct recon_key *key)
{
    key->low += TABLE_KEY_LOW_STEP;
    return key->low != 0 || ++key->high != 0;
}

static inline bool table_is_of(const struct table_entry *entry, struct recon_key key)
{
    return entry->key_high == key.high && ((entry->rest ^ key.low) & TABLE_KEY_LOW_MASK) == 0;
}

/* The key's entry among these of the block; NULL: it is not there. */
static inline struct table_entry *table_block_pick(struct table_block *block, uint64_t matches, struct recon_key key)
{
    for (; matches != 0; matches &= matches - 1) {
        struct table_entry *entry = &block->entries[__builtin_ctzll(matches)];
        if (table_is_of(entry, key))
            return entry;
    }
    return NULL;
}

/* The key's entry in this block; NULL: it is not there. */
static inline struct table_entry *table_block_find(struct table_block *block, uint8_t tag, struct recon_key key)
{
    return table_block_pick(block, table_block_matches(block, tag), key);
}

/* The block so many behind: the first one follows the last. */
static inline struct table_block *table_block_behind(const struct table_slot *slot, uint32_t home, uint32_t distance)
{
    const uint32_t number = home + distance;
    return &slot->blocks[number < slot->block_count ? number : number - slot->block_count];
}

/* Where the home does not tell: it has a reach, or is full. */
struct table_place table_find_beyond(const struct table *table, struct recon_key key, uint32_t slot);

/* Whether a key that the home does not have may be, or is to be put, in a block behind it. */
static inline bool table_goes_beyond(const struct table_block *home)
{
    return home->reach > 0 || home->used == TABLE_BLOCK_PLACES;
}

/* What the home says, whose entry of the key this is, NULL if it has none. */
static inline struct table_place table_place_from(const struct table *table, struct recon_key key, uint32_t slot,
                                                  struct table_block *home, uint8_t tag, struct table_entry *entry)
{
    assert(home != NULL);
    if (entry == NULL && table_goes_beyond(home))
        return table_find_beyond(table, key, slot);
    return (struct table_place){entry, home, slot, tag, true};
}

static inline struct table_place table_find(const struct table *table, struct recon_key key)
{
    const uint32_t number = table_slot_of(table, key.high);
    const struct table_slot *slot = &table->slots[number];
    const uint64_t position = table_position(key.high, slot);
    struct table_block *home = &slot->blocks[position >> 32];
    const uint8_t tag = (uint8_t)(position >> 24);
    return table_place_from(table, key, number, home, tag, table_block_find(home, tag, key));
}

/* Entries that the slot's segment takes before it must grow, 0 where it must now. */
static inline uint32_t table_room(const struct table *table, uint32_t slot)
{
    return table->segments[table->slots[slot].segment].room;
}
/* Makes the key's segment larger, or splits it (then it may still have no room: call again). RECON_OK
 * or RECON_ERROR_MEMORY. Places found before are void. */
int table_grow(struct table *table, struct recon_key key);

/* To be asked before each batch, while it says true. True: it is this slot's segment's turn to grow, and it may not
 * have room until its next one: table_grow_ahead, if it still hasn't when what is over was removed. */
bool table_next_turn(struct table *table, uint32_t *slot_number);
/* Makes the slot's segment larger or splits it, if it needs that until its next turn. No memory for it: it stays as it
 * is. Places found before are void. */
void table_grow_ahead(struct table *table, uint32_t slot_number);

/* Keys come in order: the key's segment, if it is empty, is given its depth and size beforehand, for as many entries
 * as it would hold if all keys together were so many. (It would be split into far too small ones, as its first keys
 * alone are not spread over its range.) Where there is no memory for that it stays as it is. Places found before are
 * void. */
void table_prepare(struct table *table, struct recon_key key, uint64_t entry_count);

/* Puts an entry that is not there, at the place that table_find gave; room was made before that. time: the identity's,
 * for `oldest`. */
void table_put(struct table *table, const struct table_place *place, struct recon_key key, enum table_state state,
               uint64_t payload, int64_t time);

/* Removes the entry; another one may move, other places are void. */
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

#define TABLE_CURSOR_COUNT 96

/* A place between entries in order of key; void after the table's next change. */
struct table_cursor {
    struct recon_key from; /* entries before it were passed, or are not wanted */
    uint32_t slot;
    uint32_t home; /* of the listed */
    uint32_t count;
    uint32_t at;
    struct table_entry *list[TABLE_CURSOR_COUNT]; /* from `at` on: the next ones, in order */
};

/* Before the first entry whose key is not before this one. */
void table_cursor_seek(const struct table *table, struct recon_key key, struct table_cursor *cursor);
/* Lists the next ones; false: there are none. */
bool table_cursor_list(const struct table *table, struct table_cursor *cursor);

/* The entry behind it, NULL at the end. */
static inline struct table_entry *table_cursor_entry(const struct table *table, struct table_cursor *cursor)
{
    return cursor->at < cursor->count || table_cursor_list(table, cursor) ? cursor->list[cursor->at] : NULL;
}

/* Behind that one. */
static inline void table_cursor_pass(struct table_cursor *cursor)
{
    cursor->at++;
}

/* What is over, and what becomes of it. */
struct table_purge {
    int64_t time_base; /* of the times in entries */
    int64_t last;      /* an entry that isn't pending is over when its time is at or before it */
    /* Asks the memory for what is_over will want of a pending entry. */
    void (*ask_ahead)(const void *context, const struct table_entry *entry);
    /* Whether a pending entry is over; its time in any case. */
    bool (*is_over)(const void *context, const struct table_entry *entry, int64_t *time);
    /* The entry is about to be removed. */
    void (*forget)(void *context, const struct table_entry *entry);
    void *context;
};

/* Removes what is over from the segment and sets its `oldest`; shrinks it where it became mostly empty. */
void table_purge(struct table *table, uint32_t slot, const struct table_purge *purge);

#endif
