/*
 * What is compared with the model: an engine, or several matchers sharded by key under one watermark and one windows.
 *
 * Calls are those of recon/engine.h. RECON_ERROR_MEMORY is met here: the limit is raised, or the allocator asked
 * again, and the same call made once more, so that a caller sees what it would have seen with memory at hand.
 */
#ifndef RECON_TESTS_MODEL_SUBJECT_H
#define RECON_TESTS_MODEL_SUBJECT_H

#include "allocator.h"
#include "recon/engine.h"

struct subject_options {
    uint32_t shard_count;           /* 0: an engine */
    bool is_delayed;                /* the shards learn of the watermark late (delayed.h) */
    uint64_t memory_limit_bytes;    /* at first; UINT64_MAX: none */
    uint64_t allocator_fail_one_in; /* 0: never */
    bool changes_settings;          /* when it is restored: n, z and max_future_skew are others then */
    uint64_t restore_one_in;        /* after every so many steps it goes on from a snapshot; 0: never */
    uint64_t freeze_one_in;         /* likewise a frozen snapshot is begun, of each matcher if there are several */
};

#define FROZEN_COUNT_MAX 8

struct sharded;
struct frozen;

struct subject {
    struct subject_options options;
    struct recon_settings settings;
    struct test_allocator allocator;
    struct recon_engine *engine; /* or: */
    struct sharded *sharded;
    struct frozen *frozen[FROZEN_COUNT_MAX]; /* of the engine, or of each matcher; NULL: none is under way */
    uint64_t limit_bytes;
    unsigned attempts;
    struct random random;
};

int subject_init(struct subject *subject, const struct recon_settings *settings, const struct subject_options *options,
                 uint64_t seed);
/* What is left in the allocator can be read afterwards. */
void subject_deinit(struct subject *subject);

int subject_clock(struct subject *subject, int64_t now_ms);
int subject_records(struct subject *subject, const struct recon_record *records, size_t count, size_t *handled);
int subject_alive(struct subject *subject, int stream, uint32_t partition);
int subject_partition_add(struct subject *subject, int stream, uint32_t *partition);
int subject_partition_end(struct subject *subject, int stream, uint32_t partition);
int subject_next(struct subject *subject, struct recon_result *results, size_t capacity, size_t *count);
void subject_current(const struct subject *subject, struct recon_rise *current);
bool subject_holder(const struct subject *subject, int *stream, uint32_t *partition);
void subject_stats(const struct subject *subject, struct recon_matcher_stats *stats);

/* Writes a snapshot, reads it into a new engine, and goes on with that; or deals the key groups of the matchers out
 * anew, to more or fewer of them. */
int subject_restore(struct subject *subject);

/* After each step: frozen snapshots are begun, go on, are compared or aborted. NULL, or what is wrong. */
const char *subject_frozen_fault(struct subject *subject);

/* Is what it says it holds what its allocator has given it, and within the limit? NULL, or what is wrong. */
const char *subject_memory_fault(const struct subject *subject);

#endif
