/*
 * The watermark: how far event time has come, from the partitions of both streams and a clock that is told.
 *
 * Owns nothing but itself; single-threaded; reads no clock. Memory is allocated at creation and when a partition
 * is added.
 */
#ifndef RECON_WATERMARK_H
#define RECON_WATERMARK_H

#include "recon/settings.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A step of the watermark W and the retention bound R, both as they are after it. */
struct recon_rise {
    int64_t watermark;       /* W'; RECON_TIME_MAX: the end */
    int64_t retention_bound; /* R' <= W' */
    uint8_t basis;           /* enum recon_basis */
};

struct recon_watermark;

int recon_watermark_new(const struct recon_settings *settings, struct recon_watermark **watermark);
void recon_watermark_free(struct recon_watermark *watermark);

/* Moves the processing clock, in ms. Must come before anything else is said; RECON_ERROR_CLOCK if it falls. */
int recon_watermark_clock(struct recon_watermark *watermark, int64_t now_ms);
/* The clock as last told; RECON_TIME_MIN before that. */
int64_t recon_watermark_now(const struct recon_watermark *watermark);

/* True where the time lies further ahead of the clock than max_future_skew: such a record moves no max. */
bool recon_watermark_is_poisoned(const struct recon_watermark *watermark, int64_t time_ms);

/* RECON_OK, RECON_ERROR_PARTITION or RECON_ERROR_ENDED. */
int recon_watermark_partition_check(const struct recon_watermark *watermark, int stream, uint32_t partition);

/* The partition (which must be there and not ended) showed this event time, which must not be poisoned. */
void recon_watermark_saw(struct recon_watermark *watermark, int stream, uint32_t partition, int64_t time_ms);
/* What is in this input waits unread, or it can't be read just now: not silence. */
int recon_watermark_alive(struct recon_watermark *watermark, int stream, uint32_t partition);
/* Whoever watches this input says that it was silent since then, by the clock (no later than z ago: idle from now on),
 * until it rises or is alive. Nothing where z is unset. */
int recon_watermark_waited(struct recon_watermark *watermark, int stream, uint32_t partition, int64_t since_ms);
/* Adds the next partition of the stream; its number goes to *partition (may be NULL). */
int recon_watermark_add(struct recon_watermark *watermark, int stream, uint32_t *partition);
int recon_watermark_end(struct recon_watermark *watermark, int stream, uint32_t partition);

/* A restored one goes on, by a clock that may be another one: all partitions are alive. Before anything else is said.
 */
void recon_watermark_resume(struct recon_watermark *watermark, int64_t now_ms);

/* After each of the above: true if W or R rises; *rise then says to what, and the watermark has taken it over. */
bool recon_watermark_rise(struct recon_watermark *watermark, struct recon_rise *rise);

/* W and R as last risen to. */
void recon_watermark_current(const struct recon_watermark *watermark, struct recon_rise *current);

/* What holds W back: the partition with the lowest max of those neither ended nor idle. False if none is. */
bool recon_watermark_holder(const struct recon_watermark *watermark, int *stream, uint32_t *partition);

#ifdef __cplusplus
}
#endif
#endif
