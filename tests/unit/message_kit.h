/*
 * For tests of Kafka messages: decodes messages by a configuration and says in one line of text what came of each.
 *
 *     KIND OFFSET[#PLACE] [REASON] [id=ID] [source=SOURCE] [time=MS] [emitted=MS] [context=CONTEXT]
 *     ignored N, tombstones N, wanted SCHEMA, fault TEXT
 */
#ifndef RECON_TESTS_MESSAGE_KIT_H
#define RECON_TESTS_MESSAGE_KIT_H

#include "codec/message.h"
#include "config/config.h"

#define KIT_OFFSET 5
#define KIT_PARTITION 3

/* 1: a message's value is scanned before it is decoded; the same tests hold. */
#ifndef KIT_SCANS
#define KIT_SCANS 0
#endif

/* A schema that the registry has; json NULL: it says that there is none. */
struct kit_schema {
    const char *text; /* the ID's digits, or the GUID */
    const char *json;
};

struct kit {
    struct recon_config config;
    struct recon_message_decoder *decoder;
    struct recon_batch batch;
    const struct kit_schema *schemas; /* borrowed */
    size_t schema_count;
};

/* keys: what stands under `audit:` or `events:` besides the topics, as `format: json, id: order.id`. identity: `id` or
 * `source,id`. */
void kit_init(struct kit *kit, int stream, const char *identity, const char *keys);
void kit_deinit(struct kit *kit);

#define KIT_HEADER_COUNT_MAX 10

/* An item of kit_message.headers. */
#define HEADER(name, value)                                                                                            \
    {                                                                                                                  \
        (name), (value), 0                                                                                             \
    }

/* A message; what isn't set is not there. */
struct kit_message {
    const char *key;
    size_t key_size; /* 0: up to the NUL */
    const char *value;
    size_t value_size;    /* likewise */
    int64_t timestamp_ms; /* 0: none */
    struct {
        const char *name;
        const char *value;
        size_t value_size; /* likewise */
    } headers[KIT_HEADER_COUNT_MAX];
};

/* What came of the message; the caller frees it. Also checks what holds for all: partition, offset, stream. */
char *kit_run(struct kit *kit, const struct kit_message *message);
void kit_expect(struct kit *kit, const struct kit_message *message, const char *expected);
/* A message with this value alone. */
void kit_expect_value(struct kit *kit, const char *value, const char *expected);

/* The messages and schemas of tests/data/messages, which other programs made. */
struct kit_fixtures;
struct kit_fixtures *kit_fixtures_new(void);
void kit_fixtures_free(struct kit_fixtures *fixtures);
/* The message of that name; lives as long as the fixtures. */
struct kit_message kit_fixture(const struct kit_fixtures *fixtures, const char *name);
/* The kit's registry has the fixtures' schemas. */
void kit_register(struct kit *kit, const struct kit_fixtures *fixtures);

#endif
