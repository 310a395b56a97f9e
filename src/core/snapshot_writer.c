/*
 * Writing a snapshot in pieces.
 *
 * One item at a time is made in the stage, and the stage's bytes are cut into frames. Invariant: the output holds one
 * frame's bytes that were not given yet, or none; then the next frame is made.
 */
#include <assert.h>
#include <string.h>

#include "core/engine_state.h"
#include "core/snapshot_format.h"
#include "recon/snapshot.h"
#include "recon/status.h"

#define FRAME_BYTES_MAX (SNAPSHOT_FRAME_HEAD_BYTES + SNAPSHOT_PAYLOAD_BYTES_MAX + SNAPSHOT_CHECKSUM_BYTES)
#define STAGE_BYTES 512

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
    uint32_t step;   /* of the section's kinds of items */
    uint32_t number; /* within the step */
    uint32_t slot;   /* group: the directory's slot, and the place in its segment */
    uint32_t place;
    uint64_t identity_count;
    uint32_t section_count;
    /* The item under way. */
    unsigned char *stage;
    size_t stage_capacity;
    size_t stage_size;
    size_t stage_done;
    /* The frame under way. */
    uint32_t sequence;
    size_t frame_size;
    size_t frame_done;
    unsigned char frame[FRAME_BYTES_MAX];
};

/* --- items ----------------------------------------------------------------------------------------------------- */

static int stage_reserve(struct recon_snapshot_writer *writer, size_t size)
{
    if (size <= writer->stage_capacity)
        return RECON_OK;
    unsigned char *stage = recon_memory_take(writer->memory, size);
    if (stage == NULL)
        return RECON_ERROR_MEMORY;
    if (writer->stage_size > 0)
        memcpy(stage, writer->stage, writer->stage_size);
    recon_memory_give(writer->memory, writer->stage, writer->stage_capacity);
    writer->stage = stage;
    writer->stage_capacity = size;
    return RECON_OK;
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

/* 1: an item is staged; 0: the section has no more; negative: a status. */
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

/* The group's entries in this segment lie from here on, in order of their keys. */
static void enter_segment(struct recon_snapshot_writer *writer)
{
    const struct table *table = &writer->matcher->table;
    const struct table_slot *slot = &table->slots[writer->slot];
    uint64_t first = group_first(writer, writer->group);
    writer->place = table_slot_of(table, first) == writer->slot ? table_home(first, slot) : 0;
}

static void enter_group(struct recon_snapshot_writer *writer)
{
    writer->slot = table_slot_of(&writer->matcher->table, group_first(writer, writer->group));
    enter_segment(writer);
}

/* The group's next entry, NULL at its end. */
static const struct table_entry *group_entry_next(struct recon_snapshot_writer *writer)
{
    const struct table *table = &writer->matcher->table;
    uint64_t first = group_first(writer, writer->group);
    uint64_t last = group_last(writer, writer->group);
    uint32_t slot_last = table_slot_of(table, last);
    while (writer->slot <= slot_last) {
        const struct table_slot *slot = &table->slots[writer->slot];
        while (writer->place < slot->place_count) {
            const struct table_entry *entry = &slot->entries[writer->place++];
            if (table_state_of(entry) == TABLE_EMPTY || entry->key_high < first)
                continue;
            if (entry->key_high > last)
                return NULL;
            return entry;
        }
        writer->slot = table_segment_end(table, slot);
        if (writer->slot <= slot_last)
            enter_segment(writer);
    }
    return NULL;
}

static int make_identity(struct recon_snapshot_writer *writer, const struct table_entry *entry)
{
    struct recon_matcher *matcher = writer->matcher;
    enum table_state state = table_state_of(entry);
    const struct pending *record = NULL;
    size_t text_size = 0;
    if (state == TABLE_PENDING) {
        record = pending_at(&matcher->pool, (pending_handle)table_payload_of(entry));
        text_size = pending_text_size(record);
    }
    int status = stage_reserve(writer, STAGE_BYTES + text_size);
    if (status != RECON_OK)
        return status;
    item_begin(writer, record == NULL ? ITEM_IDENTITY : ITEM_PENDING);
    item_u8(writer, record == NULL ? (unsigned)state : record->state);
    item_u64(writer, entry->key_high);
    item_u64(writer, entry->rest & TABLE_KEY_LOW_MASK);
    item_i64(writer, recon_matcher_entry_time(matcher, entry));
    if (record != NULL) {
        item_u64(writer, record->arrival);
        item_i64(writer, record->offset);
        item_i64(writer, record->emitted_time);
        item_u32(writer, record->partition);
        item_u8(writer, (record->has_offset ? PENDING_FLAG_OFFSET : 0u) |
                            (record->has_emitted_time ? PENDING_FLAG_EMITTED : 0u) |
                            (record->has_id ? PENDING_FLAG_ID : 0u) | (record->has_source ? PENDING_FLAG_SOURCE : 0u) |
                            (record->has_context ? PENDING_FLAG_CONTEXT : 0u));
        item_u32(writer, record->id_size);
        item_u32(writer, record->source_size);
        item_u32(writer, record->context_size);
        memcpy(writer->stage + writer->stage_size, record->texts, text_size);
        writer->stage_size += text_size;
    }
    item_end(writer);
    writer->identity_count++;
    return 1;
}

static int group_next(struct recon_snapshot_writer *writer)
{
    if (writer->step == 1) {
        item_begin(writer, ITEM_MATCHER);
        item_rise(writer, &writer->matcher->bound);
        item_u64(writer, writer->matcher->arrival_next);
        item_end(writer);
        writer->step++;
        enter_group(writer);
        return 1;
    }
    const struct table_entry *entry = group_entry_next(writer);
    return entry == NULL ? 0 : make_identity(writer, entry);
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

/* The first group from this one on that has an entry; key_group_count where none has. */
static uint32_t group_find(struct recon_snapshot_writer *writer, uint32_t group)
{
    for (; group < writer->settings->key_group_count; group++) {
        writer->group = group;
        enter_group(writer);
        if (group_entry_next(writer) != NULL)
            break;
    }
    return group;
}

static void section_begin(struct recon_snapshot_writer *writer, enum snapshot_section section, uint32_t group)
{
    writer->section = section;
    writer->group = group;
    writer->step = writer->number = writer->sequence = 0;
    writer->stage_size = writer->stage_done = 0;
}

static void section_after(struct recon_snapshot_writer *writer)
{
    uint32_t groups = writer->settings->key_group_count;
    writer->section_count++;
    if (writer->part != RECON_SNAPSHOT_ALL || writer->section == SNAPSHOT_END) {
        writer->section = 0;
        return;
    }
    if (writer->section == SNAPSHOT_COUNTS) {
        section_begin(writer, SNAPSHOT_END, 0);
        return;
    }
    uint32_t group = group_find(writer, writer->section == SNAPSHOT_HEAD ? 0 : writer->group + 1);
    section_begin(writer, group < groups ? SNAPSHOT_GROUP : SNAPSHOT_COUNTS, group < groups ? group : 0);
}

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
            if (is_last)
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

int recon_snapshot_writer_next(struct recon_snapshot_writer *writer, void *bytes, size_t capacity, size_t *size)
{
    size_t given = 0;
    assert(capacity > 0);
    while (given < capacity) {
        if (writer->frame_done == writer->frame_size) {
            if (writer->section == 0)
                break;
            int status = frame_make(writer);
            if (status != RECON_OK)
                return status;
        }
        size_t piece = writer->frame_size - writer->frame_done;
        if (piece > capacity - given)
            piece = capacity - given;
        memcpy((unsigned char *)bytes + given, writer->frame + writer->frame_done, piece);
        writer->frame_done += piece;
        given += piece;
    }
    *size = given;
    return RECON_OK;
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
    int status = stage_reserve(made, STAGE_BYTES);
    if (status != RECON_OK) {
        recon_snapshot_writer_free(made);
        return status;
    }
    if (made->part >= 0) {
        assert((uint32_t)made->part < made->settings->key_group_count && made->matcher != NULL);
        section_begin(made, SNAPSHOT_GROUP, (uint32_t)made->part);
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
    recon_memory_give(writer->memory, writer->stage, writer->stage_capacity);
    recon_memory_give(writer->memory, writer, sizeof(*writer));
}
