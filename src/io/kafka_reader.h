/*
 * Reads partitions of topics from given offsets on, each by itself: whoever reads chooses from which one to take next.
 *
 * Only what was committed is given (read_committed). Where an offset is not there any more, or never was (retention,
 * truncation), reading ends with an error that names it: nothing is jumped over in silence.
 *
 * Partitions are slots, numbered from 0 as they are added. The reader is one thread's, and nothing of it waits but
 * recon_kafka_reader_wait. But what came of a slot may be taken by another thread, one at a time for each slot: all of
 * a slot that taking changes is in the slot, and what it gives in a recon_kafka_taken, which the taker owns.
 */
#ifndef RECON_IO_KAFKA_READER_H
#define RECON_IO_KAFKA_READER_H

#include <stdbool.h>

#include "io/kafka_client.h"
#include "recon/record.h"

struct recon_kafka_reader;
struct recon_kafka_slot;

/* A reader's clients of librdkafka; slots are theirs in turn. */
#define RECON_KAFKA_CLIENT_COUNT 2

/* A header of a message, as in a producer's record. */
struct recon_kafka_field {
    struct recon_text name;
    struct recon_text value; /* bytes NULL: none */
};

#define RECON_KAFKA_TIMESTAMP_NONE INT64_C(-1)

/* bytes NULL: there is no key, no value. Lives until recon_kafka_taken_release. */
struct recon_kafka_message {
    struct recon_text key;
    struct recon_text value;
    const struct recon_kafka_field *headers;
    size_t header_count;
    int64_t timestamp_ms;
    int64_t offset;
};

/* What was taken of a slot at once. Zeroed: nothing; to be deinitialised. */
struct recon_kafka_taken {
    struct recon_kafka_message *messages;
    size_t count;
    /* The offset behind all that was taken of the slot so far, markers and what was aborted included as far as that is
     * known. */
    int64_t position;
    bool is_lost;     /* an error, and it is that an offset is not there any more */
    char error[1024]; /* why RECON_ERROR_IO was returned */
    size_t message_capacity;
    struct recon_kafka_given *given; /* librdkafka's messages, to be destroyed */
    size_t given_count;
    size_t given_capacity;
    struct recon_kafka_field *fields; /* headers */
    size_t field_count;
    size_t field_capacity;
};

/* What was taken is done with. */
void recon_kafka_taken_release(struct recon_kafka_taken *taken);
void recon_kafka_taken_deinit(struct recon_kafka_taken *taken);

/* RECON_OK, RECON_ERROR_MEMORY, or RECON_ERROR_INVALID with why in error. */
int recon_kafka_reader_new(const struct recon_kafka_options *options, struct recon_kafka_reader **reader, char *error,
                           size_t error_size);
void recon_kafka_reader_free(struct recon_kafka_reader *reader);

/* Begins to read a partition at an offset; the slot is the next number. wake: an eventfd that is written to when
 * something comes of it, and outlives the reader; -1: recon_kafka_reader_wait waits for it. RECON_OK,
 * RECON_ERROR_MEMORY, or RECON_ERROR_IO with recon_kafka_reader_message. */
int recon_kafka_reader_add(struct recon_kafka_reader *reader, const char *topic, int32_t partition, int64_t offset,
                           int wake);

/* A slot that is never read, so that numbers go on: nothing comes of it. RECON_OK or RECON_ERROR_MEMORY. */
int recon_kafka_reader_add_none(struct recon_kafka_reader *reader);

/* As long as the reader is there. */
struct recon_kafka_slot *recon_kafka_reader_slot(const struct recon_kafka_reader *reader, uint32_t number);

/* How much to take at once. */
struct recon_kafka_bounds {
    int64_t before; /* an offset; RECON_TIME_MAX: none */
    size_t count_max;
    size_t size_max;  /* bytes of keys and values; at least one message is taken */
    bool has_headers; /* they are wanted */
};

/* Takes messages that have come of a slot, in order; taken was released. RECON_OK, RECON_ERROR_MEMORY, or
 * RECON_ERROR_IO with why in taken: no more can be read. What is in taken then came before that. */
int recon_kafka_slot_take(struct recon_kafka_slot *slot, const struct recon_kafka_bounds *bounds,
                          struct recon_kafka_taken *taken);

/* Waits until something may have come, or for timeout_ms; also takes answers in. RECON_OK, or RECON_ERROR_IO with
 * recon_kafka_reader_message. */
int recon_kafka_reader_wait(struct recon_kafka_reader *reader, int timeout_ms);
/* Ends such a wait, or the next one. Any thread. */
void recon_kafka_reader_wake(const struct recon_kafka_reader *reader);

/* --- how far the partitions go, and how many there are ---------------------------------------------------------- */

/* Asks the broker, but for what an earlier question is not answered yet: the end of every slot's partition (open
 * transactions included), and how many partitions each of these topics has. now_ms is whatever clock the caller has. */
void recon_kafka_reader_ask(struct recon_kafka_reader *reader, int64_t now_ms, const char *const *topics,
                            size_t topic_count);

/* The client that a slot is of. */
size_t recon_kafka_reader_client(size_t slot);

/* Whether none of the questions that a client was last done with was answered. */
bool recon_kafka_reader_is_unanswered(const struct recon_kafka_reader *reader, size_t client);

/* The last answer's end of a slot's partition and the time it was asked at. False: there was none yet. */
bool recon_kafka_reader_end(const struct recon_kafka_reader *reader, uint32_t slot, int64_t *asked_ms, int64_t *end);

/* Partitions that a topic has by the last answer; 0: it is not there, or there was no answer yet. index: among the
 * topics last asked for. */
int32_t recon_kafka_reader_partition_count(const struct recon_kafka_reader *reader, size_t index);

const char *recon_kafka_reader_message(const struct recon_kafka_reader *reader);

#endif
