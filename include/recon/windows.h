/*
 * The windows: counts by window, revisions, and the metrics that follow from them.
 *
 * Takes the partial counts of one matcher or of many. A metric is due when a window's end was passed or a closed
 * window's counts changed. Single-threaded.
 */
#ifndef RECON_WINDOWS_H
#define RECON_WINDOWS_H

#include "recon/settings.h"
#include "recon/watermark.h"

#ifdef __cplusplus
extern "C" {
#endif

struct recon_windows;

int recon_windows_new(const struct recon_settings *settings, struct recon_windows **windows);
void recon_windows_free(struct recon_windows *windows);

/* Adds counts to a window, which exists from then on; all counts may be 0. Counts are added modulo 2^64: a
 * correction that takes one back is UINT64_MAX. RECON_ERROR_MEMORY: nothing was added. */
int recon_windows_add(struct recon_windows *windows, int64_t window_index, const struct recon_counts *counts);

/* The watermark rises; every result and count that this step caused in a matcher has been given before.
 * RECON_ERROR_UNDRAINED while metrics wait. */
int recon_windows_rise(struct recon_windows *windows, const struct recon_rise *rise);

/* Takes up to capacity metrics; *count = 0: none wait. RECON_ERROR_MEMORY: raise the limit and call again. */
int recon_windows_next(struct recon_windows *windows, struct recon_result *results, size_t capacity, size_t *count);

uint64_t recon_windows_memory_bytes(const struct recon_windows *windows);
void recon_windows_memory_limit(struct recon_windows *windows, uint64_t limit_bytes);

#ifdef __cplusplus
}
#endif
#endif
