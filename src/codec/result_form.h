/*
 * What the three forms of results share: the writer's state, and one function for each form. Inside of src/codec only.
 */
#ifndef RECON_CODEC_RESULT_FORM_H
#define RECON_CODEC_RESULT_FORM_H

#include <string.h>

#include "codec/result_writer.h"
#include "codec/time_text.h"

struct recon_result_writer {
    struct recon_result_writer_options options;
    struct recon_partition_name name; /* of one result, where it is put together */
    /* The watermark last written and its text: results of one rise share it. */
    int64_t watermark;
    size_t watermark_size;
    char watermark_text[RECON_TIME_TEXT_SIZE_MAX];
    bool has_header;    /* CSV, table: it was written */
    int time_precision; /* table: how much of a window's start is shown */
    bool has_metric;    /* table: precision is known */
};

/* Copies a literal and gives the end. */
#define RECON_PUT(out, literal) ((char *)memcpy((out), "" literal, sizeof(literal) - 1) + (sizeof(literal) - 1))

/* The name of the result's partition, until the next call; NULL: it has none. */
const struct recon_partition_name *recon_result_partition_name(struct recon_result_writer *writer,
                                                               const struct recon_result *result);
/* Appends a time's text, by way of the kept one. Room: RECON_TIME_TEXT_SIZE_MAX. */
char *recon_result_watermark_write(struct recon_result_writer *writer, char *out, int64_t watermark);

/* True where results of this type have the field (for those that depend on the type alone). */
bool recon_result_has_stream(int type);
bool recon_result_has_watermark(int type);
bool recon_result_has_basis(int type);

int recon_result_json_write(struct recon_result_writer *writer, const struct recon_result *result,
                            struct recon_buffer *buffer);
int recon_result_csv_write(struct recon_result_writer *writer, const struct recon_result *result,
                           struct recon_buffer *buffer);
int recon_result_csv_finish(struct recon_result_writer *writer, struct recon_buffer *buffer);
int recon_result_table_write(struct recon_result_writer *writer, const struct recon_result *result,
                             struct recon_buffer *buffer);

#endif
