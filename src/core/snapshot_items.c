#include "core/snapshot_items.h"

#include <assert.h>
#include <string.h>

#include "core/counts.h"
#include "recon/status.h"

/* A body that is read from its start; a read past its end gives 0 and is_short. */
struct body {
    const unsigned char *bytes;
    size_t left;
    bool is_short;
};

static const unsigned char *body_take(struct body *body, size_t size)
{
    static const unsigned char zeros[8];
    if (size > body->left) {
        body->is_short = true;
        body->left = 0;
        return zeros;
    }
    const unsigned char *bytes = body->bytes;
    body->bytes += size;
    body->left -= size;
    return bytes;
}

static unsigned body_u8(struct body *body)
{
    return *body_take(body, 1);
}

/* A truth value; anything but 0 and 1 is damage. */
static bool body_bool(struct body *body)
{
    unsigned value = body_u8(body);
    body->is_short |= value > 1;
    return value == 1;
}

static uint32_t body_u32(struct body *body)
{
    return get_u32(body_take(body, 4));
}

static uint64_t body_u64(struct body *body)
{
    return get_u64(body_take(body, 8));
}

static int64_t body_i64(struct body *body)
{
    return (int64_t)body_u64(body);
}

static struct recon_counts body_counts(struct body *body)
{
    struct recon_counts counts;
    counts.expected = body_u64(body);
    counts.matched = body_u64(body);
    counts.missing = body_u64(body);
    counts.duplicate_audits = body_u64(body);
    counts.duplicate_events = body_u64(body);
    counts.unaudited = body_u64(body);
    counts.unjudged_audits = body_u64(body);
    return counts;
}

static struct recon_rise body_rise(struct body *body)
{
    struct recon_rise rise;
    rise.watermark = body_i64(body);
    rise.retention_bound = body_i64(body);
    rise.basis = (uint8_t)body_u8(body);
    body->is_short |= rise.retention_bound > rise.watermark || rise.basis > RECON_BASIS_END;
    return rise;
}

static int body_end(const struct body *body)
{
    return body->is_short || body->left > 0 ? RECON_ERROR_DAMAGED : RECON_OK;
}

static int take_settings(struct snapshot_builder *builder, struct body *body)
{
    int64_t interval_ms = body_i64(body);
    uint32_t key_group_count = body_u32(body);
    uint64_t key_fingerprint = body_u64(body);
    int status = body_end(body);
    if (status != RECON_OK)
        return status;
    const struct recon_settings *settings = &builder->settings;
    if (interval_ms != settings->interval_ms || key_group_count != settings->key_group_count ||
        key_fingerprint != settings->key_fingerprint)
        return RECON_ERROR_MISMATCH;
    builder->has_settings = true;
    return RECON_OK;
}

static int64_t lower(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

/* Another head: the clock and the silence are the latest, the rest the lowest. */
static int merge_watermark(struct snapshot_builder *builder, int64_t now_ms, const struct recon_rise *bound,
                           int64_t largest_time, int64_t silence_ms)
{
    struct recon_watermark *watermark = builder->watermark;
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++) {
        if (builder->head_partition_count[stream] != watermark->partitions[stream].count)
            return RECON_ERROR_MISMATCH;
        builder->head_partition_count[stream] = 0;
    }
    if (bound->watermark < watermark->bound.watermark)
        watermark->bound.basis = bound->basis;
    watermark->bound.watermark = lower(watermark->bound.watermark, bound->watermark);
    watermark->bound.retention_bound = lower(watermark->bound.retention_bound, bound->retention_bound);
    watermark->has_largest = watermark->has_largest && largest_time != RECON_TIME_MIN;
    watermark->largest_time = lower(watermark->largest_time, largest_time);
    if (now_ms > watermark->now_ms)
        watermark->now_ms = now_ms;
    if (silence_ms != RECON_TIME_MIN && (!watermark->was_silent || silence_ms > watermark->silence_ms)) {
        watermark->was_silent = watermark->is_clock_driven = true;
        watermark->silence_ms = silence_ms;
    }
    return RECON_OK;
}

static int merge_partition(struct snapshot_builder *builder, unsigned stream, const struct partition *other)
{
    struct partition_list *list = &builder->watermark->partitions[stream];
    uint32_t number = builder->head_partition_count[stream]++;
    if (number >= list->count)
        return RECON_ERROR_MISMATCH;
    struct partition *into = &list->items[number];
    into->has_max = into->has_max && other->has_max;
    into->max = lower(into->max, other->max);
    into->has_ended = into->has_ended && other->has_ended;
    builder->watermark->stale = true;
    return RECON_OK;
}

static int take_watermark(struct snapshot_builder *builder, struct body *body)
{
    int64_t now_ms = body_i64(body);
    struct recon_rise bound = body_rise(body);
    int64_t largest_time = body_i64(body);
    int64_t silence_ms = body_i64(body);
    bool has_clock = body_bool(body);
    bool has_largest = body_bool(body);
    bool was_silent = body_bool(body);
    int status = body_end(body);
    struct recon_watermark *watermark = builder->watermark;
    if (status != RECON_OK || watermark == NULL)
        return status;
    if (builder->has_head && !builder->is_merging)
        return RECON_ERROR_DAMAGED;
    builder->is_first_head = !builder->has_head;
    if (builder->has_head)
        return merge_watermark(builder, now_ms, &bound, has_largest ? largest_time : RECON_TIME_MIN,
                               was_silent ? silence_ms : RECON_TIME_MIN);
    builder->has_head = true;
    watermark->now_ms = now_ms;
    watermark->bound = bound;
    watermark->largest_time = largest_time;
    watermark->silence_ms = silence_ms;
    watermark->has_clock = has_clock;
    watermark->has_largest = has_largest;
    watermark->was_silent = was_silent;
    watermark->is_clock_driven = was_silent;
    /* Nothing rises by the restoring itself: all was looked at before the snapshot. But under other settings the next
     * look may see something else, whatever it is that comes next. */
    watermark->lowest_max = RECON_TIME_MAX;
    watermark->idle_check_at_ms = RECON_TIME_MIN;
    return RECON_OK;
}

static int take_partition(struct snapshot_builder *builder, struct body *body)
{
    unsigned stream = body_u8(body);
    int64_t max = body_i64(body);
    int64_t last_ms = body_i64(body);
    bool has_max = body_bool(body);
    bool has_ended = body_bool(body);
    int status = body_end(body);
    if (status != RECON_OK)
        return status;
    if (stream >= RECON_STREAM_COUNT)
        return RECON_ERROR_DAMAGED;
    if (builder->watermark == NULL)
        return RECON_OK;
    struct partition partition = {.max = max, .last_ms = last_ms, .has_max = has_max, .has_ended = has_ended};
    if (builder->is_merging && !builder->is_first_head)
        return merge_partition(builder, stream, &partition);
    builder->head_partition_count[stream]++;
    uint32_t number;
    status = recon_watermark_add(builder->watermark, (int)stream, &number);
    if (status != RECON_OK)
        return status;
    builder->watermark->partitions[stream].items[number] = partition;
    builder->watermark->stale = true;
    return RECON_OK;
}

static int take_matcher(struct snapshot_builder *builder, struct body *body)
{
    struct recon_rise bound = body_rise(body);
    uint64_t arrival_next = body_u64(body);
    int status = body_end(body);
    if (status != RECON_OK || builder->matcher == NULL)
        return status;
    if (arrival_next > builder->matcher->arrival_next)
        builder->matcher->arrival_next = arrival_next;
    if (!builder->has_bound) {
        builder->bound = bound;
        builder->has_bound = true;
        return RECON_OK;
    }
    if (bound.watermark < builder->bound.watermark)
        builder->bound.watermark = bound.watermark;
    if (bound.retention_bound < builder->bound.retention_bound)
        builder->bound.retention_bound = bound.retention_bound;
    return RECON_OK;
}

static int put_identity(struct snapshot_builder *builder, struct recon_key key, int state, int64_t time,
                        const struct saved_pending *waiting)
{
    if (recon_key_group(key, builder->settings.key_group_count) != builder->group ||
        (key.low & ~TABLE_KEY_LOW_MASK) != 0)
        return RECON_ERROR_DAMAGED;
    builder->identity_count++;
    return builder->matcher == NULL ? RECON_OK : recon_matcher_restore(builder->matcher, key, state, time, waiting);
}

static int take_identity(struct snapshot_builder *builder, struct body *body)
{
    int state = (int)body_u8(body);
    struct recon_key key;
    key.high = body_u64(body);
    key.low = body_u64(body);
    int64_t time = body_i64(body);
    int status = body_end(body);
    if (status != RECON_OK)
        return status;
    if (state <= TABLE_PENDING || state > TABLE_SILENT)
        return RECON_ERROR_DAMAGED;
    return put_identity(builder, key, state, time, NULL);
}

static int take_identities(struct snapshot_builder *builder, struct body *body)
{
    int64_t time_base = body_i64(body);
    size_t count = body->left / SNAPSHOT_RUN_ENTRY_BYTES;
    if (body->is_short || count == 0 || count > SNAPSHOT_RUN_COUNT_MAX || body->left % SNAPSHOT_RUN_ENTRY_BYTES != 0)
        return RECON_ERROR_DAMAGED;
    int status = RECON_OK;
    while (count-- > 0 && status == RECON_OK) {
        uint64_t high = body_u64(body);
        struct table_entry entry = {.key_high = high, .rest = body_u64(body)};
        if (table_state_of(&entry) <= TABLE_PENDING || table_state_of(&entry) > TABLE_SILENT)
            return RECON_ERROR_DAMAGED;
        struct recon_key key = {.high = high, .low = entry.rest & TABLE_KEY_LOW_MASK};
        int64_t time = table_time_of(time_base, table_payload_of(&entry));
        status = put_identity(builder, key, (int)table_state_of(&entry), time, NULL);
    }
    return status;
}

static int take_pending(struct snapshot_builder *builder, struct body *body)
{
    struct pending record = {.state = 0};
    struct pending *fields = &record;
    fields->state = (uint8_t)body_u8(body);
    struct recon_key key;
    key.high = body_u64(body);
    key.low = body_u64(body);
    fields->key_high = key.high;
    fields->key_low = key.low;
    fields->time = body_i64(body);
    fields->arrival = body_u64(body);
    const int64_t offset = body_i64(body);
    const int64_t emitted_time = body_i64(body);
    const uint32_t partition = body_u32(body);
    unsigned flags = body_u8(body);
    uint32_t id_size = body_u32(body);
    uint32_t source_size = body_u32(body);
    fields->context_size = body_u32(body);
    fields->has_offset = (flags & PENDING_FLAG_OFFSET) != 0;
    fields->has_place = fields->has_offset || partition != 0;
    fields->has_emitted_time = (flags & PENDING_FLAG_EMITTED) != 0;
    fields->has_id = (flags & PENDING_FLAG_ID) != 0;
    fields->has_source = (flags & PENDING_FLAG_SOURCE) != 0;
    fields->has_context = (flags & PENDING_FLAG_CONTEXT) != 0;
    if (body->is_short || fields->state < PENDING_AUDIT || fields->state > PENDING_MATCHED || flags > 31 ||
        id_size > RECON_ID_SIZE_BYTES_MAX || source_size > RECON_SOURCE_SIZE_BYTES_MAX ||
        fields->context_size > RECON_CONTEXT_SIZE_BYTES_MAX || fields->arrival == UINT64_MAX)
        return RECON_ERROR_DAMAGED;
    fields->id_size = (uint16_t)id_size;
    fields->source_size = (uint16_t)source_size;
    if (body->left != pending_text_size(fields))
        return RECON_ERROR_DAMAGED;
    struct saved_pending saved = {fields, {offset, partition}, emitted_time, (const char *)body->bytes};
    return put_identity(builder, key, TABLE_PENDING, fields->time, &saved);
}

static int take_stats(struct snapshot_builder *builder, struct body *body)
{
    struct recon_matcher_stats stats = {0};
    uint64_t *list[SNAPSHOT_STATS_COUNT_MAX];
    uint32_t count = snapshot_stats_list(&stats, list);
    for (uint32_t i = 0; i < count; i++)
        *list[i] = body_u64(body);
    int status = body_end(body);
    if (status != RECON_OK || builder->matcher == NULL)
        return status;
    /* Of several matchers the sums add up; but the largest distance is the largest. */
    uint64_t *into[SNAPSHOT_STATS_COUNT_MAX];
    uint64_t apart_max = builder->matcher->stats.times_apart_max_ms;
    (void)snapshot_stats_list(&builder->matcher->stats, into);
    for (uint32_t i = 0; i < count; i++)
        *into[i] += *list[i];
    builder->matcher->stats.times_apart_max_ms =
        stats.times_apart_max_ms > apart_max ? stats.times_apart_max_ms : apart_max;
    return RECON_OK;
}

static int take_partial(struct snapshot_builder *builder, struct body *body)
{
    int64_t index = body_i64(body);
    struct recon_counts counts = body_counts(body);
    int status = body_end(body);
    if (status != RECON_OK || builder->matcher == NULL)
        return status;
    struct partial_counts *partial = &builder->matcher->partial;
    status = partial_counts_reserve(partial, 1);
    if (status != RECON_OK)
        return status;
    counts_add(&partial->counts[partial_counts_number(partial, index)], &counts);
    return RECON_OK;
}

static int take_windows(struct snapshot_builder *builder, struct body *body)
{
    struct recon_rise bound = body_rise(body);
    int64_t earliest = body_i64(body);
    bool has_earliest = body_bool(body);
    int status = body_end(body);
    if (status != RECON_OK || builder->windows == NULL)
        return status;
    if (builder->has_counts)
        return RECON_ERROR_DAMAGED;
    builder->has_counts = true;
    recon_windows_restore_bound(builder->windows, &bound);
    builder->windows->earliest = earliest;
    builder->windows->has_earliest = has_earliest;
    return RECON_OK;
}

static int take_window(struct snapshot_builder *builder, struct body *body)
{
    int64_t index = body_i64(body);
    struct window window = {.counts = body_counts(body)};
    window.emitted = body_counts(body);
    window.revision_next = body_u64(body);
    window.is_queued = body_bool(body);
    int status = body_end(body);
    if (status != RECON_OK || builder->windows == NULL)
        return status;
    bool is_changed = window.revision_next == 0 || memcmp(&window.counts, &window.emitted, sizeof(window.counts)) != 0;
    if (!builder->has_counts || (is_changed && !window.is_queued))
        return RECON_ERROR_DAMAGED;
    return recon_windows_restore(builder->windows, index, &window);
}

static int take_run(struct snapshot_builder *builder, struct body *body)
{
    struct empty_run run;
    run.first = body_i64(body);
    run.last = body_i64(body);
    int status = body_end(body);
    struct recon_windows *windows = builder->windows;
    if (status != RECON_OK || windows == NULL)
        return status;
    if (!builder->has_counts || run.first > run.last || !windows->has_closed || run.last > windows->closed_last ||
        (windows->run_count > 0 && windows->runs[windows->run_count - 1].last >= run.first))
        return RECON_ERROR_DAMAGED;
    return recon_windows_restore_run(windows, run);
}

static int take_end(struct snapshot_builder *builder, struct body *body)
{
    builder->identity_count_stated = body_u64(body);
    builder->section_count_stated = body_u32(body);
    builder->has_end = true;
    return body_end(body);
}

int snapshot_builder_section(struct snapshot_builder *builder, int section, uint32_t group)
{
    if (section < SNAPSHOT_HEAD || section > SNAPSHOT_END)
        return RECON_ERROR_DAMAGED;
    if (section == SNAPSHOT_GROUP ? group >= builder->settings.key_group_count : group != 0)
        return section == SNAPSHOT_GROUP ? RECON_ERROR_MISMATCH : RECON_ERROR_DAMAGED;
    builder->section = section;
    builder->group = group;
    builder->has_settings = section == SNAPSHOT_END;
    if (section == SNAPSHOT_GROUP && builder->matcher != NULL)
        recon_matcher_restore_group(builder->matcher, group);
    return RECON_OK;
}

int snapshot_builder_item(struct snapshot_builder *builder, const unsigned char *item, size_t size)
{
    struct body body = {item + 1, size - 1, false};
    int type = item[0];
    if (type == ITEM_SETTINGS)
        return take_settings(builder, &body);
    if (!builder->has_settings)
        return RECON_ERROR_DAMAGED;
    switch (builder->section) {
    case SNAPSHOT_HEAD:
        if (type == ITEM_WATERMARK)
            return take_watermark(builder, &body);
        if (type == ITEM_PARTITION)
            return take_partition(builder, &body);
        break;
    case SNAPSHOT_GROUP:
        if (type == ITEM_MATCHER)
            return take_matcher(builder, &body);
        if (type == ITEM_IDENTITY)
            return take_identity(builder, &body);
        if (type == ITEM_IDENTITIES)
            return take_identities(builder, &body);
        if (type == ITEM_PENDING)
            return take_pending(builder, &body);
        break;
    case SNAPSHOT_COUNTS:
        if (type == ITEM_STATS)
            return take_stats(builder, &body);
        if (type == ITEM_PARTIAL)
            return take_partial(builder, &body);
        if (type == ITEM_WINDOWS)
            return take_windows(builder, &body);
        if (type == ITEM_WINDOW)
            return take_window(builder, &body);
        if (type == ITEM_RUN)
            return take_run(builder, &body);
        break;
    default:
        if (type == ITEM_END)
            return take_end(builder, &body);
    }
    return RECON_ERROR_DAMAGED;
}

int snapshot_builder_section_end(struct snapshot_builder *builder)
{
    builder->section_count++;
    return builder->has_settings ? RECON_OK : RECON_ERROR_DAMAGED;
}

int snapshot_builder_finish(struct snapshot_builder *builder, bool is_whole)
{
    if (builder->watermark != NULL && !builder->has_head)
        return RECON_ERROR_TRUNCATED;
    assert(builder->watermark != NULL || !builder->is_merging);
    for (int stream = 0; builder->is_merging && stream < RECON_STREAM_COUNT; stream++)
        if (builder->head_partition_count[stream] != builder->watermark->partitions[stream].count)
            return RECON_ERROR_MISMATCH;
    if (is_whole && (!builder->has_end || builder->section_count != builder->section_count_stated + 1 ||
                     builder->identity_count != builder->identity_count_stated))
        return RECON_ERROR_TRUNCATED;
    /* The windows hear of a rise when it matters to them, and never of one that was not. */
    if (builder->watermark != NULL && builder->windows != NULL &&
        (builder->windows->bound.watermark > builder->watermark->bound.watermark ||
         builder->windows->bound.retention_bound > builder->watermark->bound.retention_bound))
        return RECON_ERROR_DAMAGED;
    if (builder->matcher != NULL) {
        /* An engine's parts agree on W and R: those of its watermark. */
        if (builder->watermark != NULL)
            builder->matcher->bound = builder->watermark->bound;
        else if (builder->has_bound)
            builder->matcher->bound = builder->bound;
        int status = recon_matcher_restore_end(builder->matcher);
        if (status != RECON_OK)
            return status;
    }
    if (builder->watermark != NULL && builder->windows != NULL && !builder->has_counts)
        recon_windows_restore_bound(builder->windows, &builder->watermark->bound);
    return RECON_OK;
}
