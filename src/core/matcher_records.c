/*
 * The matcher: what one record does. The state diagram is in matcher.c.
 *
 * Each case first makes sure of the memory it needs, and changes something only then: a record that is refused with
 * RECON_ERROR_MEMORY has done nothing.
 */
#include <assert.h>
#include <string.h>

#include "core/event_time.h"
#include "core/limits.h"
#include "core/matcher_state.h"
#include "recon/matcher.h"
#include "recon/status.h"

enum {
    HAS_AUDIT = 1,
    HAS_EVENT = 2,
    WAS_REPORTED = 4, /* missing, or unaudited */
};

/* By enum table_state and by enum pending_state. */
static const uint8_t table_sides[] = {
    [TABLE_MATCHED] = HAS_AUDIT | HAS_EVENT,
    [TABLE_MISSING] = HAS_AUDIT | WAS_REPORTED,
    [TABLE_UNAUDITED] = HAS_EVENT | WAS_REPORTED,
    [TABLE_SILENT] = HAS_EVENT,
};
static const uint8_t pending_sides[] = {
    [PENDING_AUDIT] = HAS_AUDIT,
    [PENDING_EVENT] = HAS_EVENT,
    [PENDING_MISSING] = HAS_AUDIT | WAS_REPORTED,
    [PENDING_UNAUDITED] = HAS_EVENT | WAS_REPORTED,
    [PENDING_SILENT] = HAS_EVENT,
    [PENDING_MATCHED] = HAS_AUDIT | HAS_EVENT,
};

/* An identity as it stands; entry NULL: absent. */
struct identity {
    struct table_place place;
    struct pending *record; /* NULL: none */
    pending_handle handle;
    uint8_t sides; /* HAS_AUDIT and so on */
    int64_t time;
};

static void identity_look_up(const struct recon_matcher *matcher, struct recon_key key, struct identity *identity)
{
    const struct table_place place = table_find(&matcher->table, key);
    table_place_set(&identity->place, &place);
}

static inline void identity_find(struct recon_matcher *matcher, struct recon_key key, const struct matcher_hint *hint,
                                 struct identity *identity)
{
    const struct table_place *hinted = &hint->place;
    if (matcher->ahead.version == matcher->table.version &&
        (hinted->entry != NULL || (hinted->block != NULL && hinted->block->used == hint->used)))
        table_place_set(&identity->place, hinted);
    else
        identity_look_up(matcher, key, identity);
    identity->record = NULL;
    identity->handle = 0;
    identity->sides = 0;
    identity->time = 0;
    const struct table_entry *entry = identity->place.entry;
    if (entry == NULL)
        return;
    if (recon_matcher_entry_is_over(matcher, entry, &identity->time)) {
        recon_matcher_forget(matcher, entry);
        table_remove(&matcher->table, identity->place);
        identity_look_up(matcher, key, identity);
        return;
    }
    identity->sides = table_sides[table_state_of(entry)];
    if (table_state_of(entry) == TABLE_PENDING) {
        identity->handle = (pending_handle)table_payload_of(entry);
        identity->record = pending_at(&matcher->pool, identity->handle);
        identity->sides = pending_sides[identity->record->state];
    }
}

/* A result about the record itself. */
static void tell(struct recon_matcher *matcher, int type, const struct recon_record *record)
{
    if (!matcher_reports(matcher, type))
        return;
    matcher->direct = (struct recon_result){
        .type = (uint8_t)type,
        .stream = record->stream,
        .has_time = record->has_time,
        .has_offset = record->has_offset,
        .partition = record->partition,
        .place = record->place,
        .offset = record->offset,
        .time = record->time,
        .watermark = matcher->bound.watermark,
        .id = record->id,
        .source = record->source,
    };
    matcher->has_direct = true;
}

/* An audit record could not be judged: the window that holds W + 1 says so. Room was made. */
static void count_unjudged(struct recon_matcher *matcher)
{
    int64_t watermark = matcher->bound.watermark;
    const struct recon_settings *settings = &matcher->settings;
    if (watermark == RECON_TIME_MIN || watermark == RECON_TIME_MAX)
        return;
    int64_t index = floor_divide(watermark + 1, settings->interval_ms);
    if (window_last(index, settings->interval_ms) < settings->from_ms)
        return;
    if (settings->to_ms != RECON_TIME_MAX && window_start(index, settings->interval_ms) >= settings->to_ms)
        return;
    partial_counts_at(&matcher->partial, watermark + 1)->unjudged_audits++;
}

static int reject(struct recon_matcher *matcher, const struct recon_record *record, int reason)
{
    int status = partial_counts_reserve(&matcher->partial, 1);
    if (status != RECON_OK)
        return status;
    matcher->stats.rejected[record->stream][reason]++;
    if (record->stream == RECON_STREAM_AUDIT && record->kind != RECON_KIND_HEARTBEAT)
        count_unjudged(matcher);
    tell(matcher, RECON_RESULT_REJECTED, record);
    matcher->direct.reason = (uint8_t)reason;
    matcher->direct.watermark = 0;
    return RECON_OK;
}

static int refuse_as_too_late(struct recon_matcher *matcher, const struct recon_record *record)
{
    int status = partial_counts_reserve(&matcher->partial, 1);
    if (status != RECON_OK)
        return status;
    matcher->stats.too_late[record->stream]++;
    if (record->stream == RECON_STREAM_AUDIT)
        count_unjudged(matcher);
    tell(matcher, RECON_RESULT_TOO_LATE, record);
    return RECON_OK;
}

static int duplicate(struct recon_matcher *matcher, const struct recon_record *record, const struct identity *identity)
{
    int status = partial_counts_reserve(&matcher->partial, 1);
    if (status != RECON_OK)
        return status;
    matcher->stats.duplicates[record->stream]++;
    if ((identity->sides & HAS_AUDIT) != 0 || !time_is_outside(&matcher->settings, identity->time)) {
        struct recon_counts *counts = partial_counts_at(&matcher->partial, identity->time);
        if (record->stream == RECON_STREAM_AUDIT)
            counts->duplicate_audits++;
        else
            counts->duplicate_events++;
    }
    tell(matcher, RECON_RESULT_DUPLICATE, record);
    return RECON_OK;
}

/* Room in a segment that has none: what is over goes first. A segment that stays nearly full grows all the same, so
 * that it is not looked through again for every record. */
static int make_room(struct recon_matcher *matcher, struct recon_key key)
{
    struct table *table = &matcher->table;
    uint32_t room = 0;
    uint32_t slot = table_slot_of(table, key.high);
    if (recon_matcher_purge(matcher, slot)) {
        room = table_room(table, slot);
        if (room > table->slots[slot].block_count * TABLE_BLOCK_PLACES / 16)
            return RECON_OK;
    }
    do {
        int status = table_grow(table, key);
        if (status != RECON_OK)
            return room > 0 ? RECON_OK : status;
        room = table_room(table, table_slot_of(table, key.high));
    } while (room == 0);
    return RECON_OK;
}

static char *text_copy(char *to, const char *bytes, size_t size)
{
    if (size > 0)
        memcpy(to, bytes, size);
    return to + size;
}

/* A pending record with what is wanted of this one; 0 when memory is out. */
static inline pending_handle wait_new(struct recon_matcher *matcher, const struct recon_record *record, uint8_t state,
                                      uint64_t arrival, struct pending **new_record)
{
    const struct wanted_texts *wanted = &matcher->wanted[record->stream];
    const uint32_t id_size = record->id.size & wanted->id;
    const uint32_t source_size = record->source.size & wanted->source;
    const uint32_t context_size = record->context.size & wanted->context;
    assert(id_size <= RECON_ID_SIZE_BYTES_MAX && source_size <= RECON_SOURCE_SIZE_BYTES_MAX &&
           context_size <= RECON_CONTEXT_SIZE_BYTES_MAX);
    const bool has_place = record->has_offset || record->partition != 0;
    const size_t more_size =
        (has_place ? PENDING_PLACE_BYTES : 0u) + (record->has_emitted_time ? sizeof(record->emitted_time) : 0u);
    const pending_handle handle =
        pending_new(&matcher->pool, more_size + id_size + source_size + context_size, new_record);
    if (handle == 0)
        return 0;
    struct pending *made = *new_record;
    *made = (struct pending){
        .time = record->time,
        .state = state,
        .has_place = has_place,
        .has_offset = record->has_offset,
        .has_emitted_time = record->has_emitted_time,
        .has_id = record->id.bytes != NULL && wanted->id != 0,
        .has_source = record->source.bytes != NULL && wanted->source != 0,
        .has_context = record->context.bytes != NULL && wanted->context != 0,
        .context_size = context_size,
        .key_high = record->key.high,
        .key_low = record->key.low,
        .arrival = arrival,
        .id_size = (uint16_t)id_size,
        .source_size = (uint16_t)source_size,
    };
    char *to = made->tail;
    if (more_size > 0) {
        const struct pending_place place = {record->has_offset ? record->offset : 0, record->partition};
        to = pending_set_more(made, place, record->emitted_time);
    }
    to = text_copy(to, record->id.bytes, id_size);
    to = text_copy(to, record->source.bytes, source_size);
    (void)text_copy(to, record->context.bytes, context_size);
    return handle;
}

/* Makes sure that the identity's entry can be put at its place. */
static int reserve_place(struct recon_matcher *matcher, struct recon_key key, struct identity *identity)
{
    if (matcher->table.entry_count >= RECON_IDENTITY_COUNT_MAX)
        return RECON_ERROR_FULL;
    if (table_room(&matcher->table, identity->place.slot) > 0)
        return RECON_OK;
    int status = make_room(matcher, key);
    if (status == RECON_OK)
        identity_look_up(matcher, key, identity);
    return status;
}

/* The identity's first record: it waits for the other side. */
static int wait(struct recon_matcher *matcher, const struct recon_record *record, struct identity *identity)
{
    bool is_audit = record->stream == RECON_STREAM_AUDIT;
    bool is_silent = !is_audit && time_is_outside(&matcher->settings, record->time);
    int status = partial_counts_reserve(&matcher->partial, 1);
    if (status == RECON_OK)
        status = reserve_place(matcher, record->key, identity);
    if (status != RECON_OK)
        return status;
    uint64_t payload;
    enum table_state state = TABLE_SILENT;
    if (!is_silent || !matcher_time_fits(matcher, record->time, &payload)) {
        uint8_t waiting = is_audit ? PENDING_AUDIT : is_silent ? PENDING_SILENT : PENDING_EVENT;
        struct pending *made;
        status = deadlines_reserve(&matcher->deadlines);
        if (status != RECON_OK)
            return status;
        pending_handle handle = wait_new(matcher, record, waiting, matcher->arrival_next, &made);
        if (handle == 0)
            return RECON_ERROR_MEMORY;
        matcher->arrival_next++;
        if (!is_silent)
            deadlines_add(&matcher->deadlines, handle, made, matcher->bound.watermark);
        state = TABLE_PENDING;
        payload = handle;
    }
    if (matcher->view != NULL)
        recon_matcher_view_note(matcher, record->key, NULL);
    table_put(&matcher->table, &identity->place, record->key, state, payload, record->time);
    matcher->stats.accepted[record->stream]++;
    matcher->stats.waiting[record->stream]++;
    if (!is_silent) {
        struct recon_counts *counts = partial_counts_at(&matcher->partial, record->time);
        if (is_audit) {
            counts->expected++;
            matcher->stats.pending++;
        }
    }
    return RECON_OK;
}

static void note_times_apart(struct recon_matcher *matcher, int64_t one, int64_t other)
{
    if (one == other)
        return;
    uint64_t apart = one > other ? (uint64_t)one - (uint64_t)other : (uint64_t)other - (uint64_t)one;
    matcher->stats.times_apart++;
    if (apart > matcher->stats.times_apart_max_ms)
        matcher->stats.times_apart_max_ms = apart;
}

static void count_match(struct recon_matcher *matcher, const struct recon_record *record, int waited)
{
    matcher->stats.accepted[record->stream]++;
    matcher->stats.waiting[waited]--;
    matcher->stats.matched[RECON_STREAM_AUDIT]++;
    matcher->stats.matched[RECON_STREAM_EVENTS]++;
}

/* The entry becomes matched; its pending record, if it has one, is done with unless the time needs it. */
static void set_matched(struct recon_matcher *matcher, struct identity *identity, int64_t time)
{
    assert(identity->place.entry != NULL);
    matcher_note(matcher, identity->place.entry);
    uint64_t payload;
    if (matcher_time_fits(matcher, time, &payload)) {
        table_set(identity->place.entry, TABLE_MATCHED, payload);
        if (identity->handle != 0 && matcher->has_direct)
            matcher_spend(matcher, identity->handle);
        else if (identity->handle != 0)
            matcher_release(matcher, identity->handle);
    } else {
        assert(identity->record != NULL);
        recon_matcher_view_part(matcher, identity->handle);
        identity->record->time = time;
        identity->record->state = PENDING_MATCHED;
        table_set(identity->place.entry, TABLE_PENDING, identity->handle);
    }
    table_note_time(&matcher->table, identity->place.slot, time);
}

/* The audit record of an identity whose event waits. */
static int match_audit(struct recon_matcher *matcher, const struct recon_record *record, struct identity *identity)
{
    uint64_t payload;
    int status = partial_counts_reserve(&matcher->partial, 2);
    if (status != RECON_OK)
        return status;
    if (identity->handle == 0 && !matcher_time_fits(matcher, record->time, &payload)) {
        identity->handle = wait_new(matcher, record, PENDING_MATCHED, 0, &identity->record);
        if (identity->handle == 0)
            return RECON_ERROR_MEMORY;
    }
    if (identity->record != NULL && identity->record->state == PENDING_EVENT)
        deadlines_remove(&matcher->deadlines, identity->record);
    struct recon_counts *counts = partial_counts_at(&matcher->partial, record->time);
    counts->expected++;
    counts->matched++;
    if ((identity->sides & WAS_REPORTED) != 0) {
        partial_counts_at(&matcher->partial, identity->time)->unaudited--;
        matcher->stats.audited++;
        tell(matcher, RECON_RESULT_AUDITED, record);
        const struct pending *waited = identity->record;
        bool is_known = waited != NULL && waited->state == PENDING_UNAUDITED;
        matcher->direct.stream = RECON_STREAM_EVENTS;
        matcher->direct.time = identity->time;
        matcher->direct.has_offset = is_known && waited->has_offset;
        const struct pending_place place = is_known ? pending_place_of(waited) : (struct pending_place){0};
        matcher->direct.offset = place.offset;
        matcher->direct.partition = place.partition;
        matcher->direct.source = (struct recon_text){0};
        if (is_known && waited->has_source)
            matcher->direct.source = (struct recon_text){pending_texts(waited) + waited->id_size, waited->source_size};
    }
    note_times_apart(matcher, record->time, identity->time);
    count_match(matcher, record, RECON_STREAM_EVENTS);
    set_matched(matcher, identity, record->time);
    return RECON_OK;
}

/* The event of an identity whose audit record waits. */
static int match_event(struct recon_matcher *matcher, const struct recon_record *record, struct identity *identity)
{
    int status = partial_counts_reserve(&matcher->partial, 1);
    if (status != RECON_OK)
        return status;
    struct recon_counts *counts = partial_counts_at(&matcher->partial, identity->time);
    counts->matched++;
    if ((identity->sides & WAS_REPORTED) != 0) {
        counts->missing--;
        matcher->stats.found++;
        tell(matcher, RECON_RESULT_FOUND, record);
        matcher->direct.stream = RECON_STREAM_AUDIT;
        matcher->direct.has_time = true;
        matcher->direct.time = identity->time;
        matcher->direct.has_event_time = record->has_time;
        matcher->direct.event_time = record->has_time ? record->time : 0;
        matcher->direct.has_offset = false;
        matcher->direct.offset = 0;
        matcher->direct.partition = 0;
        matcher->direct.source = (struct recon_text){0};
        const struct pending *waited = identity->record;
        if (waited != NULL && waited->has_source)
            matcher->direct.source = (struct recon_text){pending_texts(waited) + waited->id_size, waited->source_size};
    } else {
        assert(identity->record != NULL); /* it was not reported: it waits */
        deadlines_remove(&matcher->deadlines, identity->record);
        matcher->stats.pending--;
    }
    if (record->has_time)
        note_times_apart(matcher, identity->time, record->time);
    count_match(matcher, record, RECON_STREAM_AUDIT);
    set_matched(matcher, identity, identity->time);
    return RECON_OK;
}

static int handle_audit(struct recon_matcher *matcher, int64_t now_ms, const struct recon_record *record,
                        const struct matcher_hint *hint)
{
    const struct recon_settings *settings = &matcher->settings;
    if (!record->has_time)
        return reject(matcher, record, RECON_REASON_NO_TIME);
    if (time_is_poisoned(now_ms, settings->max_future_skew_ms, record->time))
        return reject(matcher, record, RECON_REASON_FUTURE);
    if (time_is_outside(settings, record->time)) {
        matcher->stats.outside++;
        return RECON_OK;
    }
    struct identity identity;
    identity_find(matcher, record->key, hint, &identity);
    if ((identity.sides & HAS_AUDIT) != 0)
        return duplicate(matcher, record, &identity);
    if (time_is_over(matcher->bound.retention_bound, record->time, settings->retention_ms))
        return refuse_as_too_late(matcher, record);
    if ((identity.sides & HAS_EVENT) != 0)
        return match_audit(matcher, record, &identity);
    return wait(matcher, record, &identity);
}

static int handle_event(struct recon_matcher *matcher, int64_t now_ms, const struct recon_record *record,
                        const struct matcher_hint *hint)
{
    const struct recon_settings *settings = &matcher->settings;
    bool is_poisoned = record->has_time && time_is_poisoned(now_ms, settings->max_future_skew_ms, record->time);
    struct identity identity;
    identity_find(matcher, record->key, hint, &identity);
    if ((is_poisoned || !record->has_time) && (identity.sides & HAS_AUDIT) == 0)
        return reject(matcher, record, is_poisoned ? RECON_REASON_FUTURE : RECON_REASON_NO_TIME);
    if ((identity.sides & HAS_EVENT) != 0)
        return duplicate(matcher, record, &identity);
    if ((identity.sides & HAS_AUDIT) != 0)
        return match_event(matcher, record, &identity);
    if (time_is_over(matcher->bound.retention_bound, record->time, settings->retention_ms))
        return refuse_as_too_late(matcher, record);
    return wait(matcher, record, &identity);
}

int recon_matcher_handle(struct recon_matcher *matcher, int64_t now_ms, const struct recon_record *record,
                         const struct matcher_hint *hint)
{
    assert(record->stream < RECON_STREAM_COUNT && record->reason < RECON_REASON_COUNT);
    recon_matcher_settle(matcher);
    if (record->kind == RECON_KIND_REJECTED)
        return reject(matcher, record, record->reason);
    if (record->kind == RECON_KIND_HEARTBEAT) {
        if (!record->has_time)
            return reject(matcher, record, RECON_REASON_NO_TIME);
        if (time_is_poisoned(now_ms, matcher->settings.max_future_skew_ms, record->time))
            return reject(matcher, record, RECON_REASON_FUTURE);
        matcher->stats.heartbeats[record->stream]++;
        return RECON_OK;
    }
    return record->stream == RECON_STREAM_AUDIT ? handle_audit(matcher, now_ms, record, hint)
                                                : handle_event(matcher, now_ms, record, hint);
}

int recon_matcher_records(struct recon_matcher *matcher, int64_t now_ms, const struct recon_record *records,
                          size_t count, size_t *handled)
{
    *handled = 0;
    if (matcher->has_direct || matcher->is_rising)
        return RECON_ERROR_UNDRAINED;
    recon_matcher_sweep(matcher, count);
    for (size_t i = 0; i < count; i++) {
        const struct matcher_hint *hint = matcher_hint(matcher, records, count, i);
        int status = recon_matcher_handle(matcher, now_ms, &records[i], hint);
        if (status != RECON_OK)
            return status;
        *handled = i + 1;
        if (matcher->has_direct)
            break;
    }
    return RECON_OK;
}
