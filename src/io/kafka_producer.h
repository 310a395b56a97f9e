/*
 * A transactional producer: what is sent between begin and commit is seen by readers all at once, or never.
 *
 * A second producer of the same name fences the first, whose next call then says RECON_KAFKA_FATAL. So init is for
 * whoever owns the work. Calls that wait for the broker do so for at most the time that they are given and then say
 * RECON_KAFKA_AGAIN: nothing is decided yet, and the same call is to be made again. Single-threaded.
 */
#ifndef RECON_IO_KAFKA_PRODUCER_H
#define RECON_IO_KAFKA_PRODUCER_H

#include "io/kafka_client.h"
#include "recon/record.h"

struct recon_kafka_producer;

enum recon_kafka_outcome {
    RECON_KAFKA_OK = 0,
    RECON_KAFKA_AGAIN, /* make the same call again */
    RECON_KAFKA_ABORT, /* this transaction can only be aborted; what it held is not there for any reader */
    RECON_KAFKA_FATAL, /* this producer is of no more use */
};

struct recon_kafka_header {
    struct recon_text name; /* terminated by NUL or not */
    struct recon_text value;
};

/* Copied by the call that is given it. The broker chooses the partition by the key as Java's clients do. */
struct recon_kafka_record {
    const char *topic;
    struct recon_text key;
    struct recon_text value;
    const struct recon_kafka_header *headers;
    size_t header_count;
    /* Gets the record's offset by the time its commit says OK; must live until then, or until the producer is freed.
     * NULL: not asked for. */
    int64_t *offset;
};

/* RECON_OK, RECON_ERROR_MEMORY, or RECON_ERROR_INVALID with why in error. Nothing is asked of the broker yet. */
int recon_kafka_producer_new(const struct recon_kafka_options *options, const char *transactional_id,
                             struct recon_kafka_producer **producer, char *error, size_t error_size);
/* What is not committed is given up. */
void recon_kafka_producer_free(struct recon_kafka_producer *producer);

/* Takes the name over: earlier owners are fenced, and what they left open is aborted before this says OK. */
enum recon_kafka_outcome recon_kafka_producer_init(struct recon_kafka_producer *producer, int timeout_ms);
enum recon_kafka_outcome recon_kafka_producer_begin(struct recon_kafka_producer *producer);
/* AGAIN: the producer holds as much as it may. */
enum recon_kafka_outcome recon_kafka_producer_send(struct recon_kafka_producer *producer,
                                                   const struct recon_kafka_record *record);
/* OK: all that was sent is there, for ever. */
enum recon_kafka_outcome recon_kafka_producer_commit(struct recon_kafka_producer *producer, int timeout_ms);
enum recon_kafka_outcome recon_kafka_producer_abort(struct recon_kafka_producer *producer, int timeout_ms);

/* Why the last call did not say OK. */
const char *recon_kafka_producer_message(const struct recon_kafka_producer *producer);

#endif
