/*
 * See run.h.
 */
#define _POSIX_C_SOURCE 200809L

#include "service/run.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "recon/status.h"
#include "service/memory.h"
#include "service/run_state.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LEVEL_WARNING 4
#define WAIT_MS 1000
/* A group that is new, or whose last member has just gone, takes some seconds to let one in. */
#define STANDBY_AFTER_MS 4000
#define STOP_LOOK_MS 100
#define PAUSE_MS 500
/* Beginnings anew without a commit between them: what fails so often fails always. */
#define REBUILD_COUNT_MAX 5

int run_fail(struct recon_run *run, int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(run->message, run->message_size, format, arguments);
    va_end(arguments);
    return status;
}

void run_log(struct recon_run *run, int level, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (level <= LEVEL_WARNING) {
        memcpy(run->tally->trouble, text, sizeof run->tally->trouble - 1); /* the end of a long one is left out */
        run->tally->trouble_ms = recon_clock_wall_ms();
    }
    run->options.log(run->options.log_context, level, text);
}

bool run_is_stopped(const struct recon_run *run)
{
    return *run->options.stop != 0;
}

int run_turn(struct recon_run *run)
{
    if (run->owner == NULL || recon_kafka_owner_look(run->owner, 0) != RECON_KAFKA_THEIRS)
        return RECON_OK;
    return run_fail(run, RECON_ERROR_IO, "another instance of the same name has taken over: this one must end");
}

int run_pause(struct recon_run *run)
{
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    run_beat(run);
    if (!run_is_stopped(run))
        nanosleep(&pause, NULL);
    return run_is_stopped(run) ? RUN_STOPPED : run_turn(run);
}

/* --- what a run needs before it reads ------------------------------------------------------------------------------
 */

static int properties_make(struct recon_run *run)
{
    const struct recon_config *config = run->options.config;
    const size_t count = config->kafka.count + config->librdkafka.count;
    run->properties = calloc(count + 1, sizeof *run->properties);
    if (run->properties == NULL)
        return RECON_ERROR_MEMORY;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const struct recon_property *from =
            i < config->kafka.count ? &config->kafka.items[i] : &config->librdkafka.items[i - config->kafka.count];
        if (!run_schema_property(from->name))
            run->properties[kept++] = (struct recon_kafka_property){from->name, from->value};
    }
    run->kafka = (struct recon_kafka_options){
        .properties = run->properties,
        .property_count = kept,
        .log = run->options.log,
        .log_context = run->options.log_context,
    };
    return RECON_OK;
}

static int topic_add(struct recon_run *run, const char *name)
{
    const struct recon_config *config = run->options.config;
    assert(name != NULL && config->metrics_topic != NULL && config->breaks_topic != NULL); /* see recon_config_finish */
    if (strcmp(name, config->metrics_topic) == 0 || strcmp(name, config->breaks_topic) == 0)
        return run_fail(run, RECON_ERROR_INVALID, "topic %s is read and written", name);
    for (size_t i = 0; i < run->topic_count; i++) {
        assert(run->topics[i] != NULL);
        if (strcmp(name, run->topics[i]) == 0)
            return run_fail(run, RECON_ERROR_INVALID, "topic %s is named twice", name);
    }
    run->topics[run->topic_count++] = name;
    return RECON_OK;
}

static int topics_make(struct recon_run *run)
{
    const struct recon_stream_config *streams = run->options.config->streams;
    size_t count = 1;
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        count += streams[stream].topic_count;
    run->topics = calloc(count, sizeof *run->topics);
    int status = run->topics == NULL ? RECON_ERROR_MEMORY : RECON_OK;
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        for (size_t i = 0; i < streams[stream].topic_count && status == RECON_OK; i++)
            status = topic_add(run, streams[stream].topics[i]);
    return status;
}

/* The journal's topic, after the name, which need not be one of Kafka's. */
static int journal_name(struct recon_run *run)
{
    const char *name = run->options.config->name;
    const size_t good = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
    const int size = snprintf(run->journal_topic, sizeof run->journal_topic, "recon.%s.journal", name);
    if (name[good] != '\0' || size > 249)
        return run_fail(
            run, RECON_ERROR_INVALID,
            "the name '%s' is to be part of a topic's, recon.NAME.journal: letters, digits, '.', '_' and '-'", name);
    return RECON_OK;
}

static int ensure(struct recon_run *run, const char *topic, int32_t partitions,
                  const struct recon_kafka_property *settings, size_t count)
{
    while (recon_kafka_topics_ensure(run->asker, topic, partitions, settings, count) != RECON_OK) {
        if (!recon_kafka_topics_may_pass(run->asker))
            return run_fail(run, RECON_ERROR_IO, "%s", recon_kafka_topics_message(run->asker));
        run_log(run, 4, "waiting: %s", recon_kafka_topics_message(run->asker));
        const int status = run_pause(run);
        if (status != RECON_OK)
            return status;
    }
    return RECON_OK;
}

static int topics_ensure(struct recon_run *run)
{
    /* A compacted topic holds the last word on each thing; breaks also go with time, metrics stay, the journal is
     * whole. */
    static const struct recon_kafka_property metrics[] = {{"cleanup.policy", "compact"}};
    static const struct recon_kafka_property breaks[] = {{"cleanup.policy", "compact,delete"}};
    static const struct recon_kafka_property journal[] = {
        {"cleanup.policy", "delete"}, {"retention.ms", "-1"}, {"retention.bytes", "-1"}};
    const struct recon_config *config = run->options.config;
    int32_t count = 0;
    int status = ensure(run, config->metrics_topic, -1, metrics, COUNT(metrics));
    if (status == RECON_OK && strcmp(config->breaks_topic, config->metrics_topic) != 0)
        status = ensure(run, config->breaks_topic, -1, breaks, COUNT(breaks));
    if (status == RECON_OK)
        status = ensure(run, run->journal_topic, 1, journal, COUNT(journal));
    while (status == RECON_OK &&
           (recon_kafka_topics_partitions(run->asker, run->journal_topic, &count) != RECON_OK || count == 0))
        status = run_pause(run);
    if (status == RECON_OK && count != 1)
        return run_fail(run, RECON_ERROR_INVALID, "topic %s must have one partition, for its order counts; it has %d",
                        run->journal_topic, (int)count);
    return status;
}

/* Waits for its turn: there may be many instances of a name, of which one works. */
static int turn_await(struct recon_run *run)
{
    char group[300];
    snprintf(group, sizeof group, "recon.%s", run->options.config->name);
    int status =
        recon_kafka_owner_new(&run->kafka, group, run->journal_topic, &run->owner, run->message, run->message_size);
    const int64_t began_ms = recon_clock_monotonic_ms();
    bool was_told = false;
    while (status == RECON_OK && recon_kafka_owner_look(run->owner, STOP_LOOK_MS) != RECON_KAFKA_OURS) {
        run_beat(run);
        if (run_is_stopped(run))
            return RUN_STOPPED;
        if (!was_told && recon_clock_monotonic_ms() - began_ms >= STANDBY_AFTER_MS) {
            run_log(run, 5,
                    "standing by: another instance of '%s' runs, or did until moments ago; this one takes over when it "
                    "is gone",
                    run->options.config->name);
            was_told = true;
            run_phase(run, RECON_RUN_STANDBY);
        }
    }
    run_phase(run, RECON_RUN_STARTING);
    return status;
}

static int take_over(struct recon_run *run)
{
    char id[300];
    snprintf(id, sizeof id, "recon.%s", run->options.config->name);
    int status = recon_kafka_producer_new(&run->kafka, id, &run->producer, run->message, run->message_size);
    if (status != RECON_OK)
        return status;
    enum recon_kafka_outcome outcome;
    while ((outcome = recon_kafka_producer_init(run->producer, WAIT_MS)) != RECON_KAFKA_OK) {
        if (outcome != RECON_KAFKA_AGAIN)
            return run_fail(run, RECON_ERROR_IO, "%s", recon_kafka_producer_message(run->producer));
        run_log(run, 4, "waiting: %s", recon_kafka_producer_message(run->producer));
        run_beat(run);
        status = run_is_stopped(run) ? RUN_STOPPED : run_turn(run);
        if (status != RECON_OK)
            return status;
    }
    return RECON_OK;
}

static int parts_make(struct recon_run *run)
{
    const struct recon_result_messenger_options messenger = {.name = run->options.config->name};
    int status = recon_result_messenger_new(&messenger, &run->messenger);
    if (status == RECON_OK)
        status = run_inputs_make(run);
    if (status == RECON_OK && run->options.record != NULL)
        status = recon_sink_open(run->options.record, &run->record, run->message, run->message_size);
    return status;
}

/* --- a run ---------------------------------------------------------------------------------------------------------
 */

static int record_close(struct recon_run *run)
{
    struct recon_sink *record = run->record;
    run->record = NULL;
    return record == NULL ? RECON_OK : recon_sink_close(record, run->message, run->message_size);
}

static void run_deinit(struct recon_run *run)
{
    run_snapshots_deinit(run);
    recon_steps_free(run->steps);
    recon_published_free(run->published);
    recon_kafka_producer_free(run->producer);
    recon_kafka_owner_free(run->owner);
    run_inputs_free(run);
    recon_kafka_topics_free(run->asker);
    if (run->messenger != NULL)
        recon_result_messenger_free(run->messenger);
    recon_sink_abandon(run->record);
    recon_registry_client_free(run->registry);
    recon_buffer_deinit(&run->absent);
    recon_buffer_deinit(&run->settings);
    recon_buffer_deinit(&run->journal_steps);
    recon_buffer_deinit(&run->entry);
    free(run->properties);
    free(run->topics);
    free(run->slots);
    free(run->shown);
}

/* All that was done is done again, under the settings of then: what a stop in good order leaves. */
static int settle(struct recon_run *run)
{
    const int status = run_commit(run);
    if (status != RECON_OK)
        return status;
    run_snapshot_last(run);
    if (run_is_stopped(run))
        return RUN_STOPPED;
    if (!run->snapshots.has_kept || run->snapshots.kept_number + 1 != run->entry_count)
        return run_fail(run, RECON_ERROR_IO,
                        "the settings have changed, and what was read under those of then can't be kept in a snapshot: "
                        "see above why; or take them back, and stop it in good order once");
    return RUN_REBUILD;
}

/* From taking over to the end, or to where it must begin anew. */
static int run_once(struct recon_run *run)
{
    bool found = false;
    run_phase(run, RECON_RUN_STARTING);
    int status = properties_make(run);
    if (status == RECON_OK)
        status = run_schema_client(run);
    if (status == RECON_OK)
        status = topics_make(run);
    if (status == RECON_OK)
        status = journal_name(run);
    if (status == RECON_OK)
        status = recon_kafka_topics_new(&run->kafka, &run->asker, run->message, run->message_size);
    if (status == RECON_OK)
        status = topics_ensure(run);
    if (status == RECON_OK)
        status = turn_await(run);
    if (status == RECON_OK)
        status = take_over(run);
    if (status == RECON_OK)
        status = parts_make(run);
    if (status == RECON_OK) {
        run_phase(run, RECON_RUN_REREADING);
        status = run_resume(run, &found);
    }
    if (status == RECON_OK && run->is_settling)
        return settle(run);
    if (status == RECON_OK && !found)
        status = run_start(run);
    if (status == RECON_OK) {
        run_log(run, 6, "running: %zu partitions", run->slot_count);
        run->tally->trouble[0] = '\0';
        run_phase(run, RECON_RUN_RUNNING);
        status = run_live(run);
    }
    if (status == RECON_OK)
        status = record_close(run);
    if (status < 0 && run->message[0] == '\0') {
        const char *more = run->steps != NULL ? recon_steps_message(run->steps) : "";
        run_fail(run, status, "%s", more[0] != '\0' ? more : recon_status_text(status));
    }
    return status;
}

int recon_run(const struct recon_run_options *options, char *message, size_t message_size)
{
    struct recon_run_tally tally = {0};
    const int64_t started_ms = recon_clock_wall_ms();
    uint64_t entry_count_before = 0;
    struct recon_config then;
    bool is_settling = false;
    recon_memory_keep();
    for (int failed = 0;;) {
        struct recon_run *run = calloc(1, sizeof *run);
        if (run == NULL) {
            snprintf(message, message_size, "%s", recon_status_text(RECON_ERROR_MEMORY));
            return RECON_ERROR_MEMORY;
        }
        message[0] = '\0';
        run->options = *options;
        if (is_settling) {
            run->is_settling = true;
            run->options.config = &then;
            run->options.record = NULL;
        }
        run->message = message;
        run->message_size = message_size;
        run->tally = &tally;
        run->started_ms = started_ms;
        run->snapshot_ms = RECON_TIME_MIN;
        recon_buffer_init(&run->absent);
        run->from_ms = RECON_TIME_MIN;
        run->rewind_ms = RECON_TIME_MIN;
        recon_buffer_init(&run->settings);
        recon_buffer_init(&run->journal_steps);
        recon_buffer_init(&run->entry);
        recon_buffer_init(&run->snapshots.head);
        const int status = run_once(run);
        const uint64_t entry_count = run->entry_count;
        is_settling = status == RUN_SETTLE;
        if (is_settling) {
            then = *options->config;
            then.settings = run->then;
        }
        run_deinit(run);
        free(run);
        if (status == RUN_STOPPED || status == RECON_OK)
            return RECON_OK;
        if (status == RUN_DEAF)
            continue;
        if (status != RUN_REBUILD && status != RUN_SETTLE)
            return status;
        failed = entry_count == entry_count_before ? failed + 1 : 1;
        entry_count_before = entry_count;
        if (failed > REBUILD_COUNT_MAX) {
            options->log(options->log_context, 3, "the same transaction failed again and again");
            return RECON_ERROR_IO;
        }
    }
}
