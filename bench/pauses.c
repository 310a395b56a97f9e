/*
 * How long a call to the engine takes, at worst: batches of 64 records through growth, the retention edge and leaps.
 *
 *     bench_pauses [--ids 20000000] [--runs 5]
 *
 * 100 IDs a ms of event time, each event 10^5 IDs behind its audit record, one in a thousand never; n is 0, m as long
 * as the IDs last, so that so many are remembered:
 *
 *     growth    from none to all of them
 *     edge      half as many again: for each that comes one is forgotten
 *     expiry    event time leaps so that a twentieth is forgotten at once, and goes on
 *     leap      likewise, and as many are pending and fall due at once
 *     year      event time leaps a year: all is forgotten; and goes on
 *
 * A call is one of recon_engine_records, heartbeats too, and the recon_engine_next that finds nothing more to report;
 * what takes results is told apart. Processor time of each call; medians of runs, an engine each, and the longest of
 * all. Their memory was touched before, by a first engine, whose longest calls, the kernel's clearing of pages in them,
 * are told apart: in a virtual machine that may be 5 ms for a huge page.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

#define BATCH_COUNT 64
#define IDS_PER_MS 100
#define IN_FLIGHT 100032
#define YEAR_MS (INT64_C(365) * 86400000)

enum phase { GROWTH, EDGE, EXPIRY, LEAP, YEAR, PHASE_COUNT };
static const char *const phase_names[] = {"growth", "edge", "expiry", "leap", "year"};

enum figure { CALL_COUNT, P50, P99, P9999, LONGEST, REPORTED, TAKING_LONGEST, FIGURE_COUNT };

struct calls {
    double *taken_us;
    size_t count;
    size_t capacity;
    uint64_t reported;
    double taking_max_us; /* the longest call that gave results */
};

struct load {
    struct recon_engine *engine;
    struct calls calls[PHASE_COUNT];
    enum phase phase;
    uint64_t next;    /* the number of the next ID */
    int64_t ahead_ms; /* by how much event time has leapt so far */
};

static void note(struct calls *calls, double us)
{
    if (calls->count == calls->capacity) {
        calls->capacity = calls->capacity == 0 ? 1 << 16 : calls->capacity * 2;
        calls->taken_us = realloc(calls->taken_us, calls->capacity * sizeof *calls->taken_us);
        if (calls->taken_us == NULL)
            bench_die("out of memory");
    }
    calls->taken_us[calls->count++] = us;
}

static void feed(struct load *load, const struct recon_record *records, size_t count)
{
    struct calls *calls = &load->calls[load->phase];
    for (size_t done = 0; done < count;) {
        size_t handled = 0;
        int64_t begin = bench_now_ns();
        if (recon_engine_records(load->engine, records + done, count - done, &handled) != RECON_OK)
            bench_die("the engine did not take a batch");
        double us = (double)(bench_now_ns() - begin) / 1e3;
        done += handled;
        for (size_t result_count = 1; result_count > 0;) {
            struct recon_result results[64];
            begin = bench_now_ns();
            if (recon_engine_next(load->engine, results, 64, &result_count) != RECON_OK)
                bench_die("the engine gave no results");
            double taking_us = (double)(bench_now_ns() - begin) / 1e3;
            calls->reported += result_count;
            if (result_count == 0)
                us += taking_us;
            else if (taking_us > calls->taking_max_us)
                calls->taking_max_us = taking_us;
        }
        note(calls, us);
    }
}

static int64_t time_of(const struct load *load, uint64_t number)
{
    return (int64_t)(number / IDS_PER_MS) + load->ahead_ms;
}

/* Event time goes on by so much at once: a heartbeat in each stream. */
static void leap(struct load *load, int64_t by_ms)
{
    load->ahead_ms += by_ms;
    struct recon_record beats[RECON_STREAM_COUNT];
    for (uint8_t stream = 0; stream < RECON_STREAM_COUNT; stream++)
        beats[stream] = (struct recon_record){
            .kind = RECON_KIND_HEARTBEAT, .stream = stream, .time = time_of(load, load->next), .has_time = true};
    feed(load, beats, RECON_STREAM_COUNT);
}

/* So many IDs; with_events: events of those IN_FLIGHT before them, if they belong to this stretch of event time. */
static void run_ids(struct load *load, uint64_t count, bool with_events)
{
    uint64_t begin = load->next;
    for (; load->next < begin + count; load->next += BATCH_COUNT) {
        struct recon_record records[BATCH_COUNT];
        for (uint64_t i = 0; i < BATCH_COUNT; i++)
            records[i] = bench_record_of(RECON_STREAM_AUDIT, load->next + i, time_of(load, load->next + i));
        feed(load, records, BATCH_COUNT);
        if (!with_events || load->next < begin + IN_FLIGHT)
            continue;
        size_t event_count = 0;
        for (uint64_t i = load->next - IN_FLIGHT; i < load->next - IN_FLIGHT + BATCH_COUNT; i++)
            if (i % 1000 != 0)
                records[event_count++] = bench_record_of(RECON_STREAM_EVENTS, i, time_of(load, i));
        feed(load, records, event_count);
    }
}

static void run_once(uint64_t count, struct recon_arena *arena, double figures[PHASE_COUNT][FIGURE_COUNT])
{
    uint64_t some = count / 20;
    struct recon_settings settings;
    recon_settings_init(&settings);
    settings.interval_ms = 60000;
    settings.out_of_orderness_ms = 0;
    settings.retention_ms = (int64_t)(count / IDS_PER_MS);
    settings.allocator = recon_arena_allocator(arena);
    struct load load = {0};
    if (recon_engine_new(&settings, &load.engine) != RECON_OK || recon_engine_clock(load.engine, 0) != RECON_OK)
        bench_die("no engine");
    run_ids(&load, count, true);
    load.phase = EDGE;
    run_ids(&load, count / 2, true);
    load.phase = EXPIRY;
    leap(&load, (int64_t)(some / IDS_PER_MS));
    run_ids(&load, some, true);
    load.phase = LEAP;
    run_ids(&load, some, false);
    leap(&load, (int64_t)(some / IDS_PER_MS));
    run_ids(&load, some, true);
    load.phase = YEAR;
    leap(&load, YEAR_MS);
    run_ids(&load, some, true);
    recon_engine_free(load.engine);
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
        struct calls *calls = &load.calls[phase];
        bench_median(calls->taken_us, calls->count); /* sorts */
        const double *sorted = calls->taken_us;
        size_t last = calls->count - 1;
        double *to = figures[phase];
        to[CALL_COUNT] = (double)calls->count;
        to[P50] = sorted[last / 2];
        to[P99] = sorted[last - last / 100];
        to[P9999] = sorted[last - last / 10000];
        to[LONGEST] = sorted[last];
        to[REPORTED] = (double)calls->reported;
        to[TAKING_LONGEST] = calls->taking_max_us;
        free(calls->taken_us);
    }
}

int main(int argc, char **argv)
{
    struct bench_option options[] = {{"--ids", 20000000}, {"--runs", 5}};
    bench_options(argc, argv, options, 2);
    uint64_t count = options[0].value;
    size_t run_count = options[1].value < 1 || options[1].value > BENCH_RUN_COUNT_MAX ? 5 : options[1].value;
    static double runs[PHASE_COUNT][FIGURE_COUNT][BENCH_RUN_COUNT_MAX];
    struct recon_arena *arena = bench_arena_kept();
    double first[PHASE_COUNT][FIGURE_COUNT];
    run_once(count, arena, first);
    for (size_t run = 0; run < run_count; run++) {
        double figures[PHASE_COUNT][FIGURE_COUNT];
        run_once(count, arena, figures);
        for (int phase = 0; phase < PHASE_COUNT; phase++)
            for (int figure = 0; figure < FIGURE_COUNT; figure++)
                runs[phase][figure][run] = figures[phase][figure];
    }
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
        double median[FIGURE_COUNT];
        for (int figure = 0; figure < FIGURE_COUNT; figure++)
            median[figure] = bench_median(runs[phase][figure], run_count); /* sorts */
        printf("%-7s %9.0f calls: p50 %.1f us, p99 %.1f, p99.99 %.0f, longest %.0f (of all runs %.0f; first touch of "
               "memory included %.0f); %.0f results, in calls of up to 64 that took at most %.0f\n",
               phase_names[phase], median[CALL_COUNT], median[P50], median[P99], median[P9999], median[LONGEST],
               runs[phase][LONGEST][run_count - 1], first[phase][LONGEST], median[REPORTED], median[TAKING_LONGEST]);
        bench_row(
            "longest call, batches of 64 at %.0e IDs: %s | p50 %.1f µs, p99 %.1f µs, p99.99 %.0f µs, longest %.0f µs "
            "(first touch of memory included: p99.99 %.0f µs, %.0f µs) | | | ≤ 1000 µs",
            (double)count, phase_names[phase], median[P50], median[P99], median[P9999], median[LONGEST],
            first[phase][P9999], first[phase][LONGEST]);
    }
    recon_arena_free(arena);
    return 0;
}
