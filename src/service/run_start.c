/*
 * How a run begins the first time: where the configuration says.
 *
 * Nothing may be judged for want of what was never read: a partition that is read from offset 0, or is
 * empty, is whole and sets no bound; any other sets the time of its first record + n, or, read from its end, that of
 * the last one before + n. `from` is the first window wholly after the largest bound.
 */
#include <stdlib.h>
#include <string.h>

#include "recon/status.h"
#include "service/run_state.h"

#define WAIT_MS 100
#define MESSAGE_COUNT 256
/* Markers of transactions have offsets too: going back a few meets a record. */
#define LOOK_BACK 16
#define PATIENCE_MS 60000

static int64_t sum(int64_t a, int64_t b)
{
    return b > 0 && a > INT64_MAX - b ? INT64_MAX : a + b;
}

/* --- the first start --------------------------------------------------------------------------------------------- */

/* After a question failed: RECON_OK where it may be asked again. */
static int asker_judge(struct recon_run *run)
{
    if (!recon_kafka_topics_may_pass(run->asker))
        return run_fail(run, RECON_ERROR_IO, "%s", recon_kafka_topics_message(run->asker));
    run_log(run, 4, "waiting: %s", recon_kafka_topics_message(run->asker));
    return run_pause(run);
}

int run_ask_range(struct recon_run *run, const char *topic, int32_t partition, int64_t *first, int64_t *end)
{
    int status = RECON_OK;
    while (status == RECON_OK && recon_kafka_topics_range(run->asker, topic, partition, first, end) != RECON_OK)
        status = asker_judge(run);
    return status;
}

static int ask_offset_at(struct recon_run *run, const char *topic, int32_t partition, int64_t time_ms, int64_t *offset)
{
    int status = RECON_OK;
    while (status == RECON_OK &&
           recon_kafka_topics_offset_at(run->asker, topic, partition, time_ms, offset) != RECON_OK)
        status = asker_judge(run);
    return status;
}

bool run_is_audit(const struct recon_run *run, size_t topic)
{
    return topic < run->options.config->streams[RECON_STREAM_AUDIT].topic_count;
}

static int start_offset(struct recon_run *run, size_t topic, int32_t partition, int64_t first, int64_t end,
                        int64_t now_ms, int64_t *offset)
{
    const struct recon_config *config = run->options.config;
    *offset = first;
    if (run->rewind_ms != RECON_TIME_MIN)
        return ask_offset_at(run, run->topics[topic], partition, run->rewind_ms > 0 ? run->rewind_ms : 0, offset);
    if (config->start == RECON_START_EARLIEST)
        return RECON_OK;
    int64_t at = config->start == RECON_START_LATEST ? now_ms : config->start_time_ms;
    if (run_is_audit(run, topic) && config->start == RECON_START_LATEST) {
        *offset = end;
        return RECON_OK;
    }
    if (!run_is_audit(run, topic))
        at -= sum(config->settings.out_of_orderness_ms, config->settings.retention_ms) > at
                  ? at
                  : sum(config->settings.out_of_orderness_ms, config->settings.retention_ms);
    return ask_offset_at(run, run->topics[topic], partition, at > 0 ? at : 0, offset);
}

/* The largest believable time among what was taken; or the first one. */
static void times_look(struct recon_run *run, struct recon_message_decoder *decoder,
                       const struct recon_kafka_taken *taken, bool is_behind, int64_t now_ms, int64_t *time)
{
    struct recon_batch batch;
    recon_batch_init(&batch);
    const int64_t skew = run->options.config->settings.max_future_skew_ms;
    for (size_t i = 0; i < taken->count && (is_behind || *time == RECON_TIME_MIN); i++) {
        const struct recon_message message = recon_ahead_message_of(&taken->messages[i], 0);
        if (run_schema_decode(run, decoder, &message, &batch) != RECON_MESSAGE_DONE)
            continue;
        for (size_t k = 0; k < batch.count && (is_behind || *time == RECON_TIME_MIN); k++) {
            const struct recon_record *record = &batch.records[k];
            const bool is_believable =
                skew == RECON_DURATION_UNSET || record->time <= now_ms || record->time - now_ms <= skew;
            if (record->kind != RECON_KIND_REJECTED && record->has_time && is_believable && record->time > *time)
                *time = record->time;
        }
        recon_batch_clear(&batch);
    }
    recon_batch_deinit(&batch);
}

/* The time of the first record from offset on; or, where that is the end, of the last ones before. RECON_TIME_MIN: of
 * none that could be read. */
static int time_at(struct recon_run *run, size_t topic, int32_t partition, int64_t first, int64_t offset, int64_t end,
                   int64_t now_ms, int64_t *time)
{
    const struct recon_config *config = run->options.config;
    const int stream = run_is_audit(run, topic) ? RECON_STREAM_AUDIT : RECON_STREAM_EVENTS;
    const struct recon_message_decoder_options options = {.mapping = &config->streams[stream].mapping,
                                                          .stream = stream,
                                                          .source_in_identity = config->source_in_identity};
    const bool is_behind = offset >= end;
    const int64_t at = !is_behind ? offset : end - first > LOOK_BACK ? end - LOOK_BACK : first;
    const struct recon_kafka_bounds bounds = {
        .before = end, .count_max = MESSAGE_COUNT, .size_max = SIZE_MAX, .has_headers = true};
    struct recon_kafka_taken taken = {.position = at};
    struct recon_kafka_reader *reader = NULL;
    struct recon_message_decoder *decoder = NULL;
    const int64_t deadline = recon_clock_monotonic_ms() + PATIENCE_MS;
    int status = recon_message_decoder_new(&options, &decoder, run->message, run->message_size);
    if (status == RECON_OK)
        status = recon_kafka_reader_new(&run->kafka, &reader, run->message, run->message_size);
    if (status == RECON_OK)
        status = recon_kafka_reader_add(reader, run->topics[topic], partition, at, -1);
    *time = RECON_TIME_MIN;
    while (status == RECON_OK && (is_behind || *time == RECON_TIME_MIN) && taken.position < end) {
        run_beat(run);
        status = recon_kafka_reader_wait(reader, WAIT_MS);
        if (status == RECON_OK)
            status = recon_kafka_slot_take(recon_kafka_reader_slot(reader, 0), &bounds, &taken);
        if (status == RECON_ERROR_IO)
            status =
                run_fail(run, status, "%s", taken.error[0] != '\0' ? taken.error : recon_kafka_reader_message(reader));
        if (status != RECON_OK)
            break;
        times_look(run, decoder, &taken, is_behind, now_ms, time);
        recon_kafka_taken_release(&taken);
        if (run_is_stopped(run))
            status = RUN_STOPPED;
        else if (recon_clock_monotonic_ms() > deadline) /* a transaction that hangs */
            break;
    }
    recon_kafka_taken_deinit(&taken);
    recon_kafka_reader_free(reader);
    recon_message_decoder_free(decoder);
    return status;
}

struct beginning {
    size_t topic;
    int32_t partition;
    int64_t offset;
};

/* Finds all partitions there are, and where to begin. bound: nothing at or before it is judged. */
static int beginnings_find(struct recon_run *run, struct beginning **found, size_t *count, int64_t *bound)
{
    const int64_t n = run->options.config->settings.out_of_orderness_ms;
    const int64_t now_ms = recon_clock_wall_ms();
    int status = RECON_OK;
    *bound = RECON_TIME_MIN;
    for (size_t topic = 0; topic < run->topic_count && status == RECON_OK; topic++) {
        int32_t partitions = 0;
        while (status == RECON_OK &&
               recon_kafka_topics_partitions(run->asker, run->topics[topic], &partitions) != RECON_OK)
            status = asker_judge(run);
        for (int32_t partition = 0; partition < partitions && status == RECON_OK; partition++) {
            int64_t first = 0;
            int64_t end = 0;
            int64_t offset = 0;
            struct beginning *more = realloc(*found, (*count + 1) * sizeof *more);
            if (more == NULL)
                return RECON_ERROR_MEMORY;
            *found = more;
            status = run_ask_range(run, run->topics[topic], partition, &first, &end);
            if (status == RECON_OK)
                status = start_offset(run, topic, partition, first, end, now_ms, &offset);
            if (status == RECON_OK && offset > 0 && end > first) {
                int64_t time = RECON_TIME_MIN;
                status = time_at(run, topic, partition, first, offset, end, now_ms, &time);
                time = sum(time == RECON_TIME_MIN ? now_ms : time, n);
                *bound = time > *bound ? time : *bound;
            }
            more[(*count)++] = (struct beginning){topic, partition, offset};
        }
    }
    return status;
}

static bool both_are_there(const struct recon_run *run, const struct beginning *found, size_t count)
{
    bool is_there[2] = {false, false};
    for (size_t i = 0; i < count; i++)
        is_there[run_is_audit(run, found[i].topic) ? 0 : 1] = true;
    return is_there[0] && is_there[1];
}

static void from_set(struct recon_run *run, int64_t bound)
{
    const int64_t o = run->options.config->settings.interval_ms;
    const int64_t configured = run->options.config->settings.from_ms;
    int64_t from = run->from_ms > configured ? run->from_ms : configured;
    if (bound != RECON_TIME_MIN) {
        const int64_t index = bound / o - (bound % o < 0);
        const int64_t whole = index >= INT64_MAX / o - 1 ? INT64_MAX : (index + 1) * o;
        from = whole > from ? whole : from;
    }
    run->from_ms = from;
}

int run_steps_make(struct recon_run *run)
{
    const struct recon_steps_options options = {
        .config = run->options.config,
        .from_ms = run->from_ms,
        .emit = run_emit,
        .context = run,
        .schema = run_schema_give,
        .record = run->record != NULL ? run_record : NULL,
    };
    return recon_steps_new(&options, &run->steps, run->message, run->message_size);
}

int run_start(struct recon_run *run)
{
    struct beginning *found = NULL;
    size_t count = 0;
    int64_t bound = RECON_TIME_MIN;
    int status;
    for (;;) {
        count = 0;
        status = beginnings_find(run, &found, &count, &bound);
        if (status != RECON_OK || both_are_there(run, found, count))
            break;
        run_log(run, 4, "waiting: of %s no topic is there yet",
                count > 0 && run_is_audit(run, found[0].topic) ? "the event stream" : "the audit stream");
        status = run_pause(run);
        if (status != RECON_OK)
            break;
    }
    if (status == RECON_OK) {
        from_set(run, bound);
        run->settings.size = 0;
        run->settings_are_due = true;
        status = run_settings_write(run, &run->settings);
    }
    if (status == RECON_OK)
        status = run_steps_make(run);
    for (size_t i = 0; i < count && status == RECON_OK; i++)
        status = run_partition(run, run_is_audit(run, found[i].topic) ? RECON_STREAM_AUDIT : RECON_STREAM_EVENTS,
                               found[i].topic, found[i].partition, found[i].offset);
    free(found);
    if (status != RECON_OK)
        return status;
    status = run_advance(run, recon_clock_wall_ms());
    /* What was fixed now is fixed for good. */
    return status == RECON_OK ? run_commit(run) : status;
}
