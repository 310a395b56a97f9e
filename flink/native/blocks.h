/*
 * Blocks under construction, one for each key group: packed records (packed.h) one behind the other. One that is full
 * is ready, and waits to be taken; after a flush all are, in order of their first records. A record past the usual size
 * of a block has one of its own. Memory: a block's usual size for each key group that ever got a record, and as much
 * for each that is ready.
 */
#ifndef RECON_FLINK_BLOCKS_H
#define RECON_FLINK_BLOCKS_H

#include <jni.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct block {
    uint8_t *bytes;
    size_t capacity, used;
    uint32_t key_group, count;
    bool is_begun; /* got a record since the last flush */
};

struct blocks {
    size_t usual_size;
    uint32_t group_count;
    bool is_flushing;
    struct block *groups;
    uint32_t *begun; /* in order of their first records */
    uint32_t begun_count, begun_taken;
    struct block *ready;
    size_t ready_count, ready_taken, ready_capacity;
    uint8_t **spare; /* of the usual size, room for ready_capacity */
    size_t spare_count;
};

/* False: no memory; deinit is good all the same. */
bool blocks_init(struct blocks *blocks, uint32_t group_count, size_t usual_size);
void blocks_deinit(struct blocks *blocks);

/* Room for a record of so many bytes, which are to be written there, behind the others of its key group; NULL: no
 * memory. Not between a flush and the taking of all. */
uint8_t *blocks_add(struct blocks *blocks, uint32_t key_group, size_t size);
/* All get ready. */
void blocks_flush(struct blocks *blocks);
/* One that is ready, or NULL. It is good until it is said to be taken. */
const struct block *blocks_ready(struct blocks *blocks);
void blocks_taken(struct blocks *blocks);

/* Those of a NativeBlocks; NULL, and an exception, where it is closed. */
struct blocks *flink_blocks_of(JNIEnv *env, jlong handle);

#endif
