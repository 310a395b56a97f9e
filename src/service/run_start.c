/*
 * How a run begins: the first time, from where the configuration says; after that, from its journal.
 *
 * First start. Nothing may be judged for want of what was never read: a partition that is read from offset 0, or is
 * empty, is whole and sets no bound; any other sets the time of its first record + n, or, read from its end, that of
 * the last one before + n. `from` is the first window wholly after the largest bound.
 *
 * Every other start. The journal is gone through twice: to know how much was published, and to do it all again.
 */
#include <stdlib.h>
#include <string.h>

#include "recon/status.h"
#include "service/run_state.h"

#define WAIT_MS 100
#define ENTRY_COUNT 16
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

static int ask_range(struct recon_run *run, const char *topic, int32_t partition, int64_t *first, int64_t *end)
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

static bool is_audit(const struct recon_run *run, size_t topic)
{
    return topic < run->options.config->streams[RECON_STREAM_AUDIT].topic_count;
}

static int start_offset(struct recon_run *run, size_t topic, int32_t partition, int64_t first, int64_t end,
                        int64_t now_ms, int64_t *offset)
{
    const struct recon_config *config = run->options.config;
    *offset = first;
    if (config->start == RECON_START_EARLIEST)
        return RECON_OK;
    int64_t at = config->start == RECON_START_LATEST ? now_ms : config->start_time_ms;
    if (is_audit(run, topic) && config->start == RECON_START_LATEST) {
        *offset = end;
        return RECON_OK;
    }
    if (!is_audit(run, topic))
        at -= sum(config->settings.out_of_orderness_ms, config->settings.retention_ms) > at
                  ? at
                  : sum(config->settings.out_of_orderness_ms, config->settings.retention_ms);
    return ask_offset_at(run, run->topics[topic], partition, at > 0 ? at : 0, offset);
}

/* The largest believable time among what was taken; or the first one. */
static void times_look(struct recon_run *run, struct recon_message_decoder *decoder, size_t count, bool is_behind,
                       int64_t now_ms, int64_t *time)
{
    struct recon_batch batch;
    recon_batch_init(&batch);
    const int64_t skew = run->options.config->settings.max_future_skew_ms;
    for (size_t i = 0; i < count && (is_behind || *time == RECON_TIME_MIN); i++) {
        if (recon_message_decode(decoder, &run->messages[i], &batch) != RECON_MESSAGE_DONE)
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

static void messages_borrow(struct recon_run *run, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct recon_kafka_message *from = &run->taken[i];
        /* Both are a name and a value. */
        run->messages[i] = (struct recon_message){
            .key = from->key,
            .value = from->value,
            .headers = (const struct recon_message_header *)from->headers,
            .header_count = from->header_count,
            .timestamp_ms = from->timestamp_ms,
            .offset = from->offset,
        };
    }
}
_Static_assert(sizeof(struct recon_message_header) == sizeof(struct recon_kafka_field) &&
                   offsetof(struct recon_message_header, value) == offsetof(struct recon_kafka_field, value),
               "headers are the same on both sides");

/* The time of the first record from offset on; or, where that is the end, of the last ones before. RECON_TIME_MIN: of
 * none that could be read. */
static int time_at(struct recon_run *run, size_t topic, int32_t partition, int64_t first, int64_t offset, int64_t end,
                   int64_t now_ms, int64_t *time)
{
    const struct recon_config *config = run->options.config;
    const int stream = is_audit(run, topic) ? RECON_STREAM_AUDIT : RECON_STREAM_EVENTS;
    const struct recon_message_decoder_options options = {.mapping = &config->streams[stream].mapping,
                                                          .stream = stream,
                                                          .source_in_identity = config->source_in_identity};
    const bool is_behind = offset >= end;
    const int64_t at = !is_behind ? offset : end - first > LOOK_BACK ? end - LOOK_BACK : first;
    struct recon_kafka_reader *reader = NULL;
    struct recon_message_decoder *decoder = NULL;
    const int64_t deadline = run_steady_ms() + PATIENCE_MS;
    int status = recon_message_decoder_new(&options, &decoder, run->message, run->message_size);
    if (status == RECON_OK)
        status = recon_kafka_reader_new(&run->kafka, &reader, run->message, run->message_size);
    if (status == RECON_OK)
        status = recon_kafka_reader_add(reader, run->topics[topic], partition, at);
    *time = RECON_TIME_MIN;
    while (status == RECON_OK && (is_behind || *time == RECON_TIME_MIN) &&
           recon_kafka_reader_position(reader, 0) < end) {
        size_t count = 0;
        run_beat(run);
        status = recon_kafka_reader_wait(reader, WAIT_MS);
        if (status == RECON_OK)
            status = recon_kafka_reader_take(reader, 0, end, run->taken, RUN_MESSAGE_COUNT, &count);
        if (status == RECON_ERROR_IO)
            status = run_fail(run, status, "%s", recon_kafka_reader_message(reader));
        if (status != RECON_OK)
            break;
        messages_borrow(run, count);
        times_look(run, decoder, count, is_behind, now_ms, time);
        recon_kafka_reader_release(reader);
        if (run_is_stopped(run))
            status = RUN_STOPPED;
        else if (run_steady_ms() > deadline) /* a transaction that hangs */
            break;
    }
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
    const int64_t now_ms = run_wall_ms();
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
            status = ask_range(run, run->topics[topic], partition, &first, &end);
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
        is_there[is_audit(run, found[i].topic) ? 0 : 1] = true;
    return is_there[0] && is_there[1];
}

static void from_set(struct recon_run *run, int64_t bound)
{
    const int64_t o = run->options.config->settings.interval_ms;
    int64_t from = run->options.config->settings.from_ms;
    if (bound != RECON_TIME_MIN) {
        const int64_t index = bound / o - (bound % o < 0);
        const int64_t whole = index >= INT64_MAX / o - 1 ? INT64_MAX : (index + 1) * o;
        from = whole > from ? whole : from;
    }
    run->from_ms = from;
}

static int steps_make(struct recon_run *run)
{
    const struct recon_steps_options options = {
        .config = run->options.config,
        .from_ms = run->from_ms,
        .emit = run_emit,
        .context = run,
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
                count > 0 && is_audit(run, found[0].topic) ? "the event stream" : "the audit stream");
        status = run_pause(run);
        if (status != RECON_OK)
            break;
    }
    if (status == RECON_OK) {
        from_set(run, bound);
        run->settings.size = 0;
        status = run_settings_write(run, &run->settings);
    }
    if (status == RECON_OK)
        status = steps_make(run);
    for (size_t i = 0; i < count && status == RECON_OK; i++)
        status = run_partition(run, is_audit(run, found[i].topic) ? RECON_STREAM_AUDIT : RECON_STREAM_EVENTS,
                               found[i].topic, found[i].partition, found[i].offset);
    free(found);
    if (status != RECON_OK)
        return status;
    status = run_advance(run, run_wall_ms());
    /* What was fixed now is fixed for good. */
    return status == RECON_OK ? run_commit(run) : status;
}

/* --- every other start ------------------------------------------------------------------------------------------- */

static int topic_of(const struct recon_run *run, struct recon_text name, int stream, size_t *topic)
{
    for (size_t i = 0; i < run->topic_count; i++)
        if (strlen(run->topics[i]) == name.size && memcmp(run->topics[i], name.bytes, name.size) == 0 &&
            is_audit(run, i) == (stream == RECON_STREAM_AUDIT)) {
            *topic = i;
            return RECON_OK;
        }
    return RECON_ERROR_DAMAGED;
}

static int unsound(struct recon_run *run, const struct run_slot *slot, const struct recon_journal_step *step,
                   const char *why)
{
    return run_fail(
        run, RECON_ERROR_MISMATCH,
        "topic %s, partition %d: offsets %lld to %lld, which were read before, are to be read again, and %s "
        "(retention, compaction, or a topic made anew). What was reported stands; to begin anew, choose another "
        "name",
        run->topics[slot->topic], (int)slot->topic_partition, (long long)step->first, (long long)step->end - 1, why);
}

static int reread_range(struct recon_run *run, const struct recon_journal_step *step)
{
    size_t slot = 0;
    while (slot < run->slot_count &&
           (run->slots[slot].stream != step->stream || run->slots[slot].partition != step->partition))
        slot++;
    if (slot == run->slot_count)
        return run_fail(run, RECON_ERROR_DAMAGED, "topic %s: an entry names a partition that there is not",
                        run->journal_topic);
    size_t done = 0;
    int status = RECON_OK;
    while (status == RECON_OK && done < step->count) {
        size_t count = 0;
        run_beat(run);
        status = run_take(run, slot, step->end, step->count - done, &count);
        done += count;
        if (status != RECON_OK || count > 0)
            continue;
        if (recon_kafka_reader_position(run->reader, (uint32_t)slot) >= step->end)
            return unsound(run, &run->slots[slot], step, "some are gone");
        status = run_is_stopped(run) ? RUN_STOPPED : recon_kafka_reader_wait(run->reader, WAIT_MS);
        if (status == RECON_ERROR_IO)
            status = run_fail(run, status, "%s", recon_kafka_reader_message(run->reader));
    }
    return status;
}

static int step_again(struct recon_run *run, const struct recon_journal_step *step)
{
    size_t topic = 0;
    if (step->kind != RECON_STEP_PARTITION && step->kind != RECON_STEP_CLOCK &&
        (step->partition >= recon_steps_partition_count(run->steps, step->stream) ||
         recon_steps_now(run->steps) == RECON_TIME_MIN))
        return RECON_ERROR_DAMAGED;
    switch (step->kind) {
    case RECON_STEP_PARTITION:
        if (topic_of(run, step->topic, step->stream, &topic) != RECON_OK)
            return RECON_ERROR_DAMAGED;
        return run_partition(run, step->stream, topic, step->topic_partition, step->first);
    case RECON_STEP_CLOCK:
        return recon_steps_clock(run->steps, step->at);
    case RECON_STEP_RANGE:
        return reread_range(run, step);
    case RECON_STEP_ALIVE:
        return recon_steps_alive(run->steps, step->stream, step->partition);
    default:
        return RECON_ERROR_VERSION;
    }
}

static int entry_again(struct recon_run *run, const struct recon_journal_entry *entry)
{
    struct recon_text steps = entry->steps;
    int status = RECON_OK;
    if (entry->number == 0)
        status = run_settings_judge(run, entry->settings);
    if (status == RECON_OK && run->steps == NULL)
        status = steps_make(run);
    while (status == RECON_OK) {
        struct recon_journal_step step;
        status = recon_journal_step_read(&steps, &step);
        if (status == RECON_OK && step.kind == 0)
            break;
        if (status == RECON_OK)
            status = run_is_stopped(run) ? RUN_STOPPED : step_again(run, &step);
    }
    if (status != RECON_OK)
        return status;
    if (entry->record_count != recon_steps_record_count(run->steps) || entry->hash != recon_steps_hash(run->steps))
        return run_fail(run, RECON_ERROR_MISMATCH,
                        "what was read before is not what is read now: after entry %llu of topic %s the records differ "
                        "(%llu then, %llu now). What was reported stands; to begin anew, choose another name",
                        (unsigned long long)entry->number, run->journal_topic, (unsigned long long)entry->record_count,
                        (unsigned long long)recon_steps_record_count(run->steps));
    return RECON_OK;
}

/* Gives each entry of the journal in turn, up to the end that it has now. */
static int journal_read(struct recon_run *run, int64_t first, int64_t end,
                        int (*handle)(struct recon_run *run, const struct recon_journal_entry *entry))
{
    struct recon_kafka_message messages[ENTRY_COUNT];
    struct recon_kafka_reader *reader = NULL;
    uint64_t number = 0;
    int status = recon_kafka_reader_new(&run->kafka, &reader, run->message, run->message_size);
    if (status == RECON_OK)
        status = recon_kafka_reader_add(reader, run->journal_topic, 0, first);
    while (status == RECON_OK && recon_kafka_reader_position(reader, 0) < end) {
        size_t count = 0;
        run_beat(run);
        status = run_is_stopped(run) ? RUN_STOPPED : recon_kafka_reader_wait(reader, WAIT_MS);
        if (status == RECON_OK)
            status = recon_kafka_reader_take(reader, 0, end, messages, ENTRY_COUNT, &count);
        if (status == RECON_ERROR_IO)
            status = run_fail(run, status, "%s", recon_kafka_reader_message(reader));
        for (size_t i = 0; i < count && status == RECON_OK; i++) {
            struct recon_journal_entry entry;
            status = recon_journal_entry_read(messages[i].value, &entry);
            if (status == RECON_OK && entry.number != number)
                status = RECON_ERROR_DAMAGED;
            if (status == RECON_OK)
                status = handle(run, &entry);
            number++;
            if (status == RECON_ERROR_DAMAGED || status == RECON_ERROR_VERSION)
                status = run_fail(run, status, "topic %s, offset %lld: %s", run->journal_topic,
                                  (long long)messages[i].offset, recon_status_text(status));
        }
        if (status >= 0)
            recon_kafka_reader_release(reader);
    }
    recon_kafka_reader_free(reader);
    return status;
}

static int entry_count(struct recon_run *run, const struct recon_journal_entry *entry)
{
    run->entry_count = entry->number + 1;
    run->withheld_count = entry->result_count;
    return RECON_OK;
}

int run_reread(struct recon_run *run, bool *found)
{
    int64_t first = 0;
    int64_t end = 0;
    int status = ask_range(run, run->journal_topic, 0, &first, &end);
    if (status == RECON_OK)
        status = journal_read(run, first, end, entry_count);
    *found = run->entry_count > 0;
    if (status != RECON_OK || !*found)
        return status;
    run_log(run, 6, "going on from the journal: %llu entries, %llu results are published",
            (unsigned long long)run->entry_count, (unsigned long long)run->withheld_count);
    run->is_rereading = true;
    status = journal_read(run, first, end, entry_again);
    run->is_rereading = false;
    if (status == RECON_OK && run->result_count < run->withheld_count)
        status = run_fail(run, RECON_ERROR_MISMATCH,
                          "topic %s says that more results are published than what was read gives", run->journal_topic);
    if (status != RECON_OK)
        return status;
    run_log(run, 6, "all is read again: %llu records", (unsigned long long)recon_steps_record_count(run->steps));
    /* Being down was no silence of the inputs. */
    if (recon_steps_now(run->steps) != RECON_TIME_MIN)
        status = run_alive_all(run);
    return status == RECON_OK ? run_advance(run, run_wall_ms()) : status;
}
