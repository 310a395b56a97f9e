/*
 * The check: bounded inputs through decoders and the merge to the engine, and its results to a listener.
 *
 *     files -> a lane each (thread: read, decompress, decode) -> merge -> engine -> listener
 *
 * The order in which records reach the engine is a function of the files alone (merge.h), whatever the threads do; with
 * the clock as an argument so are the results. Memory: what the engine remembers, within its limit, and a bounded share
 * for each file.
 *
 * All functions and the listener's are for one thread; the lanes' threads are started and joined within.
 */
#ifndef RECON_SERVICE_CHECK_H
#define RECON_SERVICE_CHECK_H

#include "config/config.h"
#include "recon/matcher.h"

/* Files at once: each is a thread and some memory, and as many must be open as have not ended. */
#define RECON_CHECK_FILE_COUNT_MAX 1024

struct recon_check_file {
    const char *name; /* `-`: standard input */
    int stream;       /* enum recon_stream */
};

struct recon_check_progress {
    uint64_t taken_bytes;
    uint64_t total_bytes; /* 0: not known, for a pipe is among the files */
    uint64_t record_count;
    int64_t watermark;
};

struct recon_check_listener {
    void *context;
    /* Results in order; what is not RECON_OK ends the run with that status. Texts are borrowed for the call. */
    int (*results)(void *context, const struct recon_result *results, size_t count);
    /* The run may have to wait for its inputs. Status as above. */
    int (*idle)(void *context);
    /* One sentence for people, without a newline, on something they may not expect. */
    void (*note)(void *context, const char *text);
    /* Every few thousand records. */
    void (*progress)(void *context, const struct recon_check_progress *progress);
};

/* All is borrowed for the life of the check. */
struct recon_check_options {
    const struct recon_config *config;    /* finished for RECON_HOME_CHECK */
    const struct recon_check_file *files; /* those of a stream in the order of their partitions */
    size_t file_count;
    uint32_t report;             /* RECON_REPORT bits that the listener wants to see */
    int64_t now_ms;              /* the processing clock, for the whole run */
    uint64_t memory_limit_bytes; /* of the engine */
    struct recon_check_listener listener;
};

struct recon_check_totals {
    uint64_t records[RECON_STREAM_COUNT]; /* unreadable ones included, heartbeats and ignored ones not */
    uint64_t ignored[RECON_STREAM_COUNT];
    uint64_t taken_bytes;
    struct recon_matcher_stats stats;
};

struct recon_check;

/* Opens all files (which waits for the writers of pipes) and makes the engine. RECON_OK; else message (message_size
 * bytes, terminated) says what and where. */
int recon_check_new(const struct recon_check_options *options, struct recon_check **check, char *message,
                    size_t message_size);
/* Also ends a run half-way. NULL is fine. */
void recon_check_free(struct recon_check *check);

/* No time was found in some file and none is mapped: only IDs are compared, every time is 0, and the one window there
 * is has no bounds. Known from the start. */
bool recon_check_is_timeless(const struct recon_check *check);

/* Runs to the end. RECON_OK; else recon_check_message says what and where (it is empty where the listener gave the
 * status). What was given to the listener before an error was right as far as it went, but is not the whole. */
int recon_check_run(struct recon_check *check);
const char *recon_check_message(const struct recon_check *check);

void recon_check_totals(const struct recon_check *check, struct recon_check_totals *totals);

#endif
