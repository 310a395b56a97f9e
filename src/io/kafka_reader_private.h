/*
 * Shared by src/io/kafka_reader*.c alone.
 */
#ifndef RECON_IO_KAFKA_READER_PRIVATE_H
#define RECON_IO_KAFKA_READER_PRIVATE_H

#include "io/kafka_client_private.h"
#include "io/kafka_reader.h"

#define RECON_KAFKA_BLOCK_COUNT 256 /* messages taken from a queue at once */

struct recon_kafka_given {
    rd_kafka_message_t *message;
};

/* Questions are asked by each client for its slots; about topics by the first alone. */
struct recon_kafka_reading_client {
    rd_kafka_t *kafka;
    rd_kafka_queue_t *common;  /* what is of no partition */
    rd_kafka_queue_t *answers; /* to questions */
    int unanswered;            /* questions that are under way */
    int64_t asked_ms;
    bool was_answered; /* one of the questions asked last */
    bool has_failed;   /* none of those asked before was answered */
};

/* Of its taker's thread: position, block, first, count. Of the reader's: the end. The rest stays as it was made. */
struct recon_kafka_slot {
    struct recon_kafka_reader *reader;
    struct recon_kafka_reading_client *client;
    char *topic;
    int32_t partition;
    rd_kafka_queue_t *queue;
    int64_t position;
    bool has_end;
    int64_t end;
    int64_t end_asked_ms;
    rd_kafka_message_t *block[RECON_KAFKA_BLOCK_COUNT];
    size_t first; /* the first not given on */
    size_t count;
};

struct recon_kafka_reader {
    const struct recon_kafka_options *options; /* first: the log's call-back looks for it here */
    struct recon_kafka_reading_client clients[RECON_KAFKA_CLIENT_COUNT];
    int wake; /* eventfd */
    struct recon_kafka_slot **slots;
    size_t slot_count;
    char **topics; /* last asked for */
    int32_t *partition_counts;
    size_t topic_count;
    char message[1024];
};

/* Whether an error is what a broker says that is away, slow or changing, or one that does not let us read yet. */
bool recon_kafka_may_pass(rd_kafka_resp_err_t code);

/* Takes in the answers that have come. */
void recon_kafka_reader_answers(struct recon_kafka_reader *reader);

void recon_kafka_reader_topics_free(struct recon_kafka_reader *reader);

#endif
