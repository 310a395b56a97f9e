/*
 * Deadlines: pending records in order of time, for what falls due when the watermark moves.
 *
 * A hierarchical timing wheel (after Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", 1987) over the whole
 * range of 64 bits: level l holds the records whose time differs from the cursor first in its l-th digit of 8 bits,
 * one list a digit. Taking the earliest is a search in 8 bitmaps; a list is dealt out to the level below before the
 * cursor comes to it, so a record is moved 7 times at the most, and typically twice.
 *
 * So that no call has a whole list to deal out, the one behind the cursor's on each level is dealt out ahead, some
 * records a call. A level has two sets of lists for that: the other one is filled meanwhile, and they change places
 * when the cursor comes there.
 *
 * A list is a chain of chunks of handles, each with a bit for every handle that still waits: taking one out clears its
 * bit and touches no other record, and what came and went before its time (nearly all, as a rule) is never walked over.
 * Chunks lie among the pending records, and go when their last bit does. Their bits lie by themselves, by the chunk's
 * number, and so densely that a core has them at hand: 2.6 MB for 2*10^7 records.
 *
 * Invariants
 *  1. No record in the wheel has a time before the cursor; those that came behind the watermark are in the late list.
 *  2. A list holds its records in order of arrival; so records of one time are taken in order of arrival. What is dealt
 *     out goes from the front, and what comes meanwhile to the end.
 *  3. bound is at or before the earliest time in the wheel; late records are due at any rise.
 *  4. A list's chunks each have a bit, so a list without records has none. A record's link and spot name its chunk's
 *     number and its bit there.
 *  5. The other set of level l holds what was dealt out of the list ahead[l + 1] of the level above, which is the next
 *     one the cursor can come to there; it is empty while that is DEADLINE_NOT_AHEAD.
 *  6. Between calls a level above the lowest has nothing at the cursor's own digit.
 *  7. Until the watermark comes to the cursor, which may be lowered so long, nothing is dealt out.
 */
#ifndef RECON_CORE_DEADLINES_H
#define RECON_CORE_DEADLINES_H

#include "core/pending.h"

#define DEADLINE_LEVEL_COUNT 8
#define DEADLINE_DIGIT_COUNT 256
#define DEADLINE_LATE (2 * DEADLINE_LEVEL_COUNT * DEADLINE_DIGIT_COUNT)
#define DEADLINE_LIST_COUNT (DEADLINE_LATE + 1)
#define DEADLINE_NOT_AHEAD DEADLINE_DIGIT_COUNT

/* With 63 handles a chunk is 272 bytes, a size that pending records have, too. */
#define DEADLINE_CHUNK_HANDLES 63

struct deadline_chunk {
    pending_handle previous; /* chunks of the list */
    pending_handle next;
    uint32_t list;
    uint32_t number;
    uint32_t used; /* handles ever put in */
    pending_handle handles[DEADLINE_CHUNK_HANDLES];
};

#define DEADLINE_PAGE_BITS 12
#define DEADLINE_PAGE_CHUNKS (1u << DEADLINE_PAGE_BITS)

/* What is known of chunks by their numbers. */
struct deadline_page {
    uint64_t waiting[DEADLINE_PAGE_CHUNKS]; /* a bit for each handle that is still in */
    uint32_t chunks[DEADLINE_PAGE_CHUNKS];  /* the chunk's handle; of a number that is free, the next one, + 1 */
};

/* Of chunks. */
struct deadline_list {
    pending_handle first;
    pending_handle last;
};

struct deadlines {
    struct pending_pool *pool;
    uint64_t cursor; /* times are kept with the sign bit turned, so that they order as unsigned */
    uint64_t bound;
    uint64_t count;               /* late ones included */
    bool is_empty;                /* the wheel surely is; false: it may be all the same */
    pending_handle spare;         /* a chunk that is in no list; 0: none */
    struct deadline_page **pages; /* never given back before the end */
    uint32_t page_count;
    uint32_t page_capacity;
    uint32_t free_number;                            /* of a chunk, + 1; 0: none */
    struct deadline_list lists[DEADLINE_LIST_COUNT]; /* of a level's two sets, level after level; then the late ones */
    uint64_t filled[2 * DEADLINE_LEVEL_COUNT][DEADLINE_DIGIT_COUNT / 64];
    uint8_t set[DEADLINE_LEVEL_COUNT];    /* 0 or 1: the one in use */
    uint16_t ahead[DEADLINE_LEVEL_COUNT]; /* digit of the list that is being dealt out, or DEADLINE_NOT_AHEAD */
};

void deadlines_init(struct deadlines *deadlines, struct pending_pool *pool);
/* Chunks go with the pool. */
void deadlines_deinit(struct deadlines *deadlines);

/* Takes memory for deadlines_reserve. */
int deadlines_spare_new(struct deadlines *deadlines);

/* Room for one record more: RECON_OK or RECON_ERROR_MEMORY. */
static inline int deadlines_reserve(struct deadlines *deadlines)
{
    return deadlines->spare != 0 ? 0 : deadlines_spare_new(deadlines);
}

/* Room was made before. watermark: the present one; a record at or before it is late. */
void deadlines_add(struct deadlines *deadlines, pending_handle handle, struct pending *record, int64_t watermark);

/* The chunk's last record left: it goes. */
void deadlines_chunk_end(struct deadlines *deadlines, uint32_t number);

static inline struct deadline_chunk *deadlines_chunk(const struct deadlines *deadlines, pending_handle handle)
{
    return pending_block_at(deadlines->pool, handle);
}

static inline uint64_t *deadlines_waiting(const struct deadlines *deadlines, uint32_t number)
{
    return &deadlines->pages[number >> DEADLINE_PAGE_BITS]->waiting[number & (DEADLINE_PAGE_CHUNKS - 1)];
}

static inline void deadlines_remove(struct deadlines *deadlines, const struct pending *record)
{
    uint64_t *waiting = deadlines_waiting(deadlines, record->link);
    *waiting &= ~(UINT64_C(1) << record->spot);
    deadlines->count--;
    if (*waiting == 0)
        deadlines_chunk_end(deadlines, record->link);
}

/* False: nothing is due at a rise to this watermark. True: something may be. */
static inline bool deadlines_may_be_due(const struct deadlines *deadlines, int64_t watermark)
{
    return deadlines->lists[DEADLINE_LATE].first != 0 ||
           deadlines->bound <= ((uint64_t)watermark ^ (UINT64_C(1) << 63));
}

/* Deals out ahead, so many records at the most on each level, once the watermark has come to the cursor. */
void deadlines_work(struct deadlines *deadlines, size_t budget, int64_t watermark);

/* The next ones that deadlines_take will give, in order: some of them, up to capacity; 0: there are none, or there was
 * no memory to look for them. */
size_t deadlines_peek(struct deadlines *deadlines, int64_t watermark, pending_handle *handles, size_t capacity);

/* Takes out the next record that is due at a rise to this watermark: late ones first in order of arrival, then in
 * order of time and arrival. *handle is 0: none. RECON_OK; or RECON_ERROR_MEMORY, and none was taken. */
int deadlines_take(struct deadlines *deadlines, int64_t watermark, pending_handle *handle);

#endif
