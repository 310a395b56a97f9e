/*
 * The join: ns a record and bytes an ID, beside a bare loop that does nothing but touch as much memory at random.
 *
 *     bench_join [--ids N] [--runs 5] [--texts 0]
 *
 * IDs: all audit records first, then all events in another random order, in batches of 64; so N are in flight at once.
 * Keys and times are made before the clock starts, by a cheap mix: hashing IDs is the codecs' work. The engine is a new
 * one in each run: growing, and the kernel's zeroing of what it grows by, are in the figures.
 * The bare loop reads, changes and writes all 64 bytes of one line after another, chosen at random, in an array as
 * large as the engine, huge pages likewise, touched before. Both sides run in turn; figures are medians, ratios those
 * of runs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"

struct line {
    uint64_t words[8];
};

/* ns a line. */
static double bare_loop(struct line *lines, size_t line_count, size_t access_count, uint64_t seed)
{
    int64_t begin = bench_now_ns();
    for (size_t i = 0; i < access_count; i++) {
        struct line *line = &lines[(bench_mix(seed + i) >> 32) * line_count >> 32];
        for (size_t word = 0; word < 8; word++)
            line->words[word] += i;
    }
    return (double)(bench_now_ns() - begin) / (double)access_count;
}

static void measure(size_t count, size_t run_count, bool keeps_texts)
{
    struct bench_record *audits;
    struct bench_record *events;
    bench_records(count, 1, &audits, &events);
    double audits_ns[BENCH_RUN_COUNT_MAX];
    double events_ns[BENCH_RUN_COUNT_MAX];
    double record_ns[BENCH_RUN_COUNT_MAX];
    double bare_ns[BENCH_RUN_COUNT_MAX];
    double ratio[BENCH_RUN_COUNT_MAX];
    struct bench_join join = {0};
    for (size_t run = 0; run < run_count; run++) {
        join = bench_join_run(audits, events, count, keeps_texts);
        size_t line_count = join.engine_bytes / sizeof(struct line);
        struct line *lines = bench_allocate(line_count * sizeof *lines);
        memset(lines, 1, line_count * sizeof *lines);
        audits_ns[run] = join.audits_ns;
        events_ns[run] = join.events_ns;
        record_ns[run] = (join.audits_ns + join.events_ns) / 2;
        bare_ns[run] = bare_loop(lines, line_count, 2 * count, run);
        ratio[run] = bare_ns[run] / record_ns[run];
        bench_release(lines, line_count * sizeof *lines);
    }
    printf("%11zu IDs, %s: %6.1f ns a record (audits %.1f, events %.1f), bare loop %.1f ns, ratio %.2f; "
           "%.1f bytes an ID by the engine, %.1f resident\n",
           count, keeps_texts ? "texts kept" : "keys alone", bench_median(record_ns, run_count),
           bench_median(audits_ns, run_count), bench_median(events_ns, run_count), bench_median(bare_ns, run_count),
           bench_median(ratio, run_count), (double)join.engine_bytes / (double)count,
           (double)join.resident_bytes / (double)count);
    fflush(stdout);
    bench_release(audits, count * sizeof *audits);
    bench_release(events, count * sizeof *events);
}

int main(int argc, char **argv)
{
    struct bench_option options[] = {{"--ids", 0}, {"--runs", 5}, {"--texts", 2}};
    bench_options(argc, argv, options, 3);
    uint64_t counts[] = {1000000, 20000000};
    size_t run_count = options[1].value < 1 || options[1].value > BENCH_RUN_COUNT_MAX ? 5 : options[1].value;
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
