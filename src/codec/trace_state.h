/*
 * A trace's reader from the inside: what trace.c, trace_fields.c and trace_head.c share. Inside of src/codec only.
 */
#ifndef RECON_CODEC_TRACE_STATE_H
#define RECON_CODEC_TRACE_STATE_H

#include "codec/trace.h"
#include "codec/trace_json.h"

struct recon_trace_reader {
    uint8_t seed[RECON_SEED_SIZE_BYTES];
    bool has_begun; /* a line that is not blank was read */
    struct recon_trace_head head;
    uint32_t partition_count[RECON_STREAM_COUNT];
    struct recon_partition_name *names[RECON_STREAM_COUNT]; /* owned, topics too; head.names borrows them */
    struct recon_trace_json *json;
    struct recon_buffer id; /* an ID that was made from fields or from an integer */
    struct recon_trace_value values[RECON_TRACE_FIELD_COUNT];
    const struct recon_trace_value *items;
    char error[256];
};

/* Keeps what is wrong; returns RECON_ERROR_INVALID. */
int recon_trace_fault(struct recon_trace_reader *reader, const char *format, ...) __attribute__((format(printf, 2, 3)));

bool recon_trace_value_is(const struct recon_trace_value *value, const char *text);
bool recon_trace_is_absent(const struct recon_trace_reader *reader, enum recon_trace_field field);

/* Each reads one field, by its type. Absent: leaves what it would set. RECON_OK; RECON_ERROR_INVALID after
 * recon_trace_fault; RECON_ERROR_MEMORY. */
int recon_trace_integer_read(struct recon_trace_reader *reader, enum recon_trace_field field, int64_t min, int64_t max,
                             int64_t *number, bool *has_value);
int recon_trace_time_read(struct recon_trace_reader *reader, enum recon_trace_field field, int64_t *time_ms,
                          bool *has_value);
/* An empty text is as good as absent. */
int recon_trace_text_read(struct recon_trace_reader *reader, enum recon_trace_field field, uint32_t size_max,
                          struct recon_text *text);
int recon_trace_flag_read(struct recon_trace_reader *reader, enum recon_trace_field field, bool *flag);
/* The ID and its parts; likewise where it is empty. */
int recon_trace_id_read(struct recon_trace_reader *reader, struct recon_trace_step *step);

/* The first line, which has no `at`. */
int recon_trace_head_read(struct recon_trace_reader *reader, struct recon_trace_step *step);

#endif
