/*
 * The join: ns a record, beside a bare loop that does nothing but touch as much memory at random.
 *
 *     bench_join [--ids N] [--runs 5] [--texts 0]
 *
 * IDs: all audit records first, then all events in another random order, in batches of 64; so N are in flight at once.
 * Keys and times are made while the clock stands, by a cheap mix: hashing IDs is the codecs' work. The engine is a new
 * one in each run, so that growing is in the figures, but in memory that an engine before it has touched: what it took
 * that one, the kernel's clearing of pages included, is told apart (and is all there is with --runs 0).
 * The bare loop reads, changes and writes all 64 bytes of one line after another, chosen at random, in an array as
 * large as the engine, huge pages likewise, touched before. Both sides run in turn; figures are medians, ratios those
 * of runs.
 */
#include <stdio.h>

#include "bench.h"

static void measure(size_t count, size_t run_count, bool keeps_texts)
{
    struct bench_beside_bare got = bench_join_beside_bare(count, run_count, keeps_texts);
    if (run_count == 0) {
        printf("%11zu IDs, %s: %.1f ns first touch included\n", count, keeps_texts ? "texts kept" : "keys alone",
               got.first_touch_ns);
        return;
    }
    printf("%11zu IDs, %s: %6.1f ns a record (audits %.1f, events %.1f) in memory touched before, %.1f ns first touch "
           "included; bare loop %.1f ns, ratio %.2f; %.1f bytes an ID by the engine\n",
           count, keeps_texts ? "texts kept" : "keys alone", got.record_ns, got.audits_ns, got.events_ns,
           got.first_touch_ns, got.bare_ns, got.ratio, got.engine_bytes);
    if (!keeps_texts && count != 1000000) /* bench_growth has that one */
        bench_row("join, %.0e IDs in flight | %.1f ns a record (first touch of memory included: %.1f) | bare loop over "
                  "as much memory: %.1f ns a line | %.2f "
                  "| ≥ %s",
                  (double)count, got.record_ns, got.first_touch_ns, got.bare_ns, got.ratio,
                  count < 100000000 ? "0.6" : "0.5");
}

int main(int argc, char **argv)
{
    struct bench_option options[] = {{"--ids", 0}, {"--runs", 5}, {"--texts", 2}};
    bench_options(argc, argv, options, 3);
    uint64_t counts[] = {1000000, 20000000};
    size_t run_count = options[1].value > BENCH_RUN_COUNT_MAX ? 5 : options[1].value;
    for (size_t i = 0; i < 2; i++) {
        if (options[0].value != 0) {
            if (i > 0)
                break;
            counts[i] = options[0].value;
        }
        if (options[2].value != 1)
            measure(counts[i], run_count, false);
        if (options[2].value != 0)
            measure(counts[i], run_count, true);
    }
    return 0;
}
