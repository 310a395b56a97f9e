/*
 * Kafka messages by many a mapping. An input: the mapping, flags, the number of headers; the key; the headers, each a
 * name's number or a name and a value; a schema for whatever is asked for; and the value, which is the rest. Each but
 * the last is a byte that says its size and so many bytes.
 *
 * Decoded twice, and twice more after its value was scanned, a message gives the same; a text in a record is UTF-8;
 * nothing is lost without being counted; and a value that is one line gives what it gives in a file.
 */
#include <stdlib.h>
#include <string.h>

#include "codec/decoder.h"
#include "codec/id_text.h"
#include "codec/message.h"
#include "codec/utf8.h"
#include "config/config.h"
#include "fuzz.h"
#include "recon/status.h"

#define HEADER_COUNT_MAX 8
#define NULL_SIZE 255

#define SEVERAL                                                                                                        \
    "schemas: [{when: {header: {name: kind, equals: k}}, ignore: true}, {when: {cloudevents_type: t}}, "               \
    "{when: {avro_record: R}, heartbeat: true}, {when: {field: {name: a, equals: 1}}, format: json, id: a}, "          \
    "{format: raw}]"

/* The first is compared with a file. */
static const char *const mappings[] = {
    "format: json, id: [id, a.b], context: /list/1",
    "",
    "format: cloudevents",
    "format: cloudevents, id: [id, data.n], context: data",
    "format: avro",
    "format: raw",
    "format: json, id: key, time: timestamp, source: header.kind",
    SEVERAL,
    "format: avro, id: a.b, context: list",
    "format: avro, id: key",
};
#define MAPPING_COUNT (sizeof mappings / sizeof mappings[0])

static void require(int condition)
{
    if (!condition)
        abort();
}

/* The configurations, made once for each stream. */
static const struct recon_stream_mapping *mapping_of(int stream, size_t number)
{
    static struct recon_config configs[RECON_STREAM_COUNT][MAPPING_COUNT];
    struct recon_config *config = &configs[stream][number];
    if (config->origin == NULL) {
        struct recon_config_errors errors = {0};
        char yaml[1024] = "name: n\ninterval: 1m\nout_of_orderness: 0s\nretention: 1h\n"
                          "kafka: {bootstrap.servers: b}\n";
        strcat(yaml, stream == RECON_STREAM_AUDIT ? "events: {topics: e}\naudit: {topics: a"
                                                  : "audit: {topics: a}\nevents: {topics: e");
        for (const char *at = mappings[number]; *at; at++) { /* what is the audit stream's alone */
            if (at == mappings[number])
                strcat(yaml, ", ");
            if (stream == RECON_STREAM_EVENTS && strncmp(at, ", context", 9) == 0)
                break;
            strncat(yaml, at, 1);
        }
        strcat(yaml, "}\n");
        recon_config_init(config);
        require(recon_config_parse(config, yaml, strlen(yaml), "c", NULL, &errors) == RECON_OK);
        require(recon_config_finish(config, RECON_HOME_FLINK, &errors) == RECON_OK);
    }
    return &config->streams[stream].mapping;
}

struct input {
    const uint8_t *at;
    size_t left;
};

static uint8_t take_byte(struct input *input)
{
    if (input->left == 0)
        return 0;
    input->left--;
    return *input->at++;
}

/* A block of just these bytes, so that a sanitizer sees a read past them. */
static struct recon_text copy(const void *bytes, size_t size)
{
    char *block = malloc(size > 0 ? size : 1);
    require(block != NULL);
    if (size > 0)
        memcpy(block, bytes, size);
    return (struct recon_text){.bytes = block, .size = (uint32_t)size};
}

static struct recon_text take_text(struct input *input)
{
    size_t size = take_byte(input);
    if (size == NULL_SIZE)
        return (struct recon_text){0};
    if (size > input->left)
        size = input->left;
    const struct recon_text text = copy(input->at, size);
    input->at += size;
    input->left -= size;
    return text;
}

static void text_free(struct recon_text text)
{
    free((void *)(uintptr_t)text.bytes);
}

static struct recon_text take_name(struct input *input)
{
    static const char *const names[] = {"ce_specversion",    "ce_id",   "ce_source",
                                        "ce_type",           "ce_time", "content-type",
                                        "__value_schema_id", "kind",    "__key_schema_id"};
    const uint8_t number = take_byte(input);
    if (number < sizeof names / sizeof names[0])
        return copy(names[number], strlen(names[number]));
    const struct recon_text text = take_text(input);
    return text.bytes != NULL ? text : copy("", 0);
}

static struct recon_message_decoder *decoder_new(const struct recon_stream_mapping *mapping, int stream, uint8_t flags)
{
    const struct recon_message_decoder_options options = {.mapping = mapping,
                                                          .stream = stream,
                                                          .source_in_identity = flags >> 1 & 1,
                                                          .value_bytes_max = flags >> 2 & 1 ? 60 : 0};
    struct recon_message_decoder *decoder;
    char error[200];
    require(recon_message_decoder_new(&options, &decoder, error, sizeof error) == RECON_OK);
    return decoder;
}

static void decode(struct recon_message_decoder *decoder, const struct recon_message *message, struct recon_text schema,
                   struct recon_batch *batch)
{
    int status;
    int asked = 0;
    while ((status = recon_message_decode(decoder, message, batch)) == RECON_MESSAGE_SCHEMA_WANTED) {
        char error[200];
        require(batch->count == 0 && asked++ < 2); /* for the value and for the key */
        const int given = recon_message_decoder_schema(decoder, recon_message_decoder_wanted(decoder), schema.bytes,
                                                       schema.size, error, sizeof error);
        require(given == RECON_OK || given == RECON_ERROR_INVALID);
    }
    require(status == RECON_MESSAGE_DONE);
}

static void check_text(struct recon_text text)
{
    require(text.bytes != NULL || text.size == 0);
    require(recon_utf8_is_valid(text.bytes, text.size));
}

/* Fields of an ID may be joined by a byte that no UTF-8 has, each is UTF-8. */
static void check_id(struct recon_text id)
{
    while (recon_id_has_joint(id)) {
        const char *joint = memchr(id.bytes, RECON_ID_JOINT, id.size);
        check_text((struct recon_text){id.bytes, (uint32_t)(joint - id.bytes)});
        id.size -= (uint32_t)(joint + 1 - id.bytes);
        id.bytes = joint + 1;
    }
    check_text(id);
}

static void check(const struct recon_batch *batch, const struct recon_message *message, int stream)
{
    const struct recon_record *last = NULL;
    for (size_t i = 0; i < batch->count; i++) {
        const struct recon_record *record = &batch->records[i];
        require(record->offset == message->offset && record->has_offset);
        require(record->partition == message->partition && record->stream == stream);
        require((record->kind == RECON_KIND_REJECTED) == (record->reason != RECON_REASON_NONE));
        require(batch->count == 1 || record->place > 0);
        require(last == NULL || record->place > last->place);
        check_id(record->id);
        check_text(record->source);
        check_text(record->context);
        last = record;
    }
    /* Only a list of nothing holds nothing. */
    if (batch->count == 0 && batch->ignored == 0 && batch->tombstones == 0)
        require(message->value.bytes != NULL && memchr(message->value.bytes, ']', message->value.size) != NULL);
    require(batch->tombstones == 0 || message->value.bytes == NULL);
}

static bool same_text(struct recon_text a, struct recon_text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

static void compare(const struct recon_batch *a, const struct recon_batch *b)
{
    require(a->count == b->count && a->ignored == b->ignored);
    for (size_t i = 0; i < a->count; i++) {
        const struct recon_record *x = &a->records[i], *y = &b->records[i];
        require(x->kind == y->kind && x->reason == y->reason && x->place == y->place);
        require(x->has_time == y->has_time && x->time == y->time);
        require(x->has_emitted_time == y->has_emitted_time && x->emitted_time == y->emitted_time);
        require(x->key.high == y->key.high && x->key.low == y->key.low);
        require(same_text(x->id, y->id) && same_text(x->source, y->source) && same_text(x->context, y->context));
    }
}

/* The value as a file of one line. */
static void compare_with_file(const struct recon_stream_mapping *mapping, int stream, uint8_t flags,
                              const struct recon_message *message, const struct recon_batch *batch)
{
    const struct recon_decoder_options options = {.mapping = mapping,
                                                  .stream = stream,
                                                  .source_in_identity = flags >> 1 & 1,
                                                  .record_bytes_max = flags >> 2 & 1 ? 60 : 0};
    struct recon_decoder *decoder;
    struct recon_batch lines;
    size_t used = 0;
    if (message->value.size == 0 || memchr(message->value.bytes, '\n', message->value.size) != NULL)
        return;
    recon_batch_init(&lines);
    require(recon_decoder_new(&options, &decoder) == RECON_OK);
    const int status = recon_decoder_feed(decoder, message->value.bytes, message->value.size, true, &used, &lines);
    /* A line of nothing is none, and a byte order mark does not count for its length. */
    if (status == RECON_OK && lines.count > 0 && message->value.size != 61 && message->value.size != 62 &&
        message->value.size != 63)
        compare(batch, &lines);
    recon_decoder_free(decoder);
    recon_batch_deinit(&lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {.at = bytes, .left = size};
    const size_t number = take_byte(&input) % MAPPING_COUNT;
    const uint8_t flags = take_byte(&input);
    const int stream = flags & 1;
    struct recon_message_header headers[HEADER_COUNT_MAX];
    struct recon_message message = {.headers = headers,
                                    .header_count = take_byte(&input) % (HEADER_COUNT_MAX + 1),
                                    .timestamp_ms = flags >> 3 & 1 ? 7 : RECON_TIMESTAMP_NONE,
                                    .offset = 5,
                                    .partition = 3};
    message.key = take_text(&input);
    for (size_t i = 0; i < message.header_count; i++) {
        headers[i].name = take_name(&input);
        headers[i].value = take_text(&input);
    }
    const struct recon_text schema = take_text(&input);
    if (!(flags >> 4 & 1))
        message.value = copy(input.at, input.left);

    const struct recon_stream_mapping *mapping = mapping_of(stream, number);
    struct recon_message_decoder *decoder = decoder_new(mapping, stream, flags);
    const struct recon_text both[] = {message.value, message.value};
    struct recon_batch batches[4];
    for (int i = 0; i < 4; i++) {
        recon_batch_init(&batches[i]);
        if (i == 2)
            require(recon_message_scan(decoder, both, 2) > 0);
        decode(decoder, &message, schema, &batches[i]);
        check(&batches[i], &message, stream);
    }
    for (int i = 1; i < 4; i++)
        compare(&batches[0], &batches[i]);
    if (number == 0 && message.value.bytes != NULL)
        compare_with_file(mapping, stream, flags, &message, &batches[0]);
    for (int i = 0; i < 4; i++)
        recon_batch_deinit(&batches[i]);
    recon_message_decoder_free(decoder);
    text_free(message.key);
    text_free(message.value);
    text_free(schema);
    for (size_t i = 0; i < message.header_count; i++) {
        text_free(headers[i].name);
        text_free(headers[i].value);
    }
    return 0;
}
