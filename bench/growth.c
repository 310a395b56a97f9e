/*
 * What a record costs as IDs in flight become more, beside a bare loop over as much memory.
 *
 *     bench_growth [--from 100000] [--to 100000000] [--runs 5]
 *
 * The join of bench_join for each power of ten. Both grow as caches and the processor's table of pages cover less of
 * the memory; printed is by how much, against the smallest. What there is no memory for is left out, and said.
 */
#include <stdio.h>

#include "bench.h"

int main(int argc, char **argv)
{
    struct bench_option options[] = {{"--from", 100000}, {"--to", 100000000}, {"--runs", 5}};
    bench_options(argc, argv, options, 3);
    size_t run_count = options[2].value < 1 || options[2].value > BENCH_RUN_COUNT_MAX ? 5 : options[2].value;
    struct bench_beside_bare first = {0};
    struct bench_beside_bare got = {0};
    for (uint64_t count = options[0].value; count <= options[1].value; count *= 10) {
        /* Few IDs are over so soon that a run is chance. */
        size_t runs = count < 1000000 && run_count < 20 ? run_count * 4 + 1 : run_count;
        double wanted = got.most_bytes * (double)count;
        if (wanted > 0.95 * (double)bench_available_bytes()) {
            bench_row("growth, %.0e IDs in flight | left out: they take %.0f GB of memory, which this machine has not "
                      "free | | | no more than the bare loop",
                      (double)count, wanted / 1e9);
            break;
        }
        got = bench_join_beside_bare(count, runs, false);
        if (count == options[0].value)
            first = got;
        bench_row(
            "growth, %.0e IDs in flight | %.1f ns a record, %.2f x that of %.0e | bare loop: %.1f ns, %.2f x | %.2f "
            "| no more than the bare loop",
            (double)count, got.record_ns, got.record_ns / first.record_ns, (double)options[0].value, got.bare_ns,
            got.bare_ns / first.bare_ns, got.record_ns / first.record_ns / (got.bare_ns / first.bare_ns));
        if (count == 100000000)
            bench_row("join, %.0e IDs in flight | %.1f ns a record (first touch of memory included: %.1f) | bare loop "
                      "over as much memory: %.1f ns a line | %.2f "
                      "| ≥ 0.5",
                      (double)count, got.record_ns, got.first_touch_ns, got.bare_ns, got.ratio);
    }
    return 0;
}
