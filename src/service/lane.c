/*
 * Lanes.
 *
 * 1. Each batch is in one place: ring[consumed % batch_count] up to ring[produced % batch_count) hold those that are
 *    ready, the first of them the taker's while it holds one; empty[0..empty_count) those that may be filled; one is
 * the reader's. The one emptied last is filled next, as it is in the caches.
 * 2. All these, is_ended, is_stopped and the final status change under the lock alone. What is in a batch passes from
 *    thread to thread with them.
 * 3. buffer[start..end) was read and not yet decoded. It belongs to the taker before the start and to the reader after.
 */
#define _POSIX_C_SOURCE 200809L

#include "service/lane.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/source.h"
#include "recon/status.h"

#define THREAD_STACK_BYTES (512 * 1024)
/* A batch is passed on once it was made from as much as this, though it may hold few records: long texts, as contexts
 * may be, shall not add up. */
#define BATCH_BYTES ((size_t)256 * 1024)
/* No batch is begun while those that are ready take as much; once they did, it is as they take a quarter less. */
#define READY_BYTES_MAX ((size_t)14 << 20)
#define READY_BYTES_LOW (READY_BYTES_MAX / 4 * 3)
/* How much is looked at to find out whether there is a time, and at most: more than the longest record. */
#define PEEK_BYTES ((size_t)16 * 1024)
#define PEEK_BYTES_MAX ((size_t)128 << 20)

struct recon_lane {
    struct recon_lane_options options;
    struct recon_source *source;
    struct recon_decoder *decoder;
    char *buffer;
    size_t start;
    size_t end;
    size_t capacity;
    size_t batch_bytes; /* that the batch at hand was made from */
    bool is_last;       /* the source is at its end: nothing follows buffer */
    size_t peeked;      /* how many of the first bytes are looked at for a time */
    int has_time;       /* what was found there */
    bool is_started;    /* thread is set */
    bool is_held;       /* the taker holds a batch */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t filled;
    pthread_cond_t emptied;
    uint64_t produced;
    uint64_t consumed;
    size_t ready_bytes; /* of the batches that are ready, the taker's among them */
    bool is_ended;
    bool is_stopped;
    bool is_waiting;             /* the reader, for more of a pipe or for room: what is there shall be taken */
    struct recon_batch *offered; /* the reader's own meanwhile, if it holds records: the taker may have it */
    int status;
    struct recon_batch *batches;
    struct recon_batch **ring;
    struct recon_batch **empty;
    size_t empty_count;
    char message[512];
};

static const char *shown(const struct recon_lane *lane)
{
    return strcmp(lane->options.name, "-") == 0 ? "standard input" : lane->options.name;
}

static int fail(struct recon_lane *lane, int status, const char *why)
{
    snprintf(lane->message, sizeof lane->message, "%s: %s", shown(lane), why);
    return status;
}

/* --- bytes ----------------------------------------------------------------------------------------------------- */

/* Makes room behind what is not decoded yet. */
static int make_room(struct recon_lane *lane)
{
    assert(lane->capacity > 0);
    size_t held = lane->end - lane->start;
    if (lane->start > 0) {
        memmove(lane->buffer, lane->buffer + lane->start, held);
        lane->start = 0;
        lane->end = held;
    }
    if (held == lane->capacity) {
        char *larger = lane->capacity > SIZE_MAX / 2 ? NULL : realloc(lane->buffer, 2 * lane->capacity);
        if (larger == NULL)
            return fail(lane, RECON_ERROR_MEMORY, "out of memory for one record");
        lane->buffer = larger;
        lane->capacity *= 2;
    }
    return RECON_OK;
}

static int read_some(struct recon_lane *lane)
{
    size_t size = 0;
    int status = recon_source_read(lane->source, lane->buffer + lane->end, lane->capacity - lane->end, &size);
    if (status != RECON_OK) {
        /* Its message has the file's name already. */
        snprintf(lane->message, sizeof lane->message, "%s", recon_source_message(lane->source));
        return status;
    }
    lane->is_last = size == 0;
    lane->end += size;
    return RECON_OK;
}

/* Reads, and waits for the first bytes of a pipe. A record that fills the buffer is given a larger one, which is then
 * filled as far as there is something before it is looked at again: so a long record is looked at a few times only. */
static int fill(struct recon_lane *lane)
{
    int status = make_room(lane);
    size_t held = lane->end;
    size_t wanted = held >= lane->capacity / 2 ? lane->capacity : held + 1;
    while (status == RECON_OK && lane->end < wanted && !lane->is_last) {
        if (lane->end > held && recon_source_would_wait(lane->source))
            break;
        status = read_some(lane);
    }
    return status;
}

/* The answer must not hang on how a pipe cuts its bytes: "no" and "can't tell" are said of a window's worth, or of all.
 * The window grows until it holds a record. A fault comes again, and is told, when the reader gets there. */
int recon_lane_has_time(struct recon_lane *lane, bool is_pressed)
{
    assert(!lane->is_started);
    bool is_over = lane->is_last;
    while (lane->has_time == RECON_LANE_UNKNOWN) {
        size_t seen = lane->end < lane->peeked ? lane->end : lane->peeked;
        bool is_all = is_over && seen == lane->end;
        int answer = recon_decoder_has_time(&lane->options.decoder, lane->buffer, seen, is_all);
        bool is_window = lane->end >= lane->peeked;
        if (answer == 1 || is_all || (is_window && (answer == 0 || lane->peeked >= PEEK_BYTES_MAX))) {
            lane->has_time = answer;
        } else if (is_window) {
            lane->peeked *= 2;
        } else if (recon_source_would_wait(lane->source)) {
            if (!is_pressed || answer != 0)
                return RECON_LANE_UNKNOWN;
            lane->has_time = answer;
        } else {
            is_over = make_room(lane) != RECON_OK || read_some(lane) != RECON_OK || lane->is_last;
        }
    }
    if (recon_lane_descriptor(lane) >= 0 && !recon_source_would_wait(lane->source))
        (void)read_some(lane);
    return lane->has_time;
}

bool recon_lane_is_full(const struct recon_lane *lane)
{
    return lane->has_time != RECON_LANE_UNKNOWN && !lane->is_last && lane->end == lane->capacity;
}

int recon_lane_descriptor(const struct recon_lane *lane)
{
    return lane->is_last || recon_lane_is_full(lane) ? -1 : recon_source_descriptor(lane->source);
}

/* --- the ring -------------------------------------------------------------------------------------------------- */

/* So many batches are passed on at a time, that threads need not wake each other for each. */
static size_t handful(const struct recon_lane *lane)
{
    return lane->options.batch_count / 4 > 0 ? lane->options.batch_count / 4 : 1;
}

static size_t ready_count(const struct recon_lane *lane)
{
    return (size_t)(lane->produced - lane->consumed);
}

/* There is room again for a reader that had none. */
static bool is_emptied(const struct recon_lane *lane)
{
    return lane->empty_count >= handful(lane) && lane->ready_bytes <= READY_BYTES_LOW;
}

/* The reader's next batch, cleared; NULL: it shall stop. */
static struct recon_batch *wait_for_room(struct recon_lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    if (lane->empty_count == 0 || lane->ready_bytes >= READY_BYTES_MAX) {
        lane->is_waiting = true;
        pthread_cond_signal(&lane->filled);
        while (!is_emptied(lane) && !lane->is_stopped)
            pthread_cond_wait(&lane->emptied, &lane->lock);
        lane->is_waiting = false;
    }
    struct recon_batch *batch = lane->is_stopped ? NULL : lane->empty[--lane->empty_count];
    pthread_mutex_unlock(&lane->lock);
    if (batch != NULL)
        recon_batch_clear(batch);
    lane->batch_bytes = 0;
    return batch;
}

static void put_ready(struct recon_lane *lane, struct recon_batch *batch)
{
    lane->ring[lane->produced++ % lane->options.batch_count] = batch;
    lane->ready_bytes += recon_batch_size_bytes(batch);
}

static void hand_over(struct recon_lane *lane, struct recon_batch *batch)
{
    pthread_mutex_lock(&lane->lock);
    put_ready(lane, batch);
    if (ready_count(lane) >= handful(lane))
        pthread_cond_signal(&lane->filled);
    pthread_mutex_unlock(&lane->lock);
}

bool recon_lane_is_ready(struct recon_lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    bool is_ready = ready_count(lane) > (lane->is_held ? 1 : 0) || lane->is_ended || lane->offered != NULL;
    pthread_mutex_unlock(&lane->lock);
    return is_ready;
}

int recon_lane_next(struct recon_lane *lane, struct recon_batch **batch)
{
    assert(lane->is_started);
    pthread_mutex_lock(&lane->lock);
    if (lane->is_held) {
        struct recon_batch *emptied = lane->ring[lane->consumed++ % lane->options.batch_count];
        lane->ready_bytes -= recon_batch_size_bytes(emptied);
        lane->empty[lane->empty_count++] = emptied;
        lane->is_held = false;
        if (is_emptied(lane))
            pthread_cond_signal(&lane->emptied);
    }
    if (ready_count(lane) == 0)
        while (ready_count(lane) < (lane->is_waiting ? 1 : handful(lane)) && lane->offered == NULL && !lane->is_ended)
            pthread_cond_wait(&lane->filled, &lane->lock);
    if (ready_count(lane) == 0 && lane->offered != NULL) {
        put_ready(lane, lane->offered);
        lane->offered = NULL;
    }
    int status = RECON_OK;
    if (lane->produced > lane->consumed) {
        lane->is_held = true;
        *batch = lane->ring[lane->consumed % lane->options.batch_count];
    } else {
        status = lane->status;
        if (status == RECON_OK)
            *batch = NULL;
    }
    pthread_mutex_unlock(&lane->lock);
    return status;
}

/* --- the thread ------------------------------------------------------------------------------------------------ */

/* Decodes what is in the buffer; *batch is the one being filled, NULL: the lane was stopped. */
static int decode(struct recon_lane *lane, struct recon_batch **batch)
{
    for (;;) {
        size_t used = 0;
        int status = recon_decoder_feed(lane->decoder, lane->buffer + lane->start, lane->end - lane->start,
                                        lane->is_last, &used, *batch);
        if (status != RECON_OK) {
            const char *why = recon_decoder_error(lane->decoder);
            return fail(lane, status, why[0] != '\0' ? why : recon_status_text(status));
        }
        lane->start += used;
        lane->batch_bytes += used;
        if ((*batch)->count < RECON_BATCH_RECORD_COUNT)
            return RECON_OK;
        hand_over(lane, *batch);
        *batch = wait_for_room(lane);
        if (*batch == NULL)
            return RECON_OK;
    }
}

/* The reader may have to wait: the taker shall not, and may have what was begun. (It is not handed over unasked, for
 * who writes a line at a time would soon have filled the ring.) */
static void offer(struct recon_lane *lane, struct recon_batch *batch)
{
    pthread_mutex_lock(&lane->lock);
    lane->is_waiting = true;
    lane->offered = batch->count > 0 ? batch : NULL;
    pthread_cond_signal(&lane->filled);
    pthread_mutex_unlock(&lane->lock);
}

/* The batch to go on with; NULL: the reader shall stop. */
static struct recon_batch *take_back(struct recon_lane *lane, struct recon_batch *batch)
{
    pthread_mutex_lock(&lane->lock);
    bool was_taken = batch->count > 0 && lane->offered == NULL;
    lane->offered = NULL;
    lane->is_waiting = false;
    pthread_mutex_unlock(&lane->lock);
    return was_taken ? wait_for_room(lane) : batch;
}

static int run(struct recon_lane *lane)
{
    int status = RECON_OK;
    struct recon_batch *batch = wait_for_room(lane);
    while (batch != NULL) {
        if (lane->end > lane->start || lane->is_last)
            status = decode(lane, &batch);
        if (status != RECON_OK || batch == NULL || lane->is_last)
            break;
        /* What waits for more may wait long: others may have what is there. */
        bool may_wait = recon_source_would_wait(lane->source);
        if (lane->batch_bytes >= BATCH_BYTES && batch->count > 0) {
            hand_over(lane, batch);
            batch = wait_for_room(lane);
            if (batch == NULL)
                break;
        }
        if (may_wait)
            offer(lane, batch);
        status = fill(lane);
        if (may_wait)
            batch = take_back(lane, batch);
        if (status != RECON_OK)
            break;
    }
    if (batch != NULL && (batch->count > 0 || batch->ignored > 0))
        hand_over(lane, batch);
    return status;
}

static void *thread_main(void *argument)
{
    struct recon_lane *lane = argument;
    int status = run(lane);
    pthread_mutex_lock(&lane->lock);
    lane->status = status;
    lane->is_ended = true;
    pthread_cond_signal(&lane->filled);
    pthread_mutex_unlock(&lane->lock);
    return NULL;
}

int recon_lane_start(struct recon_lane *lane, bool timeless, char *message, size_t message_size)
{
    assert(!lane->is_started);
    lane->options.decoder.timeless = timeless;
    int status = recon_decoder_new(&lane->options.decoder, &lane->decoder);
    if (status != RECON_OK) {
        snprintf(message, message_size, "%s: %s", shown(lane), recon_status_text(status));
        return status;
    }
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error == 0) {
        (void)pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES);
        error = pthread_create(&lane->thread, &attributes, thread_main, lane);
        pthread_attr_destroy(&attributes);
    }
    if (error != 0) {
        snprintf(message, message_size, "%s: no further thread can be made; give fewer files at once", shown(lane));
        return RECON_ERROR_IO;
    }
    lane->is_started = true;
    return RECON_OK;
}

/* --- life ------------------------------------------------------------------------------------------------------ */

int recon_lane_open(const struct recon_lane_options *options, struct recon_lane **opened, char *message,
                    size_t message_size)
{
    assert(options->batch_count >= 2 && options->buffer_bytes > 0);
    struct recon_lane *lane = calloc(1, sizeof *lane);
    if (lane == NULL)
        goto no_memory;
    pthread_mutex_init(&lane->lock, NULL);
    pthread_cond_init(&lane->filled, NULL);
    pthread_cond_init(&lane->emptied, NULL);
    lane->options = *options;
    lane->options.decoder.file_name = options->name;
    lane->capacity = options->buffer_bytes;
    lane->peeked = PEEK_BYTES;
    lane->has_time = RECON_LANE_UNKNOWN;
    lane->buffer = malloc(lane->capacity);
    lane->batches = calloc(options->batch_count, sizeof *lane->batches);
    lane->ring = calloc(options->batch_count, sizeof(struct recon_batch *));
    lane->empty = calloc(options->batch_count, sizeof(struct recon_batch *));
    if (lane->buffer == NULL || lane->batches == NULL || lane->ring == NULL || lane->empty == NULL)
        goto no_memory;
    for (size_t i = 0; i < options->batch_count; i++)
        recon_batch_init(lane->empty[lane->empty_count++] = &lane->batches[i]);
    int status = recon_source_open(options->name, &lane->source, message, message_size);
    if (status != RECON_OK) {
        recon_lane_free(lane);
        return status;
    }
    *opened = lane;
    return RECON_OK;

no_memory:
    snprintf(message, message_size, "%s: out of memory", options->name);
    recon_lane_free(lane);
    return RECON_ERROR_MEMORY;
}

void recon_lane_stop(struct recon_lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    lane->is_stopped = true;
    pthread_cond_signal(&lane->emptied);
    pthread_mutex_unlock(&lane->lock);
    recon_source_interrupt(lane->source);
}

void recon_lane_free(struct recon_lane *lane)
{
    if (lane == NULL)
        return;
    if (lane->is_started) {
        recon_lane_stop(lane);
        pthread_join(lane->thread, NULL);
    }
    recon_decoder_free(lane->decoder);
    recon_source_close(lane->source);
    for (size_t i = 0; lane->batches != NULL && i < lane->options.batch_count; i++)
        recon_batch_deinit(&lane->batches[i]);
    free(lane->batches);
    free(lane->ring);
    free(lane->empty);
    free(lane->buffer);
    pthread_cond_destroy(&lane->filled);
    pthread_cond_destroy(&lane->emptied);
    pthread_mutex_destroy(&lane->lock);
    free(lane);
}

const char *recon_lane_message(const struct recon_lane *lane)
{
    return lane->message;
}

void recon_lane_progress(const struct recon_lane *lane, uint64_t *taken_bytes, uint64_t *total_bytes)
{
    recon_source_progress(lane->source, taken_bytes, total_bytes);
}
