/*
 * The head of a run's snapshot: which entry of the journal it follows, and what a run needs besides its engine. Behind
 * it, to the file's end, are the engine's own bytes (recon/snapshot.h).
 *
 *     RCNS, version, three zeros     8 bytes
 *     size of the body               8 bytes, little-endian
 *     body, hash of the body         the hash 8 bytes
 *
 * No I/O; single-threaded.
 */
#ifndef RECON_SERVICE_SNAPSHOT_HEAD_H
#define RECON_SERVICE_SNAPSHOT_HEAD_H

#include "codec/result_writer.h"
#include "recon/record.h"

#define RECON_SNAPSHOT_HEAD_PREFIX_BYTES 16
/* More is no head. */
#define RECON_SNAPSHOT_HEAD_BYTES_MAX ((uint64_t)1 << 30)

/* In the order in which they were added. */
struct recon_snapshot_partition {
    uint8_t stream;
    bool is_ended;
    struct recon_text topic;
    int32_t topic_partition;
    int64_t position; /* the offset to read on from */
    int64_t time_max; /* RECON_TIME_MIN: none */
};

struct recon_snapshot_head {
    /* The entry of the journal that all is done of, and nothing behind it: its number, its offset in the topic, the
     * hash of its bytes. */
    uint64_t entry_number;
    int64_t entry_offset;
    uint64_t entry_hash;
    /* As in that entry. */
    uint64_t record_count;
    uint64_t hash;
    uint64_t result_count;
    int64_t now_ms;
    struct recon_text settings;  /* in force */
    struct recon_text published; /* what the run knows of results before it began anew; see run_published.c */
    struct recon_snapshot_partition *partitions;
    size_t partition_count;
};

/* Appends. RECON_OK or RECON_ERROR_MEMORY. */
int recon_snapshot_head_write(const struct recon_snapshot_head *head, struct recon_buffer *buffer);

/* The size of a whole head, from its first RECON_SNAPSHOT_HEAD_PREFIX_BYTES. RECON_OK, RECON_ERROR_DAMAGED: it is none;
 * RECON_ERROR_VERSION. */
int recon_snapshot_head_size(const void *prefix, size_t *size);
/* Takes one apart; texts are parts of bytes, partitions are the caller's to free. RECON_OK, RECON_ERROR_DAMAGED,
 * RECON_ERROR_VERSION, RECON_ERROR_MEMORY. */
int recon_snapshot_head_read(struct recon_text bytes, struct recon_snapshot_head *head);

#endif
