/*
 * The matcher: identities from a snapshot.
 */
#include <assert.h>
#include <string.h>

#include "core/limits.h"
#include "core/matcher_state.h"
#include "recon/status.h"

/* From so many on the run says how close keys are. */
#define RUN_COUNT_MIN 64

void recon_matcher_restore_group(struct recon_matcher *matcher, uint32_t group)
{
    struct restore_run *run = &matcher->run;
    /* Small groups may be empty by chance, and are left out then; between larger ones there are others' groups. */
    bool is_large = run->count - run->count_before > RUN_COUNT_MIN;
    if (group < run->group || (is_large && group != run->group + 1))
        run->count = 0;
    run->group = group;
    run->count_before = run->count;
}

static void prepare(struct recon_matcher *matcher, struct recon_key key)
{
    struct restore_run *run = &matcher->run;
    if (run->count == 0 || key.high < run->last) {
        run->first = key.high;
        run->count = run->count_before = 0;
    }
    run->last = key.high;
    run->count++;
    uint64_t width = (run->last - run->first) >> 32;
    if (run->count > RUN_COUNT_MIN && width > 0)
        table_prepare(&matcher->table, key, (run->count << 32) / width);
}

static int room_for(struct recon_matcher *matcher, struct recon_key key)
{
    if (matcher->table.entry_count >= RECON_IDENTITY_COUNT_MAX)
        return RECON_ERROR_FULL;
    if (table_find(&matcher->table, key).entry != NULL)
        return RECON_ERROR_DAMAGED;
    prepare(matcher, key);
    while (table_room(&matcher->table, table_slot_of(&matcher->table, key.high)) == 0) {
        int status = table_grow(&matcher->table, key);
        if (status != RECON_OK)
            return status;
    }
    return RECON_OK;
}

static pending_handle pending_copy(struct recon_matcher *matcher, const struct saved_pending *saved)
{
    struct pending *made;
    size_t text_size = pending_text_size(saved->fields);
    pending_handle handle = pending_new(&matcher->pool, pending_more_size(saved->fields) + text_size, &made);
    if (handle == 0)
        return 0;
    memcpy(made, saved->fields, sizeof(*made));
    made->frozen_state = 0;
    char *texts = pending_set_more(made, saved->place, saved->emitted_time);
    if (text_size > 0)
        memcpy(texts, saved->texts, text_size);
    return handle;
}

static void account(struct recon_matcher *matcher, int table_state, int pending_state)
{
    struct recon_matcher_stats *stats = &matcher->stats;
    if (table_state == TABLE_MATCHED || pending_state == PENDING_MATCHED) {
        stats->matched[RECON_STREAM_AUDIT]++;
        stats->matched[RECON_STREAM_EVENTS]++;
        return;
    }
    bool is_audit = table_state == TABLE_MISSING || pending_state == PENDING_AUDIT || pending_state == PENDING_MISSING;
    stats->waiting[is_audit ? RECON_STREAM_AUDIT : RECON_STREAM_EVENTS]++;
    stats->pending += pending_state == PENDING_AUDIT;
}

int recon_matcher_restore(struct recon_matcher *matcher, struct recon_key key, int state, int64_t time,
                          const struct saved_pending *waiting)
{
    int status = room_for(matcher, key);
    if (status != RECON_OK)
        return status;
    uint64_t payload;
    enum table_state entry_state = (enum table_state)state;
    if (waiting == NULL && matcher_time_fits(matcher, time, &payload)) {
        const struct table_place place = table_find(&matcher->table, key);
        table_put(&matcher->table, &place, key, entry_state, payload, time);
        account(matcher, state, 0);
        return RECON_OK;
    }
    struct pending far = {.time = time, .key_high = key.high, .key_low = key.low};
    struct saved_pending saved_far = {.fields = &far};
    if (waiting == NULL) {
        /* The time does not fit beside the others that this table happens to hold. */
        static const uint8_t states[] = {[TABLE_MATCHED] = PENDING_MATCHED,
                                         [TABLE_MISSING] = PENDING_MISSING,
                                         [TABLE_UNAUDITED] = PENDING_UNAUDITED,
                                         [TABLE_SILENT] = PENDING_SILENT};
        far.state = states[state];
        waiting = &saved_far;
    }
    pending_handle handle = pending_copy(matcher, waiting);
    if (handle == 0)
        return RECON_ERROR_MEMORY;
    const struct table_place place = table_find(&matcher->table, key);
    table_put(&matcher->table, &place, key, TABLE_PENDING, handle, time);
    account(matcher, TABLE_PENDING, waiting->fields->state);
    if (waiting->fields->arrival >= matcher->arrival_next)
        matcher->arrival_next = waiting->fields->arrival + 1;
    if (waiting->fields->state == PENDING_AUDIT || waiting->fields->state == PENDING_EVENT) {
        pending_at(&matcher->pool, handle)->link = matcher->restored;
        matcher->restored = handle;
    }
    return RECON_OK;
}

/* By arrival; of two engines' records that have the same rank, by key. */
static bool comes_before(const struct pending *one, const struct pending *other)
{
    if (one->arrival != other->arrival)
        return one->arrival < other->arrival;
    if (one->key_high != other->key_high)
        return one->key_high < other->key_high;
    return one->key_low < other->key_low;
}

static pending_handle merge(struct pending_pool *pool, pending_handle one, pending_handle other)
{
    pending_handle first = 0;
    struct pending *last = NULL;
    while (one != 0 || other != 0) {
        bool is_one = other == 0 || (one != 0 && comes_before(pending_at(pool, one), pending_at(pool, other)));
        pending_handle *from = is_one ? &one : &other;
        if (last == NULL)
            first = *from;
        else
            last->link = *from;
        last = pending_at(pool, *from);
        *from = last->link;
    }
    if (last != NULL)
        last->link = 0;
    return first;
}

/* Merge sort of the chain, bottom up: sorted[i] is empty or a sorted chain of 2^i records. */
static pending_handle sort_by_arrival(struct pending_pool *pool, pending_handle chain)
{
    pending_handle sorted[33] = {0};
    while (chain != 0) {
        pending_handle run = chain;
        chain = pending_at(pool, run)->link;
        pending_at(pool, run)->link = 0;
        unsigned i = 0;
        for (; sorted[i] != 0; i++) {
            run = merge(pool, sorted[i], run);
            sorted[i] = 0;
        }
        sorted[i] = run;
    }
    pending_handle all = 0;
    for (unsigned i = 0; i < sizeof(sorted) / sizeof(sorted[0]); i++)
        all = merge(pool, sorted[i], all);
    return all;
}

int recon_matcher_restore_end(struct recon_matcher *matcher)
{
    struct recon_matcher_stats *stats = &matcher->stats;
    matcher->table.turn_credit = 0; /* segments were made as large as they must be */
    pending_handle handle = sort_by_arrival(&matcher->pool, matcher->restored);
    matcher->restored = 0;
    while (handle != 0) {
        struct pending *record = pending_at(&matcher->pool, handle);
        pending_handle next = record->link;
        int status = deadlines_reserve(&matcher->deadlines);
        if (status != RECON_OK) {
            matcher->restored = handle; /* the rest: the call may be made again */
            return status;
        }
        deadlines_add(&matcher->deadlines, handle, record, matcher->bound.watermark);
        handle = next;
    }
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        stats->accepted[stream] = stats->matched[stream] + stats->waiting[stream] + stats->forgotten_matched[stream] +
                                  stats->forgotten_unmatched[stream];
    return RECON_OK;
}
