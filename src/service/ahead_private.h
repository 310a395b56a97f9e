/*
 * Shared by src/service/ahead*.c alone.
 */
#ifndef RECON_SERVICE_AHEAD_PRIVATE_H
#define RECON_SERVICE_AHEAD_PRIVATE_H

#include <pthread.h>

#include "service/ahead.h"

struct recon_ahead_slot {
    void *from; /* NULL: nothing comes */
    uint8_t stream;
    uint32_t partition;
    bool is_over; /* an error was met */
    struct recon_ahead_block *first;
    struct recon_ahead_block *last;
    size_t block_count; /* not given back */
    int64_t position;   /* behind what was taken */
};

struct recon_ahead_schema {
    struct recon_schema_wanted wanted;
    char *json;
    size_t size;
};

struct recon_ahead_worker {
    struct recon_ahead *ahead;
    size_t number;
    pthread_t thread;
    bool is_started;
    bool is_waiting;
    bool lacks_room; /* a slot had as many blocks as it may have */
    int wake;        /* eventfd */
    size_t slot_count;
    size_t returned_count; /* blocks, since it looked at its slots */
    struct recon_message_decoder *decoders[RECON_STREAM_COUNT];
    bool reads_headers[RECON_STREAM_COUNT];
    size_t schema_count; /* of the open ones, that the decoders have */
    struct recon_ahead_block *free;
};

struct recon_ahead {
    struct recon_ahead_options options;
    pthread_mutex_t lock;
    bool is_stopped;
    bool is_idle;  /* the run waits */
    bool is_fresh; /* a block has come since it looked whether to */
    struct recon_ahead_slot **slots;
    size_t slot_count;
    size_t ready_count; /* blocks, of all slots */
    struct recon_ahead_schema **schemas;
    size_t schema_count;
    bool are_schemas_open;
    struct recon_ahead_worker *workers;
};

/* Writes to an eventfd. */
void recon_ahead_wake(int fd);

void recon_ahead_block_free(struct recon_ahead_block *block);
/* As it was made, but for memory that it keeps. */
void recon_ahead_block_clear(struct recon_ahead_block *block);

/* A worker's thread. */
void *recon_ahead_serve(void *worker);

#endif
