/*
 * See ahead.h, and ahead.c for what always holds: a thread that takes its slots' messages and decodes them.
 */
#define _POSIX_C_SOURCE 200809L

#include "service/ahead_private.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "recon/status.h"
#include "service/record_digest.h"

/* A block that had to hold more records than this (batches of CloudEvents) gives their memory back. */
#define RECORD_COUNT_KEPT ((size_t)4 * RECON_AHEAD_MESSAGE_COUNT)
#define PATIENCE_MS 1000

struct recon_message recon_ahead_message_of(const struct recon_kafka_message *from, uint32_t partition)
{
    _Static_assert(sizeof(struct recon_message_header) == sizeof(struct recon_kafka_field) &&
                       offsetof(struct recon_message_header, value) == offsetof(struct recon_kafka_field, value),
                   "headers are the same on both sides");
    return (struct recon_message){
        .key = from->key,
        .value = from->value,
        .headers = (const struct recon_message_header *)from->headers,
        .header_count = from->header_count,
        .timestamp_ms = from->timestamp_ms,
        .offset = from->offset,
        .partition = partition,
    };
}

void recon_ahead_wake(int fd)
{
    static const uint64_t one = 1;
    const ssize_t put = write(fd, &one, sizeof one);
    (void)put; /* full: it is awake */
}

void recon_ahead_block_free(struct recon_ahead_block *block)
{
    recon_batch_deinit(&block->batch);
    recon_kafka_taken_deinit(&block->taken);
    free(block->digests);
    free(block);
}

void recon_ahead_block_clear(struct recon_ahead_block *block)
{
    recon_kafka_taken_release(&block->taken);
    if (block->batch.capacity > RECORD_COUNT_KEPT)
        recon_batch_deinit(&block->batch);
    recon_batch_clear(&block->batch);
    if (block->digest_capacity > RECORD_COUNT_KEPT) {
        free(block->digests);
        block->digests = NULL;
        block->digest_capacity = 0;
    }
    block->count = 0;
    block->decoded_count = 0;
    block->status = RECON_OK;
    block->next = NULL;
}

static int digest(struct recon_ahead_block *block)
{
    if (block->digest_capacity < block->batch.count) {
        uint64_t *grown = realloc(block->digests, block->batch.capacity * sizeof *grown);
        if (grown == NULL)
            return RECON_ERROR_MEMORY;
        block->digests = grown;
        block->digest_capacity = block->batch.capacity;
    }
    for (size_t i = 0; i < block->batch.count; i++)
        block->digests[i] = recon_record_digest(&block->batch.records[i]);
    return RECON_OK;
}

/* Decodes what was taken, as far as that can be done here. Statuses are about memory. */
static int decode(const struct recon_ahead_worker *worker, const struct recon_ahead_slot *slot,
                  struct recon_ahead_block *block)
{
    struct recon_message_decoder *decoder = worker->decoders[slot->stream];
    const struct recon_kafka_taken *taken = &block->taken;
    struct recon_text values[RECON_AHEAD_MESSAGE_COUNT];
    size_t scanned_count = 0;
    int status = RECON_MESSAGE_DONE;
    assert(taken->count <= RECON_AHEAD_MESSAGE_COUNT);
    block->count = taken->count;
    for (size_t i = 0; i < taken->count; i++) {
        values[i] = taken->messages[i].value;
        block->messages[i] = (struct recon_ahead_message){
            .offset = taken->messages[i].offset,
            .size = taken->messages[i].key.size + taken->messages[i].value.size,
        };
    }
    for (size_t i = 0; i < taken->count && status == RECON_MESSAGE_DONE; i++) {
        if (i == scanned_count)
            scanned_count += recon_message_scan(decoder, values + i, taken->count - i);
        const struct recon_message message = recon_ahead_message_of(&taken->messages[i], slot->partition);
        status = recon_message_decode(decoder, &message, &block->batch);
        if (status != RECON_MESSAGE_DONE)
            break;
        block->messages[i].record_end = (uint32_t)block->batch.count;
        block->decoded_count++;
    }
    recon_message_keys(decoder, &block->batch);
    if (status == RECON_MESSAGE_DONE || status == RECON_MESSAGE_SCHEMA_WANTED)
        status = digest(block);
    if (status == RECON_OK && block->decoded_count == block->count)
        recon_kafka_taken_release(&block->taken); /* this thread has it in its caches */
    return status;
}

/* Under the lock, which is let go of meanwhile: what the decoders don't know yet. */
static int schemas_learn(struct recon_ahead_worker *worker)
{
    struct recon_ahead *ahead = worker->ahead;
    char why[160];
    int status = RECON_OK;
    while (ahead->are_schemas_open && worker->schema_count < ahead->schema_count && status == RECON_OK) {
        const struct recon_ahead_schema *one = ahead->schemas[worker->schema_count++];
        pthread_mutex_unlock(&ahead->lock);
        for (int i = 0; i < RECON_STREAM_COUNT && status == RECON_OK; i++) {
            status =
                recon_message_decoder_schema(worker->decoders[i], &one->wanted, one->json, one->size, why, sizeof why);
            if (status == RECON_ERROR_INVALID)
                status = RECON_OK; /* remembered: its messages are rejected, as the run does */
        }
        pthread_mutex_lock(&ahead->lock);
    }
    return status;
}

static struct recon_ahead_block *block_get(struct recon_ahead_worker *worker)
{
    struct recon_ahead_block *block = worker->free;
    if (block == NULL) {
        block = calloc(1, sizeof *block);
        if (block != NULL)
            recon_batch_init(&block->batch);
    } else {
        worker->free = block->next;
        block->next = NULL;
    }
    return block;
}

static bool is_half_ready(const struct recon_ahead *ahead)
{
    return ahead->ready_count >= (ahead->slot_count * RECON_AHEAD_BLOCK_COUNT + 1) / 2 || ahead->ready_count >= 8;
}

static void run_wake(struct recon_ahead *ahead)
{
    if (ahead->is_idle)
        ahead->options.wake(ahead->options.context);
    ahead->is_idle = false;
}

/* Under the lock, which is let go of meanwhile: takes and decodes a block of a slot. False: nothing has come. */
static bool slot_serve(struct recon_ahead_worker *worker, struct recon_ahead_slot *slot)
{
    struct recon_ahead *ahead = worker->ahead;
    const struct recon_kafka_bounds bounds = {
        .before = RECON_TIME_MAX,
        .count_max = RECON_AHEAD_MESSAGE_COUNT,
        .size_max = RECON_AHEAD_SIZE,
        .has_headers = worker->reads_headers[slot->stream],
    };
    int status = schemas_learn(worker);
    struct recon_ahead_block *block = block_get(worker);
    pthread_mutex_unlock(&ahead->lock);
    if (block != NULL && status == RECON_OK)
        status = ahead->options.take(slot->from, &bounds, &block->taken);
    if (block != NULL) {
        const int decoding = decode(worker, slot, block);
        block->status = status != RECON_OK ? status : decoding;
    }
    pthread_mutex_lock(&ahead->lock);
    if (block == NULL)
        return false; /* tried again; the run is short of memory, too, and says so */
    if (block->status == RECON_OK && block->count == 0 && block->taken.position == slot->position) {
        block->next = worker->free;
        worker->free = block;
        return false;
    }
    slot->position = block->taken.position;
    slot->is_over = block->status != RECON_OK;
    *(slot->first == NULL ? &slot->first : &slot->last->next) = block;
    slot->last = block;
    slot->block_count++;
    ahead->ready_count++;
    ahead->is_fresh = true;
    if (is_half_ready(ahead))
        run_wake(ahead);
    return true;
}

void *recon_ahead_serve(void *context)
{
    struct recon_ahead_worker *worker = context;
    struct recon_ahead *ahead = worker->ahead;
    pthread_mutex_lock(&ahead->lock);
    while (!ahead->is_stopped) {
        bool any = false;
        worker->lacks_room = false;
        worker->returned_count = 0;
        for (size_t i = worker->number; i < ahead->slot_count && !ahead->is_stopped; i += ahead->options.thread_count) {
            struct recon_ahead_slot *slot = ahead->slots[i];
            const bool has_room = slot->block_count < RECON_AHEAD_BLOCK_COUNT;
            worker->lacks_room = worker->lacks_room || !has_room;
            if (slot->from != NULL && !slot->is_over && has_room)
                any = slot_serve(worker, slot) || any;
        }
        /* What was given back meanwhile may be room in a slot that had none when it was looked at. */
        if (any || ahead->is_stopped || (worker->lacks_room && worker->returned_count > 0))
            continue;
        if (ahead->is_fresh)
            run_wake(ahead);
        worker->is_waiting = true;
        pthread_mutex_unlock(&ahead->lock);
        struct pollfd look = {.fd = worker->wake, .events = POLLIN};
        uint64_t wakes;
        poll(&look, 1, PATIENCE_MS);
        /* Emptied before the slots are looked at, so that what comes after the look wakes again. */
        const ssize_t got = read(worker->wake, &wakes, sizeof wakes);
        (void)got;
        pthread_mutex_lock(&ahead->lock);
        worker->is_waiting = false;
    }
    pthread_mutex_unlock(&ahead->lock);
    return NULL;
}
