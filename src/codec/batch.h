/*
 * A batch of decoded records with the bytes of their texts. What decoders fill and the engine is fed from.
 *
 * Owned by one thread at a time; passing it through a queue passes it whole. Grows with malloc up to what its
 * records need; cleared and used again.
 */
#ifndef RECON_CODEC_BATCH_H
#define RECON_CODEC_BATCH_H

#include "codec/time_text.h"
#include "recon/record.h"

#define RECON_BATCH_RECORD_COUNT 512

/* Text bytes, which follow it. Only batch.c makes them; here to be seen by what is in place of a call. */
struct recon_batch_block {
    struct recon_batch_block *next;
    size_t used;
    size_t capacity;
};

struct recon_batch {
    struct recon_record *records;
    size_t count;
    size_t capacity;
    struct recon_batch_block *blocks; /* text bytes, never moved while the batch holds records */
    uint64_t ignored;                 /* records that an `ignore` schema took, not among records */
    uint64_t tombstones;              /* Kafka messages without a value that made no record */
    size_t keyed_count;               /* records before it have their keys, where that is left to recon_extract_keys */
    struct recon_time_near near;      /* for the decoder, from record to record */
    uint64_t timed;                   /* records with a time where none was asked for (only IDs are compared) */
};

void recon_batch_init(struct recon_batch *batch);
void recon_batch_deinit(struct recon_batch *batch);
void recon_batch_clear(struct recon_batch *batch);

/* Makes room for one more record; RECON_OK or RECON_ERROR_MEMORY. For recon_batch_room. */
int recon_batch_grow(struct recon_batch *batch);

/* Room for one more record, which must be written whole; NULL when memory is out. It counts once recon_batch_push is
 * called, so that one that is given up half-way leaves nothing behind. */
static inline struct recon_record *recon_batch_room(struct recon_batch *batch)
{
    if (batch->count == batch->capacity && recon_batch_grow(batch) != 0)
        return NULL;
    return &batch->records[batch->count];
}

/* The same, zeroed. */
struct recon_record *recon_batch_next(struct recon_batch *batch);
static inline void recon_batch_push(struct recon_batch *batch)
{
    batch->count++;
}

/* Bytes that the records and their texts take. */
size_t recon_batch_size_bytes(const struct recon_batch *batch);

/* For recon_batch_bytes, where the block that is filled has no room. */
char *recon_batch_bytes_of_more(struct recon_batch *batch, size_t size);

/* Room for size text bytes that lives until the batch is cleared; NULL when memory is out. */
static inline char *recon_batch_bytes(struct recon_batch *batch, size_t size)
{
    struct recon_batch_block *head = batch->blocks;
    if (!head || head->capacity - head->used < size)
        return recon_batch_bytes_of_more(batch, size);
    char *bytes = (char *)(head + 1) + head->used;
    head->used += size;
    return bytes;
}

#endif
