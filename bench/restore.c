/*
 * A whole snapshot to memory and an engine made of it, beside memcpy of as many bytes and a file of them.
 *
 *     bench_restore [--ids 20000000] [--runs 5]
 *
 * All IDs are matched. memcpy copies the snapshot itself into memory that was touched before, as was what the snapshot
 * is written to, and what the engine is restored to but in the first run. In turn, in processor time; medians.
 * The file, in TMPDIR or /tmp, is written and synced: by the wall's clock, as it is the disk's time.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "recon/snapshot.h"

#define BATCH_COUNT 64
#define PIECE_BYTES 65536

static void must(int status)
{
    if (status != RECON_OK)
        bench_die(recon_status_text(status));
}

/* Writes it to bytes, if there are any; its size. */
static uint64_t write_snapshot(struct recon_engine *engine, unsigned char *bytes)
{
    static unsigned char thrown_away[PIECE_BYTES];
    struct recon_snapshot_writer *writer;
    must(recon_snapshot_writer_new(engine, RECON_SNAPSHOT_ALL, &writer));
    uint64_t written = 0;
    for (size_t size = 1; size > 0; written += size)
        must(recon_snapshot_writer_next(writer, bytes == NULL ? thrown_away : bytes + written, PIECE_BYTES, &size));
    recon_snapshot_writer_free(writer);
    return written;
}

/* Seconds. */
static double write_file(const unsigned char *bytes, size_t size)
{
    const char *folder = getenv("TMPDIR");
    int file = open(folder != NULL ? folder : "/tmp", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (file < 0)
        return -1;
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (size_t done = 0; done < size;) {
        ssize_t written = write(file, bytes + done, size - done);
        if (written < 0)
            bench_die("the file can't be written");
        done += (size_t)written;
    }
    if (fdatasync(file) != 0)
        bench_die("the file can't be written");
    clock_gettime(CLOCK_MONOTONIC, &end);
    close(file);
    return (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
}

int main(int argc, char **argv)
{
    struct bench_option options[] = {{"--ids", 20000000}, {"--runs", 5}};
    bench_options(argc, argv, options, 2);
    uint64_t count = options[0].value;
    size_t run_count = options[1].value < 1 || options[1].value > BENCH_RUN_COUNT_MAX ? 5 : options[1].value;
    struct recon_settings settings;
    recon_settings_init(&settings);
    settings.interval_ms = 60000;
    settings.allocator = bench_allocator();
    struct recon_engine *engine;
    must(recon_engine_new(&settings, &engine));
    must(recon_engine_clock(engine, 0));
    for (uint64_t number = 0; number < count; number++) {
        struct recon_record pair[] = {bench_record_of(RECON_STREAM_AUDIT, number, (int64_t)(number / 100)),
                                      bench_record_of(RECON_STREAM_EVENTS, number, (int64_t)(number / 100))};
        bench_feed(engine, pair, 2);
    }
    uint64_t size = write_snapshot(engine, NULL);
    size_t room = size + PIECE_BYTES;
    unsigned char *bytes = bench_allocate(room);
    unsigned char *copy = bench_allocate(room);
    memset(bytes, 1, room);
    memset(copy, 1, room);
    double writing[BENCH_RUN_COUNT_MAX], reading[BENCH_RUN_COUNT_MAX], copying[BENCH_RUN_COUNT_MAX];
    double writing_ratio[BENCH_RUN_COUNT_MAX], reading_ratio[BENCH_RUN_COUNT_MAX];
    double filing[BENCH_RUN_COUNT_MAX], filing_ratio[BENCH_RUN_COUNT_MAX];
    for (size_t run = 0; run < run_count; run++) {
        int64_t begin = bench_now_ns();
        write_snapshot(engine, bytes);
        writing[run] = (double)(bench_now_ns() - begin) / 1e9;
        begin = bench_now_ns();
        memcpy(copy, bytes, size);
        __asm__ volatile("" : : "r"(copy) : "memory");
        copying[run] = (double)(bench_now_ns() - begin) / 1e9;
        struct recon_snapshot_reader *reader;
        struct recon_engine *restored;
        begin = bench_now_ns();
        must(recon_snapshot_reader_new(&settings, RECON_SNAPSHOT_ENGINE, &reader));
        for (uint64_t at = 0; at < size; at += PIECE_BYTES)
            must(recon_snapshot_reader_feed(reader, bytes + at, size - at < PIECE_BYTES ? size - at : PIECE_BYTES));
        must(recon_snapshot_reader_finish_engine(reader, true, &restored));
        reading[run] = (double)(bench_now_ns() - begin) / 1e9;
        recon_engine_free(restored);
        writing_ratio[run] = copying[run] / writing[run];
        reading_ratio[run] = copying[run] / reading[run];
        filing[run] = write_file(bytes, size);
        filing_ratio[run] = filing[run] / writing[run];
    }
    double memcpy_s = bench_median(copying, run_count);
    bench_row("snapshot of %.0e IDs to memory | %.2f s | memcpy of its %.2f GB: %.2f s | %.2f | ≥ 0.3", (double)count,
              bench_median(writing, run_count), (double)size / 1e9, memcpy_s, bench_median(writing_ratio, run_count));
    if (filing[0] >= 0)
        bench_row("snapshot of %.0e IDs to memory | %.2f s | writing a file of its %.2f GB, synced: %.2f s | %.2f | ",
                  (double)count, bench_median(writing, run_count), (double)size / 1e9, bench_median(filing, run_count),
                  bench_median(filing_ratio, run_count));
    bench_row("restore of %.0e IDs from memory | %.2f s | memcpy of its %.2f GB: %.2f s | %.2f | ≥ 0.3", (double)count,
              bench_median(reading, run_count), (double)size / 1e9, memcpy_s, bench_median(reading_ratio, run_count));
    bench_release(bytes, room);
    bench_release(copy, room);
    recon_engine_free(engine);
    return 0;
}
