/*
 * The message decoder: makes it, and leads a message through it.
 *
 *     headers --> early? --> shape --> value --> record(s)
 *
 * 1. Whatever the mapping can do without the value is done without it: a message that a header says to ignore is not
 *    parsed, and a tombstone makes a record only there.
 * 2. The shape is judged message by message, among the formats that the mapping names. Each shape has a view (plan and
 *    what reads it), made once.
 * 3. A message takes no memory but for what outgrows what there is.
 * 4. A call that fails leaves the batch as it was.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/message_state.h"
#include "recon/status.h"

/* ---- life ---- */

static void judge_formats(struct recon_message_decoder *decoder)
{
    const struct recon_stream_mapping *mapping = decoder->options.mapping;
    struct recon_formats *formats = &decoder->formats;
    for (size_t i = 0; i < mapping->schema_count; i++) {
        const struct recon_mapping *schema = &mapping->schemas[i];
        enum recon_format format = schema->format;
        if (format == RECON_FORMAT_AUTO || recon_mapping_ignores_all(schema)) {
            /* Only these can be of the kind that is asked for. */
            format = schema->when.avro_record            ? RECON_FORMAT_AVRO
                     : schema->when.cloudevents_type     ? RECON_FORMAT_CLOUDEVENTS
                     : recon_mapping_ignores_all(schema) ? RECON_FORMAT_RAW
                                                         : RECON_FORMAT_AUTO;
        }
        const bool any = format == RECON_FORMAT_AUTO;
        formats->json |= any || format == RECON_FORMAT_JSON;
        formats->cloudevents |= any || format == RECON_FORMAT_CLOUDEVENTS;
        formats->avro |= any || format == RECON_FORMAT_AVRO;
    }
    formats->count = formats->json + formats->cloudevents + formats->avro;
}

static bool has_shape(const struct recon_formats *formats, enum recon_shape shape)
{
    switch (shape) {
    case RECON_SHAPE_JSON:
        return formats->json;
    case RECON_SHAPE_AVRO:
        return formats->avro;
    case RECON_SHAPE_OPAQUE:
        return true;
    default:
        return formats->cloudevents;
    }
}

static int make_views(struct recon_message_decoder *decoder, char *error, size_t error_size)
{
    static const struct recon_message_shape shapes[RECON_SHAPE_COUNT] = {
        [RECON_SHAPE_OPAQUE] = {.value = RECON_FORMAT_RAW},
        [RECON_SHAPE_JSON] = {.value = RECON_FORMAT_JSON},
        [RECON_SHAPE_CLOUDEVENTS] = {.value = RECON_FORMAT_CLOUDEVENTS},
        [RECON_SHAPE_AVRO] = {.value = RECON_FORMAT_AVRO},
        [RECON_SHAPE_BINARY_OPAQUE] = {.value = RECON_FORMAT_RAW, .is_binary = true},
        [RECON_SHAPE_BINARY_JSON] = {.value = RECON_FORMAT_JSON, .is_binary = true},
        [RECON_SHAPE_BINARY_AVRO] = {.value = RECON_FORMAT_AVRO, .is_binary = true},
    };
    for (int i = 0; i < RECON_SHAPE_COUNT; i++) {
        if (!has_shape(&decoder->formats, (enum recon_shape)i))
            continue;
        struct recon_message_shape shape = shapes[i];
        shape.is_told = decoder->formats.count <= 1;
        const char *what = "";
        const int status = recon_message_view_new(&decoder->options, &shape, &decoder->views[i], &what);
        if (status == RECON_ERROR_INVALID)
            snprintf(error, error_size, "no such time zone: %s; a name such as Europe/Paris is wanted", what);
        if (status != RECON_OK)
            return status;
        decoder->needs_marks |= decoder->views[i]->key != RECON_PATH_NONE;
        decoder->keys_later &= decoder->views[i]->plan->is_id_alone;
        for (size_t k = 0; k < decoder->views[i]->outer_count; k++)
            decoder->reads_headers |= decoder->views[i]->outers[k].kind == RECON_FIELD_HEADER;
        decoder->views[i]->is_avro = shape.value == RECON_FORMAT_AVRO || (shape.is_told && decoder->formats.avro);
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
    made->guess = RECON_SHAPE_JSON;
    made->key_path = (struct recon_path){.kind = RECON_FIELD_VALUE, .text = ""};
    made->key_plan = (struct recon_plan){.paths = &made->key_path, .path_count = 1};
    judge_formats(made);
    made->needs_marks = made->formats.cloudevents || made->formats.avro;
    made->keys_later = options->keys_later;
    int status = recon_json_index_new(&made->index);
    if (status == RECON_OK)
        status = make_views(made, error, error_size);
    if (status != RECON_OK) {
        recon_message_decoder_free(made);
        return status;
    }
    made->reads_headers |= made->needs_marks;
    for (int i = 0; i < RECON_SHAPE_COUNT; i++)
        if (made->views[i] != NULL)
            made->views[i]->plan->keys_later = made->keys_later;
    made->value_bytes_max = made->views[RECON_SHAPE_OPAQUE]->plan->record_bytes_max;
    *decoder = made;
    return RECON_OK;
}

void recon_message_decoder_free(struct recon_message_decoder *decoder)
{
    if (decoder == NULL)
        return;
    recon_registry_deinit(&decoder->registry);
    for (int i = 0; i < RECON_SHAPE_COUNT; i++)
        recon_message_view_free(decoder->views[i]);
    recon_json_index_free(decoder->index);
    recon_json_block_free(decoder->block);
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

void recon_message_keys(const struct recon_message_decoder *decoder, struct recon_batch *batch)
{
    if (decoder->keys_later)
        recon_extract_keys(decoder->views[RECON_SHAPE_OPAQUE]->plan, batch);
}

bool recon_message_decoder_reads_headers(const struct recon_message_decoder *decoder)
{
    return decoder->reads_headers;
}

/* ---- many messages' values ---- */

static bool make_block(struct recon_message_decoder *decoder)
{
    static const enum recon_shape shapes[] = {RECON_SHAPE_JSON, RECON_SHAPE_CLOUDEVENTS, RECON_SHAPE_BINARY_JSON};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        if (decoder->views[shapes[i]] != NULL && recon_message_view_know(decoder->views[shapes[i]]) != RECON_OK)
            return false;
    return recon_json_block_new(&decoder->block) == RECON_OK;
}

size_t recon_message_scan(struct recon_message_decoder *decoder, const struct recon_text *values, size_t count)
{
    if (!decoder->formats.json && !decoder->formats.cloudevents)
        return count;
    if (decoder->block == NULL && !make_block(decoder))
        return count; /* each by itself then, which takes less memory */
    return recon_json_block_scan(decoder->block, values, count);
}

/* ---- one message ---- */

static int decode(struct recon_call *call)
{
    struct recon_message_decoder *decoder = call->decoder;
    const struct recon_message *message = call->message;
    const struct recon_formats *formats = &decoder->formats;
    const bool has_value = message->value.bytes != NULL;
    if (message->header_count > 0 && decoder->needs_marks)
        call->marks = recon_marks_find(message);
    struct recon_message_view *early =
        decoder->views[formats->cloudevents && recon_marks_binary(&call->marks) ? RECON_SHAPE_BINARY_OPAQUE
                                                                                : RECON_SHAPE_OPAQUE];
    if (!has_value || early->may_be_early) {
        bool is_done;
        recon_message_view_clear(early);
        int status = recon_value_look(call, early);
        if (status != RECON_OK)
            return status;
        status = recon_extract_early(early->plan, early->found, has_value, message->offset, call->batch, &is_done);
        if (status != RECON_OK || is_done)
            return status;
    }
    if (!has_value) {
        call->batch->tombstones++;
        return RECON_OK;
    }
    if (message->value.size > decoder->value_bytes_max)
        return recon_value_reject(call);
    return recon_value_read(call, recon_shape_judge(call));
}

int recon_message_decode(struct recon_message_decoder *decoder, const struct recon_message *message,
                         struct recon_batch *batch)
{
    struct recon_call call = {.decoder = decoder, .message = message, .batch = batch};
    const size_t count_before = batch->count;
    const uint64_t ignored_before = batch->ignored;
    const int status = decode(&call);
    if (status != RECON_MESSAGE_DONE) {
        batch->count = count_before;
        batch->ignored = ignored_before;
        return status;
    }
    for (size_t i = count_before; i < batch->count; i++)
        batch->records[i].partition = message->partition;
    return status;
}
