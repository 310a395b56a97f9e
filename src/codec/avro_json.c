/*
 * Values to JSON. The bytes were walked through before, so sizes and choices are within bounds; what would not be is
 * written as null.
 */
#include "codec/avro_json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/avro_binary.h"
#include "codec/text_form.h"
#include "core/limits.h"
#include "recon/status.h"

/* Items without bytes that are written; a block of a few bytes can claim 2^63 of them. */
#define EMPTY_COUNT_MAX 1000

struct writer {
    struct recon_avro_json *json;
    struct recon_avro_cursor cursor;
    int status; /* once it is not RECON_OK, nothing more is written */
};

void recon_avro_json_deinit(struct recon_avro_json *json)
{
    free(json->bytes);
    *json = (struct recon_avro_json){0};
}

/* Room for size more bytes, or NULL where nothing is to be written. */
static char *make_room(struct writer *writer, size_t size)
{
    struct recon_avro_json *json = writer->json;
    if (writer->status == RECON_OK && json->size + size > RECON_JSON_GROWTH * (size_t)RECON_CONTEXT_SIZE_BYTES_MAX)
        writer->status = RECON_ERROR_FULL;
    if (writer->status != RECON_OK)
        return NULL;
    if (json->capacity - json->size < size) {
        const size_t capacity = 2 * (json->size + size) + 64;
        char *grown = realloc(json->bytes, capacity);
        if (grown == NULL) {
            writer->status = RECON_ERROR_MEMORY;
            return NULL;
        }
        json->bytes = grown;
        json->capacity = capacity;
    }
    return json->bytes + json->size;
}

static void put(struct writer *writer, const char *bytes, size_t size)
{
    char *to = make_room(writer, size);
    if (to == NULL)
        return;
    memcpy(to, bytes, size);
    writer->json->size += size;
}

static void put_text(struct writer *writer, const char *text)
{
    put(writer, text, strlen(text));
}

static void put_hexadecimal(struct writer *writer, const char *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    put(writer, "\"", 1);
    for (size_t i = 0; i < size && writer->status == RECON_OK; i++)
        put(writer, (const char[]){digits[(unsigned char)bytes[i] >> 4], digits[(unsigned char)bytes[i] & 15]}, 2);
    put(writer, "\"", 1);
}

static void put_string(struct writer *writer, const char *bytes, size_t size)
{
    put(writer, "\"", 1);
    char *to = make_room(writer, RECON_JSON_GROWTH * size);
    if (to != NULL)
        writer->json->size += (size_t)(recon_json_text_write(to, bytes, size) - to);
    put(writer, "\"", 1);
}

/* The shortest digits that are read as the same number again. */
static void put_number(struct writer *writer, double number, int digits_min, int digits_max)
{
    char text[40];
    if (isnan(number) || isinf(number)) {
        put_text(writer, isnan(number) ? "\"NaN\"" : number > 0 ? "\"Infinity\"" : "\"-Infinity\"");
        return;
    }
    for (int digits = digits_min; digits <= digits_max; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (digits_max == 9 ? strtof(text, NULL) == (float)number : strtod(text, NULL) == number)
            break;
    }
    put_text(writer, text);
}

static void put_value(struct writer *writer, const struct recon_avro_type *type);

static void put_items(struct writer *writer, const struct recon_avro_type *type)
{
    const bool is_map = type->kind == RECON_AVRO_MAP;
    bool is_first = true;
    int64_t count, size_bytes;
    put(writer, is_map ? "{" : "[", 1);
    while (recon_avro_take_long(&writer->cursor, &count) == RECON_AVRO_DONE && count != 0 &&
           writer->status == RECON_OK) {
        if (count < 0) {
            count = count == INT64_MIN ? 0 : -count;
            recon_avro_take_long(&writer->cursor, &size_bytes);
        }
        if (type->types[0]->is_empty && !is_map && count > EMPTY_COUNT_MAX)
            writer->status = RECON_ERROR_FULL;
        for (; count > 0 && writer->status == RECON_OK; count--) {
            const char *key;
            size_t key_size;
            if (!is_first)
                put(writer, ",", 1);
            is_first = false;
            if (is_map && recon_avro_take_bytes(&writer->cursor, &key, &key_size) == RECON_AVRO_DONE) {
                put_string(writer, key, key_size);
                put(writer, ":", 1);
            }
            put_value(writer, type->types[0]);
        }
    }
    put(writer, is_map ? "}" : "]", 1);
}

static void put_record(struct writer *writer, const struct recon_avro_type *type)
{
    put(writer, "{", 1);
    for (size_t i = 0; i < type->count && writer->status == RECON_OK; i++) {
        if (i > 0)
            put(writer, ",", 1);
        put_string(writer, type->names[i], strlen(type->names[i]));
        put(writer, ":", 1);
        put_value(writer, type->types[i]);
    }
    put(writer, "}", 1);
}

/* size bytes, as they lie; NULL where there are fewer. */
static const char *take(struct writer *writer, uint64_t size)
{
    const char *at = writer->cursor.at;
    if ((uint64_t)(writer->cursor.end - at) < size)
        return NULL;
    writer->cursor.at += size;
    return at;
}

static bool put_known(struct writer *writer, const struct recon_avro_type *type)
{
    struct recon_avro_cursor *cursor = &writer->cursor;
    const char *bytes;
    size_t size;
    int64_t value;
    float single;
    double number;
    switch (type->kind) {
    case RECON_AVRO_NULL:
        return false;
    case RECON_AVRO_BOOLEAN:
        bytes = take(writer, 1);
        if (bytes != NULL)
            put_text(writer, *bytes ? "true" : "false");
        return bytes != NULL;
    case RECON_AVRO_FLOAT:
        bytes = take(writer, sizeof single);
        if (bytes == NULL)
            return false;
        memcpy(&single, bytes, sizeof single); /* little-endian, as all that this runs on */
        put_number(writer, (double)single, 6, 9);
        return true;
    case RECON_AVRO_DOUBLE:
        bytes = take(writer, sizeof number);
        if (bytes == NULL)
            return false;
        memcpy(&number, bytes, sizeof number);
        put_number(writer, number, 15, 17);
        return true;
    case RECON_AVRO_FIXED:
        bytes = take(writer, type->size_bytes);
        if (bytes != NULL)
            put_hexadecimal(writer, bytes, (size_t)type->size_bytes);
        return bytes != NULL;
    case RECON_AVRO_BYTES:
    case RECON_AVRO_STRING:
        if (recon_avro_take_bytes(cursor, &bytes, &size) != RECON_AVRO_DONE)
            return false;
        (type->kind == RECON_AVRO_STRING ? put_string : put_hexadecimal)(writer, bytes, size);
        return true;
    case RECON_AVRO_ARRAY:
    case RECON_AVRO_MAP:
        put_items(writer, type);
        return true;
    case RECON_AVRO_RECORD:
        put_record(writer, type);
        return true;
    case RECON_AVRO_INT:
    case RECON_AVRO_LONG:
    case RECON_AVRO_ENUM:
    case RECON_AVRO_UNION:
        break;
    }
    if (recon_avro_take_long(cursor, &value) != RECON_AVRO_DONE)
        return false;
    if (type->kind == RECON_AVRO_INT || type->kind == RECON_AVRO_LONG) {
        char text[RECON_INTEGER_SIZE_MAX];
        put(writer, text, (size_t)(recon_integer_write(text, value) - text));
        return true;
    }
    if (value < 0 || (uint64_t)value >= type->count)
        return false;
    if (type->kind == RECON_AVRO_ENUM)
        put_string(writer, type->names[value], strlen(type->names[value]));
    else
        put_value(writer, type->types[value]);
    return true;
}

static void put_value(struct writer *writer, const struct recon_avro_type *type)
{
    if (!put_known(writer, type))
        put_text(writer, "null");
}

int recon_avro_json_write(struct recon_avro_json *json, const struct recon_avro_type *type, const char *bytes,
                          const char *end, struct recon_text *text)
{
    struct writer writer = {.json = json, .cursor = {.at = bytes, .end = end}};
    json->size = 0;
    put_value(&writer, type);
    if (writer.status == RECON_OK && json->size > RECON_CONTEXT_SIZE_BYTES_MAX)
        writer.status = RECON_ERROR_FULL;
    if (writer.status != RECON_OK)
        return writer.status;
    *text = (struct recon_text){.bytes = json->bytes, .size = (uint32_t)json->size};
    return RECON_OK;
}
