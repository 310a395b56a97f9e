/*
 * How a run takes what was read: blocks that threads of their own took from Kafka and decoded ahead, each partition's
 * in the order of its offsets. The run's own thread chooses whose block comes next and writes that down; a block may be
 * taken in parts, so that a journal's ranges need not be cut as blocks are.
 *
 * Where a block ends in messages that could not be decoded ahead, as their schema is not known yet, they are decoded
 * here.
 */
#include <unistd.h>

#include "recon/status.h"
#include "service/run_state.h"

#define THREAD_COUNT_MAX 4

/* --- the inputs ----------------------------------------------------------------------------------------------------
 */

static int take(void *from, const struct recon_kafka_bounds *bounds, struct recon_kafka_taken *taken)
{
    return recon_kafka_slot_take(from, bounds, taken);
}

static void wake(void *context)
{
    recon_kafka_reader_wake(context);
}

/* Half of the processors, for librdkafka and the run have something to do, too. */
static size_t thread_count(void)
{
    const long half = sysconf(_SC_NPROCESSORS_ONLN) / 2;
    return half < 1 ? 1 : half > THREAD_COUNT_MAX ? THREAD_COUNT_MAX : (size_t)half;
}

int run_inputs_make(struct recon_run *run)
{
    int status = recon_kafka_reader_new(&run->kafka, &run->reader, run->message, run->message_size);
    if (status != RECON_OK)
        return status;
    struct recon_ahead_options options = {
        .thread_count = thread_count(), .take = take, .wake = wake, .context = run->reader};
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        recon_steps_decoder(run->options.config, stream, &options.decoders[stream]);
    return recon_ahead_new(&options, &run->ahead, run->message, run->message_size);
}

void run_inputs_free(struct recon_run *run)
{
    recon_ahead_free(run->ahead);
    recon_kafka_reader_free(run->reader);
    run->ahead = NULL;
    run->reader = NULL;
}

int run_wait(struct recon_run *run, int timeout_ms)
{
    if (timeout_ms > 0 && !recon_ahead_is_idle(run->ahead))
        timeout_ms = 0;
    const int status = recon_kafka_reader_wait(run->reader, timeout_ms);
    return status == RECON_OK ? RECON_OK : run_fail(run, status, "%s", recon_kafka_reader_message(run->reader));
}

/* --- taking --------------------------------------------------------------------------------------------------------
 */

static int records_tell(struct recon_run *run, const struct recon_record *records, const uint64_t *digests,
                        size_t count)
{
    const int status = recon_steps_handle(run->steps, records, digests, count);
    return status == RECON_OK ? run_take_back(run, records, count) : status;
}

/* Messages of a block that were decoded ahead. */
static int decoded_tell(struct recon_run *run, const struct recon_ahead_block *block, size_t first, size_t count,
                        const struct recon_journal_step *step)
{
    const size_t begin = first == 0 ? 0 : block->messages[first - 1].record_end;
    const size_t end = block->messages[first + count - 1].record_end;
    const int status = run_note(run, step);
    return status == RECON_OK ? records_tell(run, block->batch.records + begin, block->digests + begin, end - begin)
                              : status;
}

/* Messages of a block that were not: what the registry says is asked for and written down here. */
static int rest_tell(struct recon_run *run, const struct run_slot *slot, const struct recon_ahead_block *block,
                     size_t first, size_t count, const struct recon_journal_step *step)
{
    int status = RECON_OK;
    recon_steps_clear(run->steps);
    for (size_t i = first; i < first + count && status == RECON_OK; i++) {
        const struct recon_message message = recon_ahead_message_of(&block->taken.messages[i], slot->partition);
        status = recon_steps_decode(run->steps, slot->stream, &message);
    }
    if (status == RECON_OK)
        status = run_schema_note(run, slot->stream);
    if (status == RECON_OK)
        status = run_note(run, step);
    if (status != RECON_OK)
        return status;
    const struct recon_batch *batch = recon_steps_batch(run->steps);
    recon_steps_pass_over(run->steps, slot->stream, batch);
    return records_tell(run, batch->records, NULL, batch->count);
}

/* A block that is told as a whole. */
static int block_end(struct recon_run *run, size_t number, const struct recon_ahead_block *block)
{
    struct run_slot *slot = &run->slots[number];
    if (block->status == RECON_ERROR_IO) {
        const struct recon_config *config = run->options.config;
        run->is_lost = block->taken.is_lost;
        if (!run->is_lost || run->is_rereading)
            return run_fail(run, block->status, "%s", block->taken.error);
        return run_fail(run, block->status,
                        "%s; to go on without it, take the snapshots of '%s' out of %s and start again: it begins anew "
                        "with what there is",
                        block->taken.error, config->name, config->state_directory);
    }
    if (block->status != RECON_OK)
        return block->status;
    if (slot->position < block->taken.position)
        slot->position = block->taken.position;
    recon_steps_pass_over(run->steps, slot->stream, &block->batch);
    slot->block_done = 0;
    recon_ahead_give_back(run->ahead, number);
    return RECON_OK;
}

static void tally_messages(struct recon_run *run, int stream, const struct recon_ahead_message *messages, size_t count)
{
    if (run->is_rereading)
        return;
    for (size_t i = 0; i < count; i++)
        run->tally->bytes[stream] += messages[i].size;
    run->tally->messages[stream] += count;
}

/* How many messages of a block, from first on, make one step. */
static size_t step_count(const struct recon_ahead_block *block, size_t first, int64_t before, size_t capacity)
{
    const size_t end = first < block->decoded_count ? block->decoded_count : block->count;
    size_t count = 0;
    while (first + count < end && count < capacity && block->messages[first + count].offset < before)
        count++;
    return count;
}

int run_take(struct recon_run *run, size_t number, int64_t before, size_t capacity, size_t *count)
{
    struct run_slot *slot = &run->slots[number];
    const struct recon_ahead_block *block;
    *count = 0;
    while ((block = recon_ahead_look(run->ahead, number)) != NULL && slot->block_done == block->count) {
        const int status = block_end(run, number, block);
        if (status != RECON_OK)
            return status;
    }
    if (block == NULL)
        return RECON_OK;
    const size_t first = slot->block_done;
    *count = step_count(block, first, before, capacity);
    if (*count == 0) { /* what lies between is none that is given */
        slot->position = slot->position < before && capacity > 0 ? before : slot->position;
        return RECON_OK;
    }
    const struct recon_ahead_message *last = &block->messages[first + *count - 1];
    const struct recon_journal_step step = {
        .kind = RECON_STEP_RANGE,
        .stream = slot->stream,
        .partition = slot->partition,
        .first = block->messages[first].offset,
        .end = last->offset + 1,
        .count = (uint32_t)*count,
    };
    tally_messages(run, slot->stream, &block->messages[first], *count);
    slot->position = step.end;
    slot->block_done += *count;
    int status = first < block->decoded_count ? decoded_tell(run, block, first, *count, &step)
                                              : rest_tell(run, slot, block, first, *count, &step);
    if (status == RECON_OK && slot->block_done == block->count && block->status == RECON_OK)
        status = block_end(run, number, block);
    return status;
}
