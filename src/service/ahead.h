/*
 * Messages taken from Kafka and decoded ahead of the run, by threads of their own.
 *
 *     slot's messages ─> its thread: taken, decoded ─> blocks, in order, a few a slot ─> the run
 *
 * Each slot belongs to one thread, so its blocks are in the order of its offsets. Which slot's block comes next is for
 * the run to choose: what is decoded is a function of the messages alone, and the order of consumption is the run's.
 *
 * Memory is bounded: a slot has RECON_AHEAD_BLOCK_COUNT blocks at most that the run has not given back, and a block
 * holds what RECON_AHEAD_MESSAGE_COUNT messages give, or RECON_AHEAD_SIZE bytes of them and one message more. A run
 * that is slow stops its threads, and they the reader.
 *
 * A message whose schema is not known ends what is decoded of its block; the run decodes from there by itself, for it
 * alone asks the registry, and that a schema is absent is part of the order of consumption. What it finds it hands in.
 *
 * All functions are for the run's thread.
 */
#ifndef RECON_SERVICE_AHEAD_H
#define RECON_SERVICE_AHEAD_H

#include "codec/message.h"
#include "io/kafka_reader.h"

#define RECON_AHEAD_MESSAGE_COUNT 512
#define RECON_AHEAD_SIZE ((size_t)1 << 20)
#define RECON_AHEAD_BLOCK_COUNT 4

struct recon_ahead;

/* What a message came to. */
struct recon_ahead_message {
    int64_t offset;
    uint32_t size;       /* bytes of key and value */
    uint32_t record_end; /* its records, and those of the messages before it in the block */
};

struct recon_ahead_block {
    struct recon_ahead_message messages[RECON_AHEAD_MESSAGE_COUNT];
    size_t count;         /* of messages */
    size_t decoded_count; /* of these; a schema is wanted for the next, if there is one */
    struct recon_batch batch;
    uint64_t *digests; /* of the batch's records: recon_record_digest */
    size_t digest_capacity;
    struct recon_kafka_taken taken; /* position; messages, unless all are decoded; the error */
    int status;                     /* what ends the slot behind this block; RECON_OK: nothing */
    struct recon_ahead_block *next;
};

struct recon_ahead_options {
    struct recon_message_decoder_options decoders[RECON_STREAM_COUNT]; /* what they borrow must outlive this */
    size_t thread_count;
    /* Takes what has come of a slot: recon_kafka_slot_take, called by the slot's thread. */
    int (*take)(void *from, const struct recon_kafka_bounds *bounds, struct recon_kafka_taken *taken);
    /* A block has come, and recon_ahead_is_idle has said that there was none. Called by any thread, under a lock. */
    void (*wake)(void *context);
    void *context;
};

/* RECON_OK, RECON_ERROR_MEMORY, or RECON_ERROR_INVALID with why in error. */
int recon_ahead_new(const struct recon_ahead_options *options, struct recon_ahead **ahead, char *error,
                    size_t error_size);
/* Ends the threads. To be called before what the slots are taken from is freed. */
void recon_ahead_free(struct recon_ahead *ahead);

/* The eventfd that is to be written to when something comes of the slot that is added next. */
int recon_ahead_wake_fd(const struct recon_ahead *ahead);
/* Adds a slot that is read from a position on: the next number. from NULL: nothing comes of it. RECON_OK or
 * RECON_ERROR_MEMORY. */
int recon_ahead_add(struct recon_ahead *ahead, void *from, int stream, uint32_t partition, int64_t position);

/* The slot's first block; NULL: nothing has come. The run's until it is given back. */
struct recon_ahead_block *recon_ahead_look(struct recon_ahead *ahead, size_t slot);
void recon_ahead_give_back(struct recon_ahead *ahead, size_t slot);

/* Whether no block has come since it was asked last; if so, wake is called when one does. */
bool recon_ahead_is_idle(struct recon_ahead *ahead);

/* A schema that the registry has and a decoder has taken. Threads know of those handed in once they are open. */
int recon_ahead_schema(struct recon_ahead *ahead, const struct recon_schema_wanted *wanted, const char *json,
                       size_t size);
void recon_ahead_schemas_open(struct recon_ahead *ahead);

/* A message as decoders have it; borrowed from the other. */
struct recon_message recon_ahead_message_of(const struct recon_kafka_message *from, uint32_t partition);

#endif
