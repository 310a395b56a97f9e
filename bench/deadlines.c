/*
 * What deadlines cost: an ID that is reported, and one that is matched in time; and what it costs to forget one.
 *
 *     bench_deadlines [--ids 10000000] [--runs 5]
 *
 * Reported: all IDs are pending with their texts; then heartbeats a millisecond apart make 100 at a time fall due, and
 * the results are taken (not written). Matched: 10^5 IDs are in flight, each event comes just before its deadline, one
 * in a thousand never. Beside each the same calls where n is unset, so that nothing falls due. Forgotten: a fifth of
 * all IDs wait and as many matched ones are remembered at a time; beside it the same where none is ever forgotten. Both
 * sides in turn, an engine each; figures are medians of the runs' differences, in processor time.
 */
#include <stdio.h>

#include "bench.h"

#define BATCH_COUNT 64
#define IDS_PER_MS 100
#define IN_FLIGHT 100032 /* a multiple of a batch, and a bit more than a second */

static struct recon_engine *engine_of(bool has_deadlines, int64_t retention_ms)
{
    struct recon_settings settings;
    recon_settings_init(&settings);
    settings.interval_ms = 60000;
    settings.allocator = bench_allocator();
    if (has_deadlines)
        settings.out_of_orderness_ms = 0;
    settings.retention_ms = retention_ms;
    struct recon_engine *engine;
    if (recon_engine_new(&settings, &engine) != RECON_OK || recon_engine_clock(engine, 0) != RECON_OK)
        bench_die("no engine");
    return engine;
}

/* One batch from the number on; without every thousandth where those are lost. */
static uint64_t feed(struct recon_engine *engine, int stream, uint64_t first, bool loses)
{
    struct recon_record records[BATCH_COUNT];
    size_t count = 0;
    for (uint64_t i = first; i < first + BATCH_COUNT; i++)
        if (!loses || i % 1000 != 0)
            records[count++] = bench_record_of(stream, i, (int64_t)(i / IDS_PER_MS));
    return bench_feed(engine, records, count);
}

/* ns an ID. */
static double reported_ns(uint64_t count, bool has_deadlines)
{
    struct recon_engine *engine = engine_of(has_deadlines, RECON_DURATION_UNSET);
    for (uint64_t i = 0; i < count; i += BATCH_COUNT)
        feed(engine, RECON_STREAM_AUDIT, i, false);
    uint64_t reported = 0;
    int64_t begin = bench_now_ns();
    for (int64_t time = 0; time <= (int64_t)(count / IDS_PER_MS) + 2; time++) {
        struct recon_record beats[RECON_STREAM_COUNT];
        for (uint8_t stream = 0; stream < RECON_STREAM_COUNT; stream++)
            beats[stream] =
                (struct recon_record){.kind = RECON_KIND_HEARTBEAT, .stream = stream, .time = time, .has_time = true};
        reported += bench_feed(engine, beats, RECON_STREAM_COUNT);
    }
    int64_t taken = bench_now_ns() - begin;
    /* The last heartbeats may end within the last batch. */
    if (has_deadlines ? reported < count : reported > 0)
        bench_die("not what is missing was reported");
    recon_engine_free(engine);
    return (double)taken / (double)count;
}

/* All IDs, each event so many records behind its audit record. How many were reported; *taken: in ns. */
static uint64_t come_and_go(struct recon_engine *engine, uint64_t count, uint64_t in_flight, bool loses, int64_t *taken)
{
    uint64_t reported = 0;
    int64_t begin = bench_now_ns();
    for (uint64_t i = 0; i < count + in_flight; i += BATCH_COUNT) {
        if (i < count)
            reported += feed(engine, RECON_STREAM_AUDIT, i, false);
        if (i >= in_flight)
            reported += feed(engine, RECON_STREAM_EVENTS, i - in_flight, loses);
    }
    *taken = bench_now_ns() - begin;
    return reported;
}

static double matched_ns(uint64_t count, bool has_deadlines)
{
    struct recon_engine *engine = engine_of(has_deadlines, RECON_DURATION_UNSET);
    int64_t taken;
    const uint64_t reported = come_and_go(engine, count, IN_FLIGHT, true, &taken);
    if (reported > count / 1000 + 1 || (has_deadlines && reported + 1 < count / 1000))
        bench_die("not what is missing was reported");
    recon_engine_free(engine);
    return (double)taken / (double)count;
}

static double forgotten_ns(uint64_t count, bool forgets)
{
    const uint64_t in_flight = count / 5 / BATCH_COUNT * BATCH_COUNT;
    struct recon_engine *engine = engine_of(true, forgets ? (int64_t)(in_flight / IDS_PER_MS) : RECON_DURATION_UNSET);
    int64_t taken;
    const uint64_t reported = come_and_go(engine, count, in_flight, false, &taken);
    struct recon_matcher_stats stats;
    recon_engine_stats(engine, &stats);
    if (reported > 0 || (stats.forgotten_matched[RECON_STREAM_AUDIT] > 0) != forgets)
        bench_die("not what is over was forgotten");
    recon_engine_free(engine);
    return (double)taken / (double)count;
}

static void measure(const char *what, const char *beside, const char *to_reach, double (*side)(uint64_t, bool),
                    uint64_t count, size_t run_count)
{
    double with[BENCH_RUN_COUNT_MAX];
    double without[BENCH_RUN_COUNT_MAX];
    double more[BENCH_RUN_COUNT_MAX];
    double ratio[BENCH_RUN_COUNT_MAX];
    for (size_t run = 0; run < run_count; run++) {
        without[run] = side(count, false);
        with[run] = side(count, true);
        more[run] = with[run] - without[run];
        ratio[run] = with[run] / without[run];
    }
    bench_row("deadlines, %.0e IDs %s | %.1f ns an ID | %s: %.1f ns | %.1f ns more (%.2f x) | %s", (double)count, what,
              bench_median(with, run_count), beside, bench_median(without, run_count), bench_median(more, run_count),
              bench_median(ratio, run_count), to_reach);
}

int main(int argc, char **argv)
{
    struct bench_option options[] = {{"--ids", 10000000}, {"--runs", 5}};
    bench_options(argc, argv, options, 2);
    uint64_t count = options[0].value / BATCH_COUNT * BATCH_COUNT;
    size_t run_count = options[1].value < 1 || options[1].value > BENCH_RUN_COUNT_MAX ? 5 : options[1].value;
    const char *unset = "the same without deadlines";
    measure("pending, due one after another", unset, "≤ 30 ns more", reported_ns, count, run_count);
    measure("of which nearly all are matched in time", unset, "≤ 5 ns more", matched_ns, count, run_count);
    measure("that come and go, a fifth of them waiting, a fifth remembered", "the same with none forgotten", "",
            forgotten_ns, count, run_count);
    return 0;
}
