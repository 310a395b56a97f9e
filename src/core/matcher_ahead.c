/*
 * The matcher: asking the memory ahead for what comes next. Nothing here changes anything.
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
void recon_matcher_prefetch(const struct recon_matcher *matcher, const struct recon_record *records, size_t count)
{
    struct table_block *homes[MATCHER_AHEAD];
    struct recon_key keys[MATCHER_AHEAD];
    uint64_t matches[MATCHER_AHEAD];
    uint8_t tags[MATCHER_AHEAD];
    size_t key_count = 0;
    assert(count <= MATCHER_AHEAD);
    for (size_t i = 0; i < count; i++) {
        if (records[i].kind != RECON_KIND_RECORD)
            continue;
        keys[key_count] = records[i].key;
        homes[key_count] = table_home_block(&matcher->table, records[i].key.high, &tags[key_count]);
        __builtin_prefetch(homes[key_count++], 1);
    }
    for (size_t i = 0; i < key_count; i++) {
        matches[i] = table_block_matches(homes[i], tags[i]);
        if (matches[i] == 0)
            __builtin_prefetch(&homes[i]->entries[homes[i]->used], 1);
        for (uint64_t left = matches[i]; left != 0; left &= left - 1)
            __builtin_prefetch(&homes[i]->entries[__builtin_ctzll(left)], 1);
        if (homes[i]->reach > 0)
            __builtin_prefetch(homes[i] + 1, 1);
    }
    if (matcher->pool.page_count < FAR_PAGE_COUNT)
        return;
    const struct pending *waiting[MATCHER_AHEAD];
    size_t waiting_count = 0;
    for (size_t i = 0; i < key_count; i++) {
        const struct table_entry *entry = NULL;
        for (uint64_t left = matches[i]; left != 0; left &= left - 1)
            if (homes[i]->entries[__builtin_ctzll(left)].key_high == keys[i].high)
                entry = &homes[i]->entries[__builtin_ctzll(left)];
        if (entry == NULL && homes[i]->reach > 0)
            entry = table_find(&matcher->table, keys[i]).entry;
        if (entry == NULL || table_state_of(entry) != TABLE_PENDING)
            continue;
        const struct pending *record = pending_at(&matcher->pool, (pending_handle)table_payload_of(entry));
        __builtin_prefetch(record, 1);
        waiting[waiting_count++] = record;
    }
    /* Those beside it in the deadlines: that it is gone will be written to both. */
    for (size_t i = 0; i < waiting_count; i++) {
        if (waiting[i]->previous != 0)
            __builtin_prefetch(pending_at(&matcher->pool, waiting[i]->previous), 1);
        if (waiting[i]->next != 0)
            __builtin_prefetch(pending_at(&matcher->pool, waiting[i]->next), 1);
    }
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
        homes[i] = table_home_block(&matcher->table, pending_at(&matcher->pool, handles[i])->key_high, &tags[i]);
        __builtin_prefetch(homes[i]);
    }
    for (size_t i = 0; i < count; i++)
        for (uint64_t left = table_block_matches(homes[i], tags[i]); left != 0; left &= left - 1)
            __builtin_prefetch(&homes[i]->entries[__builtin_ctzll(left)], 1);
    return count;
}
