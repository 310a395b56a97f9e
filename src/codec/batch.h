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

struct recon_batch_block;

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

/* Room for one more record, zeroed; NULL when memory is out. It counts once recon_batch_push is called, so that one
 * that is given up half-way leaves nothing behind. */
struct recon_record *recon_batch_next(struct recon_batch *batch);
static inline void recon_batch_push(struct recon_batch *batch)
{
    batch->count++;
}

/* Bytes that the records and their texts take. */
size_t recon_batch_size_bytes(const struct recon_batch *batch);

/* Room for size text bytes that lives until the batch is cleared; NULL when memory is out. */
char *recon_batch_bytes(struct recon_batch *batch, size_t size);

#endif
