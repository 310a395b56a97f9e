/*
 * Writing a snapshot in pieces.
 *
 * One item at a time is made in the stage, and the stage's bytes are cut into frames. What waits for nothing goes into
 * runs that end with the group, with what waits, or where they are full: so the bytes do not depend on where the walk
 * was to pause, nor on what has changed since it was frozen. Invariant: the output holds one
 * frame's bytes that were not given yet, or none; then the next frame is made.
 *
 * Frozen, the frames of what is small (the head, the counts) are made at once and kept, and the identities are walked
 * in a frozen view.
 */
#include <assert.h>
#include <string.h>

#include "core/engine_state.h"
#include "core/matcher_view.h"
#include "core/snapshot_format.h"
#include "recon/snapshot.h"
#include "recon/status.h"

#define FRAME_BYTES_MAX (SNAPSHOT_FRAME_HEAD_BYTES + SNAPSHOT_PAYLOAD_BYTES_MAX + SNAPSHOT_CHECKSUM_BYTES)
#define STAGE_BYTES 512
#define RUN_HEAD_BYTES 13 /* size, type, time base */
#define RUN_BYTES_MAX ((size_t)SNAPSHOT_RUN_COUNT_MAX * SNAPSHOT_RUN_ENTRY_BYTES)

struct recon_snapshot_writer {
    struct recon_memory *memory;
    const struct recon_settings *settings;
    const struct recon_watermark *watermark; /* NULL: not written */
    struct recon_matcher *matcher;
    const struct recon_windows *windows;
    int part;
    /* Where it is. */
    enum snapshot_section section; /* 0: none left */
    uint32_t group;
    uint32_t step;            /* of the section's kinds of items */
    uint32_t number;          /* within the step */
    struct matcher_view view; /* where it is in the identities, if there is a matcher */
    uint64_t identity_count;
    uint32_t section_count;
    /* Frames made when it was frozen. */
    unsigned char *kept;
    size_t kept_capacity;
    size_t kept_size;
    size_t kept_done;
    bool is_frozen;
    /* The item under way. */
    unsigned char *stage;
    size_t stage_capacity;
    size_t stage_size;
    size_t stage_done;
    size_t run_count; /* identities behind a head that is still to be made: the stage holds no item then */
    /* The frame under way. */
    uint32_t sequence;
    size_t frame_size;
    size_t frame_done;
    unsigned char frame[FRAME_BYTES_MAX];
};

/* --- items ----------------------------------------------------------------------------------------------------- */

/* Makes a block of capacity bytes, of which used ones count, larger if need be. */
static int block_reserve(struct recon_memory *memory, unsigned char **block, size_t *capacity, size_t used, size_t size)
{
    if (size <= *capacity)
        return RECON_OK;
    unsigned char *made = recon_memory_take(memory, size);
    if (made == NULL)
        return RECON_ERROR_MEMORY;
    if (used > 0)
        memcpy(made, *block, used);
    recon_memory_give(memory, *block, *capacity);
    *block = made;
    *capacity = size;
    return RECON_OK;
}

static int stage_reserve(struct recon_snapshot_writer *writer, size_t size)
{
    return block_reserve(writer->memory, &writer->stage, &writer->stage_capacity, writer->stage_size, size);
}

static void item_begin(struct recon_snapshot_writer *writer, enum snapshot_item type)
{
    writer->stage_done = 0;
    writer->stage_size = 5;
    writer->stage[4] = (unsigned char)type;
}

static void item_u8(struct recon_snapshot_writer *writer, unsigned value)
{
    writer->stage[writer->stage_size++] = (unsigned char)value;
}

static void item_u32(struct recon_snapshot_writer *writer, uint32_t value)
{
    put_u32(writer->stage + writer->stage_size, value);
    writer->stage_size += 4;
}

static void item_u64(struct recon_snapshot_writer *writer, uint64_t value)
{
    put_u64(writer->stage + writer->stage_size, value);
    writer->stage_size += 8;
}

static void item_i64(struct recon_snapshot_writer *writer, int64_t value)
{
    item_u64(writer, (uint64_t)value);
}

static void item_end(struct recon_snapshot_writer *writer)
{
    put_u32(writer->stage, (uint32_t)(writer->stage_size - 4));
}

static void item_rise(struct recon_snapshot_writer *writer, const struct recon_rise *rise)
{
    item_i64(writer, rise->watermark);
    item_i64(writer, rise->retention_bound);
    item_u8(writer, rise->basis);
}

static void item_counts(struct recon_snapshot_writer *writer, const struct recon_counts *counts)
{
    item_u64(writer, counts->expected);
    item_u64(writer, counts->matched);
    item_u64(writer, counts->missing);
    item_u64(writer, counts->duplicate_audits);
    item_u64(writer, counts->duplicate_events);
    item_u64(writer, counts->unaudited);
    item_u64(writer, counts->unjudged_audits);
}

static void make_settings(struct recon_snapshot_writer *writer)
{
    item_begin(writer, ITEM_SETTINGS);
    item_i64(writer, writer->settings->interval_ms);
    item_u32(writer, writer->settings->key_group_count);
    item_u64(writer, writer->settings->key_fingerprint);
    item_end(writer);
}

/* --- the head -------------------------------------------------------------------------------------------------- */

static void make_watermark(struct recon_snapshot_writer *writer)
{
    const struct recon_watermark *watermark = writer->watermark;
    item_begin(writer, ITEM_WATERMARK);
    item_i64(writer, watermark->now_ms);
    item_rise(writer, &watermark->bound);
    item_i64(writer, watermark->largest_time);
    item_i64(writer, watermark->silence_ms);
    item_u8(writer, watermark->has_clock);
    item_u8(writer, watermark->has_largest);
    item_u8(writer, watermark->was_silent);
    item_end(writer);
}

/* In place of an item: there may be more, but not in this call. */
#define ITEM_LATER 2

/* 1: an item is staged; 0: the section has no more; ITEM_LATER; negative: a status. */
static int head_next(struct recon_snapshot_writer *writer)
{
    if (writer->step == 1) {
        make_watermark(writer);
        writer->step++;
        return 1;
    }
    while (writer->step < 2 + RECON_STREAM_COUNT) {
        uint32_t stream = writer->step - 2;
        if (writer->number < writer->watermark->partitions[stream].count) {
            const struct partition *partition = &writer->watermark->partitions[stream].items[writer->number++];
            item_begin(writer, ITEM_PARTITION);
            item_u8(writer, stream);
            item_i64(writer, partition->max);
            item_i64(writer, partition->last_ms);
            item_u8(writer, partition->has_max);
            item_u8(writer, partition->has_ended);
            item_end(writer);
            return 1;
        }
        writer->number = 0;
        writer->step++;
    }
    return 0;
}

/* --- a key group ----------------------------------------------------------------------------------------------- */

static uint64_t group_first(const struct recon_snapshot_writer *writer, uint32_t group)
{
    uint64_t groups = writer->settings->key_group_count;
    return (((uint64_t)group << 32) + groups - 1) / groups << 32;
}

static uint64_t group_last(const struct recon_snapshot_writer *writer, uint32_t group)
{
    return group + 1 == writer->settings->key_group_count ? UINT64_MAX : group_first(writer, group + 1) - 1;
}

static int make_pending(struct recon_snapshot_writer *writer, const struct view_identity *identity)
{
    const struct table_entry *entry = &identity->entry;
    const struct pending *record = identity->record;
    size_t text_size = pending_text_size(record);
    int status = stage_reserve(writer, STAGE_BYTES + text_size);
    if (status != RECON_OK)
        return status;
    item_begin(writer, ITEM_PENDING);
    item_u8(writer, identity->state);
    item_u64(writer, entry->key_high);
    item_u64(writer, entry->rest & TABLE_KEY_LOW_MASK);
    item_i64(writer, record->time);
    item_u64(writer, record->arrival);
    const struct pending_place place = pending_place_of(record);
    item_i64(writer, place.offset);
    item_i64(writer, pending_emitted_time_of(record));
    item_u32(writer, place.partition);
    item_u8(writer, (record->has_offset ? PENDING_FLAG_OFFSET : 0u) |
                        (record->has_emitted_time ? PENDING_FLAG_EMITTED : 0u) |
                        (record->has_id ? PENDING_FLAG_ID : 0u) | (record->has_source ? PENDING_FLAG_SOURCE : 0u) |
                        (record->has_context ? PENDING_FLAG_CONTEXT : 0u));
    item_u32(writer, record->id_size);
    item_u32(writer, record->source_size);
    item_u32(writer, record->context_size);
    memcpy(writer->stage + writer->stage_size, pending_texts(record), text_size);
    writer->stage_size += text_size;
    item_end(writer);
    writer->identity_count++;
    matcher_view_pass(&writer->view, identity);
    return 1;
}

static void run_add(struct recon_snapshot_writer *writer, const struct table_entry *entries, size_t count)
{
    unsigned char *to = writer->stage + RUN_HEAD_BYTES + writer->run_count * SNAPSHOT_RUN_ENTRY_BYTES;
    for (size_t i = 0; i < count; i++, to += SNAPSHOT_RUN_ENTRY_BYTES) {
        put_u64(to, entries[i].key_high);
        put_u64(to + 8, entries[i].rest);
    }
    writer->run_count += count;
}

/* The run is an item now. */
static int run_close(struct recon_snapshot_writer *writer)
{
    item_begin(writer, ITEM_IDENTITIES);
    item_i64(writer, writer->matcher->time_base);
    writer->stage_size += writer->run_count * SNAPSHOT_RUN_ENTRY_BYTES;
    item_end(writer);
    writer->identity_count += writer->run_count;
    writer->run_count = 0;
    return 1;
}

/* Adds to the run what needs no second look. */
static void run_extend(struct recon_snapshot_writer *writer)
{
    struct table_entry entries[64];
    size_t count;
    do {
        size_t room = SNAPSHOT_RUN_COUNT_MAX - writer->run_count;
        size_t most = sizeof(entries) / sizeof(entries[0]);
        count =
            matcher_view_pass_run(&writer->view, group_last(writer, writer->group), entries, room < most ? room : most);
        run_add(writer, entries, count);
    } while (count > 0);
}

static int group_next(struct recon_snapshot_writer *writer)
{
    if (writer->step == 1) {
        item_begin(writer, ITEM_MATCHER);
        item_rise(writer, &writer->view.bound);
        item_u64(writer, writer->view.arrival_next);
        item_end(writer);
        writer->step++;
        return 1;
    }
    for (;;) {
        run_extend(writer);
        if (writer->run_count == SNAPSHOT_RUN_COUNT_MAX)
            return run_close(writer);
        struct view_identity identity;
        switch (matcher_view_next(&writer->view, &identity)) {
        case VIEW_PAUSE:
            return ITEM_LATER;
        case VIEW_IDENTITY:
            if (identity.entry.key_high > group_last(writer, writer->group))
                return writer->run_count > 0 ? run_close(writer) : 0;
            break;
        case VIEW_END:
            return writer->run_count > 0 ? run_close(writer) : 0;
        }
        if (identity.record != NULL)
            return writer->run_count > 0 ? run_close(writer) : make_pending(writer, &identity);
        run_add(writer, &identity.entry, 1);
        matcher_view_pass(&writer->view, &identity);
    }
}

/* --- counts ---------------------------------------------------------------------------------------------------- */

static int make_stats(struct recon_snapshot_writer *writer)
{
    uint64_t *list[SNAPSHOT_STATS_COUNT_MAX];
    uint32_t count = snapshot_stats_list(&writer->matcher->stats, list);
    int status = stage_reserve(writer, STAGE_BYTES + count * 8u);
    if (status != RECON_OK)
        return status;
    item_begin(writer, ITEM_STATS);
    for (uint32_t i = 0; i < count; i++)
        item_u64(writer, *list[i]);
    item_end(writer);
    return 1;
}

static void make_window(struct recon_snapshot_writer *writer, uint32_t number)
{
    const struct window *window = &writer->windows->windows[number];
    item_begin(writer, ITEM_WINDOW);
    item_i64(writer, writer->windows->map.indexes[number]);
    item_counts(writer, &window->counts);
    item_counts(writer, &window->emitted);
    item_u64(writer, window->revision_next);
    item_u8(writer, window->is_queued);
    item_end(writer);
}

static int counts_next(struct recon_snapshot_writer *writer)
{
    const struct recon_windows *windows = writer->windows;
    const struct recon_matcher *matcher = writer->matcher;
    for (;; writer->step++, writer->number = 0) {
        switch (writer->step) {
        case 1:
            if (matcher == NULL || writer->number++ > 0)
                break;
            return make_stats(writer);
        case 2:
            if (matcher == NULL || writer->number == matcher->partial.map.count)
                break;
            item_begin(writer, ITEM_PARTIAL);
            item_i64(writer, matcher->partial.map.indexes[writer->number]);
            item_counts(writer, &matcher->partial.counts[writer->number++]);
            item_end(writer);
            return 1;
        case 3:
            if (windows == NULL || writer->number++ > 0)
                break;
            item_begin(writer, ITEM_WINDOWS);
            item_rise(writer, &windows->bound);
            item_i64(writer, windows->earliest);
            item_u8(writer, windows->has_earliest);
            item_end(writer);
            return 1;
        case 4:
            if (windows == NULL || writer->number == windows->map.count)
                break;
            make_window(writer, writer->number++);
            return 1;
        case 5:
            if (windows == NULL || writer->number == windows->run_count)
                break;
            item_begin(writer, ITEM_RUN);
            item_i64(writer, windows->runs[writer->number].first);
            item_i64(writer, windows->runs[writer->number++].last);
            item_end(writer);
            return 1;
        default:
            return 0;
        }
    }
}

static int end_next(struct recon_snapshot_writer *writer)
{
    if (writer->step++ > 0)
        return 0;
    item_begin(writer, ITEM_END);
    item_u64(writer, writer->identity_count);
    item_u32(writer, writer->section_count);
    item_end(writer);
    return 1;
}

/* --- sections and frames --------------------------------------------------------------------------------------- */

static int item_next(struct recon_snapshot_writer *writer)
{
    if (writer->section == SNAPSHOT_END)
        return end_next(writer);
    if (writer->step == 0) {
        make_settings(writer);
        writer->step = 1;
        return 1;
    }
    if (writer->section == SNAPSHOT_HEAD)
        return head_next(writer);
    return writer->section == SNAPSHOT_GROUP ? group_next(writer) : counts_next(writer);
}

static void section_begin(struct recon_snapshot_writer *writer, enum snapshot_section section, uint32_t group)
{
    writer->section = section;
    writer->group = group;
    writer->step = writer->number = writer->sequence = 0;
    writer->stage_size = writer->stage_done = writer->run_count = 0;
}

/* The next group that has an identity. (One that may have none, where the walk was to pause.) */
static bool group_find(struct recon_snapshot_writer *writer, uint32_t *group)
{
    struct matcher_view *view = &writer->view;
    struct view_identity identity;
    struct recon_key key = {0};
    switch (matcher_view_next(view, &identity)) {
    case VIEW_END:
        return false;
    case VIEW_IDENTITY:
        key.high = identity.entry.key_high;
        break;
    case VIEW_PAUSE:
        if (view->is_at_end)
            return false;
        key = view->position;
        break;
    }
    *group = recon_key_group(key, writer->settings->key_group_count);
    return true;
}

static void section_after(struct recon_snapshot_writer *writer)
{
    uint32_t group = 0;
    writer->section_count++;
    if (writer->part != RECON_SNAPSHOT_ALL || writer->section == SNAPSHOT_END)
        writer->section = 0;
    else if (writer->section == SNAPSHOT_HEAD)
        section_begin(writer, SNAPSHOT_COUNTS, 0);
    else if (group_find(writer, &group))
        section_begin(writer, SNAPSHOT_GROUP, group);
    else
        section_begin(writer, SNAPSHOT_END, 0);
    bool is_walked = writer->section == SNAPSHOT_END || writer->part + 1 == (int64_t)writer->settings->key_group_count;
    if (is_walked)
        matcher_view_deinit(&writer->view); /* what comes is not of the identities */
}

/* Makes a frame: full, or the section's last, or one after which the walk was to pause. */
static int frame_make(struct recon_snapshot_writer *writer)
{
    size_t size = 0;
    bool is_last = false;
    while (size < SNAPSHOT_PAYLOAD_BYTES_MAX) {
        if (writer->stage_done == writer->stage_size) {
            int made = item_next(writer);
            if (made < 0)
                return made;
            is_last = made == 0;
            if (is_last || made == ITEM_LATER)
                break;
        }
        size_t piece = writer->stage_size - writer->stage_done;
        if (piece > SNAPSHOT_PAYLOAD_BYTES_MAX - size)
            piece = SNAPSHOT_PAYLOAD_BYTES_MAX - size;
        memcpy(writer->frame + SNAPSHOT_FRAME_HEAD_BYTES + size, writer->stage + writer->stage_done, piece);
        size += piece;
        writer->stage_done += piece;
    }
    put_u32(writer->frame, SNAPSHOT_MAGIC);
    put_u16(writer->frame + 4, SNAPSHOT_VERSION);
    writer->frame[6] = (unsigned char)writer->section;
    writer->frame[7] = is_last;
    put_u32(writer->frame + 8, writer->group);
    put_u32(writer->frame + 12, writer->sequence++);
    put_u32(writer->frame + 16, (uint32_t)size);
    size += SNAPSHOT_FRAME_HEAD_BYTES;
    put_u64(writer->frame + size, snapshot_checksum(writer->frame, size));
    writer->frame_size = size + SNAPSHOT_CHECKSUM_BYTES;
    writer->frame_done = 0;
    if (is_last)
        section_after(writer);
    return RECON_OK;
}

static void kept_free(struct recon_snapshot_writer *writer)
{
    recon_memory_give(writer->memory, writer->kept, writer->kept_capacity);
    writer->kept = NULL;
    writer->kept_capacity = writer->kept_size = writer->kept_done = 0;
}

/* Frames until capacity bytes are given, or some when the walk was to pause. */
static int frames_give(struct recon_snapshot_writer *writer, unsigned char *bytes, size_t capacity, size_t *size)
{
    size_t given = 0;
    while (given < capacity) {
        if (writer->frame_done == writer->frame_size) {
            if (writer->section == 0 || (given > 0 && writer->view.is_frozen && writer->view.skips_left == 0))
                break;
            int status = frame_make(writer);
            if (status != RECON_OK)
                return status;
        }
        size_t piece = writer->frame_size - writer->frame_done;
        if (piece > capacity - given)
            piece = capacity - given;
        memcpy(bytes + given, writer->frame + writer->frame_done, piece);
        writer->frame_done += piece;
        given += piece;
    }
    *size = given;
    return RECON_OK;
}

int recon_snapshot_writer_next(struct recon_snapshot_writer *writer, void *bytes, size_t capacity, size_t *size)
{
    assert(capacity > 0);
    if (writer->view.is_given_up) {
        kept_free(writer);
        return RECON_ERROR_MEMORY;
    }
    if (writer->kept_done < writer->kept_size) {
        size_t piece = writer->kept_size - writer->kept_done;
        if (piece > capacity)
            piece = capacity;
        memcpy(bytes, writer->kept + writer->kept_done, piece);
        writer->kept_done += piece;
        if (writer->kept_done == writer->kept_size)
            kept_free(writer);
        *size = piece;
        return RECON_OK;
    }
    matcher_view_hold(&writer->view);
    int status = frames_give(writer, bytes, capacity, size);
    if (status == RECON_OK)
        matcher_view_let_go(&writer->view);
    else
        matcher_view_give_up(&writer->view);
    return status;
}

/* --- frozen ---------------------------------------------------------------------------------------------------- */

static int frame_keep(struct recon_snapshot_writer *writer)
{
    size_t wanted = writer->kept_size + writer->frame_size;
    if (wanted > writer->kept_capacity && wanted < 2 * writer->kept_capacity)
        wanted = 2 * writer->kept_capacity;
    int status = block_reserve(writer->memory, &writer->kept, &writer->kept_capacity, writer->kept_size, wanted);
    if (status != RECON_OK)
        return status;
    memcpy(writer->kept + writer->kept_size, writer->frame, writer->frame_size);
    writer->kept_size += writer->frame_size;
    writer->frame_done = writer->frame_size;
    return RECON_OK;
}

int recon_snapshot_writer_freeze(struct recon_snapshot_writer *writer)
{
    assert(!writer->is_frozen && writer->frame_size == 0);
    writer->is_frozen = true;
    while (writer->section == SNAPSHOT_HEAD || writer->section == SNAPSHOT_COUNTS) {
        int status = frame_make(writer);
        if (status == RECON_OK)
            status = frame_keep(writer);
        if (status != RECON_OK)
            return status;
    }
    bool is_walked = writer->matcher == NULL || writer->section == SNAPSHOT_END;
    return is_walked ? RECON_OK : matcher_view_freeze(&writer->view);
}

void recon_snapshot_writer_turn(struct recon_snapshot_writer *writer, uint32_t group)
{
    assert(writer->matcher != NULL && group < writer->settings->key_group_count && writer->part != RECON_SNAPSHOT_ALL);
    assert(writer->view.is_given_up ||
           (writer->section == 0 && writer->kept_size == 0 && writer->frame_done == writer->frame_size));
    assert(writer->part < 0 || (uint32_t)writer->part < group);
    writer->part = (int)group;
    section_begin(writer, SNAPSHOT_GROUP, group);
    if (!writer->view.is_given_up)
        matcher_view_enter(&writer->view, group_first(writer, group));
}

/* --- life ------------------------------------------------------------------------------------------------------ */

static int writer_new(const struct recon_snapshot_writer *parts, struct recon_snapshot_writer **writer)
{
    struct recon_snapshot_writer *made = recon_memory_take(parts->memory, sizeof(*made));
    if (made == NULL)
        return RECON_ERROR_MEMORY;
    memset(made, 0, sizeof(*made));
    made->memory = parts->memory;
    made->settings = parts->settings;
    made->watermark = parts->watermark;
    made->matcher = parts->matcher;
    made->windows = parts->windows;
    made->part = parts->part;
    if (made->matcher != NULL)
        matcher_view_init(&made->view, made->matcher);
    int status = stage_reserve(made, made->matcher == NULL ? STAGE_BYTES : RUN_HEAD_BYTES + RUN_BYTES_MAX);
    if (status != RECON_OK) {
        recon_snapshot_writer_free(made);
        return status;
    }
    if (made->part >= 0) {
        assert((uint32_t)made->part < made->settings->key_group_count && made->matcher != NULL);
        section_begin(made, SNAPSHOT_GROUP, (uint32_t)made->part);
        matcher_view_enter(&made->view, group_first(made, made->group));
    } else if (made->part == RECON_SNAPSHOT_COUNTS) {
        section_begin(made, SNAPSHOT_COUNTS, 0);
    } else {
        assert(made->watermark != NULL);
        section_begin(made, SNAPSHOT_HEAD, 0);
    }
    *writer = made;
    return RECON_OK;
}

int recon_snapshot_writer_new(struct recon_engine *engine, int part, struct recon_snapshot_writer **writer)
{
    if (engine->phase != ENGINE_READY || engine->has_held)
        return RECON_ERROR_UNDRAINED;
    struct recon_snapshot_writer parts = {
        .memory = &engine->memory,
        .settings = &engine->settings,
        .watermark = &engine->watermark,
        .matcher = &engine->matcher,
        .windows = &engine->windows,
        .part = part,
    };
    return writer_new(&parts, writer);
}

int recon_snapshot_writer_new_matcher(struct recon_matcher *matcher, int part, struct recon_snapshot_writer **writer)
{
    if (matcher->has_direct || matcher->is_rising)
        return RECON_ERROR_UNDRAINED;
    assert(part >= 0 || part == RECON_SNAPSHOT_COUNTS);
    struct recon_snapshot_writer parts = {
        .memory = matcher->memory, .settings = &matcher->settings, .matcher = matcher, .part = part};
    return writer_new(&parts, writer);
}

int recon_snapshot_writer_new_windows(struct recon_windows *windows, struct recon_snapshot_writer **writer)
{
    if (windows->phase != WINDOWS_IDLE)
        return RECON_ERROR_UNDRAINED;
    struct recon_snapshot_writer parts = {
        .memory = windows->memory, .settings = &windows->settings, .windows = windows, .part = RECON_SNAPSHOT_COUNTS};
    return writer_new(&parts, writer);
}

int recon_snapshot_writer_new_watermark(struct recon_watermark *watermark, const struct recon_settings *settings,
                                        struct recon_snapshot_writer **writer)
{
    struct recon_snapshot_writer parts = {
        .memory = watermark->memory, .settings = settings, .watermark = watermark, .part = RECON_SNAPSHOT_HEAD};
    return writer_new(&parts, writer);
}

void recon_snapshot_writer_free(struct recon_snapshot_writer *writer)
{
    if (writer == NULL)
        return;
    matcher_view_deinit(&writer->view);
    kept_free(writer);
    recon_memory_give(writer->memory, writer->stage, writer->stage_capacity);
    recon_memory_give(writer->memory, writer, sizeof(*writer));
}
