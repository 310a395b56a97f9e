/*
 * The check. See check.h for the picture.
 *
 * 1. lanes[] stand in the merge's order of equals: audit files first, then events files, each in the order given.
 * 2. The merge has the rest of each lane's batch. What it gave is handed to the engine before a batch is given back.
 * 3. No results wait in the engine between two calls of this file.
 */
#define _DEFAULT_SOURCE

#include "service/check.h"

#include <assert.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "codec/key.h"
#include "recon/engine.h"
#include "service/arena.h"
#include "service/lane.h"
#include "service/merge.h"

#define MERGED_COUNT_MAX 128
#define RESULT_COUNT_MAX 256
#define PROGRESS_RECORD_COUNT 16384

/* With few files the threads may run far ahead of each other; with many, what each holds must be small. */
#define FEW_FILES 8
#define BATCH_COUNT_FEW 256 /* of all lanes together */
#define BATCH_COUNT_MANY 2
#define BUFFER_BYTES_FEW ((size_t)256 * 1024)
#define BUFFER_BYTES_MANY ((size_t)32 * 1024)

#define YEAR_1971_MS INT64_C(31536000000)
#define YEAR_2100_MS INT64_C(4102444800000)

struct lane_state {
    struct recon_lane *lane;
    const char *name;
    int stream;
    uint32_t partition;
    struct recon_batch *batch; /* NULL: none was taken yet */
    bool saw_time;
    bool is_untimed; /* no time was found in its first records */
};

struct recon_check {
    struct recon_check_options options;
    struct recon_settings settings;
    uint8_t seed[RECON_SEED_SIZE_BYTES];
    struct recon_arena *arena; /* the engine's memory */
    struct recon_engine *engine;
    struct recon_merge merge;
    struct lane_state *lanes;
    size_t lane_count;
    bool is_timeless;
    bool noted_time_unit[RECON_STREAM_COUNT];
    uint64_t since_progress;
    struct recon_check_totals totals;
    struct recon_record merged[MERGED_COUNT_MAX];
    struct recon_result results[RESULT_COUNT_MAX];
    char message[640];
};

static void note(struct recon_check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void note(struct recon_check *check, const char *format, ...)
{
    char text[640];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    check->options.listener.note(check->options.listener.context, text);
}

/* --- opening --------------------------------------------------------------------------------------------------- */

static int open_lanes(struct recon_check *check)
{
    const struct recon_check_options *options = &check->options;
    bool is_few = options->file_count <= FEW_FILES;
    uint32_t partitions[RECON_STREAM_COUNT] = {0};
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++) {
        for (size_t i = 0; i < options->file_count; i++) {
            if (options->files[i].stream != stream)
                continue;
            struct lane_state *lane = &check->lanes[check->lane_count];
            *lane = (struct lane_state){
                .name = options->files[i].name, .stream = stream, .partition = partitions[stream]++};
            struct recon_lane_options lane_options = {
                .name = lane->name,
                .decoder = {.mapping = &options->config->streams[stream].mapping,
                            .stream = stream,
                            .partition = lane->partition,
                            .source_in_identity = options->config->source_in_identity},
                .batch_count = is_few ? BATCH_COUNT_FEW / options->file_count : BATCH_COUNT_MANY,
                .buffer_bytes = is_few ? BUFFER_BYTES_FEW : BUFFER_BYTES_MANY,
            };
            memcpy(lane_options.decoder.seed, check->seed, sizeof check->seed);
            int status = recon_lane_open(&lane_options, &lane->lane, check->message, sizeof check->message);
            if (status != RECON_OK)
                return status;
            check->lane_count++;
        }
        check->settings.partition_count[stream] = partitions[stream];
    }
    return RECON_OK;
}

/* Waits until there is something to read of one of the pipes. RECON_OK or RECON_ERROR_MEMORY. */
static int wait_for_pipes(const struct recon_check *check)
{
    struct pollfd *asked = calloc(check->lane_count, sizeof *asked);
    if (asked == NULL)
        return RECON_ERROR_MEMORY;
    for (size_t i = 0; i < check->lane_count; i++)
        asked[i] = (struct pollfd){.fd = recon_lane_descriptor(check->lanes[i].lane), .events = POLLIN};
    (void)poll(asked, check->lane_count, -1); /* a signal: all are looked at again */
    free(asked);
    return RECON_OK;
}

/* Looks for times in the first bytes of all files, whichever comes: who writes several pipes may do so in turn. */
static int look_for_times(struct recon_check *check)
{
    bool is_pressed = false;
    for (;;) {
        bool is_known = true;
        bool was_pressed = is_pressed;
        for (size_t i = 0; i < check->lane_count; i++) {
            struct recon_lane *lane = check->lanes[i].lane;
            int answer = recon_lane_has_time(lane, is_pressed);
            check->lanes[i].is_untimed = answer == 0;
            is_known &= answer != RECON_LANE_UNKNOWN;
            is_pressed |= recon_lane_is_full(lane);
        }
        if (is_known)
            return RECON_OK;
        int status = was_pressed == is_pressed ? wait_for_pipes(check) : RECON_OK;
        if (status != RECON_OK)
            return status;
    }
}

/* Only IDs are compared where a file has no time: then nothing that rests on times can be asked for. */
static int choose_timeless(struct recon_check *check)
{
    const struct lane_state *without = NULL;
    int status = look_for_times(check);
    if (status != RECON_OK)
        return status;
    for (size_t i = 0; i < check->lane_count; i++) {
        if (check->lanes[i].is_untimed && without == NULL)
            without = &check->lanes[i];
    }
    if (without == NULL)
        return RECON_OK;
    struct recon_settings *settings = &check->settings;
    if (settings->from_ms != RECON_TIME_MIN || settings->to_ms != RECON_TIME_MAX) {
        snprintf(check->message, sizeof check->message,
                 "%s: no time was found in its records, so from and to can't be told; name its field with "
                 "--%s-time, or leave them out",
                 without->name, recon_stream_name(without->stream));
        return RECON_ERROR_INVALID;
    }
    check->is_timeless = true;
    note(check,
         "%s: no time was found in its records, so only IDs are compared, in one window; --%s-time names the field",
         without->name, recon_stream_name(without->stream));
    if (settings->out_of_orderness_ms != RECON_DURATION_UNSET || settings->retention_ms != RECON_DURATION_UNSET ||
        check->options.config->has_interval)
        note(check, "interval, out_of_orderness and retention are left aside, for they need times");
    settings->interval_ms = INT64_MAX;
    settings->out_of_orderness_ms = RECON_DURATION_UNSET;
    settings->retention_ms = RECON_DURATION_UNSET;
    settings->max_future_skew_ms = RECON_DURATION_UNSET;
    return RECON_OK;
}

static int make_engine(struct recon_check *check)
{
    struct recon_settings *settings = &check->settings;
    settings->memory_limit_bytes = check->options.memory_limit_bytes;
    settings->key_fingerprint = recon_key_fingerprint(check->seed, check->options.config->source_in_identity);
    settings->report = check->options.report;
    check->arena = recon_arena_new();
    if (check->arena == NULL)
        return RECON_ERROR_MEMORY;
    settings->allocator = recon_arena_allocator(check->arena);
    const char *what = NULL;
    if (recon_settings_check(settings, &what) != RECON_OK) {
        snprintf(check->message, sizeof check->message, "%s: this value can't be used", what);
        return RECON_ERROR_INVALID;
    }
    int status =
        recon_merge_init(&check->merge, check->lane_count, check->options.now_ms, settings->max_future_skew_ms);
    const uint32_t waiting[RECON_STREAM_COUNT] = {
        [RECON_STREAM_AUDIT] = RECON_REPORT(RECON_RESULT_MISSING) | RECON_REPORT(RECON_RESULT_FOUND),
        [RECON_STREAM_EVENTS] = RECON_REPORT(RECON_RESULT_UNAUDITED) | RECON_REPORT(RECON_RESULT_AUDITED),
    };
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        check->merge.keeps_texts[stream] = (settings->report & waiting[stream]) != 0;
    if (status == RECON_OK)
        status = recon_engine_new(settings, &check->engine);
    if (status == RECON_OK)
        status = recon_engine_clock(check->engine, check->options.now_ms);
    if (status == RECON_ERROR_MEMORY && recon_arena_was_refused(check->arena))
        snprintf(check->message, sizeof check->message,
                 "out of memory at the start: the system gives no more (ulimit -v, the container's limit)");
    else if (status == RECON_ERROR_MEMORY)
        snprintf(check->message, sizeof check->message,
                 "the memory limit is too low to start; raise it with --memory-limit");
    else if (status != RECON_OK)
        snprintf(check->message, sizeof check->message, "%s", recon_status_text(status));
    return status;
}

int recon_check_new(const struct recon_check_options *options, struct recon_check **made, char *message,
                    size_t message_size)
{
    if (options->file_count > RECON_CHECK_FILE_COUNT_MAX) {
        snprintf(message, message_size,
                 "%zu files are more than the %d that can be read at once; join some (cat) first", options->file_count,
                 RECON_CHECK_FILE_COUNT_MAX);
        return RECON_ERROR_FULL;
    }
    int status = RECON_ERROR_MEMORY;
    struct recon_check *check = calloc(1, sizeof *check);
    if (check == NULL)
        goto fail;
    check->options = *options;
    check->settings = options->config->settings;
    check->lanes = calloc(options->file_count > 0 ? options->file_count : 1, sizeof *check->lanes);
    if (check->lanes == NULL)
        goto fail;
    if (getentropy(check->seed, sizeof check->seed) != 0) {
        snprintf(check->message, sizeof check->message, "the system gives no random bytes");
        status = RECON_ERROR_IO;
        goto fail;
    }
    status = open_lanes(check);
    if (status == RECON_OK)
        status = choose_timeless(check);
    if (status == RECON_OK)
        status = make_engine(check);
    if (status != RECON_OK)
        goto fail;
    *made = check;
    return RECON_OK;

fail:
    snprintf(message, message_size, "%s",
             check != NULL && check->message[0] != '\0' ? check->message : recon_status_text(status));
    recon_check_free(check);
    return status;
}

void recon_check_free(struct recon_check *check)
{
    if (check == NULL)
        return;
    assert(check->lanes != NULL || check->lane_count == 0);
    /* All are asked before any is waited for. */
    for (size_t i = 0; i < check->lane_count; i++)
        recon_lane_stop(check->lanes[i].lane);
    for (size_t i = 0; i < check->lane_count; i++)
        recon_lane_free(check->lanes[i].lane);
    recon_merge_deinit(&check->merge);
    recon_engine_free(check->engine);
    recon_arena_free(check->arena);
    free(check->lanes);
    free(check);
}

bool recon_check_is_timeless(const struct recon_check *check)
{
    return check->is_timeless;
}

const char *recon_check_message(const struct recon_check *check)
{
    return check->message;
}

/* --- the engine ------------------------------------------------------------------------------------------------ */

/* RECON_OK, or the listener's status (no message), or the engine's. */
static int drain(struct recon_check *check)
{
    for (;;) {
        size_t count = 0;
        int status = recon_engine_next(check->engine, check->results, RESULT_COUNT_MAX, &count);
        if (status != RECON_OK || count == 0)
            return status;
        status = check->options.listener.results(check->options.listener.context, check->results, count);
        if (status != RECON_OK)
            return status;
    }
}

static int explain(struct recon_check *check, int status)
{
    struct recon_matcher_stats stats;
    recon_engine_stats(check->engine, &stats);
    bool is_small = check->options.memory_limit_bytes < UINT64_C(1) << 20;
    if (status == RECON_ERROR_MEMORY && recon_arena_was_refused(check->arena))
        snprintf(check->message, sizeof check->message,
                 "out of memory with %" PRIu64
                 " IDs remembered: the system gives no more; let it give more (ulimit -v, "
                 "the container's limit), or let IDs be forgotten with --out-of-orderness and --retention",
                 stats.identities);
    else if (status == RECON_ERROR_MEMORY)
        snprintf(check->message, sizeof check->message,
                 "the memory limit is reached (%" PRIu64 " %s) with %" PRIu64
                 " IDs remembered; raise it with --memory-limit, or let IDs be forgotten with --out-of-orderness and "
                 "--retention",
                 check->options.memory_limit_bytes >> (is_small ? 10 : 20), is_small ? "KiB" : "MiB", stats.identities);
    else if (status == RECON_ERROR_FULL)
        snprintf(check->message, sizeof check->message,
                 "more IDs are to be remembered at once than can be (%" PRIu64
                 "); let them be forgotten with --out-of-orderness and --retention",
                 stats.identities);
    else
        snprintf(check->message, sizeof check->message, "%s", recon_status_text(status));
    return status;
}

/* Hands so many of the merged records to the engine. */
static int give(struct recon_check *check, size_t count)
{
    size_t done = 0;
    while (done < count) {
        size_t handled = 0;
        int status = recon_engine_records(check->engine, check->merged + done, count - done, &handled);
        done += handled;
        if (status != RECON_OK)
            return explain(check, status);
        status = drain(check);
        if (status != RECON_OK)
            return status;
    }
    return RECON_OK;
}

/* --- the merge ------------------------------------------------------------------------------------------------- */

static void report_progress(struct recon_check *check, size_t count)
{
    check->since_progress += count;
    if (check->since_progress < PROGRESS_RECORD_COUNT)
        return;
    check->since_progress = 0;
    struct recon_check_progress progress = {0};
    bool is_known = true;
    for (size_t i = 0; i < check->lane_count; i++) {
        uint64_t taken = 0;
        uint64_t total = 0;
        recon_lane_progress(check->lanes[i].lane, &taken, &total);
        progress.taken_bytes += taken;
        progress.total_bytes += total;
        is_known = is_known && (total > 0 || taken == 0);
    }
    if (!is_known)
        progress.total_bytes = 0;
    struct recon_rise rise;
    recon_engine_current(check->engine, &rise);
    progress.watermark = rise.watermark;
    progress.record_count = check->totals.records[RECON_STREAM_AUDIT] + check->totals.records[RECON_STREAM_EVENTS];
    check->options.listener.progress(check->options.listener.context, &progress);
}

/* A number of seconds taken for milliseconds lies in 1970, one of microseconds far ahead. */
static void judge_first_time(struct recon_check *check, struct lane_state *lane)
{
    for (size_t i = 0; i < lane->batch->count && !lane->saw_time; i++) {
        const struct recon_record *record = &lane->batch->records[i];
        if (!record->has_time || record->kind == RECON_KIND_REJECTED)
            continue;
        lane->saw_time = true;
        bool is_early = record->time >= 0 && record->time < YEAR_1971_MS;
        if (check->is_timeless || check->noted_time_unit[lane->stream] || (!is_early && record->time < YEAR_2100_MS))
            continue;
        check->noted_time_unit[lane->stream] = true;
        note(check, "%s: the time of its first record is %s; is its unit another one (--%s-time-unit s, ms, us or ns)?",
             lane->name, is_early ? "in 1970" : "past the year 2100", recon_stream_name(lane->stream));
    }
}

/* The lane's batch is used up: takes the next. At the end of the file its partition ends. */
static int next_batch(struct recon_check *check, struct lane_state *lane)
{
    if (lane->batch != NULL)
        check->totals.records[lane->stream] += lane->batch->count;
    int status =
        recon_lane_is_ready(lane->lane) ? RECON_OK : check->options.listener.idle(check->options.listener.context);
    if (status != RECON_OK)
        return status;
    status = recon_lane_next(lane->lane, &lane->batch);
    if (status != RECON_OK) {
        snprintf(check->message, sizeof check->message, "%s", recon_lane_message(lane->lane));
        return status;
    }
    if (lane->batch != NULL && lane->is_untimed && lane->batch->timed > 0) {
        snprintf(check->message, sizeof check->message,
                 "%s: its first records have no time, but later ones do; name the field with --%s-time if times are to "
                 "count",
                 lane->name, recon_stream_name(lane->stream));
        return RECON_ERROR_INVALID;
    }
    if (lane->batch != NULL) {
        check->totals.ignored[lane->stream] += lane->batch->ignored;
        if (!lane->saw_time)
            judge_first_time(check, lane);
        recon_merge_give(&check->merge, lane->batch->records, lane->batch->count);
        return RECON_OK;
    }
    recon_merge_out(&check->merge);
    status = recon_engine_partition_end(check->engine, lane->stream, lane->partition);
    return status != RECON_OK ? explain(check, status) : drain(check);
}

static void note_times_apart(struct recon_check *check)
{
    static const struct {
        uint64_t ms;
        const char *name;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "min"}, {1000, "s"}, {1, "ms"}};
    struct recon_matcher_stats stats;
    recon_engine_stats(check->engine, &stats);
    int64_t bound_ms = check->settings.out_of_orderness_ms;
    if (bound_ms == RECON_DURATION_UNSET || stats.times_apart_max_ms <= (uint64_t)bound_ms)
        return;
    size_t unit = 0;
    while (stats.times_apart_max_ms < units[unit].ms * 2 && units[unit].ms > 1)
        unit++;
    note(check,
         "the times of an ID lie up to %" PRIu64
         " %s apart in the two streams, more than out_of_orderness: such an event "
         "may be taken for missing or for too late; best carry the same time in both",
         stats.times_apart_max_ms / units[unit].ms, units[unit].name);
}

int recon_check_run(struct recon_check *check)
{
    for (size_t i = 0; i < check->lane_count; i++) {
        int status = recon_lane_start(check->lanes[i].lane, check->is_timeless, check->message, sizeof check->message);
        if (status != RECON_OK)
            return status;
    }
    uint32_t number = 0;
    while (recon_merge_next(&check->merge, &number)) {
        size_t count = recon_merge_gather(&check->merge, check->merged, MERGED_COUNT_MAX);
        int status = count > 0 ? give(check, count) : next_batch(check, &check->lanes[number]);
        if (status != RECON_OK)
            return status;
        report_progress(check, count);
    }
    note_times_apart(check);
    return RECON_OK;
}

void recon_check_totals(const struct recon_check *check, struct recon_check_totals *totals)
{
    *totals = check->totals;
    recon_engine_stats(check->engine, &totals->stats);
    /* Heartbeats went through the merge with the records, but are none. */
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        totals->records[stream] -= totals->stats.heartbeats[stream];
    for (size_t i = 0; i < check->lane_count; i++) {
        uint64_t taken = 0;
        uint64_t total = 0;
        recon_lane_progress(check->lanes[i].lane, &taken, &total);
        totals->taken_bytes += taken;
    }
}
