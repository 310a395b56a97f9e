/*
 * Batches of records and the bytes of their texts.
 *
 * 1. A block never moves or shrinks while the batch holds records, so texts may point into it.
 * 2. The head of the list is the one that is filled; blocks double, so that a batch that is used again and again
 *    soon needs one block only, which a clear keeps.
 */
#include "codec/batch.h"

#include <stdlib.h>
#include <string.h>

#include "recon/status.h"

/* 512 records with IDs and usual contexts fit the first block, what it has not used costs nothing; a clear gives back
 * what a huge context took. */
#define BLOCK_SIZE_BYTES_MIN ((size_t)96 << 10)
#define BLOCK_SIZE_BYTES_KEPT ((size_t)1 << 20)

static void free_blocks(struct recon_batch_block *block)
{
    while (block) {
        struct recon_batch_block *next = block->next;
        free(block);
        block = next;
    }
}

void recon_batch_init(struct recon_batch *batch)
{
    memset(batch, 0, sizeof *batch);
}

void recon_batch_deinit(struct recon_batch *batch)
{
    free(batch->records);
    free_blocks(batch->blocks);
    recon_batch_init(batch);
}

void recon_batch_clear(struct recon_batch *batch)
{
    batch->count = 0;
    batch->ignored = 0;
    batch->tombstones = 0;
    batch->keyed_count = 0;
    batch->timed = 0;
    struct recon_batch_block *head = batch->blocks;
    if (!head)
        return;
    free_blocks(head->next);
    head->next = NULL;
    head->used = 0;
    if (head->capacity > BLOCK_SIZE_BYTES_KEPT) {
        free(head);
        batch->blocks = NULL;
    }
}

int recon_batch_grow(struct recon_batch *batch)
{
    size_t capacity = batch->capacity ? 2 * batch->capacity : RECON_BATCH_RECORD_COUNT;
    struct recon_record *records = realloc(batch->records, capacity * sizeof *records);
    if (!records)
        return RECON_ERROR_MEMORY;
    batch->records = records;
    batch->capacity = capacity;
    return RECON_OK;
}

struct recon_record *recon_batch_next(struct recon_batch *batch)
{
    struct recon_record *record = recon_batch_room(batch);
    if (!record)
        return NULL;
    /* In two pieces, which are a few stores each: of the whole gcc 12 makes a loop in microcode. */
    memset(record, 0, 64);
    memset((char *)record + 64, 0, sizeof *record - 64);
    return record;
}

size_t recon_batch_size_bytes(const struct recon_batch *batch)
{
    size_t size = batch->count * sizeof *batch->records;
    for (const struct recon_batch_block *block = batch->blocks; block; block = block->next)
        size += block->used;
    return size;
}

char *recon_batch_bytes_of_more(struct recon_batch *batch, size_t size)
{
    struct recon_batch_block *head = batch->blocks;
    size_t capacity = head ? 2 * head->capacity : BLOCK_SIZE_BYTES_MIN;
    if (capacity > BLOCK_SIZE_BYTES_KEPT)
        capacity = BLOCK_SIZE_BYTES_KEPT;
    if (capacity < size)
        capacity = size;
    struct recon_batch_block *block = malloc(sizeof *block + capacity);
    if (!block)
        return NULL;
    block->next = head;
    block->used = size;
    block->capacity = capacity;
    batch->blocks = block;
    return (char *)(block + 1);
}
