/*
 * Mappings: where in a record the ID, the time and the rest are. The configuration makes them, the decoders read them.
 *
 * Plain data. Texts are owned by the mapping, made with malloc; recon_mapping_deinit frees them.
 */
#ifndef RECON_CODEC_MAPPING_H
#define RECON_CODEC_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum recon_format {
    RECON_FORMAT_AUTO = 0,
    RECON_FORMAT_JSON,
    RECON_FORMAT_CSV,
    RECON_FORMAT_CLOUDEVENTS,
    RECON_FORMAT_AVRO,
    RECON_FORMAT_RAW, /* Kafka only */
};

enum recon_time_unit { RECON_UNIT_S, RECON_UNIT_MS, RECON_UNIT_US, RECON_UNIT_NS };

enum recon_field_kind {
    RECON_FIELD_NONE = 0,  /* not mapped: the format's default name counts, if it has one */
    RECON_FIELD_VALUE,     /* a path in the value */
    RECON_FIELD_KEY,       /* Kafka: the message's key */
    RECON_FIELD_HEADER,    /* Kafka: a header */
    RECON_FIELD_TIMESTAMP, /* Kafka: the message's timestamp */
};

/* One field. For VALUE, text as configured (`a.b.c`, `/a/b/c`, a column's name) and its steps: a JSON Pointer's
 * tokens unescaped, else the text split at dots. CSV uses the whole text as the column's name. */
struct recon_field {
    enum recon_field_kind kind;
    char *text;
    char **steps;
    size_t step_count;
};

#define RECON_ID_FIELD_COUNT_MAX 8

/* When a schema applies: all that are set must hold. */
struct recon_when {
    char *cloudevents_type; /* NULL: not asked */
    char *avro_record;      /* full name of the writer's record, or its last part */
    char *header_name;      /* with header_equals */
    char *header_equals;
    struct recon_field field; /* a JSON field, CSV column or Avro field equals field_equals; kind NONE: not asked */
    char *field_equals;
};

struct recon_mapping {
    bool has_when;
    struct recon_when when;
    bool ignore;    /* what fits is read, counted and skipped */
    bool heartbeat; /* what fits moves the watermark and counts for nothing */
    enum recon_format format;
    struct recon_field id[RECON_ID_FIELD_COUNT_MAX];
    size_t id_count; /* 0: the default */
    struct recon_field time;
    enum recon_time_unit time_unit; /* of integers; default ms */
    char *zone;                     /* IANA name for times without an offset; NULL: UTC */
    struct recon_field source;
    struct recon_field emitted; /* audit streams only */
    struct recon_field context; /* audit streams only */
};

/* How one stream's records are read: the schemas in order, the first that fits counts. Without `schemas:` in the
 * configuration there is one mapping without a `when`. A record that fits none is rejected as unmapped. */
struct recon_stream_mapping {
    struct recon_mapping *schemas;
    size_t schema_count;
};

void recon_mapping_init(struct recon_mapping *mapping);
void recon_mapping_deinit(struct recon_mapping *mapping);
void recon_stream_mapping_deinit(struct recon_stream_mapping *mapping);

/* Parses `a.b.c`, `/a/b/c`, `key`, `header.NAME`, `timestamp` (the last three only where kafka is true). Returns
 * RECON_OK, RECON_ERROR_MEMORY or RECON_ERROR_INVALID (empty, or a broken JSON Pointer escape). */
int recon_field_parse(const char *text, bool kafka, struct recon_field *field);
void recon_field_deinit(struct recon_field *field);

#endif
