/*
 * What a run writes: results and journal entries, in transactions.
 *
 * A transaction is opened by the first result after the last one, and closed by an entry that holds all steps made
 * since. A step is written down before it is made: so the entry of a transaction that ends within a step has that step.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recon/status.h"
#include "service/bytes.h"
#include "service/run_state.h"

#define WAIT_MS 1000
#define ABORT_PATIENCE_MS 10000
/* Results between two looks at whether others should see something of a long step. */
#define BEAT_RESULT_COUNT 1024

static void abort_transaction(struct recon_run *run, int64_t patience_ms)
{
    const int64_t began_ms = recon_clock_monotonic_ms();
    enum recon_kafka_outcome outcome;
    do {
        outcome = recon_kafka_producer_abort(run->producer, WAIT_MS);
        run_beat(run);
    } while (outcome == RECON_KAFKA_AGAIN && !run_is_stopped(run) &&
             recon_clock_monotonic_ms() - began_ms < patience_ms);
}

void run_abort(struct recon_run *run)
{
    if (run->is_in_transaction)
        abort_transaction(run, INT64_MAX);
    run->is_in_transaction = false;
    run->transaction_result_count = 0;
    run->dirty_since_ms = 0;
    run->journal_steps.size = 0;
    run->quiet_end = 0;
}

/* What to do after a call of the producer that did not say OK. RECON_OK: make it again. */
static int judge(struct recon_run *run, enum recon_kafka_outcome outcome)
{
    switch (outcome) {
    case RECON_KAFKA_OK:
        return RECON_OK;
    case RECON_KAFKA_AGAIN:
        if (run_is_stopped(run)) {
            if (run->stop_deadline_ms == 0)
                run->stop_deadline_ms = recon_clock_monotonic_ms() + RUN_STOP_PATIENCE_MS;
            if (recon_clock_monotonic_ms() > run->stop_deadline_ms) {
                run_log(run, 4, "the last transaction could not be committed in time; it will be made again: %s",
                        recon_kafka_producer_message(run->producer));
                return RUN_STOPPED;
            }
        }
        run_log(run, 4, "waiting: %s", recon_kafka_producer_message(run->producer));
        run_beat(run);
        return run_turn(run);
    case RECON_KAFKA_ABORT: {
        char failure[512];
        snprintf(failure, sizeof failure, "%s", recon_kafka_producer_message(run->producer));
        run_log(run, 4, "a transaction failed and is made again: %s", failure);
        run->tally->aborted++;
        /* Not for long: what is still open is ended by the next producer, when it takes over the transactions, and a
         * client that has lost sight of a partition's leader for good never gets there. */
        abort_transaction(run, ABORT_PATIENCE_MS);
        return run_fail(run, RUN_REBUILD, "%s", failure);
    }
    case RECON_KAFKA_FATAL:
        break;
    }
    return run_fail(run, RECON_ERROR_IO, "%s", recon_kafka_producer_message(run->producer));
}

static int begin(struct recon_run *run)
{
    if (run->is_in_transaction)
        return RECON_OK;
    enum recon_kafka_outcome outcome;
    int status = RECON_OK;
    while ((outcome = recon_kafka_producer_begin(run->producer)) != RECON_KAFKA_OK && status == RECON_OK)
        status = judge(run, outcome);
    run->is_in_transaction = status == RECON_OK;
    return status;
}

static int send(struct recon_run *run, const struct recon_kafka_record *record)
{
    enum recon_kafka_outcome outcome;
    int status = begin(run);
    while (status == RECON_OK && (outcome = recon_kafka_producer_send(run->producer, record)) != RECON_KAFKA_OK)
        status = judge(run, outcome);
    return status;
}

static uint64_t result_count_max(void)
{
#ifdef RECON_TEST_POINTS
    const char *fewer = getenv("RECON_RESULT_COUNT_MAX");
    if (fewer != NULL)
        return strtoull(fewer, NULL, 10);
#endif
    return RUN_RESULT_COUNT_MAX;
}

/* Sends a result that was counted; is_judged: it is known not to be published already. */
static int publish(struct recon_run *run, const struct recon_result *result, bool is_judged)
{
    struct recon_result_message message;
    struct recon_kafka_header headers[RECON_RESULT_HEADER_COUNT_MAX];
    struct recon_result revised = *result;
    int status = recon_result_messenger_make(run->messenger, &revised, &message);
    if (status == RECON_OK && run->published != NULL && !is_judged) {
        if (!recon_published_judge(run->published, &revised, message.key))
            return RECON_OK;
        status = recon_result_messenger_make(run->messenger, &revised, &message);
    }
    if (status != RECON_OK || run->result_count <= run->withheld_count)
        return status;
    for (size_t i = 0; i < message.header_count; i++)
        headers[i] = (struct recon_kafka_header){message.headers[i].name, message.headers[i].value};
    const struct recon_config *config = run->options.config;
    const struct recon_kafka_record record = {
        .topic = message.target == RECON_TARGET_METRICS ? config->metrics_topic : config->breaks_topic,
        .key = message.key,
        .value = message.value,
        .headers = headers,
        .header_count = message.header_count,
    };
    status = send(run, &record);
    if (status != RECON_OK)
        return status;
    run->tally->results++;
    run->tally->result_bytes += (uint64_t)message.key.size + message.value.size;
    if (run->dirty_since_ms == 0)
        run->dirty_since_ms = recon_clock_monotonic_ms();
    /* While the journal is read again the last steps' results may be beyond what was published. Their steps are written
     * down already. */
    if (++run->transaction_result_count < result_count_max())
        return RECON_OK;
    status = run_commit(run);
    /* A step of very many results need not be gone through to the end: the next start takes it up here. */
    return status == RECON_OK && run_is_stopped(run) ? RUN_STOPPED : status;
}

/* Counted are also those that turn out to be published: so that the count is a function of what was read. */
static int emit(struct recon_run *run, const struct recon_result *result, bool is_judged)
{
    run_tally_result(run->tally, result);
    if (++run->result_count % BEAT_RESULT_COUNT == 0) {
        run_beat(run);
        if (run_turn(run) != RECON_OK)
            return RECON_ERROR_IO;
    }
    if (run->result_count <= run->withheld_count && run->published == NULL)
        return RECON_OK;
    return publish(run, result, is_judged);
}

int run_emit(void *context, const struct recon_result *result)
{
    return emit(context, result, false);
}

int run_take_back(struct recon_run *run, const struct recon_record *records, size_t count)
{
    struct recon_rise current;
    int status = RECON_OK;
    if (run->published == NULL)
        return RECON_OK;
    recon_engine_current(recon_steps_engine(run->steps), &current);
    const int64_t retention = run->options.config->settings.retention_ms;
    const bool is_early = current.retention_bound < RECON_TIME_MIN + retention;
    const int64_t over = is_early ? RECON_TIME_MIN : current.retention_bound - retention;
    for (size_t i = 0; i < count && status == RECON_OK; i++) {
        struct recon_result result;
        if (!recon_published_arrived(run->published, &records[i], over, &result))
            continue;
        result.watermark = current.watermark;
        status = emit(run, &result, true);
    }
    return status;
}

int run_record(void *context, const char *bytes, size_t size)
{
    struct recon_run *run = context;
    if (recon_sink_write(run->record, bytes, size) == RECON_OK)
        return RECON_OK;
    return run_fail(run, RECON_ERROR_IO, "%s", recon_sink_message(run->record));
}

int run_note(struct recon_run *run, const struct recon_journal_step *step)
{
    if (run->is_rereading)
        return RECON_OK;
    if (run->dirty_since_ms == 0 && step->kind != RECON_STEP_CLOCK && step->kind != RECON_STEP_ALIVE)
        run->dirty_since_ms = recon_clock_monotonic_ms();
    int status = RECON_OK;
    if (run->journal_steps.size >= RUN_STEPS_SIZE_MAX)
        status = run_commit(run);
    run->noted_at = run->journal_steps.size;
    return status == RECON_OK ? recon_journal_step_write(step, &run->journal_steps) : status;
}

bool run_commit_is_due(const struct recon_run *run)
{
    return run->dirty_since_ms != 0 && recon_clock_monotonic_ms() - run->dirty_since_ms >= RUN_COMMIT_INTERVAL_MS;
}

int run_commit(struct recon_run *run)
{
    if (!run->is_in_transaction && run->journal_steps.size == 0)
        return RECON_OK;
    const struct recon_journal_entry entry = {
        .number = run->entry_count,
        .record_count = recon_steps_record_count(run->steps),
        /* In a build for tests: or as one that makes them otherwise. */
        .hash = run_point(NULL, "hash") ? recon_steps_hash(run->steps) : ~recon_steps_hash(run->steps),
        .result_count = run->result_count,
        .settings = {run->settings.bytes, run->settings_are_due ? (uint32_t)run->settings.size : 0},
        .steps = {run->journal_steps.bytes, (uint32_t)run->journal_steps.size},
    };
    const int64_t began_ms = recon_clock_monotonic_ms();
    run->entry.size = 0;
    int status = recon_journal_entry_write(&entry, &run->entry);
    if (status != RECON_OK)
        return status;
    const struct recon_kafka_record record = {
        .topic = run->journal_topic,
        .value = {run->entry.bytes, (uint32_t)run->entry.size},
        .offset = &run->entry_offset,
    };
    status = send(run, &record);
    if (status == RECON_OK)
        run_point(NULL, "commit");
    enum recon_kafka_outcome outcome;
    while (status == RECON_OK && (outcome = recon_kafka_producer_commit(run->producer, WAIT_MS)) != RECON_KAFKA_OK)
        status = judge(run, outcome);
    if (status != RECON_OK)
        return status;
    run_point(NULL, "committed");
    run_tally_commit(run->tally, recon_clock_monotonic_ms() - began_ms);
    run->is_in_transaction = false;
    run->settings_are_due = false;
    run->entry_hash = recon_bytes_hash(record.value);
    run->transaction_result_count = 0;
    run->dirty_since_ms = 0;
    run->journal_steps.size = 0;
    run->quiet_end = 0;
    run->entry_count++;
    return RECON_OK;
}
