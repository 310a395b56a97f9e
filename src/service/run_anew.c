/*
 * How a run begins that has lost its state: there is no sound snapshot, and the journal does not reach the beginning,
 * or what it was made of is gone.
 *
 * What was published is read back from the topics of the results: how far event time was, the windows' last revisions,
 * the breaks that are open. The inputs are read again from m + n + o and some slack before that, and as on a first
 * start `from` is the first window that is covered wholly. What is published already is not published again
 * (published.h). The journal goes on, with an entry that says that nothing before it counts; nothing is withheld, so
 * another start before the next snapshot begins anew in its turn.
 */
#include <stdlib.h>
#include <string.h>

#include "codec/time_text.h"
#include "recon/status.h"
#include "service/run_state.h"

#define WAIT_MS 100
#define MESSAGE_COUNT 256
#define SLACK_MS 60000
/* Without anything new: a transaction of somebody else's that hangs. */
#define PATIENCE_MS 15000

static int take_in(struct recon_run *run, struct recon_kafka_reader *reader, int64_t end,
                   struct recon_kafka_taken *taken, size_t *count)
{
    const struct recon_kafka_bounds bounds = {.before = end, .count_max = MESSAGE_COUNT, .size_max = SIZE_MAX};
    recon_kafka_taken_release(taken);
    int status = recon_kafka_slot_take(recon_kafka_reader_slot(reader, 0), &bounds, taken);
    if (status == RECON_ERROR_IO)
        return run_fail(run, status, "%s", taken->error);
    for (size_t i = 0; i < taken->count && status == RECON_OK; i++)
        status = recon_published_read(run->published, taken->messages[i].key, taken->messages[i].value);
    *count = taken->count;
    return status;
}

static int partition_read_back(struct recon_run *run, const char *topic, int32_t partition)
{
    int64_t first = 0;
    int64_t end = 0;
    struct recon_kafka_reader *reader = NULL;
    struct recon_kafka_taken taken = {0};
    int status = run_ask_range(run, topic, partition, &first, &end);
    if (status == RECON_OK)
        status = recon_kafka_reader_new(&run->kafka, &reader, run->message, run->message_size);
    if (status == RECON_OK)
        status = recon_kafka_reader_add(reader, topic, partition, first, -1);
    taken.position = first;
    int64_t deadline = recon_clock_monotonic_ms() + PATIENCE_MS;
    while (status == RECON_OK && taken.position < end) {
        size_t count = 0;
        run_beat(run);
        status = run_is_stopped(run) ? RUN_STOPPED : run_turn(run);
        if (status == RECON_OK && recon_kafka_reader_wait(reader, WAIT_MS) != RECON_OK)
            status = run_fail(run, RECON_ERROR_IO, "%s", recon_kafka_reader_message(reader));
        if (status == RECON_OK)
            status = take_in(run, reader, end, &taken, &count);
        if (count > 0)
            deadline = recon_clock_monotonic_ms() + PATIENCE_MS;
        if (recon_clock_monotonic_ms() > deadline) {
            run_log(run, 4, "topic %s, partition %d: not all that was published can be read back: a transaction hangs",
                    topic, (int)partition);
            break;
        }
    }
    recon_kafka_taken_deinit(&taken);
    recon_kafka_reader_free(reader);
    return status;
}

static int topic_read_back(struct recon_run *run, const char *topic)
{
    int32_t count = 0;
    int status = RECON_OK;
    while (recon_kafka_topics_partitions(run->asker, topic, &count) != RECON_OK) {
        if (!recon_kafka_topics_may_pass(run->asker))
            return run_fail(run, RECON_ERROR_IO, "%s", recon_kafka_topics_message(run->asker));
        run_log(run, 4, "waiting: %s", recon_kafka_topics_message(run->asker));
        status = run_pause(run);
        if (status != RECON_OK)
            return status;
    }
    for (int32_t partition = 0; partition < count && status == RECON_OK; partition++)
        status = partition_read_back(run, topic, partition);
    return status;
}

static int64_t less(int64_t a, int64_t b)
{
    return a < RECON_TIME_MIN + b ? RECON_TIME_MIN : a - b;
}

/* Where to read on from, and what of what was published may still change. */
static void rewind(struct recon_run *run)
{
    const struct recon_settings *settings = &run->options.config->settings;
    const int64_t watermark = recon_published_watermark(run->published);
    if (watermark == RECON_TIME_MIN) /* nothing is published: as configured */
        return;
    int64_t at = less(watermark, settings->retention_ms);
    const int64_t over = at;
    at = less(less(less(at, settings->out_of_orderness_ms), settings->interval_ms), SLACK_MS);
    run->rewind_ms = at;
    recon_published_trim(run->published, less(at, settings->interval_ms), over);
}

static void tell(struct recon_run *run)
{
    char from[RECON_TIME_TEXT_SIZE_MAX + 1] = "their beginning";
    char since[RECON_TIME_TEXT_SIZE_MAX + 1] = "their beginning";
    if (run->rewind_ms != RECON_TIME_MIN)
        since[recon_time_format(run->rewind_ms, since)] = '\0';
    if (run->from_ms != RECON_TIME_MIN)
        from[recon_time_format(run->from_ms, from)] = '\0';
    run_log(run, 4,
            "begun anew: the inputs are read from %s on, and judged from %s on. What was published for windows before "
            "that stands as it is, and can't be corrected by what comes late; %zu breaks are open. A duplicate of "
            "what is not read again is not known as one",
            since, from, recon_published_open_count(run->published));
}

int run_start_anew(struct recon_run *run, struct recon_text settings)
{
    const struct recon_config *config = run->options.config;
    int status = RECON_OK;
    run->from_ms = RECON_TIME_MIN;
    if (settings.size > 0) /* what must stay under one name, stays */
        status = run_settings_adopt(run, settings);
    recon_published_free(run->published);
    run->published = NULL;
    if (status == RECON_OK)
        status = recon_published_new(config->name, config->source_in_identity, &run->published);
    if (status == RECON_OK)
        status = topic_read_back(run, config->metrics_topic);
    if (status == RECON_OK && strcmp(config->metrics_topic, config->breaks_topic) != 0)
        status = topic_read_back(run, config->breaks_topic);
    if (status != RECON_OK)
        return status;
    rewind(run);
    run->result_count = run->withheld_count;
    const struct recon_journal_step anew = {.kind = RECON_STEP_ANEW};
    status = run_note(run, &anew);
    if (status == RECON_OK)
        status = run_start(run);
    if (status == RECON_OK)
        tell(run);
    run->snapshots.next_ms = recon_clock_monotonic_ms(); /* so that the next start need not begin anew */
    return status;
}
