/*
 * A result as a Kafka message: key, value and the six headers.
 *
 * 1. Key and value are in one buffer each, that grow to the largest result and are used again; headers borrow from
 *    these, from the messenger and from constants.
 * 2. The ID of a CloudEvent is a BLAKE2b hash of key and value: the same result told twice has the same one, and two
 *    that differ in anything have two.
 */
#include "codec/result_message.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "codec/id_text.h"
#include "codec/result_form.h"
#include "codec/text_form.h"
#include "recon/status.h"

#define ID_SIZE_BYTES 16
/* Of one byte. */
#define PERCENT_GROWTH 3
/* A key's parts besides its texts: type, window start, partition, offset, place, and the slashes. */
#define KEY_FIXED_SIZE_MAX (PERCENT_GROWTH * RECON_TIME_TEXT_SIZE_MAX + 3 * RECON_INTEGER_SIZE_MAX + 32)
/* What RFC 3339 can write: the years 0000 to 9999. */
#define TIME_MIN_MS INT64_C(-62167219200000)
#define TIME_MAX_MS INT64_C(253402300799999)

/* What one huge context needed is given back with the next result. */
#define VALUE_SIZE_BYTES_KEPT ((size_t)1 << 20)

#define SOURCE_PREFIX "/recon/"
#define TYPE_PREFIX "recon."
#define TYPE_SUFFIX ".v1"

struct recon_result_messenger {
    struct recon_result_writer *writer;
    struct recon_buffer key;
    struct recon_buffer value;
    char *source; /* of all its CloudEvents: SOURCE_PREFIX and the name, percent-encoded */
    uint32_t source_size;
    uint32_t name_at; /* where the name begins in source */
    char id[2 * ID_SIZE_BYTES + 1];
    char time[RECON_TIME_TEXT_SIZE_MAX];
    char types[RECON_RESULT_TYPE_COUNT][24];
};

/* Every byte but RFC 3986's unreserved ones as % and two digits. Room: PERCENT_GROWTH * size. */
static char *percent_write(char *out, const char *bytes, size_t size)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < size; i++) {
        const unsigned char byte = (unsigned char)bytes[i];
        const bool is_plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                              (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' || byte == '~';
        if (is_plain) {
            *out++ = (char)byte;
            continue;
        }
        *out++ = '%';
        *out++ = digits[byte >> 4];
        *out++ = digits[byte & 15];
    }
    return out;
}

static char *part_write(char *out, const char *bytes, size_t size)
{
    *out++ = '/';
    return percent_write(out, bytes, size);
}

static char *string_write(char *out, const char *string)
{
    const size_t size = strlen(string);
    memcpy(out, string, size);
    return out + size;
}

int recon_result_messenger_new(const struct recon_result_messenger_options *options,
                               struct recon_result_messenger **messenger)
{
    int status = RECON_ERROR_MEMORY;
    const size_t name_size = strlen(options->name);
    struct recon_result_messenger *made = calloc(1, sizeof *made);
    if (made == NULL)
        goto cleanup;
    recon_buffer_init(&made->key);
    recon_buffer_init(&made->value);
    struct recon_result_writer_options form = {.format = RECON_RESULTS_NDJSON,
                                               .partition_bits = options->partition_bits};
    memcpy(form.names, options->names, sizeof form.names);
    memcpy(form.name_count, options->name_count, sizeof form.name_count);
    status = recon_result_writer_new(&form, &made->writer);
    if (status != RECON_OK)
        goto cleanup;
    made->source = malloc(sizeof SOURCE_PREFIX + PERCENT_GROWTH * name_size);
    if (made->source == NULL) {
        status = RECON_ERROR_MEMORY;
        goto cleanup;
    }
    char *name = RECON_PUT(made->source, SOURCE_PREFIX);
    made->name_at = (uint32_t)(name - made->source);
    made->source_size = (uint32_t)(percent_write(name, options->name, name_size) - made->source);
    for (int type = 0; type < RECON_RESULT_TYPE_COUNT; type++) {
        char *out = RECON_PUT(made->types[type], TYPE_PREFIX);
        out = string_write(out, recon_result_type_name(type));
        string_write(out, TYPE_SUFFIX); /* the rest is zeroed */
    }
cleanup:
    if (status != RECON_OK)
        recon_result_messenger_free(made);
    else
        *messenger = made;
    return status;
}

void recon_result_messenger_free(struct recon_result_messenger *messenger)
{
    if (messenger == NULL)
        return;
    recon_result_writer_free(messenger->writer);
    recon_buffer_deinit(&messenger->key);
    recon_buffer_deinit(&messenger->value);
    free(messenger->source);
    free(messenger);
}

void recon_result_messenger_names(struct recon_result_messenger *messenger, int stream,
                                  const struct recon_partition_name *names, size_t count)
{
    recon_result_writer_names(messenger->writer, stream, names, count);
}

/* An ID; what joins its fields, where they hold bars themselves, is the one bar that is not encoded. */
static char *id_write(char *out, struct recon_text id)
{
    *out++ = '/';
    for (const char *joint; id.size > 0 && (joint = memchr(id.bytes, RECON_ID_JOINT, id.size)) != NULL;) {
        const uint32_t size = (uint32_t)(joint - id.bytes);
        out = percent_write(out, id.bytes, size);
        *out++ = '|';
        id.bytes = joint + 1;
        id.size -= size + 1;
    }
    return percent_write(out, id.bytes, id.size);
}

static char *identity_write(char *out, const char *kind, const struct recon_result *result)
{
    *out++ = '/';
    out = string_write(out, kind);
    out = part_write(out, result->source.bytes, result->source.size);
    return id_write(out, result->id);
}

static char *window_write(char *out, int64_t start)
{
    char text[RECON_TIME_TEXT_SIZE_MAX];
    const size_t size = recon_time_format(start, text);
    out = RECON_PUT(out, "/metric");
    return part_write(out, text, size);
}

static char *place_write(char *out, const struct recon_result *result, const struct recon_partition_name *name,
                         size_t topic_size)
{
    *out++ = '/';
    out = string_write(out, recon_result_type_name(result->type));
    out = part_write(out, topic_size > 0 ? name->topic : NULL, topic_size);
    *out++ = '/';
    out = recon_unsigned_write(out, name != NULL ? name->partition : result->partition);
    *out++ = '/';
    if (result->has_offset)
        out = recon_integer_write(out, result->offset);
    if (result->place != 0) {
        *out++ = '/';
        out = recon_unsigned_write(out, result->place);
    }
    return out;
}

static int make_key(struct recon_result_messenger *messenger, const struct recon_result *result)
{
    const struct recon_partition_name *name = recon_result_partition_name(messenger->writer, result);
    const size_t topic_size = name != NULL && name->topic != NULL ? strlen(name->topic) : 0;
    const size_t name_size = messenger->source_size - messenger->name_at;
    messenger->key.size = 0;
    const int status = recon_buffer_reserve(
        &messenger->key, KEY_FIXED_SIZE_MAX + name_size +
                             PERCENT_GROWTH * (topic_size + (size_t)result->source.size + (size_t)result->id.size));
    if (status != RECON_OK)
        return status;
    char *out = messenger->key.bytes;
    memcpy(out, messenger->source + messenger->name_at, name_size);
    out += name_size;
    switch (result->type) {
    case RECON_RESULT_METRIC:
        out = window_write(out, result->start);
        break;
    case RECON_RESULT_MISSING:
    case RECON_RESULT_FOUND:
        out = identity_write(out, "presence", result);
        break;
    case RECON_RESULT_UNAUDITED:
    case RECON_RESULT_AUDITED:
        out = identity_write(out, "audit", result);
        break;
    default:
        out = place_write(out, result, name, topic_size);
    }
    messenger->key.size = (size_t)(out - messenger->key.bytes);
    return RECON_OK;
}

static int make_value(struct recon_result_messenger *messenger, const struct recon_result *result)
{
    if (messenger->value.capacity > VALUE_SIZE_BYTES_KEPT)
        recon_buffer_deinit(&messenger->value);
    messenger->value.size = 0;
    const int status = recon_result_writer_write(messenger->writer, result, &messenger->value);
    if (status == RECON_OK)
        messenger->value.size--; /* the end of the line */
    return status;
}

static void make_id(struct recon_result_messenger *messenger)
{
    unsigned char hash[ID_SIZE_BYTES];
    unsigned char key_size[4];
    for (int i = 0; i < 4; i++)
        key_size[i] = (unsigned char)(messenger->key.size >> 8 * i);
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    crypto_generichash_update(&state, key_size, sizeof key_size);
    crypto_generichash_update(&state, (const unsigned char *)messenger->key.bytes, messenger->key.size);
    crypto_generichash_update(&state, (const unsigned char *)messenger->value.bytes, messenger->value.size);
    crypto_generichash_final(&state, hash, sizeof hash);
    sodium_bin2hex(messenger->id, sizeof messenger->id, hash, sizeof hash);
}

/* The result's own event time, a window's being its end. False: it has none that RFC 3339 can write. */
static bool event_time(const struct recon_result *result, int64_t *time_ms)
{
    *time_ms = result->type == RECON_RESULT_METRIC ? result->end : result->time;
    return (result->type == RECON_RESULT_METRIC || result->has_time) && *time_ms >= TIME_MIN_MS &&
           *time_ms <= TIME_MAX_MS;
}

static void add_header(struct recon_result_message *message, const char *name, const char *value, size_t size)
{
    assert(message->header_count < RECON_RESULT_HEADER_COUNT_MAX);
    message->headers[message->header_count++] = (struct recon_message_header){
        .name = {.bytes = name, .size = (uint32_t)strlen(name)}, .value = {.bytes = value, .size = (uint32_t)size}};
}

static void add_string(struct recon_result_message *message, const char *name, const char *value)
{
    add_header(message, name, value, strlen(value));
}

int recon_result_messenger_make(struct recon_result_messenger *messenger, const struct recon_result *result,
                                struct recon_result_message *message)
{
    assert(result->type < RECON_RESULT_TYPE_COUNT && result->stream < RECON_STREAM_COUNT);
    int status = make_key(messenger, result);
    if (status == RECON_OK)
        status = make_value(messenger, result);
    if (status != RECON_OK)
        return status;
    make_id(messenger);
    *message = (struct recon_result_message){
        .target = result->type == RECON_RESULT_METRIC ? RECON_TARGET_METRICS : RECON_TARGET_BREAKS,
        .key = {.bytes = messenger->key.bytes, .size = (uint32_t)messenger->key.size},
        .value = {.bytes = messenger->value.bytes, .size = (uint32_t)messenger->value.size},
    };
    add_string(message, "ce_specversion", "1.0");
    add_string(message, "ce_id", messenger->id);
    add_header(message, "ce_source", messenger->source, messenger->source_size);
    add_string(message, "ce_type", messenger->types[result->type]);
    int64_t time_ms;
    if (event_time(result, &time_ms))
        add_header(message, "ce_time", messenger->time, recon_time_format(time_ms, messenger->time));
    add_string(message, "content-type", "application/json");
    return RECON_OK;
}
