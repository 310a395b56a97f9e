/*
 * Snapshots in tests: written in pieces of random sizes, read in others.
 *
 * A random generator fixes the pieces. Statuses are those of recon/snapshot.h; on an error nothing is left behind.
 */
#ifndef RECON_TESTS_MODEL_SNAPSHOTS_H
#define RECON_TESTS_MODEL_SNAPSHOTS_H

#include "random.h"
#include "recon/snapshot.h"

struct bytes {
    uint8_t *at;
    size_t size;
    size_t capacity;
};

void bytes_deinit(struct bytes *bytes);
void bytes_append(struct bytes *bytes, const void *from, size_t size);

/* Takes all that the writer gives and frees it. */
int snapshot_take(struct recon_snapshot_writer *writer, struct random *random, struct bytes *bytes);
int snapshot_feed(struct recon_snapshot_reader *reader, struct random *random, const uint8_t *bytes, size_t size);

/* The whole of an engine, in one or (where the key groups are few) by parts in any order; *is_whole says which. */
int snapshot_write_engine(struct recon_engine *engine, uint32_t key_group_count, struct random *random,
                          struct bytes *bytes, bool *is_whole);
int snapshot_read_engine(const struct recon_settings *settings, struct random *random, const uint8_t *bytes,
                         size_t size, bool is_whole, struct recon_engine **engine);

#endif
