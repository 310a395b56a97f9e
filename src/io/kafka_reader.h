/*
 * Reads partitions of topics from given offsets on, each by itself: whoever reads chooses from which one to take next.
 *
 * Only what was committed is given (read_committed). Where an offset is not there any more, or never was (retention,
 * truncation), reading ends with an error that names it: nothing is jumped over in silence.
 *
 * Partitions are slots, numbered from 0 as they are added. Single-threaded; nothing here waits but
 * recon_kafka_reader_wait.
 */
#ifndef RECON_IO_KAFKA_READER_H
#define RECON_IO_KAFKA_READER_H

#include <stdbool.h>

#include "io/kafka_client.h"
#include "recon/record.h"

struct recon_kafka_reader;

/* A header of a message, as in a producer's record. */
struct recon_kafka_field {
    struct recon_text name;
    struct recon_text value; /* bytes NULL: none */
};

#define RECON_KAFKA_TIMESTAMP_NONE INT64_C(-1)

/* bytes NULL: there is no key, no value. Lives until recon_kafka_reader_release. */
struct recon_kafka_message {
    struct recon_text key;
    struct recon_text value;
    const struct recon_kafka_field *headers;
    size_t header_count;
    int64_t timestamp_ms;
    int64_t offset;
};

/* RECON_OK, RECON_ERROR_MEMORY, or RECON_ERROR_INVALID with why in error. */
int recon_kafka_reader_new(const struct recon_kafka_options *options, struct recon_kafka_reader **reader, char *error,
                           size_t error_size);
void recon_kafka_reader_free(struct recon_kafka_reader *reader);

/* Begins to read a partition at an offset; the slot is the next number. RECON_OK, RECON_ERROR_MEMORY, or RECON_ERROR_IO
 * with recon_kafka_reader_message. */
int recon_kafka_reader_add(struct recon_kafka_reader *reader, const char *topic, int32_t partition, int64_t offset);

/* A slot that is never read, so that numbers go on: nothing comes of it. RECON_OK or RECON_ERROR_MEMORY. */
int recon_kafka_reader_add_none(struct recon_kafka_reader *reader, int64_t position);

/* Takes up to capacity messages that have come of a slot and lie before an offset, in order. RECON_OK,
 * RECON_ERROR_MEMORY, or RECON_ERROR_IO with recon_kafka_reader_message: no more can be read. */
int recon_kafka_reader_take(struct recon_kafka_reader *reader, uint32_t slot, int64_t before,
                            struct recon_kafka_message *messages, size_t capacity, size_t *count);
/* What was taken is done with. */
void recon_kafka_reader_release(struct recon_kafka_reader *reader);

/* The offset behind all that was taken of a slot, markers and what was aborted included as far as that is known. */
int64_t recon_kafka_reader_position(const struct recon_kafka_reader *reader, uint32_t slot);

/* Waits until something may have come, or for timeout_ms; also takes answers in. RECON_OK or as for take. */
int recon_kafka_reader_wait(struct recon_kafka_reader *reader, int timeout_ms);

/* --- how far the partitions go, and how many there are ---------------------------------------------------------- */

/* Asks the broker, unless an earlier question is not answered yet: the end of every slot's partition (open transactions
 * included), and how many partitions each of these topics has. now_ms is whatever clock the caller has. */
void recon_kafka_reader_ask(struct recon_kafka_reader *reader, int64_t now_ms, const char *const *topics,
                            size_t topic_count);

/* The last answer's end of a slot's partition and the time it was asked at. False: there was none yet. */
bool recon_kafka_reader_end(const struct recon_kafka_reader *reader, uint32_t slot, int64_t *asked_ms, int64_t *end);

/* Partitions that a topic has by the last answer; 0: it is not there, or there was no answer yet. index: among the
 * topics last asked for. */
int32_t recon_kafka_reader_partition_count(const struct recon_kafka_reader *reader, size_t index);

/* Whether the last error was that an offset is not there any more. */
bool recon_kafka_reader_is_lost(const struct recon_kafka_reader *reader);
const char *recon_kafka_reader_message(const struct recon_kafka_reader *reader);

#endif
