#define _GNU_SOURCE
#include "bench.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "service/memory.h"

#define BATCH_COUNT 64
/* So many IDs a ms of event time. */
#define IDS_PER_MS 100

void bench_die(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(2);
}

int64_t bench_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

uint64_t bench_resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    uint64_t size = 0;
    uint64_t resident = 0;
    if (file == NULL || fscanf(file, "%" SCNu64 " %" SCNu64, &size, &resident) != 2)
        bench_die("/proc/self/statm can't be read");
    fclose(file);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t bench_available_bytes(void)
{
    FILE *file = fopen("/proc/meminfo", "r");
    char line[128];
    uint64_t kib = 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL && sscanf(line, "MemAvailable: %" SCNu64, &kib) != 1)
        ;
    if (file != NULL)
        fclose(file);
    uint64_t total = recon_memory_total();
    if (kib == 0)
        bench_die("/proc/meminfo can't be read");
    return kib * 1024 < total ? kib * 1024 : total;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return left < right ? -1 : left > right;
}

double bench_median(double *figures, size_t count)
{
    qsort(figures, count, sizeof *figures, compare);
    return count % 2 == 1 ? figures[count / 2] : (figures[count / 2 - 1] + figures[count / 2]) / 2;
}

struct recon_arena *bench_arena_kept(void)
{
    struct recon_arena *arena = recon_arena_new();
    if (arena == NULL)
        bench_die("out of memory");
    recon_arena_keep(arena);
    return arena;
}

struct recon_allocator bench_allocator(void)
{
    static struct recon_arena *arena;
    if (arena == NULL)
        arena = bench_arena_kept();
    return recon_arena_allocator(arena);
}

void *bench_allocate(size_t size)
{
    struct recon_allocator allocator = bench_allocator();
    void *block = allocator.allocate(allocator.context, size);
    if (block == NULL)
        bench_die("out of memory");
    return block;
}

void bench_release(void *block, size_t size)
{
    struct recon_allocator allocator = bench_allocator();
    allocator.release(allocator.context, block, size);
}

void bench_options(int argc, char **argv, struct bench_option *options, size_t count)
{
    for (int at = 1; at < argc; at += 2) {
        size_t i = 0;
        while (i < count && strcmp(argv[at], options[i].name) != 0)
            i++;
        char *end = NULL;
        if (i < count && at + 1 < argc)
            options[i].value = strtoull(argv[at + 1], &end, 10);
        if (end == NULL || *end != '\0' || end == argv[at + 1]) {
            fprintf(stderr, "usage: %s", argv[0]);
            for (i = 0; i < count; i++)
                fprintf(stderr, " [%s %" PRIu64 "]", options[i].name, options[i].value);
            fputc('\n', stderr);
            exit(2);
        }
    }
}

void bench_row(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("| ", stdout);
    vprintf(format, arguments);
    puts(" |");
    va_end(arguments);
    fflush(stdout);
}

struct line {
    uint64_t words[8];
};

double bench_bare_loop(uint64_t size, size_t access_count, uint64_t seed)
{
    size_t line_count = (size_t)size / sizeof(struct line);
    struct line *lines = bench_allocate(line_count * sizeof *lines);
    memset(lines, 1, line_count * sizeof *lines);
    int64_t begin = bench_now_ns();
    for (size_t i = 0; i < access_count; i++) {
        struct line *line = &lines[(bench_mix(seed + i) >> 32) * line_count >> 32];
        for (size_t word = 0; word < 8; word++)
            line->words[word] += i;
    }
    double taken = (double)(bench_now_ns() - begin) / (double)access_count;
    bench_release(lines, line_count * sizeof *lines);
    return taken;
}

uint64_t bench_mix(uint64_t word)
{
    word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
    return word ^ (word >> 31);
}

/* A bijection of the numbers below count: each step is one of the numbers of so many bits, until one fits. */
static uint64_t shuffled(uint64_t number, uint64_t count)
{
    unsigned bits = 2;
    while (count > UINT64_C(1) << bits)
        bits++;
    uint64_t mask = (UINT64_C(1) << bits) - 1;
    do {
        for (unsigned round = 0; round < 3; round++) {
            number = (number * UINT64_C(0x9e3779b97f4a7c15) + round) & mask;
            number ^= number >> (bits / 2);
        }
    } while (number >= count);
    return number;
}

size_t bench_records(int stream, size_t first, size_t count, struct bench_record records[BENCH_RECORD_COUNT])
{
    static const uint64_t base = UINT64_C(0x5692161d100b05e5);
    size_t made = count - first < BENCH_RECORD_COUNT ? count - first : BENCH_RECORD_COUNT;
    for (size_t i = 0; i < made; i++) {
        uint64_t number = stream == RECON_STREAM_AUDIT ? first + i : shuffled(first + i, count);
        records[i] = (struct bench_record){.key = {.high = bench_mix(base + number), .low = bench_mix(~base - number)},
                                           .time = (int64_t)(number / IDS_PER_MS)};
    }
    return made;
}

static const char id[] = "7ba3407d-3190-4afb-bb2f-f5a40f9b6dcc";
static const char context[] = "order 10000004 of Ada Lovelace, Lisbon: 2 x SKU-8201, 35.90 EUR; by the checkout";
static const char source[] = "shop-007";

struct recon_record bench_record_of(int stream, uint64_t number, int64_t time)
{
    struct recon_record record = {.stream = (uint8_t)stream,
                                  .key = {bench_mix(number + 1), bench_mix(~number)},
                                  .time = time,
                                  .has_time = true,
                                  .id = {id, sizeof id - 1}};
    if (stream == RECON_STREAM_AUDIT) {
        record.source = (struct recon_text){source, sizeof source - 1};
        record.context = (struct recon_text){context, sizeof context - 1};
    }
    return record;
}

static uint64_t drain(struct recon_engine *engine)
{
    struct recon_result results[256];
    uint64_t reported = 0;
    for (size_t count = 1; count > 0;) {
        if (recon_engine_next(engine, results, sizeof results / sizeof results[0], &count) != RECON_OK)
            bench_die("the engine gave no results");
        for (size_t i = 0; i < count; i++)
            reported += results[i].type != RECON_RESULT_METRIC;
    }
    return reported;
}

uint64_t bench_feed(struct recon_engine *engine, const struct recon_record *records, size_t count)
{
    uint64_t reported = 0;
    for (size_t done = 0; done < count;) {
        size_t handled = 0;
        if (recon_engine_records(engine, records + done, count - done, &handled) != RECON_OK)
            bench_die("the engine did not take a batch");
        done += handled;
        reported += drain(engine);
    }
    return reported;
}

/* ns a record. */
static double feed(struct recon_engine *engine, int stream, size_t count)
{
    static struct bench_record made[BENCH_RECORD_COUNT];
    struct recon_record records[BATCH_COUNT];
    memset(records, 0, sizeof records);
    for (size_t i = 0; i < BATCH_COUNT; i++) {
        records[i].stream = (uint8_t)stream;
        records[i].has_time = true;
        records[i].id = (struct recon_text){.bytes = id, .size = sizeof id - 1};
        if (stream == RECON_STREAM_AUDIT)
            records[i].context = (struct recon_text){.bytes = context, .size = sizeof context - 1};
    }
    int64_t taken = 0;
    for (size_t first = 0; first < count;) {
        size_t made_count = bench_records(stream, first, count, made);
        int64_t begin = bench_now_ns();
        for (size_t at = 0; at < made_count;) {
            size_t batch = made_count - at < BATCH_COUNT ? made_count - at : BATCH_COUNT;
            for (size_t i = 0; i < batch; i++) {
                records[i].key = made[at + i].key;
                records[i].time = made[at + i].time;
            }
            size_t handled = 0;
            if (recon_engine_records(engine, records, batch, &handled) != RECON_OK || handled != batch)
                bench_die("the engine did not take a batch");
            at += batch;
        }
        taken += bench_now_ns() - begin;
        first += made_count;
    }
    return (double)taken / (double)count;
}

struct bench_join bench_join_run(size_t count, bool keeps_texts, struct recon_arena *arena)
{
    struct recon_settings settings;
    recon_settings_init(&settings);
    settings.interval_ms = 60000;
    settings.report = keeps_texts ? RECON_REPORT_DEFAULT : RECON_REPORT(RECON_RESULT_METRIC);
    struct recon_arena *own = arena == NULL ? recon_arena_new() : NULL;
    if (arena == NULL && own == NULL)
        bench_die("out of memory");
    settings.allocator = recon_arena_allocator(arena == NULL ? own : arena);
    struct recon_engine *engine;
    if (recon_engine_new(&settings, &engine) != RECON_OK || recon_engine_clock(engine, 0) != RECON_OK)
        bench_die("no engine");
    struct bench_join join = {0};
    join.audits_ns = feed(engine, RECON_STREAM_AUDIT, count);
    join.events_ns = feed(engine, RECON_STREAM_EVENTS, count);
    join.record_ns = (join.audits_ns + join.events_ns) / 2;
    join.engine_bytes = recon_engine_memory_bytes(engine);
    struct recon_matcher_stats stats;
    recon_engine_stats(engine, &stats);
    if (stats.matched[RECON_STREAM_AUDIT] != count || stats.matched[RECON_STREAM_EVENTS] != count)
        bench_die("not every pair was matched");
    recon_engine_free(engine);
    recon_arena_free(own);
    return join;
}

struct bench_beside_bare bench_join_beside_bare(size_t count, size_t run_count, bool keeps_texts)
{
    double audits_ns[BENCH_RUN_COUNT_MAX];
    double events_ns[BENCH_RUN_COUNT_MAX];
    double record_ns[BENCH_RUN_COUNT_MAX];
    double bare_ns[BENCH_RUN_COUNT_MAX];
    double ratio[BENCH_RUN_COUNT_MAX];
    struct bench_join join = {0};
    uint64_t before = bench_resident_bytes();
    struct recon_arena *arena = bench_arena_kept();
    double first_touch_ns = bench_join_run(count, keeps_texts, arena).record_ns;
    for (size_t run = 0; run < run_count; run++) {
        join = bench_join_run(count, keeps_texts, arena);
        audits_ns[run] = join.audits_ns;
        events_ns[run] = join.events_ns;
        record_ns[run] = join.record_ns;
        bare_ns[run] = bench_bare_loop(join.engine_bytes, 2 * count, run);
        ratio[run] = bare_ns[run] / record_ns[run];
    }
    if (run_count == 0) {
        recon_arena_free(arena);
        return (struct bench_beside_bare){.first_touch_ns = first_touch_ns};
    }
    uint64_t most = bench_resident_bytes() - before + join.engine_bytes;
    recon_arena_free(arena);
    return (struct bench_beside_bare){.audits_ns = bench_median(audits_ns, run_count),
                                      .events_ns = bench_median(events_ns, run_count),
                                      .record_ns = bench_median(record_ns, run_count),
                                      .first_touch_ns = first_touch_ns,
                                      .bare_ns = bench_median(bare_ns, run_count),
                                      .ratio = bench_median(ratio, run_count),
                                      .engine_bytes = (double)join.engine_bytes / (double)count,
                                      .most_bytes = (double)most / (double)count};
}
