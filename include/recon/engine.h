/*
 * The engine: one watermark, one matcher, one windows.
 *
 * Pure and deterministic: the same calls give the same results in the same order; it does no input or output, reads
 * no clock, starts no thread and has no global state. One thread at a time may call it.
 *
 * Back-pressure: a call that causes results stops there; they must be taken with recon_engine_next before the next
 * call, which otherwise returns RECON_ERROR_UNDRAINED and does nothing. Results are made as they are taken, so that
 * a step with 10^7 results needs no memory for them. Their order is a function of the state alone.
 *
 *     recon_engine_clock(engine, now);   drain
 *     while (done < count) {
 *         recon_engine_records(engine, records + done, count - done, &handled);   done += handled;   drain
 *     }
 *
 * RECON_ERROR_MEMORY from any call: the engine would pass its limit. Nothing is lost: raise the limit
 * (recon_engine_memory_limit) and make the same call again, or stop. A step that runs short of memory within another
 * call waits for it: recon_engine_next then says so.
 */
#ifndef RECON_ENGINE_H
#define RECON_ENGINE_H

#include "recon/matcher.h"
#include "recon/settings.h"
#include "recon/status.h"
#include "recon/watermark.h"
#include "recon/windows.h"

#ifdef __cplusplus
extern "C" {
#endif

struct recon_engine;

int recon_engine_new(const struct recon_settings *settings, struct recon_engine **engine);
void recon_engine_free(struct recon_engine *engine);

/* Moves the processing clock (ms); must be called before anything else. RECON_ERROR_CLOCK if it falls. */
int recon_engine_clock(struct recon_engine *engine, int64_t now_ms);

/* Handles records from the first on until all are handled or one has caused results; *handled says how many were,
 * also when a status is returned (then the one at that place was not handled). RECON_ERROR_PARTITION and
 * RECON_ERROR_ENDED say that of its partition. */
int recon_engine_records(struct recon_engine *engine, const struct recon_record *records, size_t count,
                         size_t *handled);

int recon_engine_alive(struct recon_engine *engine, int stream, uint32_t partition);
int recon_engine_partition_add(struct recon_engine *engine, int stream, uint32_t *partition);
int recon_engine_partition_end(struct recon_engine *engine, int stream, uint32_t partition);

/* Takes up to capacity results; *count = 0: none wait, and the next call may be made. */
int recon_engine_next(struct recon_engine *engine, struct recon_result *results, size_t capacity, size_t *count);

void recon_engine_current(const struct recon_engine *engine, struct recon_rise *current);
bool recon_engine_holder(const struct recon_engine *engine, int *stream, uint32_t *partition);
void recon_engine_stats(const struct recon_engine *engine, struct recon_matcher_stats *stats);
uint64_t recon_engine_memory_bytes(const struct recon_engine *engine);
void recon_engine_memory_limit(struct recon_engine *engine, uint64_t limit_bytes);

#ifdef __cplusplus
}
#endif
#endif
