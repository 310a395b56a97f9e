/*
 * Whose turn it is: of all processes that ask for the same thing, one owns it and the others wait.
 *
 * What is owned is the one partition of a topic, by a consumer group; nothing is read from it. An owner that is gone,
 * or that the brokers have not heard of for session.timeout.ms, is followed by one that waited. That another owns it
 * now is not known at once: whoever writes must be fenced besides (kafka_producer.h).
 *
 *     WAITING ─> OURS ─> UNKNOWN (the brokers were out of reach for too long) ─> OURS
 *                             └─> THEIRS
 *
 * Single-threaded.
 */
#ifndef RECON_IO_KAFKA_OWNER_H
#define RECON_IO_KAFKA_OWNER_H

#include "io/kafka_client.h"

enum recon_kafka_ownership {
    RECON_KAFKA_WAITING,
    RECON_KAFKA_OURS,
    RECON_KAFKA_UNKNOWN, /* it was ours, and may be again */
    RECON_KAFKA_THEIRS,  /* it was ours */
};

struct recon_kafka_owner;

/* Gets in line. RECON_OK, RECON_ERROR_MEMORY, or RECON_ERROR_INVALID with why in error. */
int recon_kafka_owner_new(const struct recon_kafka_options *options, const char *group, const char *topic,
                          struct recon_kafka_owner **owner, char *error, size_t error_size);
/* Gives it up, so that the next one need not wait. */
void recon_kafka_owner_free(struct recon_kafka_owner *owner);

/* To be called several times a minute at least, or it is given up. Waits up to timeout_ms for something to change. */
enum recon_kafka_ownership recon_kafka_owner_look(struct recon_kafka_owner *owner, int timeout_ms);

#endif
