/*
 * See ahead.h.
 *
 * 1. A block is in one place: a thread's (being filled), ready in its slot's list, or free in its thread's list; the
 *    first of a slot's list is the run's from recon_ahead_look to recon_ahead_give_back.
 * 2. Lists, counts and flags change under the one lock alone; what is in a block passes from thread to thread with it.
 * 3. Whoever waits says so under the lock and is woken by its eventfd (the run by wake): nothing is missed, for the fd
 *    stays readable. Neither is woken for each block, which costs more than to fill one: the run is where there are
 *    many, or the thread is about to wait; the thread where it had no room and a slot has nearly run dry, or many were
 *    given back.
 * 4. Slots and threads are added to by the run alone; a thread sees its slots by slot_count, under the lock.
 */
#define _GNU_SOURCE /* pthread_setname_np */

#include "service/ahead.h"

#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "recon/status.h"
#include "service/record_digest.h"

#define THREAD_STACK_BYTES ((size_t)512 * 1024)
/* A block that had to hold more records than this (batches of CloudEvents) gives their memory back. */
#define RECORD_COUNT_KEPT ((size_t)4 * RECON_AHEAD_MESSAGE_COUNT)
#define SCHEMA_COUNT_MAX 4096 /* what a decoder keeps at most */
#define PATIENCE_MS 1000
/* Messages between asking for one's bytes and decoding it, and of how many bytes; the processor sees the rest coming.
 */
#define PREFETCH_COUNT 3
#define PREFETCH_SIZE_MAX 512

struct slot {
    void *from; /* NULL: nothing comes */
    uint8_t stream;
    uint32_t partition;
    bool is_over; /* an error was met */
    struct recon_ahead_block *first;
    struct recon_ahead_block *last;
    size_t block_count; /* not given back */
    int64_t position;   /* behind what was taken */
};

struct schema {
    struct recon_schema_wanted wanted;
    char *json;
    size_t size;
};

struct worker {
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
    struct slot **slots;
    size_t slot_count;
    size_t ready_count; /* blocks, of all slots */
    struct schema **schemas;
    size_t schema_count;
    bool are_schemas_open;
    struct worker *workers;
};

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

/* --- a thread ------------------------------------------------------------------------------------------------------
 */

static void wake(int fd)
{
    static const uint64_t one = 1;
    const ssize_t put = write(fd, &one, sizeof one);
    (void)put; /* full: it is awake */
}

static void block_free(struct recon_ahead_block *block)
{
    recon_batch_deinit(&block->batch);
    recon_kafka_taken_deinit(&block->taken);
    free(block->digests);
    free(block);
}

static void block_clear(struct recon_ahead_block *block)
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

/* The value was last in the caches of the thread that received it, if at all. */
static void prefetch(struct recon_text value)
{
    const size_t size = value.size < PREFETCH_SIZE_MAX ? value.size : PREFETCH_SIZE_MAX;
    for (size_t at = 0; at < size; at += 64)
        __builtin_prefetch(value.bytes + at);
}

/* Decodes what was taken, as far as that can be done here. Statuses are about memory. */
static int decode(const struct worker *worker, const struct slot *slot, struct recon_ahead_block *block)
{
    struct recon_message_decoder *decoder = worker->decoders[slot->stream];
    const struct recon_kafka_taken *taken = &block->taken;
    int status = RECON_MESSAGE_DONE;
    assert(taken->count <= RECON_AHEAD_MESSAGE_COUNT);
    block->count = taken->count;
    for (size_t i = 0; i < taken->count; i++)
        block->messages[i] = (struct recon_ahead_message){
            .offset = taken->messages[i].offset,
            .size = taken->messages[i].key.size + taken->messages[i].value.size,
        };
    for (size_t i = 0; i < taken->count && status == RECON_MESSAGE_DONE; i++) {
        if (i + PREFETCH_COUNT < taken->count)
            prefetch(taken->messages[i + PREFETCH_COUNT].value);
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
static int schemas_learn(struct worker *worker)
{
    struct recon_ahead *ahead = worker->ahead;
    char why[160];
    int status = RECON_OK;
    while (ahead->are_schemas_open && worker->schema_count < ahead->schema_count && status == RECON_OK) {
        const struct schema *one = ahead->schemas[worker->schema_count++];
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

static struct recon_ahead_block *block_get(struct worker *worker)
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
static bool slot_serve(struct worker *worker, struct slot *slot)
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

static void *serve(void *context)
{
    struct worker *worker = context;
    struct recon_ahead *ahead = worker->ahead;
    pthread_mutex_lock(&ahead->lock);
    while (!ahead->is_stopped) {
        bool any = false;
        worker->lacks_room = false;
        worker->returned_count = 0;
        for (size_t i = worker->number; i < ahead->slot_count && !ahead->is_stopped; i += ahead->options.thread_count) {
            struct slot *slot = ahead->slots[i];
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

/* --- the run's side ------------------------------------------------------------------------------------------------
 */

static int worker_start(struct recon_ahead *ahead, size_t number, char *error, size_t error_size)
{
    struct worker *worker = &ahead->workers[number];
    pthread_attr_t attributes;
    worker->ahead = ahead;
    worker->number = number;
    worker->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (worker->wake < 0)
        return RECON_ERROR_MEMORY;
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++) {
        struct recon_message_decoder_options options = ahead->options.decoders[stream];
        options.keys_later = true;
        const int status = recon_message_decoder_new(&options, &worker->decoders[stream], error, error_size);
        if (status != RECON_OK)
            return status;
        worker->reads_headers[stream] = recon_message_decoder_reads_headers(worker->decoders[stream]);
    }
    if (pthread_attr_init(&attributes) != 0)
        return RECON_ERROR_MEMORY;
    pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES);
    /* Signals are the main thread's: the new one inherits that none comes to it. */
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    worker->is_started = pthread_create(&worker->thread, &attributes, serve, worker) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (worker->is_started)
        pthread_setname_np(worker->thread, "recon decode");
    pthread_attr_destroy(&attributes);
    return worker->is_started ? RECON_OK : RECON_ERROR_MEMORY;
}

int recon_ahead_new(const struct recon_ahead_options *options, struct recon_ahead **ahead, char *error,
                    size_t error_size)
{
    assert(options->thread_count > 0);
    struct recon_ahead *made = calloc(1, sizeof *made);
    if (made == NULL)
        return RECON_ERROR_MEMORY;
    made->options = *options;
    pthread_mutex_init(&made->lock, NULL);
    made->workers = calloc(options->thread_count, sizeof *made->workers);
    int status = made->workers == NULL ? RECON_ERROR_MEMORY : RECON_OK;
    for (size_t i = 0; i < options->thread_count && made->workers != NULL; i++)
        made->workers[i].wake = -1;
    for (size_t i = 0; i < options->thread_count && status == RECON_OK; i++)
        status = worker_start(made, i, error, error_size);
    if (status != RECON_OK) {
        recon_ahead_free(made);
        return status;
    }
    *ahead = made;
    return RECON_OK;
}

static void blocks_free(struct recon_ahead_block *block)
{
    while (block != NULL) {
        struct recon_ahead_block *next = block->next;
        block_free(block);
        block = next;
    }
}

void recon_ahead_free(struct recon_ahead *ahead)
{
    if (ahead == NULL)
        return;
    pthread_mutex_lock(&ahead->lock);
    ahead->is_stopped = true;
    pthread_mutex_unlock(&ahead->lock);
    for (size_t i = 0; i < ahead->options.thread_count && ahead->workers != NULL; i++) {
        struct worker *worker = &ahead->workers[i];
        if (worker->is_started) {
            wake(worker->wake);
            pthread_join(worker->thread, NULL);
        }
        for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
            recon_message_decoder_free(worker->decoders[stream]);
        blocks_free(worker->free);
        if (worker->wake >= 0)
            close(worker->wake);
    }
    for (size_t i = 0; i < ahead->slot_count; i++) {
        blocks_free(ahead->slots[i]->first);
        free(ahead->slots[i]);
    }
    for (size_t i = 0; i < ahead->schema_count; i++) {
        free(ahead->schemas[i]->json);
        free(ahead->schemas[i]);
    }
    free(ahead->slots);
    free(ahead->schemas);
    free(ahead->workers);
    pthread_mutex_destroy(&ahead->lock);
    free(ahead);
}

static struct worker *worker_of(const struct recon_ahead *ahead, size_t slot)
{
    return &ahead->workers[slot % ahead->options.thread_count];
}

int recon_ahead_wake_fd(const struct recon_ahead *ahead)
{
    return worker_of(ahead, ahead->slot_count)->wake;
}

/* Under the lock: room for one more. */
static bool slots_grow(struct recon_ahead *ahead)
{
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
    struct slot **slots = realloc(ahead->slots, (ahead->slot_count + 1) * sizeof *slots);
    if (slots != NULL)
        ahead->slots = slots;
    return slots != NULL;
}

int recon_ahead_add(struct recon_ahead *ahead, void *from, int stream, uint32_t partition, int64_t position)
{
    int status = RECON_ERROR_MEMORY;
    struct slot *slot = calloc(1, sizeof *slot);
    if (slot == NULL)
        return RECON_ERROR_MEMORY;
    *slot = (struct slot){.from = from, .stream = (uint8_t)stream, .partition = partition, .position = position};
    pthread_mutex_lock(&ahead->lock);
    if (slots_grow(ahead)) {
        worker_of(ahead, ahead->slot_count)->slot_count++;
        ahead->slots[ahead->slot_count++] = slot;
        slot = NULL;
        status = RECON_OK;
    }
    pthread_mutex_unlock(&ahead->lock);
    free(slot);
    if (status == RECON_OK)
        wake(worker_of(ahead, ahead->slot_count - 1)->wake);
    return status;
}

struct recon_ahead_block *recon_ahead_look(struct recon_ahead *ahead, size_t number)
{
    pthread_mutex_lock(&ahead->lock);
    assert(number < ahead->slot_count);
    struct recon_ahead_block *block = ahead->slots[number]->first;
    pthread_mutex_unlock(&ahead->lock);
    return block;
}

void recon_ahead_give_back(struct recon_ahead *ahead, size_t number)
{
    struct slot *slot = ahead->slots[number];
    struct worker *worker = worker_of(ahead, number);
    struct recon_ahead_block *block = slot->first;
    assert(block != NULL);
    pthread_mutex_lock(&ahead->lock);
    slot->first = block->next;
    slot->block_count--;
    ahead->ready_count--;
    pthread_mutex_unlock(&ahead->lock);
    block_clear(block);
    pthread_mutex_lock(&ahead->lock);
    block->next = worker->free;
    worker->free = block;
    worker->returned_count++;
    const bool is_wanted = worker->is_waiting && worker->lacks_room &&
                           (slot->block_count <= 1 || worker->returned_count >= 2 * worker->slot_count);
    worker->is_waiting = worker->is_waiting && !is_wanted;
    pthread_mutex_unlock(&ahead->lock);
    if (is_wanted)
        wake(worker->wake);
}

bool recon_ahead_is_idle(struct recon_ahead *ahead)
{
    pthread_mutex_lock(&ahead->lock);
    ahead->is_idle = !ahead->is_fresh;
    ahead->is_fresh = false;
    const bool is_idle = ahead->is_idle;
    pthread_mutex_unlock(&ahead->lock);
    return is_idle;
}

int recon_ahead_schema(struct recon_ahead *ahead, const struct recon_schema_wanted *wanted, const char *json,
                       size_t size)
{
    if (ahead->schema_count >= SCHEMA_COUNT_MAX)
        return RECON_OK;
    struct schema *made = calloc(1, sizeof *made);
    char *copy = malloc(size + 1);
    struct schema **schemas = NULL;
    if (made != NULL && copy != NULL) {
        memcpy(copy, json, size);
        *made = (struct schema){.wanted = *wanted, .json = copy, .size = size};
        pthread_mutex_lock(&ahead->lock);
        /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
        schemas = realloc(ahead->schemas, (ahead->schema_count + 1) * sizeof *schemas);
        if (schemas != NULL) {
            ahead->schemas = schemas;
            schemas[ahead->schema_count++] = made;
        }
        pthread_mutex_unlock(&ahead->lock);
    }
    if (schemas != NULL)
        return RECON_OK;
    free(made);
    free(copy);
    return RECON_ERROR_MEMORY;
}

void recon_ahead_schemas_open(struct recon_ahead *ahead)
{
    pthread_mutex_lock(&ahead->lock);
    ahead->are_schemas_open = true;
    pthread_mutex_unlock(&ahead->lock);
}
