/*
 * Reading a message's value by what it is, and having extract.c make the record.
 */
#include <stdlib.h>
#include <string.h>

#include "codec/json_walk.h"
#include "codec/limits.h"
#include "codec/message_state.h"
#include "recon/status.h"

/* What is kept of the scratch space once a huge value is done. */
#define SCRATCH_SIZE_BYTES_FIRST ((size_t)32 << 10)
#define SCRATCH_SIZE_BYTES_KEPT ((size_t)1 << 20)

int recon_value_reject(const struct recon_call *call)
{
    return recon_extract_malformed(call->decoder->views[RECON_SHAPE_OPAQUE]->plan, call->message->offset, call->batch);
}

/* The key as Avro. One that is framed by its first bytes alone, with a schema that there is not, is taken for what it
 * looks like without: a number in binary may begin with the same byte. */
static int look_key(const struct recon_call *call, struct recon_message_view *view)
{
    struct recon_message_decoder *decoder = call->decoder;
    const struct recon_text header = call->marks.key_schema_id;
    struct recon_found *found = &view->found[view->key];
    struct recon_schema_wanted key = {0};
    struct recon_text payload;
    if (!recon_framing_read(header, call->message->key, &key, &payload)) {
        if (header.bytes != NULL)
            *found = (struct recon_found){.kind = RECON_FOUND_OTHER};
        return RECON_OK;
    }
    struct recon_registry_schema *schema = NULL;
    if (!recon_registry_find(&decoder->registry, &key, &schema)) {
        recon_framing_text(&key);
        decoder->wanted = key;
        return RECON_MESSAGE_SCHEMA_WANTED;
    }
    if (schema == NULL && header.bytes == NULL)
        return RECON_OK;
    *found = (struct recon_found){.kind = RECON_FOUND_OTHER};
    struct recon_avro_finder *finder = NULL;
    struct recon_avro_datum datum;
    size_t used = 0;
    int status = schema != NULL ? recon_registry_finder(schema, &decoder->key_plan, 2, &finder) : RECON_OK;
    if (status != RECON_OK || finder == NULL)
        return status;
    status = recon_avro_finder_read(finder, payload.bytes, payload.size, &used, &datum);
    if (status == RECON_OK && used == payload.size && datum.is_text)
        *found = datum.found[0];
    return status == RECON_ERROR_DAMAGED ? RECON_OK : status;
}

int recon_value_look(const struct recon_call *call, struct recon_message_view *view)
{
    recon_message_view_look(view, call->message);
    const bool may_be_avro = view->is_avro || call->marks.key_schema_id.bytes != NULL;
    return may_be_avro && view->key != RECON_PATH_NONE && call->message->key.bytes != NULL ? look_key(call, view)
                                                                                           : RECON_OK;
}

static int extract(const struct recon_call *call, struct recon_message_view *view, const char *avro_record)
{
    const int status = recon_value_look(call, view);
    if (status != RECON_OK)
        return status;
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
static int read_list(const struct recon_call *call, struct recon_json_document *document, bool must_tell)
{
    struct recon_message_view *view = call->decoder->views[RECON_SHAPE_CLOUDEVENTS];
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
        const int status = item == RECON_JSON_ITEM_OBJECT ? extract(call, view, NULL) : recon_value_reject(call);
        if (status != RECON_OK)
            return status;
        if (batch->count > count)
            batch->records[count].place = place;
    }
    batch->count = before;
    batch->ignored = ignored_before;
    return recon_value_reject(call);
}

/* Whether the value was scanned with others; it is at hand then. */
static bool is_scanned(const struct recon_call *call)
{
    return call->decoder->block != NULL && recon_json_block_find(call->decoder->block, call->message->value);
}

/* document NULL: the scanned one. False: it is no object. */
static bool find_fields(struct recon_message_decoder *decoder, const struct recon_json_document *document,
                        struct recon_message_view *view)
{
    if (document == NULL)
        return recon_json_block_read(decoder->block, view->tree, &view->known, view->found);
    struct recon_json_document start = *document;
    return recon_json_walk(view->tree, &start, view->found);
}

static int read_json(const struct recon_call *call, enum recon_shape shape)
{
    struct recon_message_decoder *decoder = call->decoder;
    const bool is_open = decoder->formats.json && decoder->formats.cloudevents && !recon_marks_structured(&call->marks);
    const struct recon_json_document *document = NULL;
    struct recon_json_document alone;
    if (!is_scanned(call)) {
        const int status = open_document(decoder, call->message->value, &alone);
        if (status != RECON_OK)
            return status == RECON_ERROR_INVALID ? recon_value_reject(call) : status;
        const bool is_list = *alone.position < alone.end && alone.bytes[*alone.position] == '[';
        if (is_list && (shape == RECON_SHAPE_CLOUDEVENTS || is_open))
            return read_list(call, &alone, is_open);
        document = &alone;
    }
    struct recon_message_view *view = decoder->views[shape];
    bool good = find_fields(decoder, document, view);
    if (good && is_open && recon_message_view_tells(view) != (shape == RECON_SHAPE_CLOUDEVENTS)) {
        decoder->guess = shape == RECON_SHAPE_JSON ? RECON_SHAPE_CLOUDEVENTS : RECON_SHAPE_JSON;
        view = decoder->views[decoder->guess];
        good = find_fields(decoder, document, view);
    }
    return good ? extract(call, view, NULL) : recon_value_reject(call);
}

static int read_binary_json(const struct recon_call *call)
{
    struct recon_message_view *view = call->decoder->views[RECON_SHAPE_BINARY_JSON];
    const struct recon_text value = call->message->value;
    const char first = recon_value_first_byte(value);
    recon_message_view_clear(view);
    if (is_scanned(call)) {
        if (!find_fields(call->decoder, NULL, view))
            return recon_value_reject(call);
    } else if (first == '{' || first == '[') {
        struct recon_json_document document;
        const int status = open_document(call->decoder, value, &document);
        if (status == RECON_ERROR_MEMORY)
            return status;
        document.may_be_list = true;
        if (status != RECON_OK || !recon_json_walk(view->tree, &document, view->found))
            return recon_value_reject(call);
    }
    recon_message_view_whole(view, value, false);
    return extract(call, view, NULL);
}

static int read_binary_opaque(const struct recon_call *call)
{
    struct recon_message_view *view = call->decoder->views[RECON_SHAPE_BINARY_OPAQUE];
    recon_message_view_clear(view);
    recon_message_view_whole(view, call->message->value, !recon_marks_json(&call->marks));
    return extract(call, view, NULL);
}

static int read_avro(const struct recon_call *call, enum recon_shape shape)
{
    struct recon_message_decoder *decoder = call->decoder;
    struct recon_message_view *view = decoder->views[shape];
    struct recon_schema_wanted key = {0};
    struct recon_text payload;
    if (!recon_framing_read(call->marks.schema_id, call->message->value, &key, &payload))
        return recon_value_reject(call);
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
        status = recon_registry_finder(schema, view->plan, shape == RECON_SHAPE_AVRO ? 0 : 1, &finder);
    if (status == RECON_OK)
        status = finder != NULL ? recon_avro_finder_read(finder, payload.bytes, payload.size, &used, &datum)
                                : RECON_ERROR_DAMAGED;
    if (status != RECON_OK)
        return status == RECON_ERROR_DAMAGED ? recon_value_reject(call) : status;
    if (used != payload.size || !datum.is_text)
        return recon_value_reject(call);
    memcpy(view->found, datum.found, view->plan->path_count * sizeof *view->found);
    return extract(call, view, datum.record);
}

int recon_value_read(const struct recon_call *call, enum recon_shape shape)
{
    switch (shape) {
    case RECON_SHAPE_JSON:
    case RECON_SHAPE_CLOUDEVENTS:
        return read_json(call, shape);
    case RECON_SHAPE_AVRO:
    case RECON_SHAPE_BINARY_AVRO:
        return read_avro(call, shape);
    case RECON_SHAPE_BINARY_JSON:
        return read_binary_json(call);
    case RECON_SHAPE_BINARY_OPAQUE:
        return read_binary_opaque(call);
    case RECON_SHAPE_OPAQUE:
        return extract(call, call->decoder->views[RECON_SHAPE_OPAQUE], NULL);
    case RECON_SHAPE_NONE:
        break;
    }
    return recon_value_reject(call);
}
