/*
 * What the measuring programs share: clocks, memory, medians, and the join they measure.
 *
 * Single-threaded. All of it ends the program with a message where the machine refuses something.
 */
#ifndef RECON_BENCH_H
#define RECON_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "recon/engine.h"
#include "service/arena.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BENCH_RUN_COUNT_MAX 99

/* Processor time of this thread: what else runs on the machine is not in it, but for caches and memory that it takes.
 */
int64_t bench_now_ns(void);
/* Of this process, from the kernel. */
uint64_t bench_resident_bytes(void);
/* What this machine has left, as the kernel reckons. */
uint64_t bench_available_bytes(void);
/* Sorts the figures. */
double bench_median(double *figures, size_t count);

/* An arena that keeps what is released, so that an engine after the first one finds its memory touched before; to be
 * freed. */
struct recon_arena *bench_arena_kept(void);
/* Such a one that all share: with huge pages where the kernel has them, as the command takes them. Blocks over 32 MiB
 * are new ones. */
struct recon_allocator bench_allocator(void);
void *bench_allocate(size_t size_bytes);
void bench_release(void *block, size_t size_bytes);

/* `--name VALUE` pairs: the number behind --name, or the one given here. Unknown options end the program. */
struct bench_option {
    const char *name;
    uint64_t value;
};
void bench_options(int argc, char **argv, struct bench_option *options, size_t count);

/* A line of the table that run.sh writes: what | recon | beside it | ratio | to reach. */
void bench_row(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Reads, changes and writes all 64 bytes of lines chosen at random, independently, in an array of so many bytes in huge
 * pages, touched before: ns a line. */
double bench_bare_loop(uint64_t size_bytes, size_t access_count, uint64_t seed);

/* A record to be. */
struct bench_record {
    struct recon_key key;
    int64_t time;
};
/* A mix of 64 bits: a bijection. */
uint64_t bench_mix(uint64_t word);
#define BENCH_RECORD_COUNT 16384
/* Makes records from the number `first` on, as many as there are, of a stream of count: audit records in order of time,
 * 10^5 a second, events in a random order. How many were made. To be called while the clock stands, so that no memory
 * for all of them is needed. */
size_t bench_records(int stream, size_t first, size_t count, struct bench_record records[BENCH_RECORD_COUNT]);

struct bench_join {
    double record_ns;      /* mean of both streams */
    double audits_ns;      /* for each audit record: all of them, in order of time */
    double events_ns;      /* for each event: all of them, in another order */
    uint64_t engine_bytes; /* by the engine's own account, all matched */
};
/* Ends the program with a message. */
void bench_die(const char *what);
/* One record by number, with the key of that number, an ID of 36 bytes and, for an audit record, a context of 80. */
struct recon_record bench_record_of(int stream, uint64_t number, int64_t time);
/* Hands over all records and takes all results; how many of these there were besides metrics. */
uint64_t bench_feed(struct recon_engine *engine, const struct recon_record *records, size_t count);

/* One run with a new engine: all audits, then all events, in batches of 64; nothing falls due. keeps_texts: missing is
 * reported, so that the 36-byte ID and a context of 80 bytes of each pending record are kept; else keys and times only.
 * The engine's memory is that of the arena, or of a new one where there is none: then the kernel's clearing of what is
 * touched first is in the figures. Ends the program if not every pair was matched. */
struct bench_join bench_join_run(size_t count, bool keeps_texts, struct recon_arena *arena);

/* The same beside the bare loop over as much memory, by turns: medians of runs, the ratio one of the runs' ratios. The
 * engines' memory is touched before, by an engine in whose figure that is: first_touch_ns. */
struct bench_beside_bare {
    double audits_ns;
    double events_ns;
    double record_ns;
    double first_touch_ns; /* a record, the kernel's clearing included: one run */
    double bare_ns;
    double ratio;
    double engine_bytes; /* an ID, of the last run */
    double most_bytes;   /* an ID: what the engine took while all were in flight, and the bare loop */
};
struct bench_beside_bare bench_join_beside_bare(size_t count, size_t run_count, bool keeps_texts);

#ifdef __cplusplus
}
#endif
#endif
