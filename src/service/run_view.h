/*
 * What a run shows of itself: made by its own thread now and then, and given to whoever observes it.
 *
 * A view and all that it points to is borrowed for the call that is given it, but for texts marked as the
 * configuration's, which live as long as that.
 */
#ifndef RECON_SERVICE_RUN_VIEW_H
#define RECON_SERVICE_RUN_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recon/matcher.h"
#include "recon/watermark.h"

/* Closed windows that a view has, the last ones by time. */
#define RECON_RUN_WINDOW_COUNT 16
/* Upper bounds of RECON_RUN_BUCKETS seconds, and what took longer. */
#define RECON_RUN_BUCKET_COUNT 11
#define RECON_RUN_CLIENT_COUNT 2 /* RECON_KAFKA_CLIENT_COUNT */

enum recon_run_phase {
    RECON_RUN_STARTING,  /* waits for the broker, or its topics */
    RECON_RUN_STANDBY,   /* waits for its turn: another instance works */
    RECON_RUN_REREADING, /* does again what the journal says */
    RECON_RUN_RUNNING,
    RECON_RUN_STOPPING,
};

struct recon_run_partition {
    const char *topic; /* the configuration's */
    int32_t partition;
    uint8_t stream;
    int64_t position;     /* the next offset */
    int64_t end;          /* by the broker's last answer; -1: there was none yet */
    int64_t time_max;     /* largest event time read; RECON_TIME_MIN: none */
    int64_t caught_up_ms; /* all that there was then has been read; RECON_TIME_MIN: not known */
};

struct recon_run_window {
    int64_t start;
    int64_t end;
    uint64_t revision;
    struct recon_counts counts;
};

/* How long things took. */
struct recon_run_times {
    uint64_t buckets[RECON_RUN_BUCKET_COUNT]; /* not added up */
    uint64_t count;
    double seconds;
};

/* Counts since the process began. */
struct recon_run_tally {
    uint64_t messages[RECON_STREAM_COUNT]; /* read, but not those that are read again */
    uint64_t bytes[RECON_STREAM_COUNT];    /* of their keys and values */
    uint64_t results;                      /* sent, in whichever transaction */
    uint64_t result_bytes;
    struct recon_run_times commits;
    double commit_seconds_last;
    struct recon_run_times rounds; /* the run's, without what they waited for and their commits */
    double round_seconds_max;
    double snapshot_round_seconds_max; /* of those with a snapshot under way */
    uint64_t aborted;
    uint64_t deaf; /* times that all clients were made anew, for they heard nothing of a broker that others hear */
    uint64_t deaf_in_row[RECON_RUN_CLIENT_COUNT];            /* ... by each client, since something was read by it */
    struct recon_run_window windows[RECON_RUN_WINDOW_COUNT]; /* by start, ascending */
    size_t window_count;
    char trouble[256]; /* the last warning of the run itself; empty: none since it got on */
    int64_t trouble_ms;
};
extern const double recon_run_buckets[RECON_RUN_BUCKET_COUNT - 1];

struct recon_run_view {
    const char *name; /* the configuration's */
    enum recon_run_phase phase;
    int64_t at_ms;        /* wall clock */
    int64_t at_steady_ms; /* CLOCK_MONOTONIC */
    int64_t started_ms;   /* wall clock */
    int64_t idle_timeout_ms;
    bool has_engine; /* what follows up to the partitions is there */
    int64_t clock_ms;
    struct recon_rise rise;
    struct recon_matcher_stats stats;
    uint64_t ignored[RECON_STREAM_COUNT];
    uint64_t tombstones[RECON_STREAM_COUNT];
    uint64_t memory_bytes;
    uint64_t memory_limit_bytes;
    bool has_holder;
    size_t holder; /* among the partitions */
    const struct recon_run_partition *partitions;
    size_t partition_count;
    int64_t
        snapshot_ms; /* of the state in the last snapshot that is sound, wall clock; RECON_TIME_MIN: there is none */
    const struct recon_run_tally *tally;
};

#endif
