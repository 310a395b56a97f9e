/*
 * Shared by src/io/kafka_*.c alone.
 */
#ifndef RECON_IO_KAFKA_CLIENT_PRIVATE_H
#define RECON_IO_KAFKA_CLIENT_PRIVATE_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

#include "io/kafka_client.h"

/* Makes a client: ours are set before the user's properties, which may not name a property of fixed. RECON_OK,
 * RECON_ERROR_MEMORY, or RECON_ERROR_INVALID with why in error. prepare (may be NULL) sets call-backs. */
int recon_kafka_client_new(rd_kafka_type_t type, const struct recon_kafka_options *options,
                           const struct recon_kafka_property *defaults, size_t default_count,
                           const struct recon_kafka_property *fixed, size_t fixed_count,
                           void (*prepare)(rd_kafka_conf_t *conf, void *opaque), void *opaque, rd_kafka_t **client,
                           char *error, size_t error_size);

void recon_kafka_log(const struct recon_kafka_options *options, int level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
