/*
 * The matcher: its life, the steps of the watermark, and what is over. matcher_records.c handles the records.
 *
 * What an identity is, by its entry in the table:
 *
 *     absent ──audit──> PENDING_AUDIT ──W──> missing ─────event──> matched
 *        │                    └────────────event────────────────────^
 *        ├──event──> PENDING_EVENT ──W──> unaudited ──────audit──────│
 *        │                    └────────────audit─────────────────────│
 *        └──event outside──> silent ───────audit─────────────────────┘
 *
 * and from each of them to absent once R >= time + m. Missing, unaudited, silent and matched need no pending record
 * unless a later result will want its texts (found: the source; audited: source and place) or the time does not
 * fit the table.
 *
 * Invariants
 *  1. A record is in the deadlines exactly while its state is PENDING_AUDIT or PENDING_EVENT.
 *  2. What is over is treated as absent from that moment on, and is removed when it is next met, when its
 *     segment is full or grows, or by the sweep; reported it was before, for R <= W.
 */
#include "recon/matcher.h"

#include <assert.h>
#include <string.h>

#include "core/event_time.h"
#include "core/limits.h"
#include "core/matcher_state.h"
#include "recon/status.h"

int recon_matcher_init(struct recon_matcher *matcher, const struct recon_settings *settings,
                       struct recon_memory *memory)
{
    memset(matcher, 0, sizeof(*matcher));
    matcher->memory = memory;
    matcher->settings = *settings;
    const uint32_t missing = matcher_reports(matcher, RECON_RESULT_MISSING) ? UINT32_MAX : 0;
    const uint32_t found = matcher_reports(matcher, RECON_RESULT_FOUND) ? UINT32_MAX : 0;
    const uint32_t unaudited = matcher_reports(matcher, RECON_RESULT_UNAUDITED) ? UINT32_MAX : 0;
    const uint32_t audited = matcher_reports(matcher, RECON_RESULT_AUDITED) ? UINT32_MAX : 0;
    matcher->wanted[RECON_STREAM_AUDIT] = (struct wanted_texts){missing, missing | found, missing};
    matcher->wanted[RECON_STREAM_EVENTS] = (struct wanted_texts){unaudited, unaudited | audited, 0};
    matcher->bound = (struct recon_rise){.watermark = RECON_TIME_MIN, .retention_bound = RECON_TIME_MIN};
    pending_pool_init(&matcher->pool, memory);
    deadlines_init(&matcher->deadlines, &matcher->pool);
    partial_counts_init(&matcher->partial, memory, settings->interval_ms);
    return table_init(&matcher->table, memory);
}

void recon_matcher_deinit(struct recon_matcher *matcher)
{
    assert(matcher->view == NULL);
    table_deinit(&matcher->table);
    deadlines_deinit(&matcher->deadlines);
    pending_pool_deinit(&matcher->pool);
    partial_counts_deinit(&matcher->partial);
}

int recon_matcher_new(const struct recon_settings *settings, struct recon_matcher **matcher)
{
    assert(recon_settings_check(settings, NULL) == RECON_OK);
    struct recon_memory account = {.allocator = settings->allocator, .limit_bytes = settings->memory_limit_bytes};
    struct recon_matcher *made = recon_memory_take(&account, sizeof(*made));
    struct recon_memory *memory = recon_memory_take(&account, sizeof(*memory));
    int status = RECON_ERROR_MEMORY;
    if (made != NULL && memory != NULL) {
        *memory = account;
        status = recon_matcher_init(made, settings, memory);
    }
    if (status != RECON_OK) {
        recon_memory_give(&account, memory, sizeof(*memory));
        recon_memory_give(&account, made, sizeof(*made));
        return status;
    }
    *matcher = made;
    return RECON_OK;
}

void recon_matcher_free(struct recon_matcher *matcher)
{
    if (matcher == NULL)
        return;
    recon_matcher_deinit(matcher);
    struct recon_memory account = *matcher->memory;
    recon_memory_give(&account, matcher->memory, sizeof(*matcher->memory));
    recon_memory_give(&account, matcher, sizeof(*matcher));
}

uint32_t recon_key_group(struct recon_key key, uint32_t key_group_count)
{
    return (uint32_t)((key.high >> 32) * key_group_count >> 32);
}

void recon_matcher_settle_spent(struct recon_matcher *matcher)
{
    while (matcher->spent != 0) {
        pending_handle next = pending_at(&matcher->pool, matcher->spent)->link;
        matcher_release(matcher, matcher->spent);
        matcher->spent = next;
    }
}

void recon_matcher_forget(struct recon_matcher *matcher, const struct table_entry *entry)
{
    matcher_note(matcher, entry);
    struct recon_matcher_stats *stats = &matcher->stats;
    int state = (int)table_state_of(entry);
    int waiting = -1;
    pending_handle handle = 0;
    if (state == TABLE_PENDING) {
        handle = (pending_handle)table_payload_of(entry);
        const struct pending *record = pending_at(&matcher->pool, handle);
        assert(record->state != PENDING_AUDIT && record->state != PENDING_EVENT);
        if (record->state == PENDING_MISSING)
            waiting = RECON_STREAM_AUDIT;
        else if (record->state != PENDING_MATCHED)
            waiting = RECON_STREAM_EVENTS;
    } else if (state == TABLE_MISSING) {
        waiting = RECON_STREAM_AUDIT;
    } else if (state != TABLE_MATCHED) {
        waiting = RECON_STREAM_EVENTS;
    }
    if (waiting >= 0) {
        stats->waiting[waiting]--;
        stats->forgotten_unmatched[waiting]++;
    } else {
        for (int stream = 0; stream < RECON_STREAM_COUNT; stream++) {
            stats->matched[stream]--;
            stats->forgotten_matched[stream]++;
        }
    }
    if (handle != 0)
        matcher_release(matcher, handle);
}

static void ask_for_pending(const void *context, const struct table_entry *entry)
{
    const struct recon_matcher *matcher = context;
    __builtin_prefetch(pending_at(&matcher->pool, (pending_handle)table_payload_of(entry)));
}

static bool is_over(const void *context, const struct table_entry *entry, int64_t *time)
{
    return recon_matcher_entry_is_over(context, entry, time);
}

static void forget(void *context, const struct table_entry *entry)
{
    recon_matcher_forget(context, entry);
}

bool recon_matcher_purge(struct recon_matcher *matcher, uint32_t slot)
{
    const int64_t retention_bound = matcher->bound.retention_bound;
    const int64_t oldest = matcher->table.segments[matcher->table.slots[slot].segment].oldest;
    if (!time_is_over(retention_bound, oldest, matcher->settings.retention_ms))
        return false;
    const struct table_purge purge = {
        .time_base = matcher->time_base,
        /* As the oldest is over, this is a time. */
        .last = retention_bound == RECON_TIME_MAX ? RECON_TIME_MAX : retention_bound - matcher->settings.retention_ms,
        .ask_ahead = ask_for_pending,
        .is_over = is_over,
        .forget = forget,
        .context = matcher,
    };
    table_purge(&matcher->table, slot, &purge);
    return true;
}

/* Two entries looked at for each record handled: what is over keeps its place for as many records as there are
 * entries, at the most; and not that long where places are wanted. */
#define SWEEP_ENTRIES_PER_RECORD 2
/* Pending records dealt out ahead for each record handled: two come for each that waits, as a rule. */
#define DEALT_PER_RECORD 2
/* A call that follows large ones does not pay for all of them. */
#define TURNS_PER_CALL 4

void recon_matcher_sweep(struct recon_matcher *matcher, size_t record_count)
{
    struct table *table = &matcher->table;
    uint32_t slot_number;
    for (int turn = 0; turn < TURNS_PER_CALL && table_next_turn(table, &slot_number); turn++) {
        recon_matcher_purge(matcher, slot_number);
        table_grow_ahead(table, slot_number);
    }
    deadlines_work(&matcher->deadlines, record_count * DEALT_PER_RECORD, matcher->bound.watermark);
    matcher->sweep_credit += record_count * SWEEP_ENTRIES_PER_RECORD;
    if (matcher->sweep_slot >= UINT32_C(1) << table->directory_bits)
        matcher->sweep_slot = 0;
    const struct table_slot *slot = &table->slots[matcher->sweep_slot];
    uint64_t cost = (uint64_t)slot->block_count * TABLE_BLOCK_PLACES;
    if (matcher->sweep_credit < cost)
        return;
    matcher->sweep_credit = 0;
    uint32_t next = table_segment_end(table, slot);
    recon_matcher_purge(matcher, matcher->sweep_slot);
    matcher->sweep_slot = next;
}

bool recon_matcher_rise_quietly(struct recon_matcher *matcher, const struct recon_rise *rise)
{
    if (deadlines_may_be_due(&matcher->deadlines, rise->watermark))
        return false;
    matcher->bound = *rise;
    return true;
}

int recon_matcher_rise(struct recon_matcher *matcher, const struct recon_rise *rise)
{
    if (matcher->has_direct || matcher->is_rising)
        return RECON_ERROR_UNDRAINED;
    assert(rise->watermark >= matcher->bound.watermark && rise->retention_bound >= matcher->bound.retention_bound);
    recon_matcher_settle(matcher);
    matcher->target = *rise;
    matcher->is_rising = true;
    return RECON_OK;
}

static struct recon_text text_at(const char *bytes, uint32_t size, bool is_there)
{
    return (struct recon_text){is_there ? bytes : NULL, is_there ? size : 0};
}

/* Reports a record that has fallen due; true if *result was filled. */
static bool fall_due(struct recon_matcher *matcher, pending_handle handle, struct recon_result *result)
{
    struct pending *record = pending_at(&matcher->pool, handle);
    const bool is_missing = record->state == PENDING_AUDIT;
    struct recon_counts *counts = partial_counts_at(&matcher->partial, record->time);
    uint8_t type = is_missing ? RECON_RESULT_MISSING : RECON_RESULT_UNAUDITED;
    const bool is_kept = matcher_keeps_due(matcher, record);
    if (is_missing) {
        counts->missing++;
        matcher->stats.missing++;
        matcher->stats.pending--;
    } else {
        counts->unaudited++;
        matcher->stats.unaudited++;
    }
    const bool is_told = matcher_reports(matcher, type);
    if (is_told) {
        const struct pending_place place = pending_place_of(record);
        const char *texts = pending_texts(record);
        *result = (struct recon_result){
            .type = type,
            .stream = is_missing ? RECON_STREAM_AUDIT : RECON_STREAM_EVENTS,
            .basis = matcher->target.basis,
            .has_time = true,
            .has_emitted_time = record->has_emitted_time,
            .has_offset = record->has_offset,
            .partition = place.partition,
            .offset = place.offset,
            .time = record->time,
            .emitted_time = pending_emitted_time_of(record),
            .watermark = matcher->target.watermark,
            .id = text_at(texts, record->id_size, record->has_id),
            .source = text_at(texts + record->id_size, record->source_size, record->has_source),
            .context =
                text_at(texts + record->id_size + record->source_size, record->context_size, record->has_context),
        };
    }
    uint64_t payload;
    const bool stays = is_kept || !matcher_time_fits(matcher, record->time, &payload);
    if (!stays || matcher->view != NULL) { /* the entry of one that stays says the same as before */
        struct table_place place =
            table_find(&matcher->table, (struct recon_key){.high = record->key_high, .low = record->key_low});
        assert(place.entry != NULL);
        matcher_note(matcher, place.entry);
        if (!stays)
            table_set(place.entry, is_missing ? TABLE_MISSING : TABLE_UNAUDITED, payload);
    }
    if (stays)
        record->state = is_missing ? PENDING_MISSING : PENDING_UNAUDITED;
    else
        matcher_spend(matcher, handle);
    return is_told;
}

int recon_matcher_next(struct recon_matcher *matcher, struct recon_result *results, size_t capacity, size_t *count)
{
    size_t taken = 0;
    assert(capacity > 0);
    if (matcher->has_direct) {
        results[taken++] = matcher->direct;
        matcher->has_direct = false;
    } else {
        recon_matcher_settle(matcher);
    }
    size_t ahead = 0;
    while (matcher->is_rising && taken < capacity) {
        if (ahead == 0 && capacity > 1)
            ahead = recon_matcher_prefetch_due(matcher);
        ahead -= ahead > 0;
        pending_handle handle = 0;
        int status = partial_counts_reserve(&matcher->partial, 1);
        if (status == RECON_OK)
            status = deadlines_take(&matcher->deadlines, matcher->target.watermark, &handle);
        if (status != RECON_OK) {
            *count = taken;
            return taken > 0 ? RECON_OK : status;
        }
        if (handle == 0) {
            matcher->bound = matcher->target;
            matcher->is_rising = false;
        } else if (fall_due(matcher, handle, &results[taken])) {
            taken++;
        } else if (taken == 0) {
            recon_matcher_settle(matcher);
        }
    }
    *count = taken;
    return RECON_OK;
}

bool recon_matcher_counts_take(struct recon_matcher *matcher, int64_t *window_index, struct recon_counts *counts)
{
    return partial_counts_take(&matcher->partial, window_index, counts);
}

void recon_matcher_stats(const struct recon_matcher *matcher, struct recon_matcher_stats *stats)
{
    *stats = matcher->stats;
    stats->identities = matcher->table.entry_count;
}

uint64_t recon_matcher_memory_bytes(const struct recon_matcher *matcher)
{
    return matcher->memory->used_bytes;
}

void recon_matcher_memory_limit(struct recon_matcher *matcher, uint64_t limit_bytes)
{
    matcher->memory->limit_bytes = limit_bytes;
}
