/*
 * A stream's mapping made ready for one file, or for Kafka messages of one shape: default names filled in, every field
 * once, indexes in place of names.
 *
 * A format looks up plan->paths in each record and fills an array of as many `struct recon_found` (extract.h); what
 * they mean is no concern of the format. Immutable once made; borrows texts of the mapping, which must outlive it.
 */
#ifndef RECON_CODEC_PLAN_H
#define RECON_CODEC_PLAN_H

#include "codec/decoder.h"
#include "codec/time_text.h"

#define RECON_PATH_NONE UINT32_MAX

/* A field that some schema wants to see. Only those of kind RECON_FIELD_VALUE are in the value; in files all others
 * are absent. */
struct recon_path {
    enum recon_field_kind kind;
    const char *text;         /* as configured; CSV: the column's name; Kafka: the header's */
    const char *const *steps; /* JSON, Avro: the keys from the outermost in; none: the value as a whole */
    size_t step_count;
    bool is_attribute; /* of kind RECON_FIELD_HEADER: a CloudEvent's, text is the header's name without `ce_` */
    /* Where a format has columns (CSV header, Avro schema) and this one is not among them, the file can't be read:
     * RECON_ERROR_INVALID with a text that names it. Else its absence shows record by record. */
    bool required;
};

/* One schema of the mapping, in its order. The members of type uint32_t are indexes into paths or RECON_PATH_NONE. */
struct recon_schema {
    const struct recon_mapping *mapping;
    bool never; /* of another format than the file */
    /* Kafka: what can be told before the value is read. */
    bool when_needs_value;     /* whether it fits can't be */
    bool needs_value;          /* the mapping names a field of the value, or must have one */
    bool reads_value;          /* likewise, or would take one that is there */
    bool cloudevent_demanded;  /* what fits must be a CloudEvent 1.x, else it is malformed */
    uint32_t specversion;      /* asked where it must be a CloudEvent */
    uint32_t cloudevents_type; /* for when.cloudevents_type */
    uint32_t when_header;
    uint32_t when_field;
    uint32_t id[RECON_ID_FIELD_COUNT_MAX];
    uint32_t id_count; /* at least 1, but for ignore and heartbeat schemas */
    bool has_plain_id; /* what fits is a record, and its ID is one field */
    uint32_t source;
    uint32_t time;
    uint32_t emitted;
    uint32_t context;
    struct recon_zone *zone; /* owned by the plan; NULL: UTC */
};

struct recon_plan {
    struct recon_path *paths;
    uint32_t path_count;
    struct recon_schema *schemas;
    size_t schema_count;
    int stream;
    uint32_t partition;
    bool source_in_identity;
    bool timeless;
    bool is_id_alone; /* an identity is one field in every schema: its keys can be made many at a time */
    bool keys_later;  /* recon_extract leaves the keys to recon_extract_keys; only where is_id_alone */
    uint8_t seed[RECON_SEED_SIZE_BYTES];
    size_t record_bytes_max; /* the default filled in */
};

/* format is what the file is: never AUTO. RECON_OK, RECON_ERROR_MEMORY or RECON_ERROR_INVALID (a zone that is not
 * known; *what then names it, borrowed from the mapping). */
int recon_plan_new(const struct recon_decoder_options *options, enum recon_format format, struct recon_plan **plan,
                   const char **what);

/* What a Kafka message is read as. */
struct recon_message_shape {
    enum recon_format value; /* never AUTO; RAW: the value is not looked into */
    bool is_binary;          /* a CloudEvent whose attributes are headers and whose data is the value */
    bool is_told;            /* the stream has messages of one format alone, so that no schema is another format's */
};

/* Messages that are to be ignored whatever their format: nothing in the value is asked for but, perhaps, what kind of
 * record it is. The format that such a mapping may have from its stream says nothing. */
bool recon_mapping_ignores_all(const struct recon_mapping *mapping);

/* The same for messages, of which nothing is required: what is absent shows message by message. */
int recon_plan_new_message(const struct recon_decoder_options *options, const struct recon_message_shape *shape,
                           struct recon_plan **plan, const char **what);
void recon_plan_free(struct recon_plan *plan);

#endif
