/*
 * What every client of Kafka here is made with. librdkafka's own types stay in src/io/kafka_*.c.
 */
#ifndef RECON_IO_KAFKA_CLIENT_H
#define RECON_IO_KAFKA_CLIENT_H

#include <stddef.h>

struct recon_kafka_property {
    const char *name;
    const char *value;
};

/* Borrowed for the client's life. */
struct recon_kafka_options {
    const struct recon_kafka_property *properties; /* as librdkafka names them; of two of one name the last counts */
    size_t property_count;
    /* What a client has to tell, one line without its end; level as syslog has it (3: error, 4: warning). Any thread.
     */
    void (*log)(void *context, int level, const char *text);
    void *log_context;
};

#endif
