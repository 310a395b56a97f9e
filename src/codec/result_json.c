/*
 * A result as one JSON object on a line.
 *
 * The hot path of a run with many breaks: room for the longest form is made once, then bytes are laid down without
 * further checks. Each field is written with the comma before it; `type` comes first and has none.
 */
#include "codec/result_form.h"
#include "codec/text_form.h"
#include "recon/status.h"

/* What a result takes besides its texts: 14 numbers, 6 times, all the names. */
#define FIXED_SIZE_MAX 1024

static char *name_write(char *out, const char *name)
{
    const size_t size = strlen(name);
    memcpy(out, name, size);
    return out + size;
}

static char *time_write(char *out, int64_t time_ms)
{
    *out++ = '"';
    out += recon_time_format(time_ms, out);
    *out++ = '"';
    return out;
}

static char *text_write(char *out, const char *bytes, size_t size)
{
    *out++ = '"';
    out = recon_json_text_write(out, bytes, size);
    *out++ = '"';
    return out;
}

static char *counts_write(char *out, const struct recon_counts *counts)
{
    out = recon_unsigned_write(RECON_PUT(out, ",\"expected\":"), counts->expected);
    out = recon_unsigned_write(RECON_PUT(out, ",\"matched\":"), counts->matched);
    out = recon_unsigned_write(RECON_PUT(out, ",\"missing\":"), counts->missing);
    out = RECON_PUT(out, ",\"completeness_percent\":");
    if (counts->expected > 0)
        out = recon_percent_write(out, counts->matched, counts->expected);
    else
        out = RECON_PUT(out, "null");
    out = recon_unsigned_write(RECON_PUT(out, ",\"duplicate_audits\":"), counts->duplicate_audits);
    out = recon_unsigned_write(RECON_PUT(out, ",\"duplicate_events\":"), counts->duplicate_events);
    out = recon_unsigned_write(RECON_PUT(out, ",\"unaudited\":"), counts->unaudited);
    return recon_unsigned_write(RECON_PUT(out, ",\"unjudged_audits\":"), counts->unjudged_audits);
}

static char *metric_write(const struct recon_result_writer *writer, char *out, const struct recon_result *result)
{
    if (writer->options.timeless) {
        out = RECON_PUT(out, ",\"start\":null,\"end\":null");
    } else {
        out = time_write(RECON_PUT(out, ",\"start\":"), result->start);
        out = time_write(RECON_PUT(out, ",\"end\":"), result->end);
    }
    out = counts_write(out, &result->counts);
    return recon_unsigned_write(RECON_PUT(out, ",\"revision\":"), result->revision);
}

static char *place_write(char *out, const struct recon_result *result, const struct recon_partition_name *name,
                         size_t topic_size)
{
    if (topic_size > 0)
        out = text_write(RECON_PUT(out, ",\"topic\":"), name->topic, topic_size);
    out = recon_unsigned_write(RECON_PUT(out, ",\"partition\":"), name != NULL ? name->partition : result->partition);
    if (result->has_offset)
        out = recon_integer_write(RECON_PUT(out, ",\"offset\":"), result->offset);
    return out;
}

static char *break_write(const struct recon_result_writer *writer, char *out, const struct recon_result *result,
                         const struct recon_partition_name *name, size_t topic_size)
{
    const int type = result->type;
    const bool has_times = !writer->options.timeless;
    if (recon_result_has_stream(type)) {
        out = name_write(RECON_PUT(out, ",\"stream\":\""), recon_stream_name(result->stream));
        *out++ = '"';
    }
    if (type == RECON_RESULT_REJECTED) {
        out = name_write(RECON_PUT(out, ",\"reason\":\""), recon_reason_name(result->reason));
        out = place_write(RECON_PUT(out, "\""), result, name, topic_size);
    }
    if (result->id.size > 0)
        out = text_write(RECON_PUT(out, ",\"id\":"), result->id.bytes, result->id.size);
    if (result->source.size > 0)
        out = text_write(RECON_PUT(out, ",\"source\":"), result->source.bytes, result->source.size);
    if (result->has_time && has_times)
        out = time_write(RECON_PUT(out, ",\"time\":"), result->time);
    if (result->has_event_time && has_times)
        out = time_write(RECON_PUT(out, ",\"event_time\":"), result->event_time);
    if (result->has_emitted_time)
        out = time_write(RECON_PUT(out, ",\"emitted_time\":"), result->emitted_time);
    if (result->context.size > 0)
        out = text_write(RECON_PUT(out, ",\"context\":"), result->context.bytes, result->context.size);
    if (type != RECON_RESULT_REJECTED && type != RECON_RESULT_FOUND)
        out = place_write(out, result, name, topic_size);
    return out;
}

int recon_result_json_write(struct recon_result_writer *writer, const struct recon_result *result,
                            struct recon_buffer *buffer)
{
    const struct recon_partition_name *name = recon_result_partition_name(writer, result);
    const size_t topic_size = name != NULL && name->topic != NULL ? strlen(name->topic) : 0;
    const size_t text_size = (size_t)result->id.size + result->source.size + result->context.size + topic_size;
    const int status = recon_buffer_reserve(buffer, FIXED_SIZE_MAX + RECON_JSON_GROWTH * text_size);
    if (status != RECON_OK)
        return status;
    char *out = buffer->bytes + buffer->size;
    out = name_write(RECON_PUT(out, "{\"type\":\""), recon_result_type_name(result->type));
    *out++ = '"';
    if (result->type == RECON_RESULT_METRIC)
        out = metric_write(writer, out, result);
    else
        out = break_write(writer, out, result, name, topic_size);
    if (recon_result_has_watermark(result->type)) {
        out = RECON_PUT(out, ",\"watermark\":");
        if (result->watermark == RECON_TIME_MIN || result->watermark == RECON_TIME_MAX || writer->options.timeless) {
            out = RECON_PUT(out, "null");
        } else {
            *out++ = '"';
            out = recon_result_watermark_write(writer, out, result->watermark);
            *out++ = '"';
        }
    }
    if (recon_result_has_basis(result->type)) {
        out = name_write(RECON_PUT(out, ",\"basis\":\""), recon_basis_name(result->basis));
        *out++ = '"';
    }
    out = RECON_PUT(out, "}\n");
    buffer->size = (size_t)(out - buffer->bytes);
    return RECON_OK;
}
