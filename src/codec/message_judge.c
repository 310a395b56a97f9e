/*
 * What a message is, among the formats that its stream has.
 *
 * One format alone is taken for granted, whatever the value looks like. Several are told apart by headers first (a
 * CloudEvent's, a schema's), then by the value's first bytes; JSON and CloudEvents in JSON by what stands in them,
 * which message_value.c sees.
 */
#define _POSIX_C_SOURCE 200809L

#include <string.h>
#include <strings.h>

#include "codec/message_state.h"

struct recon_marks recon_marks_find(const struct recon_message *message)
{
    struct recon_marks marks = {0};
    for (size_t i = 0; i < message->header_count; i++) {
        const struct recon_message_header *header = &message->headers[i];
        if (header->name.size == strlen("ce_specversion") &&
            memcmp(header->name.bytes, "ce_specversion", header->name.size) == 0)
            marks.has_specversion = header->value.bytes != NULL;
        else if (header->name.size == strlen("__value_schema_id") &&
                 memcmp(header->name.bytes, "__value_schema_id", header->name.size) == 0)
            marks.schema_id = header->value;
        else if (header->name.size == strlen("__key_schema_id") &&
                 memcmp(header->name.bytes, "__key_schema_id", header->name.size) == 0)
            marks.key_schema_id = header->value;
        else if (recon_header_is(header->name, "content-type"))
            marks.content_type = header->value;
    }
    return marks;
}

static bool begins_with(struct recon_text text, const char *start)
{
    return text.size >= strlen(start) && strncasecmp(text.bytes, start, strlen(start)) == 0;
}

bool recon_marks_structured(const struct recon_marks *marks)
{
    return begins_with(marks->content_type, "application/cloudevents");
}

bool recon_marks_binary(const struct recon_marks *marks)
{
    return marks->has_specversion && !recon_marks_structured(marks);
}

/* The media type without its parameters. */
static struct recon_text media_type(struct recon_text content_type)
{
    uint32_t size = 0;
    while (size < content_type.size && content_type.bytes[size] != ';')
        size++;
    while (size > 0 && (content_type.bytes[size - 1] == ' ' || content_type.bytes[size - 1] == '\t'))
        size--;
    return (struct recon_text){.bytes = content_type.bytes, .size = size};
}

static bool ends_with(struct recon_text text, const char *end)
{
    const size_t size = strlen(end);
    return text.size >= size && strncasecmp(text.bytes + text.size - size, end, size) == 0;
}

bool recon_marks_json(const struct recon_marks *marks)
{
    const struct recon_text type = media_type(marks->content_type);
    return type.size == 0 || ends_with(type, "/json") || ends_with(type, "+json");
}

static bool is_framed(const struct recon_call *call)
{
    struct recon_schema_wanted key;
    struct recon_text payload;
    return recon_framing_read(call->marks.schema_id, call->message->value, &key, &payload);
}

/* What the data of a CloudEvent in binary mode is. */
static enum recon_shape binary_shape(const struct recon_call *call)
{
    const struct recon_message_view *json = call->decoder->views[RECON_SHAPE_BINARY_JSON];
    const struct recon_message_view *avro = call->decoder->views[RECON_SHAPE_BINARY_AVRO];
    const struct recon_text type = media_type(call->marks.content_type);
    const bool is_avro = ends_with(type, "avro") || begins_with(type, "avro/") || call->marks.schema_id.bytes != NULL ||
                         (type.size == 0 && is_framed(call));
    if (is_avro)
        return avro->reads_value || avro->whole != RECON_PATH_NONE ? RECON_SHAPE_BINARY_AVRO
                                                                   : RECON_SHAPE_BINARY_OPAQUE;
    return recon_marks_json(&call->marks) && json->reads_value ? RECON_SHAPE_BINARY_JSON : RECON_SHAPE_BINARY_OPAQUE;
}

char recon_value_first_byte(struct recon_text value)
{
    for (uint32_t i = 0; i < value.size; i++)
        if (value.bytes[i] != ' ' && value.bytes[i] != '\n' && value.bytes[i] != '\r' && value.bytes[i] != '\t')
            return value.bytes[i];
    return '\0';
}

enum recon_shape recon_shape_judge(const struct recon_call *call)
{
    const struct recon_message_decoder *decoder = call->decoder;
    const struct recon_formats *formats = &decoder->formats;
    if (formats->cloudevents && recon_marks_binary(&call->marks))
        return binary_shape(call);
    if (decoder->formats.count == 0)
        return RECON_SHAPE_OPAQUE;
    if (decoder->formats.count == 1)
        return formats->json ? RECON_SHAPE_JSON : formats->avro ? RECON_SHAPE_AVRO : RECON_SHAPE_CLOUDEVENTS;
    if (formats->cloudevents && recon_marks_structured(&call->marks))
        return RECON_SHAPE_CLOUDEVENTS;
    if (formats->avro && is_framed(call))
        return RECON_SHAPE_AVRO;
    const char first = recon_value_first_byte(call->message->value);
    if (first != '{' && first != '[')
        return RECON_SHAPE_NONE;
    if (formats->json && formats->cloudevents)
        return decoder->guess;
    return formats->json ? RECON_SHAPE_JSON : RECON_SHAPE_CLOUDEVENTS;
}
