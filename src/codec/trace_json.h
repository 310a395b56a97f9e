/*
 * A trace's line as the values of the fields that traces know: the shim over simdjson. Inside of src/codec only.
 */
#ifndef RECON_CODEC_TRACE_JSON_H
#define RECON_CODEC_TRACE_JSON_H

#include "recon/record.h"

#ifdef __cplusplus
extern "C" {
#endif

enum recon_trace_field {
    RECON_TRACE_AT,
    RECON_TRACE_STREAM,
    RECON_TRACE_PARTITION,
    RECON_TRACE_ID,
    RECON_TRACE_SOURCE,
    RECON_TRACE_TIME,
    RECON_TRACE_EMITTED,
    RECON_TRACE_CONTEXT,
    RECON_TRACE_OFFSET,
    RECON_TRACE_REJECTED,
    RECON_TRACE_HEARTBEAT,
    RECON_TRACE_ALIVE_FLAG,
    RECON_TRACE_START_FLAG,
    RECON_TRACE_END_FLAG,
    RECON_TRACE_PARTITIONS, /* an object: its members are the two below */
    RECON_TRACE_IDENTITY,
    RECON_TRACE_PARTITIONS_AUDIT,
    RECON_TRACE_PARTITIONS_EVENTS,
    RECON_TRACE_FIELD_COUNT
};

extern const char *const recon_trace_field_names[RECON_TRACE_FIELD_COUNT];

enum recon_trace_value_kind {
    RECON_TRACE_ABSENT, /* or null */
    RECON_TRACE_BOOLEAN,
    RECON_TRACE_INTEGER,  /* fits int64_t */
    RECON_TRACE_UNSIGNED, /* does not, but fits uint64_t */
    RECON_TRACE_TEXT,
    RECON_TRACE_LIST,
    RECON_TRACE_OBJECT,
    RECON_TRACE_FRACTION,
};

struct recon_trace_value {
    enum recon_trace_value_kind kind;
    bool boolean;
    int64_t integer;
    uint64_t number; /* UNSIGNED */
    struct recon_text text;
    size_t item_first; /* LIST: its items are items[item_first] to items[item_first + item_count - 1] */
    size_t item_count;
};

struct recon_trace_json;

struct recon_trace_json *recon_trace_json_new(void); /* NULL: out of memory */
void recon_trace_json_free(struct recon_trace_json *json);

/* RECON_OK, RECON_ERROR_MEMORY, or RECON_ERROR_INVALID with *message (static): not one JSON object in UTF-8; or
 * *twice is a field that comes twice (otherwise RECON_TRACE_FIELD_COUNT). values and *items live until the next call.
 */
int recon_trace_json_parse(struct recon_trace_json *json, const char *line, size_t size,
                           struct recon_trace_value values[RECON_TRACE_FIELD_COUNT],
                           const struct recon_trace_value **items, const char **message, enum recon_trace_field *twice);

#ifdef __cplusplus
}
#endif
#endif
