/*
 * A second, naive implementation of what the engine computes: lists and loops, one record at a time.
 *
 * It is the yardstick of the model test, so it is written to be plainly right and shares no code with src/core: times
 * are 128 bits wide with infinities far outside of 64 bits, so that no sum of a few of them overflows, and every rule
 * goes over whole lists. Its cost grows with the square of the trace.
 *
 * Ownership: the model borrows the texts of the records it is given; they must outlive it. The results of an
 * operation live until the next operation. Single-threaded. Out of memory: abort().
 */
#ifndef RECON_TESTS_MODEL_MODEL_H
#define RECON_TESTS_MODEL_MODEL_H

#include "recon/matcher.h"
#include "recon/record.h"
#include "recon/settings.h"
#include "recon/watermark.h"

struct model;

/* The settings must be legal; allocator, key groups and memory limit play no part. */
struct model *model_new(const struct recon_settings *settings);
void model_free(struct model *model);

/* n, z and max_future_skew as they are to hold from now on; z stays unset if it was. */
void model_change(struct model *model, const struct recon_settings *settings);

/* One operation each; the status that the engine must return too. Afterwards model_results gives what it caused. */
int model_clock(struct model *model, int64_t now_ms);
int model_record(struct model *model, const struct recon_record *record);
int model_alive(struct model *model, int stream, uint32_t partition);
int model_partition_add(struct model *model, int stream, uint32_t *partition);
int model_partition_end(struct model *model, int stream, uint32_t partition);

/* What the last operation caused: what its record caused first; then what fell due, in the order that matcher.h
 * promises; then metrics, in no order. */
const struct recon_result *model_results(const struct model *model, size_t *count);

/* Exact: everything that is over is forgotten at once. */
void model_stats(const struct model *model, struct recon_matcher_stats *stats);
void model_current(const struct model *model, struct recon_rise *current);

/* Is this partition one of those that hold W back (neither ended nor idle, with the lowest max)? */
bool model_is_holder(const struct model *model, int stream, uint32_t partition);
/* Is there one? */
bool model_has_holder(const struct model *model);

#endif
