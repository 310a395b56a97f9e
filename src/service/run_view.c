/*
 * See run_view.h.
 */
#include <stdlib.h>
#include <string.h>

#include "recon/status.h"
#include "service/run_state.h"

/* Often enough that nobody waits for it, seldom enough that it costs nothing. */
#define INTERVAL_MS 250

const double recon_run_buckets[RECON_RUN_BUCKET_COUNT - 1] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10};

static double times_add(struct recon_run_times *times, int64_t took_ms)
{
    const double seconds = (double)took_ms / 1000;
    size_t bucket = 0;
    while (bucket < RECON_RUN_BUCKET_COUNT - 1 && seconds > recon_run_buckets[bucket])
        bucket++;
    times->buckets[bucket]++;
    times->seconds += seconds;
    times->count++;
    return seconds;
}

void run_tally_commit(struct recon_run_tally *tally, int64_t took_ms)
{
    tally->commit_seconds_last = times_add(&tally->commits, took_ms);
    tally->trouble[0] = '\0';
}

void run_tally_round(struct recon_run_tally *tally, int64_t took_ms, bool is_in_snapshot)
{
    const double seconds = times_add(&tally->rounds, took_ms > 0 ? took_ms : 0); /* commits are told rounded */
    double *max = is_in_snapshot ? &tally->snapshot_round_seconds_max : &tally->round_seconds_max;
    *max = seconds > *max ? seconds : *max;
}

void run_tally_result(struct recon_run_tally *tally, const struct recon_result *result)
{
    if (result->type != RECON_RESULT_METRIC)
        return;
    const struct recon_run_window window = {
        .start = result->start, .end = result->end, .revision = result->revision, .counts = result->counts};
    struct recon_run_window *windows = tally->windows;
    size_t at = tally->window_count;
    while (at > 0 && windows[at - 1].start > window.start)
        at--;
    if (at > 0 && windows[at - 1].start == window.start) {
        windows[at - 1] = window;
        return;
    }
    if (tally->window_count < RECON_RUN_WINDOW_COUNT) {
        memmove(windows + at + 1, windows + at, (tally->window_count - at) * sizeof *windows);
        windows[at] = window;
        tally->window_count++;
    } else if (at > 0) { /* the earliest goes */
        memmove(windows, windows + 1, (at - 1) * sizeof *windows);
        windows[at - 1] = window;
    }
}

static bool partitions_show(struct recon_run *run)
{
    if (run->shown_capacity < run->slot_count) {
        struct recon_run_partition *grown = realloc(run->shown, run->slot_count * sizeof *grown);
        if (grown == NULL)
            return false;
        run->shown = grown;
        run->shown_capacity = run->slot_count;
    }
    for (size_t i = 0; i < run->slot_count; i++) {
        const struct run_slot *slot = &run->slots[i];
        int64_t asked = 0;
        struct recon_run_partition *one = &run->shown[i];
        *one = (struct recon_run_partition){
            .topic = slot->is_gone ? "(not read any more)" : run->topics[slot->topic],
            .partition = slot->topic_partition,
            .stream = slot->stream,
            .position = slot->position,
            .end = -1,
            .time_max = recon_steps_time_max(run->steps, slot->stream, slot->partition),
            .caught_up_ms = slot->caught_up_ms,
        };
        recon_kafka_reader_end(run->reader, (uint32_t)i, &asked, &one->end);
    }
    return true;
}

static void engine_show(const struct recon_run *run, struct recon_run_view *view)
{
    const struct recon_engine *engine = run->steps != NULL ? recon_steps_engine(run->steps) : NULL;
    int stream = 0;
    uint32_t partition = 0;
    if (engine == NULL)
        return;
    view->has_engine = true;
    view->clock_ms = recon_steps_now(run->steps);
    recon_engine_current(engine, &view->rise);
    recon_engine_stats(engine, &view->stats);
    view->memory_bytes = recon_engine_memory_bytes(engine);
    view->memory_limit_bytes = recon_steps_memory_limit(run->steps);
    for (int i = 0; i < RECON_STREAM_COUNT; i++)
        recon_steps_passed_over(run->steps, i, &view->ignored[i], &view->tombstones[i]);
    if (!recon_engine_holder(engine, &stream, &partition))
        return;
    for (size_t i = 0; i < run->slot_count; i++)
        if (run->slots[i].stream == stream && run->slots[i].partition == partition) {
            view->has_holder = true;
            view->holder = i;
        }
}

void run_beat(struct recon_run *run)
{
    const int64_t steady_ms = recon_clock_monotonic_ms();
    if (run->options.observe == NULL || steady_ms < run->next_view_ms)
        return;
    run->next_view_ms = steady_ms + INTERVAL_MS;
    struct recon_run_view view = {
        .name = run->options.config->name,
        .phase = run_is_stopped(run) ? RECON_RUN_STOPPING : run->phase,
        .at_ms = recon_clock_wall_ms(),
        .at_steady_ms = steady_ms,
        .started_ms = run->started_ms,
        .idle_timeout_ms = run->options.config->settings.idle_timeout_ms,
        .rise = {.watermark = RECON_TIME_MIN, .retention_bound = RECON_TIME_MIN},
        .snapshot_ms = run->snapshot_ms,
        .tally = run->tally,
    };
    engine_show(run, &view);
    if (run->reader != NULL && run->steps != NULL && partitions_show(run)) {
        view.partitions = run->shown;
        view.partition_count = run->slot_count;
    } else {
        view.has_holder = false;
    }
    run->options.observe(run->options.observe_context, &view);
}

void run_phase(struct recon_run *run, enum recon_run_phase phase)
{
    run->phase = phase;
    run->next_view_ms = 0;
    run_beat(run);
}
