/*
 * Memory by the resident set, an identity, at every moment while matched identities become more.
 *
 *     bench_memory [--ids 100000000]
 *
 * Batches of 64 audit records, each followed by its events in another order: what is remembered is matched. The
 * kernel is asked after every 256 batches, and for the highest there has been in between at the end. From a
 * tenth of the identities on: below that, what an engine needs from the start counts.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>

#include "bench.h"

#define BATCH_COUNT 64
#define LOOK_EVERY 256

static uint64_t highest_resident_bytes(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0)
        bench_die("getrusage gives nothing");
    return (uint64_t)usage.ru_maxrss * 1024;
}

int main(int argc, char **argv)
{
    struct bench_option options[] = {{"--ids", 100000000}};
    bench_options(argc, argv, options, 1);
    uint64_t count = options[0].value;
    uint64_t look_from = count / 10;
    struct recon_settings settings;
    recon_settings_init(&settings);
    settings.interval_ms = 60000;
    struct recon_arena *arena = recon_arena_new();
    if (arena == NULL)
        bench_die("out of memory");
    settings.allocator = recon_arena_allocator(arena);
    uint64_t before = bench_resident_bytes();
    struct recon_engine *engine;
    if (recon_engine_new(&settings, &engine) != RECON_OK || recon_engine_clock(engine, 0) != RECON_OK)
        bench_die("no engine");
    double worst = 0;
    uint64_t worst_at = 0;
    uint64_t next_shown = look_from;
    uint64_t done = 0;
    for (uint64_t batch = 0; done < count; batch++) {
        struct recon_record audits[BATCH_COUNT];
        struct recon_record events[BATCH_COUNT];
        for (uint64_t i = 0; i < BATCH_COUNT; i++) {
            int64_t time = (int64_t)((done + i) / 100);
            audits[i] = bench_record_of(RECON_STREAM_AUDIT, done + i, time);
            events[i * 37 % BATCH_COUNT] = bench_record_of(RECON_STREAM_EVENTS, done + i, time);
        }
        bench_feed(engine, audits, BATCH_COUNT);
        bench_feed(engine, events, BATCH_COUNT);
        done += BATCH_COUNT;
        if (batch % LOOK_EVERY != 0 || done < look_from)
            continue;
        uint64_t resident = bench_resident_bytes();
        double bytes = (double)(resident > before ? resident - before : 0) / (double)done;
        if (bytes > worst) {
            worst = bytes;
            worst_at = done;
        }
        if (done >= next_shown) {
            double held = (double)recon_engine_memory_bytes(engine) / (double)done;
            printf("%11" PRIu64 " IDs: %5.1f bytes an ID resident, %5.1f by the engine, %4.1f %% more\n", done, bytes,
                   held, 100 * (bytes / held - 1));
            next_shown = next_shown * 21 / 16;
        }
    }
    double end = (double)(bench_resident_bytes() - before) / (double)done;
    double highest = (double)(highest_resident_bytes() - before) / (double)done;
    printf("%11" PRIu64 " IDs: %5.1f bytes an ID resident at the end, %.1f the highest there was; most at %" PRIu64
           ": %.1f\n",
           done, end, highest, worst_at, worst);
    bench_row(
        "memory, %.0e IDs matched and remembered, resident set while it grows from %.0e | most %.1f bytes an ID, at "
        "%.1e; %.1f at the end | | | ≤ 20 at every moment",
        (double)count, (double)look_from, worst, (double)worst_at, end);
    recon_engine_free(engine);
    recon_arena_free(arena);
    return 0;
}
