/*
 * The message decoder: judges what a message is, reads its value by that, and has extract.c make the record.
 *
 *     headers --> early? --> shape --> value --> record(s)
 *
 * 1. Whatever the mapping can do without the value is done without it: a message that a header says to ignore is not
 *    parsed, and a tombstone makes a record only there.
 * 2. The shape is judged message by message, among the formats that the mapping names: one format alone is taken for
 *    granted, several (`auto` names all but raw) are told apart by headers first, then by the value's first bytes.
 * 3. Each shape has a view (plan and what reads it), made once; a message takes no memory but for what outgrows what
 *    there is.
 * 4. A call that fails leaves the batch as it was.
 */
#define _POSIX_C_SOURCE 200809L

#include "codec/message.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "codec/json_index.h"
#include "codec/json_walk.h"
#include "codec/limits.h"
#include "codec/message_schema.h"
#include "codec/message_view.h"
#include "recon/status.h"

/* What is kept of the scratch space once a huge value is done. */
#define SCRATCH_SIZE_BYTES_FIRST ((size_t)32 << 10)
#define SCRATCH_SIZE_BYTES_KEPT ((size_t)1 << 20)

enum shape {
    SHAPE_OPAQUE, /* the value is not looked at */
    SHAPE_JSON,
    SHAPE_CLOUDEVENTS, /* structured, or a batch of such */
    SHAPE_AVRO,
    SHAPE_BINARY_OPAQUE, /* CloudEvents in binary mode, by what the data is */
    SHAPE_BINARY_JSON,
    SHAPE_BINARY_AVRO,
    SHAPE_COUNT,
    SHAPE_NONE = SHAPE_COUNT /* the value is of no format that the stream has */
};

/* Formats that the mapping names. */
struct formats {
    bool json;
    bool cloudevents;
    bool avro;
};

/* What the headers say of the message as a whole. */
struct marks {
    struct recon_text content_type;
    struct recon_text schema_id;
    bool has_specversion;
};

struct recon_message_decoder {
    struct recon_decoder_options options; /* as plans want them */
    struct formats formats;
    int format_count; /* of them */
    struct recon_message_view *views[SHAPE_COUNT];
    enum shape guess; /* JSON or CLOUDEVENTS: what the last JSON object was */
    struct recon_json_index *index;
    char *scratch;
    size_t scratch_size;
    struct recon_registry registry;
    struct recon_schema_wanted wanted;
    size_t value_bytes_max;
};

/* One call's message. */
struct call {
    struct recon_message_decoder *decoder;
    const struct recon_message *message;
    struct recon_batch *batch;
    struct marks marks;
};

/* ---- life ---- */

static void judge_formats(struct recon_message_decoder *decoder)
{
    const struct recon_stream_mapping *mapping = decoder->options.mapping;
    struct formats *formats = &decoder->formats;
    for (size_t i = 0; i < mapping->schema_count; i++) {
        const enum recon_format format = mapping->schemas[i].format;
        const bool any = format == RECON_FORMAT_AUTO;
        formats->json |= any || format == RECON_FORMAT_JSON;
        formats->cloudevents |= any || format == RECON_FORMAT_CLOUDEVENTS;
        formats->avro |= any || format == RECON_FORMAT_AVRO;
    }
    decoder->format_count = formats->json + formats->cloudevents + formats->avro;
}

static bool has_shape(const struct formats *formats, enum shape shape)
{
    switch (shape) {
    case SHAPE_JSON:
        return formats->json;
    case SHAPE_AVRO:
        return formats->avro;
    case SHAPE_OPAQUE:
        return true;
    default:
        return formats->cloudevents;
    }
}

static int make_views(struct recon_message_decoder *decoder, char *error, size_t error_size)
{
    static const struct recon_message_shape shapes[SHAPE_COUNT] = {
        [SHAPE_OPAQUE] = {.value = RECON_FORMAT_RAW},
        [SHAPE_JSON] = {.value = RECON_FORMAT_JSON},
        [SHAPE_CLOUDEVENTS] = {.value = RECON_FORMAT_CLOUDEVENTS},
        [SHAPE_AVRO] = {.value = RECON_FORMAT_AVRO},
        [SHAPE_BINARY_OPAQUE] = {.value = RECON_FORMAT_RAW, .is_binary = true},
        [SHAPE_BINARY_JSON] = {.value = RECON_FORMAT_JSON, .is_binary = true},
        [SHAPE_BINARY_AVRO] = {.value = RECON_FORMAT_AVRO, .is_binary = true},
    };
    for (int i = 0; i < SHAPE_COUNT; i++) {
        if (!has_shape(&decoder->formats, (enum shape)i))
            continue;
        struct recon_message_shape shape = shapes[i];
        shape.is_told = decoder->format_count <= 1;
        const char *what = "";
        const int status = recon_message_view_new(&decoder->options, &shape, &decoder->views[i], &what);
        if (status == RECON_ERROR_INVALID)
            snprintf(error, error_size, "no such time zone: %s; a name such as Europe/Paris is wanted", what);
        if (status != RECON_OK)
            return status;
    }
    return RECON_OK;
}

int recon_message_decoder_new(const struct recon_message_decoder_options *options,
                              struct recon_message_decoder **decoder, char *error, size_t error_size)
{
    assert(options->mapping != NULL && options->stream >= 0 && options->stream < RECON_STREAM_COUNT);
    for (size_t i = 0; i < options->mapping->schema_count; i++) {
        if (options->mapping->schemas[i].format != RECON_FORMAT_CSV)
            continue;
        snprintf(error, error_size, "the format csv is a file's: a message has no header line to name its columns");
        return RECON_ERROR_INVALID;
    }
    struct recon_message_decoder *made = calloc(1, sizeof *made);
    if (made == NULL)
        return RECON_ERROR_MEMORY;
    made->options = (struct recon_decoder_options){.mapping = options->mapping,
                                                   .stream = options->stream,
                                                   .source_in_identity = options->source_in_identity,
                                                   .record_bytes_max = options->value_bytes_max};
    memcpy(made->options.seed, options->seed, sizeof made->options.seed);
    made->guess = SHAPE_JSON;
    judge_formats(made);
    int status = recon_json_index_new(&made->index);
    if (status == RECON_OK)
        status = make_views(made, error, error_size);
    if (status != RECON_OK) {
        recon_message_decoder_free(made);
        return status;
    }
    made->value_bytes_max = made->views[SHAPE_OPAQUE]->plan->record_bytes_max;
    *decoder = made;
    return RECON_OK;
}

void recon_message_decoder_free(struct recon_message_decoder *decoder)
{
    if (decoder == NULL)
        return;
    recon_registry_deinit(&decoder->registry);
    for (int i = 0; i < SHAPE_COUNT; i++)
        recon_message_view_free(decoder->views[i]);
    recon_json_index_free(decoder->index);
    free(decoder->scratch);
    free(decoder);
}

const struct recon_schema_wanted *recon_message_decoder_wanted(const struct recon_message_decoder *decoder)
{
    return &decoder->wanted;
}

int recon_message_decoder_schema(struct recon_message_decoder *decoder, const struct recon_schema_wanted *wanted,
                                 const char *json, size_t size, char *error, size_t error_size)
{
    const struct recon_schema_wanted key = *wanted; /* may be the decoder's own */
    return recon_registry_add(&decoder->registry, &key, json, size, error, error_size);
}

void recon_message_decoder_forget_absent(struct recon_message_decoder *decoder)
{
    recon_registry_forget_absent(&decoder->registry);
}

/* ---- what a message is ---- */

static struct marks find_marks(const struct recon_message *message)
{
    struct marks marks = {0};
    for (size_t i = 0; i < message->header_count; i++) {
        const struct recon_message_header *header = &message->headers[i];
        if (header->name.size == strlen("ce_specversion") &&
            memcmp(header->name.bytes, "ce_specversion", header->name.size) == 0)
            marks.has_specversion = header->value.bytes != NULL;
        else if (header->name.size == strlen("__value_schema_id") &&
                 memcmp(header->name.bytes, "__value_schema_id", header->name.size) == 0)
            marks.schema_id = header->value;
        else if (recon_header_is(header->name, "content-type"))
            marks.content_type = header->value;
    }
    return marks;
}

static bool begins_with(struct recon_text text, const char *start)
{
    return text.size >= strlen(start) && strncasecmp(text.bytes, start, strlen(start)) == 0;
}

static bool is_structured(const struct marks *marks)
{
    return begins_with(marks->content_type, "application/cloudevents");
}

static bool is_binary(const struct marks *marks)
{
    return marks->has_specversion && !is_structured(marks);
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

static bool is_framed(const struct call *call)
{
    struct recon_schema_wanted key;
    struct recon_text payload;
    return recon_framing_read(call->marks.schema_id, call->message->value, &key, &payload);
}

/* What the data of a CloudEvent in binary mode is. No content type means JSON, by CloudEvents' own rule. */
static enum shape binary_shape(const struct call *call)
{
    const struct recon_message_view *json = call->decoder->views[SHAPE_BINARY_JSON];
    const struct recon_message_view *avro = call->decoder->views[SHAPE_BINARY_AVRO];
    const struct recon_text type = media_type(call->marks.content_type);
    const bool is_avro = ends_with(type, "avro") || begins_with(type, "avro/") || call->marks.schema_id.bytes != NULL ||
                         (type.size == 0 && is_framed(call));
    if (is_avro)
        return avro->reads_value || avro->whole != RECON_PATH_NONE ? SHAPE_BINARY_AVRO : SHAPE_BINARY_OPAQUE;
    const bool is_json = type.size == 0 || ends_with(type, "/json") || ends_with(type, "+json");
    return is_json && json->reads_value ? SHAPE_BINARY_JSON : SHAPE_BINARY_OPAQUE;
}

/* The first byte that JSON does not pass over; '\0': there is none. */
static char first_byte(struct recon_text value)
{
    for (uint32_t i = 0; i < value.size; i++)
        if (value.bytes[i] != ' ' && value.bytes[i] != '\n' && value.bytes[i] != '\r' && value.bytes[i] != '\t')
            return value.bytes[i];
    return '\0';
}

static enum shape judge_shape(const struct call *call)
{
    const struct recon_message_decoder *decoder = call->decoder;
    const struct formats *formats = &decoder->formats;
    if (formats->cloudevents && is_binary(&call->marks))
        return binary_shape(call);
    if (decoder->format_count == 0)
        return SHAPE_OPAQUE;
    if (decoder->format_count == 1)
        return formats->json ? SHAPE_JSON : formats->avro ? SHAPE_AVRO : SHAPE_CLOUDEVENTS;
    if (formats->cloudevents && is_structured(&call->marks))
        return SHAPE_CLOUDEVENTS;
    if (formats->avro && is_framed(call))
        return SHAPE_AVRO;
    const char first = first_byte(call->message->value);
    if (first != '{' && first != '[')
        return SHAPE_NONE;
    if (formats->json && formats->cloudevents)
        return decoder->guess;
    return formats->json ? SHAPE_JSON : SHAPE_CLOUDEVENTS;
}

/* ---- reading ---- */

static int reject(const struct call *call)
{
    return recon_extract_malformed(call->decoder->views[SHAPE_OPAQUE]->plan, call->message->offset, call->batch);
}

static int extract(const struct call *call, struct recon_message_view *view, const char *avro_record)
{
    recon_message_view_look(view, call->message);
    return recon_extract(view->plan, view->found, avro_record, call->message->offset, call->batch);
}

static int reserve_scratch(struct recon_message_decoder *decoder, size_t size)
{
    if (decoder->scratch_size >= size &&
        (decoder->scratch_size <= SCRATCH_SIZE_BYTES_KEPT || size > SCRATCH_SIZE_BYTES_KEPT))
        return RECON_OK;
    const size_t wanted = size < SCRATCH_SIZE_BYTES_FIRST ? SCRATCH_SIZE_BYTES_FIRST : size;
    char *scratch = malloc(wanted);
    if (scratch == NULL)
        return RECON_ERROR_MEMORY;
    free(decoder->scratch);
    decoder->scratch = scratch;
    decoder->scratch_size = wanted;
    return RECON_OK;
}

/* Indexes the value. RECON_ERROR_INVALID: it is no JSON. */
static int open_document(struct recon_message_decoder *decoder, struct recon_text value,
                         struct recon_json_document *document)
{
    static const char mark[] = {'\xef', '\xbb', '\xbf'};
    if (value.size >= sizeof mark && memcmp(value.bytes, mark, sizeof mark) == 0) {
        value.bytes += sizeof mark;
        value.size -= (uint32_t)sizeof mark;
    }
    *document = (struct recon_json_document){.bytes = value.bytes, .end = value.size};
    int status = recon_json_index_run(decoder->index, value.bytes, value.size, &document->position);
    if (status != RECON_OK)
        return status;
    document->backslash = memchr(value.bytes, '\\', value.size);
    if (document->backslash != NULL)
        status = reserve_scratch(decoder, value.size);
    document->scratch = decoder->scratch;
    return status;
}

/* A list of CloudEvents. must_tell: that is what it is only if its first item looks like one. One that is no JSON to
 * its end is one malformed record, whatever its items are. */
static int read_list(const struct call *call, struct recon_json_document *document, bool must_tell)
{
    struct recon_message_view *view = call->decoder->views[SHAPE_CLOUDEVENTS];
    struct recon_batch *batch = call->batch;
    const size_t before = batch->count;
    const uint64_t ignored_before = batch->ignored;
    for (uint32_t place = 1;; place++) {
        const enum recon_json_item item = recon_json_walk_item(view->tree, document, place == 1, view->found);
        if (must_tell && place == 1 && !(item == RECON_JSON_ITEM_OBJECT && recon_message_view_tells(view)))
            break;
        if (item == RECON_JSON_ITEM_NONE)
            return RECON_OK;
        if (item == RECON_JSON_ITEM_BROKEN || place > RECON_MESSAGE_RECORD_COUNT_MAX)
            break;
        const size_t count = batch->count;
        const int status = item == RECON_JSON_ITEM_OBJECT ? extract(call, view, NULL) : reject(call);
        if (status != RECON_OK)
            return status;
        if (batch->count > count)
            batch->records[count].place = place;
    }
    batch->count = before;
    batch->ignored = ignored_before;
    return reject(call);
}

static int read_json(const struct call *call, enum shape shape)
{
    struct recon_message_decoder *decoder = call->decoder;
    struct recon_json_document document;
    int status = open_document(decoder, call->message->value, &document);
    if (status != RECON_OK)
        return status == RECON_ERROR_INVALID ? reject(call) : status;
    const bool is_open = decoder->formats.json && decoder->formats.cloudevents && !is_structured(&call->marks);
    const bool is_list = *document.position < document.end && document.bytes[*document.position] == '[';
    if (is_list && (shape == SHAPE_CLOUDEVENTS || is_open))
        return read_list(call, &document, is_open);

    struct recon_message_view *view = decoder->views[shape];
    const struct recon_json_document start = document;
    bool good = recon_json_walk(view->tree, &document, view->found);
    if (good && is_open && recon_message_view_tells(view) != (shape == SHAPE_CLOUDEVENTS)) {
        decoder->guess = shape == SHAPE_JSON ? SHAPE_CLOUDEVENTS : SHAPE_JSON;
        view = decoder->views[decoder->guess];
        document = start;
        good = recon_json_walk(view->tree, &document, view->found);
    }
    return good ? extract(call, view, NULL) : reject(call);
}

static int read_binary_json(const struct call *call)
{
    struct recon_message_view *view = call->decoder->views[SHAPE_BINARY_JSON];
    const struct recon_text value = call->message->value;
    const char first = first_byte(value);
    recon_message_view_clear(view);
    if (first == '{' || first == '[') {
        struct recon_json_document document;
        const int status = open_document(call->decoder, value, &document);
        if (status == RECON_ERROR_MEMORY)
            return status;
        document.may_be_list = true;
        if (status != RECON_OK || !recon_json_walk(view->tree, &document, view->found))
            return reject(call);
    }
    recon_message_view_whole(view, value, false);
    return extract(call, view, NULL);
}

static int read_binary_opaque(const struct call *call)
{
    struct recon_message_view *view = call->decoder->views[SHAPE_BINARY_OPAQUE];
    const struct recon_text type = media_type(call->marks.content_type);
    recon_message_view_clear(view);
    recon_message_view_whole(view, call->message->value,
                             !(type.size == 0 || ends_with(type, "/json") || ends_with(type, "+json")));
    return extract(call, view, NULL);
}

static int read_avro(const struct call *call, enum shape shape)
{
    struct recon_message_decoder *decoder = call->decoder;
    struct recon_message_view *view = decoder->views[shape];
    struct recon_schema_wanted key = {0};
    struct recon_text payload;
    if (!recon_framing_read(call->marks.schema_id, call->message->value, &key, &payload))
        return reject(call);
    struct recon_registry_schema *schema = NULL;
    if (!recon_registry_find(&decoder->registry, &key, &schema)) {
        recon_framing_text(&key);
        decoder->wanted = key;
        return RECON_MESSAGE_SCHEMA_WANTED;
    }
    struct recon_avro_finder *finder = NULL;
    struct recon_avro_datum datum;
    size_t used = 0;
    int status = RECON_ERROR_DAMAGED;
    if (schema != NULL)
        status = recon_registry_finder(schema, view->plan, shape == SHAPE_AVRO ? 0 : 1, &finder);
    if (status == RECON_OK)
        status = finder != NULL ? recon_avro_finder_read(finder, payload.bytes, payload.size, &used, &datum)
                                : RECON_ERROR_DAMAGED;
    if (status != RECON_OK)
        return status == RECON_ERROR_DAMAGED ? reject(call) : status;
    if (used != payload.size || !datum.is_text)
        return reject(call);
    memcpy(view->found, datum.found, view->plan->path_count * sizeof *view->found);
    return extract(call, view, datum.record);
}

/* ---- one message ---- */

static int decode(struct call *call)
{
    struct recon_message_decoder *decoder = call->decoder;
    const struct recon_message *message = call->message;
    const struct formats *formats = &decoder->formats;
    const bool has_value = message->value.bytes != NULL;
    if (message->header_count > 0 && (formats->cloudevents || formats->avro))
        call->marks = find_marks(message);
    struct recon_message_view *early =
        decoder->views[formats->cloudevents && is_binary(&call->marks) ? SHAPE_BINARY_OPAQUE : SHAPE_OPAQUE];
    if (!has_value || early->may_be_early) {
        bool is_done;
        recon_message_view_clear(early);
        recon_message_view_look(early, message);
        const int status =
            recon_extract_early(early->plan, early->found, has_value, message->offset, call->batch, &is_done);
        if (status != RECON_OK || is_done)
            return status;
    }
    if (!has_value) {
        call->batch->tombstones++;
        return RECON_OK;
    }
    if (message->value.size > decoder->value_bytes_max)
        return reject(call);
    const enum shape shape = judge_shape(call);
    switch (shape) {
    case SHAPE_JSON:
    case SHAPE_CLOUDEVENTS:
        return read_json(call, shape);
    case SHAPE_AVRO:
    case SHAPE_BINARY_AVRO:
        return read_avro(call, shape);
    case SHAPE_BINARY_JSON:
        return read_binary_json(call);
    case SHAPE_BINARY_OPAQUE:
        return read_binary_opaque(call);
    case SHAPE_OPAQUE:
        return extract(call, decoder->views[SHAPE_OPAQUE], NULL);
    case SHAPE_NONE:
        break;
    }
    return reject(call);
}

int recon_message_decode(struct recon_message_decoder *decoder, const struct recon_message *message,
                         struct recon_batch *batch)
{
    struct call call = {.decoder = decoder, .message = message, .batch = batch};
    const size_t count_before = batch->count;
    const uint64_t ignored_before = batch->ignored;
    const int status = decode(&call);
    if (status < 0) {
        batch->count = count_before;
        batch->ignored = ignored_before;
        return status;
    }
    for (size_t i = count_before; i < batch->count; i++)
        batch->records[i].partition = message->partition;
    return status;
}
