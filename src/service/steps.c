/*
 * See steps.h.
 *
 * 1. The engine is made by the first clock, with the partitions that there are by then.
 * 2. No results wait in the engine between two calls of this file.
 */
#define _POSIX_C_SOURCE 200809L

#include "service/steps.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/trace.h"
#include "service/arena.h"
#include "service/memory.h"
#include "service/record_digest.h"

#define RESULT_COUNT_MAX 256
/* Of the machine's memory, for what the engine remembers. */
#define MEMORY_PARTS 4
#define MEMORY_PARTS_ENGINE 3

struct stream {
    struct recon_message_decoder *decoder;
    struct recon_partition_name *names; /* topics owned */
    int64_t *time_max;
    uint32_t count;
};

struct recon_steps {
    struct recon_steps_options options;
    struct recon_settings settings;
    struct recon_arena *arena;
    struct recon_engine *engine;
    struct recon_snapshot_reader *restore; /* under way */
    struct stream streams[RECON_STREAM_COUNT];
    struct recon_batch batch;
    struct recon_buffer line; /* of the trace */
    int64_t now;
    uint64_t record_count;
    uint64_t hash;
    uint64_t ignored[RECON_STREAM_COUNT];
    uint64_t tombstones[RECON_STREAM_COUNT];
    char message[512];
};

/* All that share a state must hash alike, after every restart, and know no more of each other than the name. */
static void seed_of(const char *name, uint8_t seed[RECON_SEED_SIZE_BYTES])
{
    static const uint8_t none[RECON_SEED_SIZE_BYTES];
    const struct recon_text text = {name, (uint32_t)strlen(name)};
    const struct recon_key key = recon_key_hash(none, &text, 1);
    memcpy(seed, &key.high, 8);
    memcpy(seed + 8, &key.low, 8);
}

void recon_steps_decoder(const struct recon_config *config, int stream, struct recon_message_decoder_options *options)
{
    *options = (struct recon_message_decoder_options){
        .mapping = &config->streams[stream].mapping,
        .stream = stream,
        .source_in_identity = config->source_in_identity,
    };
    seed_of(config->name, options->seed);
}

int recon_steps_new(const struct recon_steps_options *options, struct recon_steps **steps, char *error,
                    size_t error_size)
{
    struct recon_steps *made = calloc(1, sizeof *made);
    if (made == NULL)
        return RECON_ERROR_MEMORY;
    made->options = *options;
    made->now = RECON_TIME_MIN;
    recon_batch_init(&made->batch);
    recon_buffer_init(&made->line);
    const struct recon_config *config = options->config;
    uint8_t seed[RECON_SEED_SIZE_BYTES];
    seed_of(config->name, seed);
    made->settings = config->settings;
    made->settings.from_ms = options->from_ms;
    made->settings.key_fingerprint = recon_key_fingerprint(seed, config->source_in_identity);
    made->settings.memory_limit_bytes = recon_memory_total() / MEMORY_PARTS * MEMORY_PARTS_ENGINE;
    made->arena = recon_arena_new();
    int status = made->arena == NULL ? RECON_ERROR_MEMORY : RECON_OK;
    if (status == RECON_OK)
        made->settings.allocator = recon_arena_allocator(made->arena);
    for (int stream = 0; stream < RECON_STREAM_COUNT && status == RECON_OK; stream++) {
        struct recon_message_decoder_options decoder;
        recon_steps_decoder(config, stream, &decoder);
        status = recon_message_decoder_new(&decoder, &made->streams[stream].decoder, error, error_size);
    }
    if (status != RECON_OK) {
        recon_steps_free(made);
        return status;
    }
    *steps = made;
    return RECON_OK;
}

void recon_steps_free(struct recon_steps *steps)
{
    if (steps == NULL)
        return;
    if (steps->restore != NULL)
        recon_snapshot_reader_free(steps->restore);
    if (steps->engine != NULL)
        recon_engine_free(steps->engine);
    if (steps->arena != NULL)
        recon_arena_free(steps->arena);
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++) {
        struct stream *one = &steps->streams[stream];
        for (uint32_t i = 0; i < one->count; i++)
            free((char *)(uintptr_t)one->names[i].topic);
        free(one->names);
        free(one->time_max);
        if (one->decoder != NULL)
            recon_message_decoder_free(one->decoder);
    }
    recon_batch_deinit(&steps->batch);
    recon_buffer_deinit(&steps->line);
    free(steps);
}

static int fail(struct recon_steps *steps, int status, const char *what)
{
    snprintf(steps->message, sizeof steps->message, "%s: %s", what, recon_status_text(status));
    return status;
}

/* --- the trace --------------------------------------------------------------------------------------------------- */

static int line_hand_on(struct recon_steps *steps, int status)
{
    if (status == RECON_OK)
        status = steps->options.record(steps->options.context, steps->line.bytes, steps->line.size);
    steps->line.size = 0;
    return status;
}

static int record_head(struct recon_steps *steps)
{
    struct recon_trace_head head = {.has_identity = true,
                                    .source_in_identity = steps->options.config->source_in_identity};
    if (steps->options.record == NULL)
        return RECON_OK;
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++) {
        head.partition_count[stream] = steps->streams[stream].count;
        head.names[stream] = steps->streams[stream].names;
    }
    return line_hand_on(steps, recon_trace_head_write(&head, &steps->line));
}

static int record_step(struct recon_steps *steps, enum recon_trace_kind kind, int stream, uint32_t partition,
                       const struct recon_record *record)
{
    struct recon_trace_step step = {.kind = kind, .at = steps->now};
    if (steps->options.record == NULL)
        return RECON_OK;
    if (record != NULL)
        step.record = *record;
    step.record.stream = (uint8_t)stream;
    step.record.partition = partition;
    return line_hand_on(steps, recon_trace_step_write(&step, &steps->line));
}

/* --- the engine -------------------------------------------------------------------------------------------------- */

static int drain(struct recon_steps *steps)
{
    struct recon_result results[RESULT_COUNT_MAX];
    for (;;) {
        size_t count = 0;
        int status = recon_engine_next(steps->engine, results, RESULT_COUNT_MAX, &count);
        if (status != RECON_OK)
            return fail(steps, status, "the engine");
        for (size_t i = 0; i < count && status == RECON_OK; i++)
            status = steps->options.emit(steps->options.context, &results[i]);
        if (status != RECON_OK || count == 0)
            return status;
    }
}

static int engine_make(struct recon_steps *steps)
{
    const char *what = "the settings";
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        steps->settings.partition_count[stream] = steps->streams[stream].count;
    int status = recon_settings_check(&steps->settings, &what);
    if (status == RECON_OK)
        status = recon_engine_new(&steps->settings, &steps->engine);
    if (status != RECON_OK)
        return fail(steps, status, what);
    return record_head(steps);
}

int recon_steps_partition(struct recon_steps *steps, int stream, struct recon_text topic, int32_t topic_partition)
{
    struct stream *one = &steps->streams[stream];
    struct recon_partition_name *names = realloc(one->names, (one->count + 1) * sizeof *names);
    if (names == NULL)
        return RECON_ERROR_MEMORY;
    one->names = names;
    int64_t *time_max = realloc(one->time_max, (one->count + 1) * sizeof *time_max);
    if (time_max == NULL)
        return RECON_ERROR_MEMORY;
    one->time_max = time_max;
    char *name = strndup(topic.bytes, topic.size);
    if (name == NULL)
        return RECON_ERROR_MEMORY;
    names[one->count] = (struct recon_partition_name){.topic = name, .partition = (uint32_t)topic_partition};
    time_max[one->count] = RECON_TIME_MIN;
    one->count++;
    if (steps->engine == NULL)
        return RECON_OK;
    uint32_t partition = 0;
    int status = recon_engine_partition_add(steps->engine, stream, &partition);
    if (status != RECON_OK)
        return fail(steps, status, name);
    assert(partition == one->count - 1);
    status = record_step(steps, RECON_TRACE_START, stream, partition, NULL);
    return status == RECON_OK ? drain(steps) : status;
}

int recon_steps_clock(struct recon_steps *steps, int64_t now_ms)
{
    int status = steps->engine == NULL ? engine_make(steps) : RECON_OK;
    if (status != RECON_OK)
        return status;
    status = recon_engine_clock(steps->engine, now_ms);
    if (status != RECON_OK)
        return fail(steps, status, "the clock");
    steps->now = now_ms;
    status = record_step(steps, RECON_TRACE_CLOCK, 0, 0, NULL);
    return status == RECON_OK ? drain(steps) : status;
}

int recon_steps_alive(struct recon_steps *steps, int stream, uint32_t partition)
{
    assert(steps->engine != NULL);
    int status = recon_engine_alive(steps->engine, stream, partition);
    if (status != RECON_OK)
        return fail(steps, status, "a partition");
    status = record_step(steps, RECON_TRACE_ALIVE, stream, partition, NULL);
    return status == RECON_OK ? drain(steps) : status;
}

int recon_steps_end(struct recon_steps *steps, int stream, uint32_t partition)
{
    assert(steps->engine != NULL);
    int status = recon_engine_partition_end(steps->engine, stream, partition);
    if (status != RECON_OK)
        return fail(steps, status, "a partition");
    status = record_step(steps, RECON_TRACE_END, stream, partition, NULL);
    return status == RECON_OK ? drain(steps) : status;
}

/* --- records ----------------------------------------------------------------------------------------------------- */

static void count_record(struct recon_steps *steps, const struct recon_record *record, uint64_t digest)
{
    steps->hash = recon_digest_chain(steps->hash, digest);
    const int64_t skew = steps->settings.max_future_skew_ms;
    const bool is_believable =
        skew == RECON_DURATION_UNSET || record->time <= steps->now || record->time - steps->now <= skew;
    int64_t *time_max = &steps->streams[record->stream].time_max[record->partition];
    if (record->kind != RECON_KIND_REJECTED && record->has_time && is_believable && record->time > *time_max)
        *time_max = record->time;
}

void recon_steps_clear(struct recon_steps *steps)
{
    recon_batch_clear(&steps->batch);
}

int recon_steps_decode(struct recon_steps *steps, int stream, const struct recon_message *message)
{
    struct stream *one = &steps->streams[stream];
    int status;
    assert(message->partition < one->count);
    while ((status = recon_message_decode(one->decoder, message, &steps->batch)) == RECON_MESSAGE_SCHEMA_WANTED) {
        const struct recon_schema_wanted wanted = *recon_message_decoder_wanted(one->decoder);
        status = steps->options.schema(steps->options.context, &wanted, one->decoder);
        if (status != RECON_OK)
            return status;
    }
    return status == RECON_MESSAGE_DONE ? RECON_OK : fail(steps, status, "decoding");
}

void recon_steps_pass_over(struct recon_steps *steps, int stream, const struct recon_batch *batch)
{
    steps->ignored[stream] += batch->ignored;
    steps->tombstones[stream] += batch->tombstones;
}

int recon_steps_schema_absent(struct recon_steps *steps, int stream, const struct recon_schema_wanted *wanted)
{
    char why[160];
    return recon_message_decoder_schema(steps->streams[stream].decoder, wanted, NULL, 0, why, sizeof why);
}

void recon_steps_schemas_forget(struct recon_steps *steps, int stream)
{
    recon_message_decoder_forget_absent(steps->streams[stream].decoder);
}

/* The trace has each record before its results are made, as a replay would meet it. */
int recon_steps_handle(struct recon_steps *steps, const struct recon_record *records, const uint64_t *digests,
                       size_t count)
{
    for (size_t i = 0; i < count; i++)
        count_record(steps, &records[i], digests != NULL ? digests[i] : recon_record_digest(&records[i]));
    steps->record_count += count;
    for (size_t i = 0; i < count && steps->options.record != NULL; i++) {
        const int status = record_step(steps, RECON_TRACE_RECORD, records[i].stream, records[i].partition, &records[i]);
        if (status != RECON_OK)
            return status;
    }
    for (size_t done = 0; done < count;) {
        size_t handled = 0;
        int status = recon_engine_records(steps->engine, records + done, count - done, &handled);
        if (status != RECON_OK)
            return fail(steps, status, "the engine");
        done += handled;
        status = drain(steps);
        if (status != RECON_OK)
            return status;
    }
    return RECON_OK;
}

const struct recon_batch *recon_steps_batch(const struct recon_steps *steps)
{
    return &steps->batch;
}

/* --- the whole state ---------------------------------------------------------------------------------------------- */

int recon_steps_snapshot(struct recon_steps *steps, struct recon_snapshot_writer **writer)
{
    assert(steps->engine != NULL);
    const int status = recon_snapshot_writer_new(steps->engine, RECON_SNAPSHOT_ALL, writer);
    return status == RECON_OK ? RECON_OK : fail(steps, status, "a snapshot");
}

int recon_steps_restore(struct recon_steps *steps, const void *bytes, size_t size)
{
    assert(steps->engine == NULL);
    int status = RECON_OK;
    if (steps->restore == NULL)
        status = recon_snapshot_reader_new(&steps->settings, RECON_SNAPSHOT_ENGINE, &steps->restore);
    if (status == RECON_OK)
        status = recon_snapshot_reader_feed(steps->restore, bytes, size);
    return status == RECON_OK ? RECON_OK : fail(steps, status, "the engine's state");
}

int recon_steps_restored(struct recon_steps *steps, int64_t now_ms, uint64_t record_count, uint64_t hash)
{
    int status = recon_steps_restore(steps, "", 0);
    if (status == RECON_OK)
        status = recon_snapshot_reader_finish_engine(steps->restore, true, &steps->engine);
    if (status != RECON_OK)
        return fail(steps, status, "the engine's state");
    steps->restore = NULL;
    steps->now = now_ms;
    steps->record_count = record_count;
    steps->hash = hash;
    return record_head(steps);
}

void recon_steps_time_restore(struct recon_steps *steps, int stream, uint32_t partition, int64_t time_max)
{
    assert(partition < steps->streams[stream].count);
    steps->streams[stream].time_max[partition] = time_max;
}

/* --- what there is ----------------------------------------------------------------------------------------------- */

uint64_t recon_steps_record_count(const struct recon_steps *steps)
{
    return steps->record_count;
}

uint64_t recon_steps_hash(const struct recon_steps *steps)
{
    return steps->hash;
}

int64_t recon_steps_now(const struct recon_steps *steps)
{
    return steps->now;
}

uint32_t recon_steps_partition_count(const struct recon_steps *steps, int stream)
{
    return steps->streams[stream].count;
}

int64_t recon_steps_time_max(const struct recon_steps *steps, int stream, uint32_t partition)
{
    assert(partition < steps->streams[stream].count);
    return steps->streams[stream].time_max[partition];
}

const struct recon_partition_name *recon_steps_names(const struct recon_steps *steps, int stream, size_t *count)
{
    *count = steps->streams[stream].count;
    return steps->streams[stream].names;
}

const struct recon_engine *recon_steps_engine(const struct recon_steps *steps)
{
    return steps->engine;
}

void recon_steps_passed_over(const struct recon_steps *steps, int stream, uint64_t *ignored, uint64_t *tombstones)
{
    *ignored = steps->ignored[stream];
    *tombstones = steps->tombstones[stream];
}

uint64_t recon_steps_memory_limit(const struct recon_steps *steps)
{
    return steps->settings.memory_limit_bytes;
}

const char *recon_steps_message(const struct recon_steps *steps)
{
    return steps->message;
}
