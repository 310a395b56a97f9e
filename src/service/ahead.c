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

#include "service/ahead_private.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "recon/status.h"

#define THREAD_STACK_BYTES ((size_t)512 * 1024)
#define SCHEMA_COUNT_MAX 4096 /* what a decoder keeps at most */

static int worker_start(struct recon_ahead *ahead, size_t number, char *error, size_t error_size)
{
    struct recon_ahead_worker *worker = &ahead->workers[number];
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
    worker->is_started = pthread_create(&worker->thread, &attributes, recon_ahead_serve, worker) == 0;
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
        recon_ahead_block_free(block);
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
        struct recon_ahead_worker *worker = &ahead->workers[i];
        if (worker->is_started) {
            recon_ahead_wake(worker->wake);
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

static struct recon_ahead_worker *worker_of(const struct recon_ahead *ahead, size_t slot)
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
    struct recon_ahead_slot **slots = realloc(ahead->slots, (ahead->slot_count + 1) * sizeof *slots);
    if (slots != NULL)
        ahead->slots = slots;
    return slots != NULL;
}

int recon_ahead_add(struct recon_ahead *ahead, void *from, int stream, uint32_t partition, int64_t position)
{
    int status = RECON_ERROR_MEMORY;
    struct recon_ahead_slot *slot = calloc(1, sizeof *slot);
    if (slot == NULL)
        return RECON_ERROR_MEMORY;
    *slot = (struct recon_ahead_slot){
        .from = from, .stream = (uint8_t)stream, .partition = partition, .position = position};
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
        recon_ahead_wake(worker_of(ahead, ahead->slot_count - 1)->wake);
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
    struct recon_ahead_slot *slot = ahead->slots[number];
    struct recon_ahead_worker *worker = worker_of(ahead, number);
    struct recon_ahead_block *block = slot->first;
    assert(block != NULL);
    pthread_mutex_lock(&ahead->lock);
    slot->first = block->next;
    slot->block_count--;
    ahead->ready_count--;
    pthread_mutex_unlock(&ahead->lock);
    recon_ahead_block_clear(block);
    pthread_mutex_lock(&ahead->lock);
    block->next = worker->free;
    worker->free = block;
    worker->returned_count++;
    const bool is_wanted = worker->is_waiting && worker->lacks_room &&
                           (slot->block_count <= 1 || worker->returned_count >= 2 * worker->slot_count);
    worker->is_waiting = worker->is_waiting && !is_wanted;
    pthread_mutex_unlock(&ahead->lock);
    if (is_wanted)
        recon_ahead_wake(worker->wake);
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
    struct recon_ahead_schema *made = calloc(1, sizeof *made);
    char *copy = malloc(size + 1);
    struct recon_ahead_schema **schemas = NULL;
    if (made != NULL && copy != NULL) {
        memcpy(copy, json, size);
        *made = (struct recon_ahead_schema){.wanted = *wanted, .json = copy, .size = size};
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
