/*
 * Settings of the engine and its parts, and the allocator they use.
 */
#ifndef RECON_SETTINGS_H
#define RECON_SETTINGS_H

#include "recon/record.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where an engine's memory comes from. allocate returns NULL when there is none; blocks are aligned to at least
 * 64 bytes. release gets the size that was asked for. Called only from within calls to the object that was given
 * the allocator, on that call's thread. */
struct recon_allocator {
    void *(*allocate)(void *context, size_t size_bytes);
    void (*release)(void *context, void *block, size_t size_bytes);
    void *context;
};

#define RECON_DURATION_UNSET INT64_MAX

/* recon_settings_init gives what a bare trace has: everything unset but what is said below. */
struct recon_settings {
    int64_t interval_ms;                          /* o, > 0; no default */
    int64_t out_of_orderness_ms;                  /* n, >= 0; unset: nothing is due before the end */
    int64_t retention_ms;                         /* m, >= 0; unset: nothing is forgotten before the end */
    int64_t idle_timeout_ms;                      /* z, > 0; unset: never */
    int64_t max_future_skew_ms;                   /* >= 0; unset: any time is believed */
    int64_t from_ms;                              /* audit records in [from, to) are judged; RECON_TIME_MIN: unset */
    int64_t to_ms;                                /* RECON_TIME_MAX: unset */
    uint32_t report;                              /* RECON_REPORT bits; default RECON_REPORT_DEFAULT */
    uint32_t key_group_count;                     /* 1 to 32768; default 128 */
    uint32_t partition_count[RECON_STREAM_COUNT]; /* at the start; default 1 and 1 */
    uint64_t memory_limit_bytes;                  /* UINT64_MAX: none (the default) */
    /* Names the hash that made the keys (its seed and what was hashed). The engine does not use it, but writes
     * it into snapshots and refuses one that has another. */
    uint64_t key_fingerprint;
    struct recon_allocator allocator; /* must be set */
};

void recon_settings_init(struct recon_settings *settings);

/* RECON_OK or RECON_ERROR_INVALID; then *what (if not NULL) names the setting that is not legal. */
int recon_settings_check(const struct recon_settings *settings, const char **what);

#ifdef __cplusplus
}
#endif
#endif
