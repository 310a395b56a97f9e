#define _GNU_SOURCE
#include "bench.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "service/arena.h"

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

void bench_records(size_t count, uint64_t seed, struct bench_record **ordered, struct bench_record **shuffled)
{
    size_t size = count * sizeof **ordered;
    *ordered = bench_allocate(size);
    *shuffled = bench_allocate(size);
    uint64_t base = bench_mix(seed + 1);
    for (size_t i = 0; i < count; i++)
        (*ordered)[i] = (struct bench_record){.key = {.high = bench_mix(base + i), .low = bench_mix(~base - i)},
                                              .time = (int64_t)(i / IDS_PER_MS)};
    memcpy(*shuffled, *ordered, size);
    for (size_t i = count; i > 1; i--) {
        size_t j = bench_mix(base ^ i) % i;
        struct bench_record kept = (*shuffled)[i - 1];
        (*shuffled)[i - 1] = (*shuffled)[j];
        (*shuffled)[j] = kept;
    }
}

static const char id[] = "7ba3407d-3190-4afb-bb2f-f5a40f9b6dcc";
static const char context[] = "order 10000004 of Ada Lovelace, Lisbon: 2 x SKU-8201, 35.90 EUR; by the checkout";

struct recon_record bench_record_of(int stream, uint64_t number, int64_t time)
{
    struct recon_record record = {.stream = (uint8_t)stream,
                                  .key = {bench_mix(number + 1), bench_mix(~number)},
                                  .time = time,
                                  .has_time = true,
                                  .id = {id, sizeof id - 1}};
    if (stream == RECON_STREAM_AUDIT)
        record.context = (struct recon_text){context, sizeof context - 1};
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

static double feed(struct recon_engine *engine, int stream, const struct bench_record *from, size_t count)
{
    struct recon_record records[BATCH_COUNT];
    memset(records, 0, sizeof records);
    for (size_t i = 0; i < BATCH_COUNT; i++) {
        records[i].stream = (uint8_t)stream;
        records[i].has_time = true;
        records[i].id = (struct recon_text){.bytes = id, .size = sizeof id - 1};
        if (stream == RECON_STREAM_AUDIT)
            records[i].context = (struct recon_text){.bytes = context, .size = sizeof context - 1};
    }
    int64_t begin = bench_now_ns();
    for (size_t at = 0; at < count;) {
        size_t batch = count - at < BATCH_COUNT ? count - at : BATCH_COUNT;
        for (size_t i = 0; i < batch; i++) {
            records[i].key = from[at + i].key;
            records[i].time = from[at + i].time;
        }
        size_t handled = 0;
        if (recon_engine_records(engine, records, batch, &handled) != RECON_OK || handled != batch)
            bench_die("the engine did not take a batch");
        at += batch;
    }
    return (double)(bench_now_ns() - begin) / (double)count;
}

struct bench_join bench_join_run(const struct bench_record *audits, const struct bench_record *events, size_t count,
                                 bool keeps_texts, struct recon_arena *arena)
{
    struct recon_settings settings;
    recon_settings_init(&settings);
    settings.interval_ms = 60000;
    settings.report = keeps_texts ? RECON_REPORT_DEFAULT : RECON_REPORT(RECON_RESULT_METRIC);
    struct recon_arena *own = arena == NULL ? recon_arena_new() : NULL;
    settings.allocator = recon_arena_allocator(arena == NULL ? own : arena);
    struct recon_engine *engine;
    if (recon_engine_new(&settings, &engine) != RECON_OK || recon_engine_clock(engine, 0) != RECON_OK)
        bench_die("no engine");
    struct bench_join join = {0};
    join.audits_ns = feed(engine, RECON_STREAM_AUDIT, audits, count);
    join.events_ns = feed(engine, RECON_STREAM_EVENTS, events, count);
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
    struct bench_record *audits;
    struct bench_record *events;
    bench_records(count, 1, &audits, &events);
    double audits_ns[BENCH_RUN_COUNT_MAX];
    double events_ns[BENCH_RUN_COUNT_MAX];
    double record_ns[BENCH_RUN_COUNT_MAX];
    double bare_ns[BENCH_RUN_COUNT_MAX];
    double ratio[BENCH_RUN_COUNT_MAX];
    struct bench_join join = {0};
    struct recon_arena *arena = bench_arena_kept();
    double first_touch_ns = bench_join_run(audits, events, count, keeps_texts, arena).record_ns;
    for (size_t run = 0; run < run_count; run++) {
        join = bench_join_run(audits, events, count, keeps_texts, arena);
        audits_ns[run] = join.audits_ns;
        events_ns[run] = join.events_ns;
        record_ns[run] = join.record_ns;
        bare_ns[run] = bench_bare_loop(join.engine_bytes, 2 * count, run);
        ratio[run] = bare_ns[run] / record_ns[run];
    }
    recon_arena_free(arena);
    bench_release(audits, count * sizeof *audits);
    bench_release(events, count * sizeof *events);
    return (struct bench_beside_bare){.audits_ns = bench_median(audits_ns, run_count),
                                      .events_ns = bench_median(events_ns, run_count),
                                      .record_ns = bench_median(record_ns, run_count),
                                      .first_touch_ns = first_touch_ns,
                                      .bare_ns = bench_median(bare_ns, run_count),
                                      .ratio = bench_median(ratio, run_count),
                                      .engine_bytes = (double)join.engine_bytes / (double)count};
}
