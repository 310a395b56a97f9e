/*
 * One subtask's matcher, with its watermark and what leaves it. matcher.c has what happens to it while it runs,
 * matcher_state.c how it is saved and restored.
 *
 *     create ─> restore ... restore_finish ─┐
 *        └────> start ──────────────────────┴─> records, event, drain, counts, snapshot_..., frozen_...
 *
 * Single-threaded. Each input is one partition of its stream to the watermark; the partition of a record itself is only
 * for results.
 */
#ifndef RECON_FLINK_MATCHER_H
#define RECON_FLINK_MATCHER_H

#include "recon/matcher.h"
#include "recon/snapshot.h"
#include "results.h"
#include "settings.h"

struct flink_matcher {
    struct flink_settings settings;
    struct recon_watermark *watermark; /* NULL until it was started or restored */
    struct recon_matcher *matcher;
    struct results results;
    /* While a step's results and counts are taken. */
    bool is_rising;
    bool has_counts;
    int64_t counts_window;
    struct recon_counts counts;
    /* While it is restored. */
    struct recon_snapshot_reader *watermark_reader;
    struct recon_snapshot_reader *matcher_reader;
    /* While a part is saved. */
    struct recon_snapshot_writer *writer;
    /* While the identities of one moment are saved and others come. */
    struct recon_snapshot_writer *frozen;
    int32_t frozen_group; /* the last one turned to */
    bool frozen_is_turnable;
};

/* The object behind a handle that was started or restored; NULL, and an exception, otherwise. */
struct flink_matcher *flink_matcher_of(JNIEnv *env, jlong handle);

#endif
