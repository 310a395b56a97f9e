/*
 * Snapshots while the engine goes on: what a pause lasts, and what it costs.
 *
 *     bench_snapshot [--ids N] [--runs 3] [--piece 65536]
 *
 * Two states of N IDs: all matched, and all pending with their texts (36 bytes of ID, 80 of context). An engine is
 * filled, a snapshot frozen, and then by turns 64 records go in and a piece is taken, as a home does between its
 * batches: events of what is pending (each takes the record away that the snapshot still wants), audit records of new
 * IDs where all are matched. Printed: the synchronous part; the longest single call of each kind, and of the engine
 * before for comparison; the whole of taking pieces in ns an ID, beside memcpy of as many bytes, between blocks larger
 * than any cache; what a record costs before and meanwhile; how far memory rose above what was held when it
 * was frozen (new IDs included), and what was given back at the end. Figures
 * are medians of runs with an engine each, in processor time; the longest calls are also maxima of all runs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "recon/snapshot.h"

#define BATCH_COUNT 64
#define PROBE_COUNT 200000
#define COPY_BYTES ((size_t)64 << 20)

static const char id[] = "7ba3407d-3190-4afb-bb2f-f5a40f9b6dcc";
static const char context[] = "order 10000004 of Ada Lovelace, Lisbon: 2 x SKU-8201, 35.90 EUR; by the checkout";

enum figure {
    FREEZE_US,
    PIECE_MAX_US,
    CALL_MAX_US,
    CALL_MAX_BEFORE_US,
    PIECES_NS_AN_ID,
    MEMCPY_NS_AN_ID,
    BEFORE_NS_A_RECORD,
    MEANWHILE_NS_A_RECORD,
    ROSE_MB,
    GIVEN_BACK_MB,
    WRITTEN_MB,
    RECORDS_MEANWHILE,
    FIGURE_COUNT
};

struct feeder {
    struct recon_engine *engine;
    int64_t call_max_ns;
    int64_t spent_ns;
    uint64_t record_count;
};

static void must(int status, const char *what)
{
    if (status == RECON_OK)
        return;
    fprintf(stderr, "bench_snapshot: %s: %s\n", what, recon_status_text(status));
    exit(1);
}

/* One call: count records of IDs from `first` on, in the order of a stride that is prime to any count in use. */
static void feed(struct feeder *feeder, int stream, uint64_t first, size_t count, uint64_t id_count)
{
    struct recon_record records[BATCH_COUNT];
    memset(records, 0, sizeof records);
    for (size_t i = 0; i < count; i++) {
        uint64_t number = first + i;
        if (id_count > 0)
            number = number * UINT64_C(2147483647) % id_count;
        records[i].stream = (uint8_t)stream;
        records[i].key = (struct recon_key){bench_mix(number + 1), bench_mix(~number)};
        records[i].time = (int64_t)(number / 100);
        records[i].has_time = true;
        records[i].id = (struct recon_text){id, sizeof id - 1};
        if (stream == RECON_STREAM_AUDIT)
            records[i].context = (struct recon_text){context, sizeof context - 1};
    }
    int64_t begin = bench_now_ns();
    size_t handled = 0;
    must(recon_engine_records(feeder->engine, records, count, &handled), "records");
    if (handled != count)
        must(RECON_ERROR_UNDRAINED, "records");
    int64_t took = bench_now_ns() - begin;
    feeder->spent_ns += took;
    feeder->record_count += count;
    if (took > feeder->call_max_ns)
        feeder->call_max_ns = took;
}

static void feed_all(struct feeder *feeder, int stream, uint64_t from, uint64_t to)
{
    for (; from < to; from += BATCH_COUNT)
        feed(feeder, stream, from, to - from < BATCH_COUNT ? (size_t)(to - from) : BATCH_COUNT, 0);
}

static int64_t copy_ns(size_t size)
{
    char *from = bench_allocate(2 * COPY_BYTES);
    memset(from, 1, 2 * COPY_BYTES);
    int64_t begin = bench_now_ns();
    for (size_t done = 0; done < size; done += COPY_BYTES) {
        memcpy(from + COPY_BYTES, from, size - done < COPY_BYTES ? size - done : COPY_BYTES);
        __asm__ volatile("" : : "r"(from) : "memory");
    }
    int64_t took = bench_now_ns() - begin;
    bench_release(from, 2 * COPY_BYTES);
    return took;
}

static void run_once(uint64_t count, bool is_pending, size_t piece, double figures[FIGURE_COUNT])
{
    struct recon_settings settings;
    recon_settings_init(&settings);
    settings.interval_ms = 60000;
    settings.allocator = bench_allocator();
    struct feeder feeder = {0};
    must(recon_engine_new(&settings, &feeder.engine), "engine");
    must(recon_engine_clock(feeder.engine, 0), "clock");
    feed_all(&feeder, RECON_STREAM_AUDIT, 0, count);
    if (!is_pending)
        feed_all(&feeder, RECON_STREAM_EVENTS, 0, count);
    /* As in the loop below, without a snapshot. */
    feeder = (struct feeder){.engine = feeder.engine};
    uint64_t next = 0;
    for (; next < PROBE_COUNT && next + BATCH_COUNT < count / 2; next += BATCH_COUNT)
        feed(&feeder, is_pending ? RECON_STREAM_EVENTS : RECON_STREAM_AUDIT, is_pending ? next : count + next,
             BATCH_COUNT, is_pending ? count : 0);
    figures[CALL_MAX_BEFORE_US] = (double)feeder.call_max_ns / 1e3;
    figures[BEFORE_NS_A_RECORD] = (double)feeder.spent_ns / (double)feeder.record_count;
    if (!is_pending)
        feed_all(&feeder, RECON_STREAM_EVENTS, count, count + next);
    feeder = (struct feeder){.engine = feeder.engine};

    struct recon_snapshot_writer *writer;
    int64_t begin = bench_now_ns();
    must(recon_snapshot_writer_new(feeder.engine, RECON_SNAPSHOT_ALL, &writer), "writer");
    must(recon_snapshot_writer_freeze(writer), "freeze");
    figures[FREEZE_US] = (double)(bench_now_ns() - begin) / 1e3;
    unsigned char *bytes = bench_allocate(piece);
    uint64_t written = 0;
    uint64_t frozen = recon_engine_memory_bytes(feeder.engine);
    uint64_t rose = 0;
    uint64_t given_back = 0;
    int64_t spent = 0;
    int64_t longest = 0;
    for (;;) {
        if (next + BATCH_COUNT <= count) {
            feed(&feeder, is_pending ? RECON_STREAM_EVENTS : RECON_STREAM_AUDIT, is_pending ? next : count + next,
                 BATCH_COUNT, is_pending ? count : 0);
            next += BATCH_COUNT;
        }
        size_t size = 0;
        uint64_t held = recon_engine_memory_bytes(feeder.engine);
        begin = bench_now_ns();
        must(recon_snapshot_writer_next(writer, bytes, piece, &size), "next");
        int64_t took = bench_now_ns() - begin;
        uint64_t after = recon_engine_memory_bytes(feeder.engine);
        given_back = held > after && held - after > given_back ? held - after : given_back;
        rose = held > frozen && held - frozen > rose ? held - frozen : rose;
        spent += took;
        longest = took > longest ? took : longest;
        if (size == 0)
            break;
        written += size;
    }
    recon_snapshot_writer_free(writer);
    figures[ROSE_MB] = (double)rose / 1e6;
    figures[GIVEN_BACK_MB] = (double)given_back / 1e6;
    figures[PIECE_MAX_US] = (double)longest / 1e3;
    figures[CALL_MAX_US] = (double)feeder.call_max_ns / 1e3;
    figures[PIECES_NS_AN_ID] = (double)spent / (double)count;
    figures[MEMCPY_NS_AN_ID] = (double)copy_ns(written) / (double)count;
    figures[MEANWHILE_NS_A_RECORD] =
        feeder.record_count == 0 ? 0 : (double)feeder.spent_ns / (double)feeder.record_count;
    figures[WRITTEN_MB] = (double)written / 1e6;
    figures[RECORDS_MEANWHILE] = (double)feeder.record_count;
    bench_release(bytes, piece);
    recon_engine_free(feeder.engine);
}

static void measure(uint64_t count, bool is_pending, size_t run_count, size_t piece)
{
    double runs[FIGURE_COUNT][BENCH_RUN_COUNT_MAX];
    for (size_t run = 0; run < run_count; run++) {
        double figures[FIGURE_COUNT];
        run_once(count, is_pending, piece, figures);
        for (size_t i = 0; i < FIGURE_COUNT; i++)
            runs[i][run] = figures[i];
    }
    double median[FIGURE_COUNT];
    for (size_t i = 0; i < FIGURE_COUNT; i++)
        median[i] = bench_median(runs[i], run_count); /* sorts */
    printf("%11" PRIu64
           " IDs, %s: frozen in %.0f us; longest piece %.0f us (of all runs %.0f), longest call of 64 records "
           "%.0f us (of all runs %.0f; before %.0f)\n",
           count, is_pending ? "pending" : "matched", median[FREEZE_US], median[PIECE_MAX_US],
           runs[PIECE_MAX_US][run_count - 1], median[CALL_MAX_US], runs[CALL_MAX_US][run_count - 1],
           median[CALL_MAX_BEFORE_US]);
    printf(
        "             all pieces %.1f ns an ID (%.2f s, %.0f MB), memcpy of as much %.1f; a record %.0f ns meanwhile "
        "(%.0f of them), before %.0f; memory rose by %.1f MB, of which %.1f were given back\n",
        median[PIECES_NS_AN_ID], median[PIECES_NS_AN_ID] * (double)count / 1e9, median[WRITTEN_MB],
        median[MEMCPY_NS_AN_ID], median[MEANWHILE_NS_A_RECORD], median[RECORDS_MEANWHILE], median[BEFORE_NS_A_RECORD],
        median[ROSE_MB], median[GIVEN_BACK_MB]);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct bench_option options[] = {{"--ids", 0}, {"--runs", 3}, {"--piece", 65536}};
    bench_options(argc, argv, options, 3);
    uint64_t counts[] = {1000000, 20000000};
    size_t run_count = options[1].value < 1 || options[1].value > BENCH_RUN_COUNT_MAX ? 3 : options[1].value;
    for (size_t i = options[0].value == 0 ? 0 : 1; i < 2; i++) {
        uint64_t count = options[0].value == 0 ? counts[i] : options[0].value;
        measure(count, false, run_count, options[2].value);
        measure(count, true, run_count, options[2].value);
    }
    return 0;
}
