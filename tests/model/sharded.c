#include "sharded.h"

#include <stdlib.h>

#include "core/watermark_state.h"
#include "results.h"
#include "snapshots.h"

#define SHARD_COUNT_MAX 8
#define DRAIN_CAPACITY 7

struct sharded {
    struct recon_settings settings;
    struct recon_watermark *watermark;
    struct recon_windows *windows;
    struct recon_matcher *matchers[SHARD_COUNT_MAX];
    uint32_t shard_count;
    uint32_t keyless_next; /* what has no key goes to one after another */
    struct results queue;
    size_t queue_taken;
};

int sharded_new(const struct recon_settings *settings, uint32_t shard_count, struct sharded **sharded)
{
    struct sharded *made = calloc(1, sizeof *made);
    if (made == NULL)
        abort();
    made->settings = *settings;
    made->shard_count = shard_count > SHARD_COUNT_MAX ? SHARD_COUNT_MAX : shard_count;
    results_init(&made->queue);
    int status = recon_watermark_new(settings, &made->watermark);
    if (status == RECON_OK)
        status = recon_windows_new(settings, &made->windows);
    for (uint32_t i = 0; status == RECON_OK && i < made->shard_count; i++)
        status = recon_matcher_new(settings, &made->matchers[i]);
    if (status != RECON_OK) {
        sharded_free(made);
        return status;
    }
    *sharded = made;
    return RECON_OK;
}

void sharded_free(struct sharded *sharded)
{
    if (sharded == NULL)
        return;
    for (uint32_t i = 0; i < sharded->shard_count; i++)
        recon_matcher_free(sharded->matchers[i]);
    recon_windows_free(sharded->windows);
    recon_watermark_free(sharded->watermark);
    results_deinit(&sharded->queue);
    free(sharded);
}

/* --- moving results --------------------------------------------------------------------------------------------- */

static int drain_matcher(struct sharded *sharded, struct recon_matcher *matcher)
{
    for (;;) {
        struct recon_result some[DRAIN_CAPACITY];
        size_t count = 0;
        int status = recon_matcher_next(matcher, some, DRAIN_CAPACITY, &count);
        if (status != RECON_OK || count == 0)
            return status;
        results_append(&sharded->queue, some, count);
    }
}

static int drain_windows(struct sharded *sharded)
{
    for (;;) {
        struct recon_result some[DRAIN_CAPACITY];
        size_t count = 0;
        int status = recon_windows_next(sharded->windows, some, DRAIN_CAPACITY, &count);
        if (status != RECON_OK || count == 0)
            return status;
        results_append(&sharded->queue, some, count);
    }
}

static int move_counts(struct sharded *sharded, struct recon_matcher *matcher)
{
    int64_t window_index;
    struct recon_counts counts;
    while (recon_matcher_counts_take(matcher, &window_index, &counts)) {
        int status = recon_windows_add(sharded->windows, window_index, &counts);
        if (status != RECON_OK)
            return status;
    }
    return RECON_OK;
}

/* After anything that may move the watermark. */
static int follow_watermark(struct sharded *sharded)
{
    struct recon_rise rise;
    if (!recon_watermark_rise(sharded->watermark, &rise))
        return RECON_OK;
    int status = RECON_OK;
    for (uint32_t i = 0; status == RECON_OK && i < sharded->shard_count; i++) {
        status = recon_matcher_rise(sharded->matchers[i], &rise);
        if (status == RECON_OK)
            status = drain_matcher(sharded, sharded->matchers[i]);
        if (status == RECON_OK)
            status = move_counts(sharded, sharded->matchers[i]);
    }
    if (status == RECON_OK)
        status = recon_windows_rise(sharded->windows, &rise);
    return status == RECON_OK ? drain_windows(sharded) : status;
}

/* Frees what was taken; true if results wait. */
static bool is_undrained(struct sharded *sharded)
{
    if (sharded->queue_taken < sharded->queue.count)
        return true;
    results_clear(&sharded->queue);
    sharded->queue_taken = 0;
    return false;
}

/* Each has a run of groups. */
static uint32_t shard_of_group(const struct sharded *sharded, uint32_t group)
{
    return (uint32_t)((uint64_t)group * sharded->shard_count / sharded->settings.key_group_count);
}

/* --- calls ------------------------------------------------------------------------------------------------------ */

static int handle(struct sharded *sharded, const struct recon_record *record)
{
    int status = recon_watermark_partition_check(sharded->watermark, record->stream, record->partition);
    if (status != RECON_OK)
        return status;
    uint32_t shard = sharded->keyless_next % sharded->shard_count;
    if (record->kind == RECON_KIND_RECORD)
        shard = shard_of_group(sharded, recon_key_group(record->key, sharded->settings.key_group_count));
    else
        sharded->keyless_next++;
    struct recon_matcher *matcher = sharded->matchers[shard];
    size_t handled = 0;
    status = recon_matcher_records(matcher, recon_watermark_now(sharded->watermark), record, 1, &handled);
    if (status == RECON_OK)
        status = drain_matcher(sharded, matcher);
    if (status != RECON_OK)
        return status;
    if (record->kind != RECON_KIND_REJECTED && record->has_time &&
        !recon_watermark_is_poisoned(sharded->watermark, record->time))
        recon_watermark_saw(sharded->watermark, record->stream, record->partition, record->time);
    return follow_watermark(sharded);
}

int sharded_records(struct sharded *sharded, const struct recon_record *records, size_t count, size_t *handled)
{
    *handled = 0;
    if (is_undrained(sharded))
        return RECON_ERROR_UNDRAINED;
    while (*handled < count && sharded->queue.count == 0) {
        int status = handle(sharded, &records[*handled]);
        if (status != RECON_OK)
            return status;
        ++*handled;
    }
    return RECON_OK;
}

int sharded_clock(struct sharded *sharded, int64_t now_ms)
{
    if (is_undrained(sharded))
        return RECON_ERROR_UNDRAINED;
    int status = recon_watermark_clock(sharded->watermark, now_ms);
    return status == RECON_OK ? follow_watermark(sharded) : status;
}

int sharded_alive(struct sharded *sharded, int stream, uint32_t partition)
{
    if (is_undrained(sharded))
        return RECON_ERROR_UNDRAINED;
    int status = recon_watermark_alive(sharded->watermark, stream, partition);
    return status == RECON_OK ? follow_watermark(sharded) : status;
}

int sharded_partition_add(struct sharded *sharded, int stream, uint32_t *partition)
{
    if (is_undrained(sharded))
        return RECON_ERROR_UNDRAINED;
    int status = recon_watermark_add(sharded->watermark, stream, partition);
    return status == RECON_OK ? follow_watermark(sharded) : status;
}

int sharded_partition_end(struct sharded *sharded, int stream, uint32_t partition)
{
    if (is_undrained(sharded))
        return RECON_ERROR_UNDRAINED;
    int status = recon_watermark_end(sharded->watermark, stream, partition);
    return status == RECON_OK ? follow_watermark(sharded) : status;
}

int sharded_next(struct sharded *sharded, struct recon_result *results, size_t capacity, size_t *count)
{
    *count = 0;
    if (!is_undrained(sharded))
        return RECON_OK;
    while (*count < capacity && sharded->queue_taken < sharded->queue.count)
        results[(*count)++] = sharded->queue.at[sharded->queue_taken++];
    return RECON_OK;
}

void sharded_current(const struct sharded *sharded, struct recon_rise *current)
{
    recon_watermark_current(sharded->watermark, current);
}

bool sharded_holder(const struct sharded *sharded, int *stream, uint32_t *partition)
{
    return recon_watermark_holder(sharded->watermark, stream, partition);
}

static void add_stats(struct recon_matcher_stats *sum, const struct recon_matcher_stats *part)
{
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++) {
        sum->accepted[stream] += part->accepted[stream];
        sum->matched[stream] += part->matched[stream];
        sum->waiting[stream] += part->waiting[stream];
        sum->forgotten_matched[stream] += part->forgotten_matched[stream];
        sum->forgotten_unmatched[stream] += part->forgotten_unmatched[stream];
        sum->duplicates[stream] += part->duplicates[stream];
        sum->too_late[stream] += part->too_late[stream];
        sum->heartbeats[stream] += part->heartbeats[stream];
        for (int reason = 0; reason < RECON_REASON_COUNT; reason++)
            sum->rejected[stream][reason] += part->rejected[stream][reason];
    }
    sum->outside += part->outside;
    sum->missing += part->missing;
    sum->found += part->found;
    sum->unaudited += part->unaudited;
    sum->audited += part->audited;
    sum->times_apart += part->times_apart;
    if (part->times_apart_max_ms > sum->times_apart_max_ms)
        sum->times_apart_max_ms = part->times_apart_max_ms;
    sum->identities += part->identities;
    sum->pending += part->pending;
}

void sharded_stats(const struct sharded *sharded, struct recon_matcher_stats *stats)
{
    *stats = (struct recon_matcher_stats){0};
    for (uint32_t i = 0; i < sharded->shard_count; i++) {
        struct recon_matcher_stats part = {0};
        recon_matcher_stats(sharded->matchers[i], &part);
        add_stats(stats, &part);
    }
}

uint32_t sharded_matcher_count(const struct sharded *sharded)
{
    return sharded->shard_count;
}

struct recon_matcher *sharded_matcher(struct sharded *sharded, uint32_t shard)
{
    return sharded->matchers[shard];
}

uint64_t sharded_memory_bytes(const struct sharded *sharded)
{
    uint64_t bytes = recon_windows_memory_bytes(sharded->windows) + sharded->watermark->memory->used_bytes;
    for (uint32_t i = 0; i < sharded->shard_count; i++)
        bytes += recon_matcher_memory_bytes(sharded->matchers[i]);
    return bytes;
}

/* --- dealing out anew ------------------------------------------------------------------------------------------- */

struct dealer {
    struct recon_snapshot_reader *readers[SHARD_COUNT_MAX];
    bool has_groups[SHARD_COUNT_MAX];
    struct bytes bytes; /* of the section under way */
};

/* Writes one section of a matcher and feeds it to the reader of its new home. */
static int deal_section(struct dealer *dealer, struct recon_matcher *matcher, int part, uint32_t shard,
                        struct random *random)
{
    struct recon_snapshot_writer *writer;
    int status = recon_snapshot_writer_new_matcher(matcher, part, &writer);
    dealer->bytes.size = 0;
    if (status == RECON_OK)
        status = snapshot_take(writer, random, &dealer->bytes);
    if (status == RECON_OK)
        status = snapshot_feed(dealer->readers[shard], random, dealer->bytes.at, dealer->bytes.size);
    dealer->has_groups[shard] |= part >= 0 && dealer->bytes.size > 0;
    return status;
}

static int deal_sections(struct sharded *sharded, struct dealer *dealer, struct random *random, uint32_t old_count)
{
    int status = RECON_OK;
    for (uint32_t i = 0; status == RECON_OK && i < old_count; i++) {
        for (uint32_t group = 0; status == RECON_OK && group < sharded->settings.key_group_count; group++)
            status = deal_section(dealer, sharded->matchers[i], (int)group, shard_of_group(sharded, group), random);
        if (status == RECON_OK)
            status =
                deal_section(dealer, sharded->matchers[i], RECON_SNAPSHOT_COUNTS, i % sharded->shard_count, random);
    }
    return status;
}

static int restore_windows(struct sharded *sharded, struct random *random)
{
    struct bytes bytes = {0};
    struct recon_snapshot_writer *writer;
    struct recon_snapshot_reader *reader;
    struct recon_windows *restored;
    int status = recon_snapshot_writer_new_windows(sharded->windows, &writer);
    if (status == RECON_OK)
        status = snapshot_take(writer, random, &bytes);
    if (status == RECON_OK)
        status = recon_snapshot_reader_new(&sharded->settings, RECON_SNAPSHOT_WINDOWS, &reader);
    if (status == RECON_OK) {
        status = snapshot_feed(reader, random, bytes.at, bytes.size);
        if (status == RECON_OK)
            status = recon_snapshot_reader_finish_windows(reader, &restored);
        if (status != RECON_OK)
            recon_snapshot_reader_free(reader);
    }
    bytes_deinit(&bytes);
    if (status != RECON_OK)
        return status;
    recon_windows_free(sharded->windows);
    sharded->windows = restored;
    return RECON_OK;
}

/* A matcher that got no group has no W and R of its own: it learns them. */
static int finish_matcher(struct sharded *sharded, struct dealer *dealer, uint32_t shard, struct recon_matcher **made)
{
    int status = recon_snapshot_reader_finish_matcher(dealer->readers[shard], made);
    if (status == RECON_OK)
        dealer->readers[shard] = NULL;
    struct recon_rise current;
    recon_watermark_current(sharded->watermark, &current);
    bool has_risen = current.watermark != RECON_TIME_MIN || current.retention_bound != RECON_TIME_MIN;
    if (status != RECON_OK || dealer->has_groups[shard] || !has_risen)
        return status;
    status = recon_matcher_rise(*made, &current);
    struct recon_result result;
    size_t count = 0;
    return status == RECON_OK ? recon_matcher_next(*made, &result, 1, &count) : status;
}

int sharded_deal_out(struct sharded *sharded, struct random *random)
{
    if (sharded->settings.key_group_count > 200)
        return RECON_OK; /* it would take long */
    struct dealer dealer = {0};
    uint32_t old_count = sharded->shard_count, new_count = 1 + (uint32_t)random_below(random, SHARD_COUNT_MAX);
    struct recon_matcher *made[SHARD_COUNT_MAX] = {NULL};
    sharded->shard_count = new_count;
    int status = restore_windows(sharded, random);
    for (uint32_t i = 0; status == RECON_OK && i < new_count; i++)
        status = recon_snapshot_reader_new(&sharded->settings, RECON_SNAPSHOT_MATCHER, &dealer.readers[i]);
    if (status == RECON_OK)
        status = deal_sections(sharded, &dealer, random, old_count);
    for (uint32_t i = 0; status == RECON_OK && i < new_count; i++)
        status = finish_matcher(sharded, &dealer, i, &made[i]);
    for (uint32_t i = 0; i < new_count; i++)
        recon_snapshot_reader_free(dealer.readers[i]);
    bytes_deinit(&dealer.bytes);
    if (status != RECON_OK) {
        for (uint32_t i = 0; i < new_count; i++)
            recon_matcher_free(made[i]);
        sharded->shard_count = old_count;
        return status;
    }
    for (uint32_t i = 0; i < SHARD_COUNT_MAX; i++) {
        recon_matcher_free(sharded->matchers[i]);
        sharded->matchers[i] = made[i];
    }
    return RECON_OK;
}
