/*
 * Deadlines: pending records in order of time, for what falls due when the watermark moves.
 *
 * A hierarchical timing wheel (after Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", 1987) over the whole
 * range of 64 bits: level l holds the records whose time differs from the cursor first in its l-th digit of 8 bits,
 * one list a digit. Taking the earliest is a search in 8 bitmaps; a list of a higher level is dealt out to the lower
 * ones when the cursor comes to it, so a record is moved 7 times at the most, and typically twice.
 *
 * Invariants
 *  1. No record in the wheel has a time before the cursor; those that came behind the watermark are in the late list.
 *  2. A list holds its records in order of arrival; so records of one time are taken in order of arrival.
 *  3. bound is at or before the earliest time in the wheel; late records are due at any rise.
 */
#ifndef RECON_CORE_DEADLINES_H
#define RECON_CORE_DEADLINES_H

#include "core/pending.h"

#define DEADLINE_LEVEL_COUNT 8
#define DEADLINE_DIGIT_COUNT 256

struct deadline_list {
    pending_handle first;
    pending_handle last;
};

struct deadlines {
    struct pending_pool *pool;
    uint64_t cursor; /* times are kept with the sign bit turned, so that they order as unsigned */
    uint64_t bound;
    uint64_t count; /* late ones included */
    struct deadline_list late;
    struct deadline_list lists[DEADLINE_LEVEL_COUNT][DEADLINE_DIGIT_COUNT];
    uint64_t filled[DEADLINE_LEVEL_COUNT][DEADLINE_DIGIT_COUNT / 64];
};

void deadlines_init(struct deadlines *deadlines, struct pending_pool *pool);

/* watermark: the present one; a record at or before it is late. */
void deadlines_add(struct deadlines *deadlines, pending_handle handle, int64_t watermark);
void deadlines_remove(struct deadlines *deadlines, pending_handle handle);

/* False: nothing is due at a rise to this watermark. True: something may be. */
static inline bool deadlines_may_be_due(const struct deadlines *deadlines, int64_t watermark)
{
    return deadlines->late.first != 0 || deadlines->bound <= ((uint64_t)watermark ^ (UINT64_C(1) << 63));
}

/* The next ones that deadlines_take will give, in order: some of them, up to capacity; 0 exactly if there are none. */
size_t deadlines_peek(struct deadlines *deadlines, int64_t watermark, pending_handle *handles, size_t capacity);

/* Takes out the next record that is due at a rise to this watermark: late ones first in order of arrival, then in
 * order of time and arrival. 0: none. */
pending_handle deadlines_take(struct deadlines *deadlines, int64_t watermark);

#endif
