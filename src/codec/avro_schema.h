/*
 * Avro schemas: the JSON text made a graph of types.
 *
 * Read with jansson and not with libavro, which knows no logical types: to it a timestamp in microseconds is a long.
 * The graph is immutable, may have cycles (a record within itself) and belongs to the schema. Any thread.
 */
#ifndef RECON_CODEC_AVRO_SCHEMA_H
#define RECON_CODEC_AVRO_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum recon_avro_kind {
    RECON_AVRO_NULL,
    RECON_AVRO_BOOLEAN,
    RECON_AVRO_INT,
    RECON_AVRO_LONG,
    RECON_AVRO_FLOAT,
    RECON_AVRO_DOUBLE,
    RECON_AVRO_BYTES,
    RECON_AVRO_STRING,
    RECON_AVRO_RECORD,
    RECON_AVRO_ENUM,
    RECON_AVRO_FIXED,
    RECON_AVRO_ARRAY,
    RECON_AVRO_MAP,
    RECON_AVRO_UNION,
};

/* Those that change what a value means here; all others are passed over, as Avro demands. */
enum recon_avro_logical {
    RECON_AVRO_PLAIN,
    RECON_AVRO_DATE,         /* int: days */
    RECON_AVRO_TIMESTAMP_MS, /* long */
    RECON_AVRO_TIMESTAMP_US,
    RECON_AVRO_TIMESTAMP_NS,
    RECON_AVRO_LOCAL_MS, /* long: likewise, of a local time */
    RECON_AVRO_LOCAL_US,
    RECON_AVRO_LOCAL_NS,
    RECON_AVRO_DECIMAL, /* bytes, fixed: no text */
    RECON_AVRO_UUID,    /* fixed of 16 bytes; on a string it changes nothing */
};

struct recon_avro_type {
    enum recon_avro_kind kind;
    enum recon_avro_logical logical;
    const char *name; /* record, enum, fixed: the full name */
    size_t count;     /* of a record's fields, a union's branches, an enum's symbols; 1 for array and map */
    const struct recon_avro_type **types; /* NULL for an enum */
    const char **names;                   /* fields, symbols; else NULL */
    uint64_t size_bytes;                  /* fixed */
    bool is_empty;                        /* a value of it has no bytes: null, a record without fields, ... */
};

struct recon_avro_schema;

/* RECON_OK, RECON_ERROR_MEMORY, or RECON_ERROR_INVALID with why in message (message_size bytes, terminated). */
int recon_avro_schema_new(const char *json, size_t size, struct recon_avro_schema **schema, char *message,
                          size_t message_size);
void recon_avro_schema_free(struct recon_avro_schema *schema);
const struct recon_avro_type *recon_avro_schema_root(const struct recon_avro_schema *schema);

#endif
