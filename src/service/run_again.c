/*
 * A step that the journal has, made again: what it took is read again from where it was, and the engine told the same.
 */
#include <string.h>

#include "recon/status.h"
#include "service/run_resume.h"

#define ASK_MS 500
#define CUT_OFF_MS 2000
#define WAIT_MS 100

int run_topic_find(const struct recon_run *run, struct recon_text name, int stream, size_t *topic)
{
    for (size_t i = 0; i < run->topic_count; i++)
        if (strlen(run->topics[i]) == name.size && memcmp(run->topics[i], name.bytes, name.size) == 0 &&
            run_is_audit(run, i) == (stream == RECON_STREAM_AUDIT)) {
            *topic = i;
            return RECON_OK;
        }
    return RECON_ERROR_DAMAGED;
}

static int range_is_gone(struct recon_run *run, const struct run_slot *slot, const struct recon_journal_step *step,
                         const char *why)
{
    return run_fail(run, RUN_UNSOUND,
                    "topic %s, partition %d: offsets %lld to %lld, which were read before, are to be read again, and "
                    "%s (retention, compaction, or a topic made anew)",
                    run_topic(run, slot), (int)slot->topic_partition, (long long)step->first, (long long)step->end - 1,
                    why);
}

/* Steady clock. */
struct cut_off {
    int64_t next_ask_ms;
    int64_t since_ms; /* it is known to be so; or the last look that did not find it so */
};

/* Whether a partition ends before an offset, and that for some time: a broker that has just begun may know less. Asks.
 */
static bool is_cut_off(struct recon_run *run, size_t slot, int64_t before, struct cut_off *cut_off)
{
    const int64_t steady_ms = recon_clock_monotonic_ms();
    int64_t asked_ms = 0;
    int64_t end = 0;
    if (steady_ms >= cut_off->next_ask_ms) {
        recon_kafka_reader_ask(run->reader, recon_steps_now(run->steps), run->topics, run->topic_count);
        cut_off->next_ask_ms = steady_ms + ASK_MS;
    }
    if (!recon_kafka_reader_end(run->reader, (uint32_t)slot, &asked_ms, &end) || end >= before)
        cut_off->since_ms = steady_ms;
    return steady_ms - cut_off->since_ms >= CUT_OFF_MS;
}

static int reread_range(struct recon_run *run, const struct recon_journal_step *step)
{
    size_t slot = 0;
    while (slot < run->slot_count &&
           (run->slots[slot].stream != step->stream || run->slots[slot].partition != step->partition))
        slot++;
    if (slot == run->slot_count || run->slots[slot].is_gone)
        return RECON_ERROR_DAMAGED;
    struct cut_off cut_off = {.since_ms = recon_clock_monotonic_ms()};
    size_t done = 0;
    int status = RECON_OK;
    while (status == RECON_OK && done < step->count) {
        size_t count = 0;
        run_beat(run);
        status = run_take(run, slot, step->end, step->count - done, &count);
        done += count;
        if (status == RECON_ERROR_IO && run->is_lost)
            return range_is_gone(run, &run->slots[slot], step, "they are gone");
        if (status != RECON_OK || count > 0)
            continue;
        if (run->slots[slot].position >= step->end)
            return range_is_gone(run, &run->slots[slot], step, "some are gone");
        if (is_cut_off(run, slot, step->end, &cut_off))
            return range_is_gone(run, &run->slots[slot], step, "the topic ends before that");
        status = run_is_stopped(run) ? RUN_STOPPED : run_wait(run, WAIT_MS);
    }
    recon_steps_schemas_forget(run->steps, step->stream);
    return status;
}

static int end_again(struct recon_run *run, const struct recon_journal_step *step)
{
    for (size_t i = 0; i < run->slot_count; i++) {
        struct run_slot *slot = &run->slots[i];
        if (slot->stream != step->stream || slot->partition != step->partition || !slot->is_gone || slot->is_ended)
            continue;
        slot->is_ended = true;
        return recon_steps_end(run->steps, step->stream, step->partition);
    }
    return RECON_ERROR_DAMAGED;
}

int run_step_again(struct recon_run *run, const struct recon_journal_step *step)
{
    size_t topic = 0;
    if (step->kind != RECON_STEP_PARTITION && step->kind != RECON_STEP_CLOCK && step->kind != RECON_STEP_ABSENT &&
        step->kind != RECON_STEP_ANEW &&
        (step->partition >= recon_steps_partition_count(run->steps, step->stream) ||
         recon_steps_now(run->steps) == RECON_TIME_MIN))
        return RECON_ERROR_DAMAGED;
    switch (step->kind) {
    case RECON_STEP_PARTITION:
        if (run_topic_find(run, step->topic, step->stream, &topic) != RECON_OK)
            return RECON_ERROR_DAMAGED;
        return run_partition(run, step->stream, topic, step->topic_partition, step->first);
    case RECON_STEP_CLOCK:
        return recon_steps_clock(run->steps, step->at);
    case RECON_STEP_RANGE:
        return reread_range(run, step);
    case RECON_STEP_ABSENT:
        return run_schema_absent(run, step);
    case RECON_STEP_ALIVE:
        return recon_steps_alive(run->steps, step->stream, step->partition);
    case RECON_STEP_END:
        return end_again(run, step);
    case RECON_STEP_ANEW:
        return run_fail(run, RUN_UNSOUND, "the run was begun anew since");
    default:
        return RECON_ERROR_VERSION;
    }
}
