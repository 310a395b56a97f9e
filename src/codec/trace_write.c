/*
 * Writing traces: the lines that trace.c reads.
 */
#include "codec/id_text.h"
#include "codec/result_form.h"
#include "codec/text_form.h"
#include "codec/trace.h"
#include "recon/status.h"

#define FIXED_SIZE_MAX 512

static char *name_write(char *out, const char *name)
{
    const size_t size = strlen(name);
    memcpy(out, name, size);
    return out + size;
}

static char *text_write(char *out, const struct recon_text *text)
{
    *out++ = '"';
    out = recon_json_text_write(out, text->bytes, text->size);
    *out++ = '"';
    return out;
}

/* `{"audit":2}` or `{"audit":["orders/0","orders/1"]}`, each with what stands before it. */
static int partitions_write(const struct recon_trace_head *head, int stream, struct recon_buffer *buffer)
{
    const struct recon_partition_name *names = head->names[stream];
    size_t size = FIXED_SIZE_MAX;
    for (uint32_t i = 0; names != NULL && i < head->partition_count[stream]; i++)
        size += RECON_JSON_GROWTH * strlen(names[i].topic) + RECON_INTEGER_SIZE_MAX + sizeof "\"/\",";
    const int status = recon_buffer_reserve(buffer, size);
    if (status != RECON_OK)
        return status;
    char *out = buffer->bytes + buffer->size;
    *out++ = '"';
    out = RECON_PUT(name_write(out, recon_stream_name(stream)), "\":");
    if (names == NULL)
        out = recon_unsigned_write(out, head->partition_count[stream]);
    else
        *out++ = '[';
    for (uint32_t i = 0; names != NULL && i < head->partition_count[stream]; i++) {
        out = i > 0 ? RECON_PUT(out, ",\"") : RECON_PUT(out, "\"");
        out = recon_json_text_write(out, names[i].topic, strlen(names[i].topic));
        *out++ = '/';
        out = RECON_PUT(recon_unsigned_write(out, names[i].partition), "\"");
    }
    if (names != NULL)
        *out++ = ']';
    buffer->size = (size_t)(out - buffer->bytes);
    return RECON_OK;
}

static int literal_write(struct recon_buffer *buffer, const char *literal)
{
    const size_t size = strlen(literal);
    const int status = recon_buffer_reserve(buffer, size);
    if (status != RECON_OK)
        return status;
    memcpy(buffer->bytes + buffer->size, literal, size);
    buffer->size += size;
    return RECON_OK;
}

int recon_trace_head_write(const struct recon_trace_head *head, struct recon_buffer *buffer)
{
    const size_t size_before = buffer->size;
    int status;
    if ((status = literal_write(buffer, "{\"partitions\":{")) != RECON_OK ||
        (status = partitions_write(head, RECON_STREAM_AUDIT, buffer)) != RECON_OK ||
        (status = literal_write(buffer, ",")) != RECON_OK ||
        (status = partitions_write(head, RECON_STREAM_EVENTS, buffer)) != RECON_OK ||
        (status = literal_write(buffer, head->source_in_identity ? "},\"identity\":\"source,id\"}\n"
                                                                 : "},\"identity\":\"id\"}\n")) != RECON_OK)
        buffer->size = size_before;
    return status;
}

/* A list of the fields of an ID that is there as one text. */
static char *fields_write(char *out, struct recon_text id)
{
    *out++ = '[';
    for (const char *joint; (joint = memchr(id.bytes, RECON_ID_JOINT, id.size)) != NULL;) {
        const struct recon_text field = {id.bytes, (uint32_t)(joint - id.bytes)};
        out = text_write(out, &field);
        *out++ = ',';
        id.size -= field.size + 1;
        id.bytes = joint + 1;
    }
    out = text_write(out, &id);
    *out++ = ']';
    return out;
}

static char *id_write(char *out, const struct recon_trace_step *step)
{
    if (step->id_part_count == 0 && recon_id_has_joint(step->record.id))
        return fields_write(out, step->record.id);
    if (step->id_part_count == 0)
        return text_write(out, &step->record.id);
    for (size_t i = 0; i < step->id_part_count; i++) {
        *out++ = i == 0 ? '[' : ',';
        out = text_write(out, &step->id_parts[i]);
    }
    *out++ = ']';
    return out;
}

static char *record_write(char *out, const struct recon_trace_step *step)
{
    const struct recon_record *record = &step->record;
    if (record->kind == RECON_KIND_HEARTBEAT)
        out = RECON_PUT(out, ",\"heartbeat\":true");
    if (record->kind == RECON_KIND_REJECTED) {
        out = name_write(RECON_PUT(out, ",\"rejected\":\""), recon_reason_name(record->reason));
        *out++ = '"';
    }
    if (record->id.size > 0)
        out = id_write(RECON_PUT(out, ",\"id\":"), step);
    if (record->source.size > 0)
        out = text_write(RECON_PUT(out, ",\"source\":"), &record->source);
    if (record->has_time)
        out = recon_integer_write(RECON_PUT(out, ",\"time\":"), record->time);
    if (record->has_emitted_time)
        out = recon_integer_write(RECON_PUT(out, ",\"emitted\":"), record->emitted_time);
    if (record->context.size > 0)
        out = text_write(RECON_PUT(out, ",\"context\":"), &record->context);
    if (record->has_offset)
        out = recon_integer_write(RECON_PUT(out, ",\"offset\":"), record->offset);
    return out;
}

int recon_trace_step_write(const struct recon_trace_step *step, struct recon_buffer *buffer)
{
    const struct recon_record *record = &step->record;
    size_t text_size = (size_t)record->id.size + record->source.size + record->context.size;
    for (size_t i = 0; i < step->id_part_count; i++)
        text_size += step->id_parts[i].size;
    const int status = recon_buffer_reserve(buffer, FIXED_SIZE_MAX + RECON_JSON_GROWTH * text_size);
    if (status != RECON_OK)
        return status;
    char *out = buffer->bytes + buffer->size;
    out = recon_integer_write(RECON_PUT(out, "{\"at\":"), step->at);
    if (step->kind != RECON_TRACE_CLOCK) {
        out = name_write(RECON_PUT(out, ",\"stream\":\""), recon_stream_name(record->stream));
        out = recon_unsigned_write(RECON_PUT(out, "\",\"partition\":"), record->partition);
    }
    if (step->kind == RECON_TRACE_RECORD)
        out = record_write(out, step);
    else if (step->kind == RECON_TRACE_ALIVE)
        out = RECON_PUT(out, ",\"alive\":true");
    else if (step->kind == RECON_TRACE_START)
        out = RECON_PUT(out, ",\"start\":true");
    else if (step->kind == RECON_TRACE_END)
        out = RECON_PUT(out, ",\"end\":true");
    out = RECON_PUT(out, "}\n");
    buffer->size = (size_t)(out - buffer->bytes);
    return RECON_OK;
}
