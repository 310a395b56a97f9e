/*
 * Several matchers that share the identities by key, under one watermark and one windows: what a home does that
 * spreads the work, all in one thread. Calls as those of recon/engine.h; results wait in a queue of copies.
 */
#ifndef RECON_TESTS_MODEL_SHARDED_H
#define RECON_TESTS_MODEL_SHARDED_H

#include "random.h"
#include "recon/engine.h"

struct sharded;

int sharded_new(const struct recon_settings *settings, uint32_t shard_count, struct sharded **sharded);
void sharded_free(struct sharded *sharded);
int sharded_clock(struct sharded *sharded, int64_t now_ms);
int sharded_records(struct sharded *sharded, const struct recon_record *records, size_t count, size_t *handled);
int sharded_alive(struct sharded *sharded, int stream, uint32_t partition);
int sharded_partition_add(struct sharded *sharded, int stream, uint32_t *partition);
int sharded_partition_end(struct sharded *sharded, int stream, uint32_t partition);
int sharded_next(struct sharded *sharded, struct recon_result *results, size_t capacity, size_t *count);
void sharded_current(const struct sharded *sharded, struct recon_rise *current);
bool sharded_holder(const struct sharded *sharded, int *stream, uint32_t *partition);
/* Writes snapshots of all matchers and of the windows, and goes on with another number of matchers. Nothing may wait.
 */
int sharded_deal_out(struct sharded *sharded, struct random *random);
uint32_t sharded_matcher_count(const struct sharded *sharded);
struct recon_matcher *sharded_matcher(struct sharded *sharded, uint32_t shard);
/* By the parts' own accounts. */
uint64_t sharded_memory_bytes(const struct sharded *sharded);
void sharded_stats(const struct sharded *sharded, struct recon_matcher_stats *stats);

#endif
