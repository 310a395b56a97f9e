/*
 * Results to bytes: the writer, and the choice among its three forms (result_json.c, result_csv.c, result_table.c).
 *
 * 1. A write either appends one whole result or returns RECON_ERROR_MEMORY and appends nothing.
 * 2. Whatever bytes a text holds, NDJSON comes out as valid JSON in valid UTF-8, CSV as valid UTF-8, and a table
 *    without anything that a terminal would obey.
 * 3. A text of size 0 is no value.
 */
#include "codec/result_writer.h"

#include <assert.h>
#include <stdlib.h>

#include "codec/id_text.h"
#include "codec/result_form.h"
#include "recon/status.h"

int recon_result_writer_new(const struct recon_result_writer_options *options, struct recon_result_writer **writer)
{
    struct recon_result_writer *made = calloc(1, sizeof *made);
    if (made == NULL)
        return RECON_ERROR_MEMORY;
    made->options = *options;
    made->watermark_size = recon_time_format(made->watermark, made->watermark_text);
    *writer = made;
    return RECON_OK;
}

void recon_result_writer_free(struct recon_result_writer *writer)
{
    free(writer);
}

void recon_result_writer_names(struct recon_result_writer *writer, int stream, const struct recon_partition_name *names,
                               size_t count)
{
    assert(stream >= 0 && stream < RECON_STREAM_COUNT);
    writer->options.names[stream] = names;
    writer->options.name_count[stream] = count;
}

const struct recon_partition_name *recon_result_partition_name(struct recon_result_writer *writer,
                                                               const struct recon_result *result)
{
    const struct recon_partition_name *names = writer->options.names[result->stream];
    const uint8_t bits = writer->options.partition_bits;
    const uint32_t index = result->partition >> bits;
    if (names == NULL || index >= writer->options.name_count[result->stream])
        return NULL;
    if (bits == 0)
        return &names[index];
    writer->name.topic = names[index].topic;
    writer->name.partition = result->partition & ((UINT32_C(1) << bits) - 1);
    return &writer->name;
}

char *recon_result_watermark_write(struct recon_result_writer *writer, char *out, int64_t watermark)
{
    if (watermark != writer->watermark) {
        writer->watermark = watermark;
        writer->watermark_size = recon_time_format(watermark, writer->watermark_text);
    }
    memcpy(out, writer->watermark_text, writer->watermark_size);
    return out + writer->watermark_size;
}

bool recon_result_has_stream(int type)
{
    return type == RECON_RESULT_DUPLICATE || type == RECON_RESULT_TOO_LATE || type == RECON_RESULT_REJECTED;
}

bool recon_result_has_watermark(int type)
{
    return type != RECON_RESULT_REJECTED;
}

bool recon_result_has_basis(int type)
{
    return type == RECON_RESULT_METRIC || type == RECON_RESULT_MISSING || type == RECON_RESULT_UNAUDITED;
}

static int form_write(struct recon_result_writer *writer, const struct recon_result *result,
                      struct recon_buffer *buffer)
{
    switch (writer->options.format) {
    case RECON_RESULTS_NDJSON:
        return recon_result_json_write(writer, result, buffer);
    case RECON_RESULTS_CSV:
        return recon_result_csv_write(writer, result, buffer);
    case RECON_RESULTS_TABLE:
        return recon_result_table_write(writer, result, buffer);
    }
    return RECON_ERROR_INVALID;
}

int recon_result_writer_write(struct recon_result_writer *writer, const struct recon_result *result,
                              struct recon_buffer *buffer)
{
    assert(result->type < RECON_RESULT_TYPE_COUNT && result->stream < RECON_STREAM_COUNT);
    if (!recon_id_has_joint(result->id))
        return form_write(writer, result, buffer);
    char *shown = malloc(result->id.size);
    if (shown == NULL)
        return RECON_ERROR_MEMORY;
    for (uint32_t i = 0; i < result->id.size; i++)
        shown[i] = (unsigned char)result->id.bytes[i] == RECON_ID_JOINT ? '|' : result->id.bytes[i];
    struct recon_result other = *result;
    other.id.bytes = shown;
    const int status = form_write(writer, &other, buffer);
    free(shown);
    return status;
}

int recon_result_writer_finish(struct recon_result_writer *writer, struct recon_buffer *buffer)
{
    return writer->options.format == RECON_RESULTS_CSV ? recon_result_csv_finish(writer, buffer) : RECON_OK;
}
