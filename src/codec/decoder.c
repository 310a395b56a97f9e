/*
 * The decoder: finds out what a file is, makes the plan, and hands the bytes on to the format's reader.
 *
 *     undecided --bytes tell the format--> reading --a fault--> broken
 *         \------------------- a fault -----------------------/
 *
 * A broken decoder takes no more bytes and gives its fault again.
 */
#define _POSIX_C_SOURCE 200809L

#include "codec/decoder.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "codec/extract.h"
#include "codec/format.h"
#include "codec/json.h"
#include "codec/limits.h"
#include "codec/text_form.h"
#include "recon/status.h"

static const struct recon_format_ops *format_ops(enum recon_format format)
{
    switch (format) {
    case RECON_FORMAT_JSON:
    case RECON_FORMAT_CLOUDEVENTS:
        return &recon_format_json;
    case RECON_FORMAT_CSV:
        return &recon_format_csv;
    case RECON_FORMAT_AVRO:
        return &recon_format_avro;
    case RECON_FORMAT_AUTO:
    case RECON_FORMAT_RAW:
        break;
    }
    return NULL;
}

struct recon_decoder {
    struct recon_decoder_options options;
    enum recon_format format; /* AUTO while undecided */
    const struct recon_format_ops *ops;
    struct recon_plan *plan;
    void *reader;
    struct recon_fault fault;
};

int recon_fault_set(struct recon_fault *fault, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fault->text, sizeof fault->text, format, arguments);
    va_end(arguments);
    /* Names come from the file: no control characters, and no half characters where one was cut. */
    size_t size = strlen(fault->text);
    for (size_t at = 0, step; at < size; at += step) {
        uint32_t code;
        step = recon_utf8_next(fault->text + at, size - at, &code);
        if (code == UINT32_MAX || code < 0x20 || (code >= 0x7f && code < 0xa0))
            memset(fault->text + at, '?', step);
    }
    return RECON_ERROR_INVALID;
}

/* The format that the settings name; AUTO where they name none, or several that are told apart by content. */
static enum recon_format format_of_mapping(const struct recon_stream_mapping *mapping)
{
    enum recon_format format = RECON_FORMAT_AUTO;
    for (size_t i = 0; i < mapping->schema_count; i++) {
        enum recon_format other = mapping->schemas[i].format;
        if (other == RECON_FORMAT_AUTO || other == format)
            continue;
        if (format != RECON_FORMAT_AUTO)
            return RECON_FORMAT_AUTO;
        format = other;
    }
    return format;
}

static bool ends_with(const char *name, size_t size, const char *ending)
{
    size_t ending_size = strlen(ending);
    return size > ending_size && strncasecmp(name + size - ending_size, ending, ending_size) == 0;
}

/* JSON stands for CloudEvents, too: which of them it is, the content tells. */
static enum recon_format format_of_name(const char *name)
{
    if (!name)
        return RECON_FORMAT_AUTO;
    size_t size = strlen(name);
    if (ends_with(name, size, ".gz"))
        size -= strlen(".gz");
    else if (ends_with(name, size, ".zst"))
        size -= strlen(".zst");
    if (ends_with(name, size, ".ndjson") || ends_with(name, size, ".jsonl") || ends_with(name, size, ".json"))
        return RECON_FORMAT_JSON;
    if (ends_with(name, size, ".csv"))
        return RECON_FORMAT_CSV;
    if (ends_with(name, size, ".avro"))
        return RECON_FORMAT_AVRO;
    return RECON_FORMAT_AUTO;
}

/* Avro's magic, else the first byte that is neither white space nor of a byte order mark; AUTO: more must be seen. */
static enum recon_format format_of_bytes(const char *bytes, size_t size, bool last)
{
    static const char avro_magic[] = {'O', 'b', 'j', '\1'};
    static const char mark[] = {'\xef', '\xbb', '\xbf'};

    size_t given = size < sizeof avro_magic ? size : sizeof avro_magic;
    if (memcmp(bytes, avro_magic, given) == 0) {
        if (given == sizeof avro_magic)
            return RECON_FORMAT_AVRO;
        if (!last)
            return RECON_FORMAT_AUTO;
    }
    given = size < sizeof mark ? size : sizeof mark;
    bool same = memcmp(bytes, mark, given) == 0;
    if (same && given < sizeof mark && !last)
        return RECON_FORMAT_AUTO;
    size_t i = same && given == sizeof mark ? given : 0;
    while (i < size && strchr(" \t\r\n", bytes[i]) && bytes[i] != '\0')
        i++;
    if (i == size)
        return last || size > RECON_RECORD_BYTES_DEFAULT ? RECON_FORMAT_JSON : RECON_FORMAT_AUTO;
    return bytes[i] == '{' ? RECON_FORMAT_JSON : RECON_FORMAT_CSV;
}

/* RECON_OK; *format is AUTO while more bytes must be seen. */
static int find_format(const struct recon_decoder_options *options, const char *bytes, size_t size, bool last,
                       enum recon_format *format)
{
    enum recon_format told = format_of_mapping(options->mapping);
    if (told != RECON_FORMAT_AUTO) {
        *format = told;
        return RECON_OK;
    }
    told = format_of_name(options->file_name);
    if (told == RECON_FORMAT_AUTO && size > 0)
        told = format_of_bytes(bytes, size, last);
    if (told != RECON_FORMAT_JSON) {
        *format = told;
        return RECON_OK;
    }
    size_t line_bytes_max = options->record_bytes_max ? options->record_bytes_max : RECON_RECORD_BYTES_DEFAULT;
    return recon_json_tell(bytes, size, last, line_bytes_max, format);
}

int recon_decoder_new(const struct recon_decoder_options *options, struct recon_decoder **decoder)
{
    assert(options->mapping != NULL);
    struct recon_decoder *made = calloc(1, sizeof *made);
    if (!made)
        return RECON_ERROR_MEMORY;
    made->options = *options;
    made->format = format_of_mapping(options->mapping);
    *decoder = made;
    return RECON_OK;
}

void recon_decoder_free(struct recon_decoder *decoder)
{
    if (!decoder)
        return;
    if (decoder->ops)
        decoder->ops->free(decoder->reader);
    recon_plan_free(decoder->plan);
    free(decoder);
}

static const char *format_name(enum recon_format format)
{
    static const char *const names[] = {"auto", "json", "csv", "cloudevents", "avro", "raw"};
    return names[format];
}

/* The source is part of the identity, and nobody says where it is. */
static bool lacks_source(const struct recon_plan *plan)
{
    bool lacks = false;
    for (size_t i = 0; plan->source_in_identity && i < plan->schema_count; i++) {
        const struct recon_schema *schema = &plan->schemas[i];
        lacks |= !schema->never && !schema->mapping->ignore && !schema->mapping->heartbeat &&
                 schema->source == RECON_PATH_NONE;
    }
    return lacks;
}

/* Makes the reader once the format is known. */
static int begin(struct recon_decoder *decoder)
{
    const struct recon_format_ops *ops = format_ops(decoder->format);
    if (!ops)
        return recon_fault_set(&decoder->fault, "the format %s can't be read from files", format_name(decoder->format));
    const char *what = "";
    int status = recon_plan_new(&decoder->options, decoder->format, &decoder->plan, &what);
    if (status == RECON_ERROR_INVALID)
        return recon_fault_set(&decoder->fault, "no such time zone: %s; a name such as Europe/Paris is wanted", what);
    if (status != RECON_OK)
        return status;
    if (lacks_source(decoder->plan))
        return recon_fault_set(&decoder->fault,
                               "identity source,id needs a source in both streams, and %s records have none by "
                               "default; name its field with --%s-source, or leave identity at id",
                               format_name(decoder->format), recon_stream_name(decoder->options.stream));
    status = ops->new (decoder->plan, &decoder->fault, &decoder->reader);
    if (status != RECON_OK) {
        recon_plan_free(decoder->plan);
        decoder->plan = NULL;
        return status;
    }
    decoder->plan->keys_later = decoder->plan->is_id_alone;
    decoder->ops = ops;
    return RECON_OK;
}

int recon_decoder_feed(struct recon_decoder *decoder, const char *bytes, size_t size, bool last, size_t *used,
                       struct recon_batch *batch)
{
    *used = 0;
    if (decoder->fault.text[0] != '\0')
        return RECON_ERROR_INVALID;
    if (!decoder->ops) {
        int status = find_format(&decoder->options, bytes, size, last, &decoder->format);
        if (status == RECON_OK && decoder->format == RECON_FORMAT_AUTO)
            return RECON_OK;
        if (status == RECON_OK)
            status = begin(decoder);
        if (status != RECON_OK)
            return status;
    }
    int status = decoder->ops->feed(decoder->reader, bytes, size, last, used, batch);
    if (decoder->plan->keys_later)
        recon_extract_keys(decoder->plan, batch);
    return status;
}

const char *recon_decoder_error(const struct recon_decoder *decoder)
{
    return decoder->fault.text;
}

enum recon_format recon_decoder_format(const struct recon_decoder *decoder)
{
    return decoder->format;
}

static bool maps_time(const struct recon_stream_mapping *mapping)
{
    for (size_t i = 0; i < mapping->schema_count; i++)
        if (!mapping->schemas[i].ignore && mapping->schemas[i].time.kind != RECON_FIELD_NONE)
            return true;
    return false;
}

int recon_decoder_has_time(const struct recon_decoder_options *options, const char *bytes, size_t size, bool last)
{
    if (maps_time(options->mapping))
        return 1;
    enum recon_format format = RECON_FORMAT_AUTO;
    if (find_format(options, bytes, size, last, &format) != RECON_OK)
        return -1;
    const struct recon_format_ops *ops = format_ops(format);
    struct recon_plan *plan;
    const char *what;
    if (!ops || recon_plan_new(options, format, &plan, &what) != RECON_OK)
        return -1;
    int answer = ops->has_time(plan, bytes, size, last);
    recon_plan_free(plan);
    return answer < 0 ? -1 : answer;
}
