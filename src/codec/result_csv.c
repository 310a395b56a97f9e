/*
 * Results as CSV: one header with every field that a result can have, quoted as RFC 4180 says, lines ending in LF.
 */
#include "codec/result_form.h"
#include "codec/text_form.h"
#include "recon/status.h"

static const char header[] =
    "type,start,end,expected,matched,missing,completeness_percent,duplicate_audits,duplicate_events,unaudited,"
    "unjudged_audits,revision,stream,reason,id,source,time,event_time,emitted_time,context,topic,partition,offset,"
    "watermark,basis\n";

/* All fields of fixed size, the commas and the header. */
#define FIXED_SIZE_MAX 1024
/* A text grows most where each byte is replaced; two quotes come on top. */
#define TEXT_SIZE_MAX(size) (RECON_REPLACEMENT_SIZE * (size) + 2)

static char *header_write(struct recon_result_writer *writer, char *out)
{
    if (writer->has_header)
        return out;
    writer->has_header = true;
    memcpy(out, header, sizeof header - 1);
    return out + sizeof header - 1;
}

static char *name_write(char *out, const char *name)
{
    const size_t size = strlen(name);
    memcpy(out, name, size);
    out[size] = ',';
    return out + size + 1;
}

/* The time and a comma where it has a value, else the comma. */
static char *time_write(char *out, bool has_value, int64_t time_ms)
{
    if (has_value)
        out += recon_time_format(time_ms, out);
    *out++ = ',';
    return out;
}

static char *count_write(char *out, uint64_t value)
{
    out = recon_unsigned_write(out, value);
    *out++ = ',';
    return out;
}

static bool needs_quotes(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] == ',' || bytes[i] == '"' || bytes[i] == '\n' || bytes[i] == '\r')
            return true;
    return false;
}

static char *text_write(char *out, const char *bytes, size_t size)
{
    const bool quoted = needs_quotes(bytes, size);
    if (quoted)
        *out++ = '"';
    for (size_t i = 0; i < size;) {
        uint32_t code;
        const size_t length = recon_utf8_next(bytes + i, size - i, &code);
        if (code == UINT32_MAX) {
            out = RECON_PUT(out, RECON_REPLACEMENT);
        } else {
            if (code == '"')
                *out++ = '"';
            memcpy(out, bytes + i, length);
            out += length;
        }
        i += length;
    }
    if (quoted)
        *out++ = '"';
    *out++ = ',';
    return out;
}

static char *metric_write(const struct recon_result_writer *writer, char *out, const struct recon_result *result)
{
    const struct recon_counts *counts = &result->counts;
    out = time_write(out, !writer->options.timeless, result->start);
    out = time_write(out, !writer->options.timeless, result->end);
    out = count_write(out, counts->expected);
    out = count_write(out, counts->matched);
    out = count_write(out, counts->missing);
    if (counts->expected > 0)
        out = recon_percent_write(out, counts->matched, counts->expected);
    *out++ = ',';
    out = count_write(out, counts->duplicate_audits);
    out = count_write(out, counts->duplicate_events);
    out = count_write(out, counts->unaudited);
    out = count_write(out, counts->unjudged_audits);
    out = count_write(out, result->revision);
    return RECON_PUT(out, ",,,,,,,,,,,");
}

static char *break_write(const struct recon_result_writer *writer, char *out, const struct recon_result *result,
                         const struct recon_partition_name *name, size_t topic_size)
{
    const bool has_times = !writer->options.timeless;
    out = RECON_PUT(out, ",,,,,,,,,,,");
    out = name_write(out, recon_result_has_stream(result->type) ? recon_stream_name(result->stream) : "");
    out = name_write(out, result->type == RECON_RESULT_REJECTED ? recon_reason_name(result->reason) : "");
    out = text_write(out, result->id.bytes, result->id.size);
    out = text_write(out, result->source.bytes, result->source.size);
    out = time_write(out, result->has_time && has_times, result->time);
    out = time_write(out, result->has_event_time && has_times, result->event_time);
    out = time_write(out, result->has_emitted_time, result->emitted_time);
    out = text_write(out, result->context.bytes, result->context.size);
    if (result->type == RECON_RESULT_FOUND)
        return RECON_PUT(out, ",,,");
    out = text_write(out, topic_size > 0 ? name->topic : "", topic_size);
    out = count_write(out, name != NULL ? name->partition : result->partition);
    if (result->has_offset)
        out = recon_integer_write(out, result->offset);
    *out++ = ',';
    return out;
}

int recon_result_csv_write(struct recon_result_writer *writer, const struct recon_result *result,
                           struct recon_buffer *buffer)
{
    const struct recon_partition_name *name = recon_result_partition_name(writer, result);
    const size_t topic_size = name != NULL && name->topic != NULL ? strlen(name->topic) : 0;
    const size_t size_max = FIXED_SIZE_MAX + TEXT_SIZE_MAX((size_t)result->id.size) +
                            TEXT_SIZE_MAX((size_t)result->source.size) + TEXT_SIZE_MAX((size_t)result->context.size) +
                            TEXT_SIZE_MAX(topic_size);
    const int status = recon_buffer_reserve(buffer, size_max);
    if (status != RECON_OK)
        return status;
    char *out = header_write(writer, buffer->bytes + buffer->size);
    out = name_write(out, recon_result_type_name(result->type));
    if (result->type == RECON_RESULT_METRIC)
        out = metric_write(writer, out, result);
    else
        out = break_write(writer, out, result, name, topic_size);
    const bool has_watermark = recon_result_has_watermark(result->type) && result->watermark != RECON_TIME_MIN &&
                               result->watermark != RECON_TIME_MAX && !writer->options.timeless;
    if (has_watermark)
        out = recon_result_watermark_write(writer, out, result->watermark);
    *out++ = ',';
    out = name_write(out, recon_result_has_basis(result->type) ? recon_basis_name(result->basis) : "");
    out[-1] = '\n';
    buffer->size = (size_t)(out - buffer->bytes);
    return RECON_OK;
}

int recon_result_csv_finish(struct recon_result_writer *writer, struct recon_buffer *buffer)
{
    const int status = recon_buffer_reserve(buffer, FIXED_SIZE_MAX);
    if (status != RECON_OK)
        return status;
    buffer->size = (size_t)(header_write(writer, buffer->bytes + buffer->size) - buffer->bytes);
    return RECON_OK;
}
