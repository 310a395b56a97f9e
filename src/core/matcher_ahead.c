/*
 * The matcher: asking the memory ahead for what comes next. Nothing here changes what is remembered.
 *
 * A record's look-up goes from line to line, each known only once the one before it is there. So the steps are made one
 * by one for many records, and the memory works on all of them at once.
 */
#include <assert.h>

#include "core/matcher_state.h"

/* gcc 12 takes a function that only prefetches for one without effect, and leaves out calls that it can see through. */
#if defined(__GNUC__) && !defined(__clang__)
#define NOIPA __attribute__((noipa))
#else
#define NOIPA
#endif
/* More pages of pending records than that (1 MiB) don't stay in a core's cache. */
#define FAR_PAGE_COUNT 16

NOIPA
void recon_matcher_ask_ahead(struct recon_matcher *matcher, const struct recon_record *records, size_t count)
{
    const struct table *table = &matcher->table;
    struct matcher_ahead *ahead = &matcher->ahead;
    struct table_block *homes[MATCHER_AHEAD];
    uint64_t matches[MATCHER_AHEAD];
    const struct pending *waiting[MATCHER_AHEAD];
    size_t waiting_count = 0;
    assert(count <= MATCHER_AHEAD);
    ahead->version = table->version;
    /* The homes' tags. (Heartbeats and the like go along: their keys lead somewhere, too.) */
    for (size_t i = 0; i < count; i++) {
        struct table_place *place = &ahead->hints[i].place;
        place->slot = table_slot_of(table, records[i].key.high);
        const uint64_t position = table_position(records[i].key.high, &table->slots[place->slot]);
        homes[i] = &table->slots[place->slot].blocks[position >> 32];
        place->tag = (uint8_t)(position >> 24);
        __builtin_prefetch(homes[i], 1);
    }
    /* The entries with such a tag, or the place behind the last one; and what lies behind the home. */
    for (size_t i = 0; i < count; i++) {
        matches[i] = table_block_matches(homes[i], ahead->hints[i].place.tag);
        if (matches[i] == 0)
            __builtin_prefetch(&homes[i]->entries[homes[i]->used], 1);
        for (uint64_t left = matches[i]; left != 0; left &= left - 1)
            __builtin_prefetch(&homes[i]->entries[__builtin_ctzll(left)], 1);
        if (table_goes_beyond(homes[i]))
            __builtin_prefetch(homes[i] + 1, 1);
    }
    /* The records that wait. */
    for (size_t i = 0; i < count; i++) {
        struct matcher_hint *hint = &ahead->hints[i];
        struct table_entry *entry = table_block_pick(homes[i], matches[i], records[i].key);
        const struct table_place place =
            table_place_from(table, records[i].key, hint->place.slot, homes[i], hint->place.tag, entry);
        table_place_set(&hint->place, &place);
        hint->used = place.block == NULL ? 0 : place.block->used;
        if (place.entry == NULL && place.block != NULL && !place.is_home)
            __builtin_prefetch(&place.block->entries[place.block->used], 1);
        if (place.entry == NULL || table_state_of(place.entry) != TABLE_PENDING)
            continue;
        waiting[waiting_count] = pending_at(&matcher->pool, (pending_handle)table_payload_of(place.entry));
        __builtin_prefetch(waiting[waiting_count++], 1);
    }
    if (matcher->pool.page_count < FAR_PAGE_COUNT)
        return;
    /* Where the deadlines will note that they are gone. */
    for (size_t i = 0; i < waiting_count; i++)
        if (waiting[i]->state == PENDING_AUDIT || waiting[i]->state == PENDING_EVENT)
            __builtin_prefetch(deadlines_waiting(&matcher->deadlines, waiting[i]->link), 1);
}

#define DUE_AHEAD 32

NOIPA
size_t recon_matcher_prefetch_due(struct recon_matcher *matcher)
{
    pending_handle handles[DUE_AHEAD];
    const struct table_block *homes[DUE_AHEAD];
    uint8_t tags[DUE_AHEAD];
    const size_t count = deadlines_peek(&matcher->deadlines, matcher->target.watermark, handles, DUE_AHEAD);
    for (size_t i = 0; i < count; i++) {
        const char *record = pending_block_at(&matcher->pool, handles[i]);
        __builtin_prefetch(record, 1);
        __builtin_prefetch(record + 64, 1);
    }
    size_t home_count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct pending *record = pending_at(&matcher->pool, handles[i]);
        if (matcher->view == NULL && matcher_keeps_due(matcher, record))
            continue;
        homes[home_count] = table_home_block(&matcher->table, record->key_high, &tags[home_count]);
        __builtin_prefetch(homes[home_count++]);
    }
    for (size_t i = 0; i < home_count; i++)
        for (uint64_t left = table_block_matches(homes[i], tags[i]); left != 0; left &= left - 1)
            __builtin_prefetch(&homes[i]->entries[__builtin_ctzll(left)], 1);
    return count;
}
