/*
 * Questions about topics that are asked before anything is read, and the making of topics. Each waits for the broker
 * for at most the client's time (10 s). Single-threaded.
 */
#ifndef RECON_IO_KAFKA_TOPICS_H
#define RECON_IO_KAFKA_TOPICS_H

#include <stdbool.h>
#include <stdint.h>

#include "io/kafka_client.h"

struct recon_kafka_topics;

/* RECON_OK, RECON_ERROR_MEMORY, or RECON_ERROR_INVALID with why in error. */
int recon_kafka_topics_new(const struct recon_kafka_options *options, struct recon_kafka_topics **topics, char *error,
                           size_t error_size);
void recon_kafka_topics_free(struct recon_kafka_topics *topics);

/* The calls below: RECON_OK, or RECON_ERROR_IO with recon_kafka_topics_message; then recon_kafka_topics_may_pass says
 * whether asking again may help. */

/* How many partitions a topic has; 0: it is not there. */
int recon_kafka_topics_partitions(struct recon_kafka_topics *topics, const char *topic, int32_t *count);
/* Makes a topic where it is not there. partition_count -1: as many as the broker chooses. settings are the topic's. */
int recon_kafka_topics_ensure(struct recon_kafka_topics *topics, const char *topic, int32_t partition_count,
                              const struct recon_kafka_property *settings, size_t setting_count);
/* The first offset that a partition has, and the one behind its last record, open transactions included. */
int recon_kafka_topics_range(struct recon_kafka_topics *topics, const char *topic, int32_t partition, int64_t *first,
                             int64_t *end);
/* The first offset whose record has this timestamp or a later one; the partition's end where none has. */
int recon_kafka_topics_offset_at(struct recon_kafka_topics *topics, const char *topic, int32_t partition,
                                 int64_t time_ms, int64_t *offset);

/* Asks that all records before an offset be deleted, and does not wait: an answer is told by the next call of
 * recon_kafka_topics_deleted (false: there is none yet). Another question before it takes the place of the first. */
void recon_kafka_topics_delete_before(struct recon_kafka_topics *topics, const char *topic, int32_t partition,
                                      int64_t offset);
bool recon_kafka_topics_deleted(struct recon_kafka_topics *topics, int *status);

const char *recon_kafka_topics_message(const struct recon_kafka_topics *topics);
bool recon_kafka_topics_may_pass(const struct recon_kafka_topics *topics);

#endif
