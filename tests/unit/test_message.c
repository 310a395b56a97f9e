/*
 * Kafka messages by the stream's mapping: what is told apart, what comes from key, headers and timestamp, what is
 * ignored, a heartbeat or a tombstone. CloudEvents and Avro have tests of their own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message_kit.h"
#include "recon/status.h"

static void a_json_message_is_read_as_a_line_is(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit, RECON_STREAM_AUDIT, "id", "format: json");
    kit_expect_value(&kit, "{\"id\":\"a\",\"event_time\":5,\"emitted_time\":9,\"source\":\"s\",\"context\":\"c\"}",
                     "record 5 id=a source=s time=5 emitted=9 context=c\n");
    kit_expect_value(&kit, "\xef\xbb\xbf {\"id\":17,\"event_time\":\"1970-01-01\"}\n", "record 5 id=17 time=0\n");
    kit_expect_value(&kit, "{\"id\":\"a\\u0062\",\"event_time\":5}", "record 5 id=ab time=5\n");
    kit_deinit(&kit);
}

static void what_is_no_object_is_malformed(void **state)
{
    (void)state;
    static const char *const values[] = {"",
                                         " ",
                                         "x",
                                         "\"id\"",
                                         "17",
                                         "null",
                                         "[]",
                                         "[{\"id\":\"a\"}]",
                                         "{",
                                         "{\"id\":",
                                         "{}{",
                                         "{} {}",
                                         "{\"id\":\"a\"}x",
                                         "{\"id\":\"\xff\"}",
                                         "\xef\xbb\xbf"};
    static const char *const formats[] = {"format: json", "format: cloudevents", "format: avro", "format: auto"};
    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++) {
        struct kit kit;
        kit_init(&kit, RECON_STREAM_EVENTS, "id", formats[f]);
        for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
            const bool is_list_of_none = strcmp(values[i], "[]") == 0 && f == 1;
            const bool is_list = values[i][0] == '[' && f == 1;
            kit_expect_value(&kit, values[i],
                             is_list_of_none ? ""
                             : is_list       ? "rejected 5#1 malformed id=a\n"
                                             : "rejected 5 malformed\n");
        }
        kit_deinit(&kit);
    }
}

static void a_mapping_may_name_key_header_and_timestamp(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit, RECON_STREAM_AUDIT, "id",
             "format: json, id: [key, header.part, n], time: timestamp, source: header.from, emitted: header.sent, "
             "context: note");
    kit_expect(&kit,
               &(struct kit_message){
                   .key = "k",
                   .value = "{\"n\":7,\"note\":\"c\",\"key\":\"no\",\"timestamp\":1}",
                   .timestamp_ms = 1000,
                   .headers = {HEADER("part", "p"), HEADER("from", "f"), HEADER("sent", "1970-01-01T00:00:02Z")}},
               "record 5 id=k|p|7 source=f time=1000 emitted=2000 context=c\n");
    kit_deinit(&kit);
}

static void the_digits_of_a_header_are_a_time_in_the_unit(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit, RECON_STREAM_EVENTS, "id", "format: raw, id: header.id, time: {field: header.t, unit: s}");
    kit_expect(&kit, &(struct kit_message){.value = "?", .headers = {HEADER("t", "17"), HEADER("id", "a")}},
               "record 5 id=a time=17000\n");
    kit_deinit(&kit);
}

static void of_several_headers_of_one_name_the_last_counts(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit, RECON_STREAM_EVENTS, "id", "format: raw, id: header.id");
    kit_expect(&kit,
               &(struct kit_message){.value = "?",
                                     .timestamp_ms = 1,
                                     .headers = {HEADER("id", "a"), HEADER("id", "b"), HEADER("ID", "c")}},
               "record 5 id=b time=1\n");
    kit_expect(
        &kit,
        &(struct kit_message){.value = "?", .timestamp_ms = 1, .headers = {HEADER("id", "a"), HEADER("id", NULL)}},
        "rejected 5 no_id time=1\n");
    kit_deinit(&kit);
}

static void raw_takes_key_and_timestamp_by_default(void **state)
{
    (void)state;
    struct kit kit;
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++) {
        kit_init(&kit, stream, "id", "format: raw");
        kit_expect(&kit, &(struct kit_message){.key = "k", .value = "\xff\xfe", .timestamp_ms = 42},
                   "record 5 id=k time=42\n");
        kit_expect(&kit, &(struct kit_message){.value = "{}", .timestamp_ms = 42}, "rejected 5 no_id time=42\n");
        kit_expect(&kit, &(struct kit_message){.key = "", .value = "{}", .timestamp_ms = 42},
                   "rejected 5 no_id time=42\n");
        kit_expect(&kit, &(struct kit_message){.key = "k", .value = "{}"},
                   stream == RECON_STREAM_AUDIT ? "rejected 5 no_time id=k\n" : "record 5 id=k\n");
        kit_deinit(&kit);
    }
}

static void keys_and_headers_that_are_no_text_are_malformed_as_an_id(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit, RECON_STREAM_EVENTS, "source,id", "format: raw, source: header.from, time: header.t");
    kit_expect(&kit,
               &(struct kit_message){.key = "\xc3", .value = "?", .headers = {HEADER("from", "s"), HEADER("t", "1")}},
               "rejected 5 malformed source=s time=1\n");
    kit_expect(
        &kit,
        &(struct kit_message){.key = "k", .value = "?", .headers = {HEADER("from", "\xed\xa0\x80"), HEADER("t", "1")}},
        "rejected 5 malformed id=k time=1\n");
    kit_expect(&kit,
               &(struct kit_message){.key = "k", .value = "?", .headers = {HEADER("from", "s"), HEADER("t", "\xff")}},
               "record 5 id=k source=s\n");
    kit_expect(&kit, &(struct kit_message){.key = "k", .value = "?", .headers = {HEADER("t", "1")}},
               "rejected 5 no_source id=k time=1\n");
    kit_deinit(&kit);
}

static void the_first_schema_that_fits_counts(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit, RECON_STREAM_EVENTS, "id",
             "format: json, schemas: [{when: {header: {name: kind, equals: skip}}, ignore: true}, "
             "{when: {header: {name: kind, equals: beat}}, heartbeat: true, time: timestamp}, "
             "{when: {field: {name: v, equals: 2}}, id: b}, {when: {header: {name: kind, equals: old}}, id: a}]");
    static const char value[] = "{\"v\":2,\"a\":\"A\",\"b\":\"B\",\"time\":1}";
    kit_expect(&kit, &(struct kit_message){.value = value}, "record 5 id=B time=1\n");
    kit_expect(&kit, &(struct kit_message){.value = value, .headers = {HEADER("kind", "old")}},
               "record 5 id=B time=1\n");
    kit_expect(&kit, &(struct kit_message){.value = "{\"a\":\"A\",\"time\":1}", .headers = {HEADER("kind", "old")}},
               "record 5 id=A time=1\n");
    kit_expect(&kit, &(struct kit_message){.value = "{\"v\":3}"}, "rejected 5 unmapped\n");
    kit_expect(&kit, &(struct kit_message){.value = "{\"v\":3"}, "rejected 5 malformed\n");
    kit_expect(&kit, &(struct kit_message){.value = value, .headers = {HEADER("kind", "skip")}}, "ignored 1\n");
    kit_expect(&kit, &(struct kit_message){.value = value, .timestamp_ms = 9, .headers = {HEADER("kind", "beat")}},
               "heartbeat 5 time=9\n");
    kit_expect(&kit, &(struct kit_message){.value = value, .headers = {HEADER("kind", "beat")}},
               "rejected 5 no_time\n");
    kit_deinit(&kit);
}

static void a_condition_may_ask_for_the_key(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit, RECON_STREAM_EVENTS, "id",
             "format: json, schemas: [{when: {field: {name: key, equals: tick}}, heartbeat: true, time: timestamp}, "
             "{id: id}]");
    kit_expect(&kit, &(struct kit_message){.key = "tick", .value = "?", .timestamp_ms = 4}, "heartbeat 5 time=4\n");
    kit_expect(&kit, &(struct kit_message){.key = "k", .value = "{\"id\":1,\"time\":2,\"key\":\"tick\"}"},
               "record 5 id=1 time=2\n");
    kit_deinit(&kit);
}

static void what_a_header_says_to_ignore_is_not_parsed(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit, RECON_STREAM_EVENTS, "id",
             "format: json, schemas: [{when: {header: {name: kind, equals: skip}}, ignore: true}, {id: id}]");
    kit_expect(&kit, &(struct kit_message){.value = "no JSON", .headers = {HEADER("kind", "skip")}}, "ignored 1\n");
    kit_expect(&kit, &(struct kit_message){.value = "no JSON"}, "rejected 5 malformed\n");
    kit_deinit(&kit);
    /* A header may say that those before it are out of the question, whatever the value is. */
    kit_init(
        &kit, RECON_STREAM_EVENTS, "id",
        "schemas: [{when: {header: {name: kind, equals: a}}, format: json}, {when: {header: {name: kind, equals: "
        "b}, field: {name: v, equals: 1}}, format: avro}, {when: {header: {name: kind, equals: skip}}, ignore: true}, "
        "{format: cloudevents}]");
    kit_expect(&kit, &(struct kit_message){.value = "no JSON", .headers = {HEADER("kind", "skip")}}, "ignored 1\n");
    kit_expect(&kit, &(struct kit_message){.value = "no JSON", .headers = {HEADER("kind", "a")}},
               "rejected 5 malformed\n");
    kit_deinit(&kit);
}

static void what_is_left_is_ignored_whatever_its_format(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit, RECON_STREAM_EVENTS, "id",
             "format: json, schemas: [{when: {field: {name: v, equals: 1}}}, {when: {avro_record: R}, format: avro}, "
             "{ignore: true}]");
    static const struct kit_schema schemas[] = {
        {"7", "{\"type\":\"record\",\"name\":\"S\",\"fields\":[{\"name\":\"id\",\"type\":\"string\"}]}"}};
    kit.schemas = schemas;
    kit.schema_count = 1;
    kit_expect(&kit, &(struct kit_message){.value = "\0\0\0\0\7\2a", .value_size = 7}, "wanted 7\nignored 1\n");
    kit_expect_value(&kit, "{}", "ignored 1\n");
    kit_expect_value(&kit, "{", "rejected 5 malformed\n");
    kit_deinit(&kit);
    /* No registry is asked for what no mapping names. */
    kit_init(&kit, RECON_STREAM_EVENTS, "id",
             "schemas: [{when: {cloudevents_type: t}}, {when: {header: {name: a, equals: b}}, format: json}, {ignore: "
             "true}]");
    kit_expect(&kit, &(struct kit_message){.value = "\0\0\0\0\7\2a", .value_size = 7}, "rejected 5 malformed\n");
    kit_expect_value(&kit, "{}", "ignored 1\n");
    kit_deinit(&kit);
    kit_init(&kit, RECON_STREAM_EVENTS, "id", "format: json, schemas: [{ignore: true}]");
    kit_expect_value(&kit, "?", "ignored 1\n");
    kit_deinit(&kit);
}

static void a_tombstone_is_no_record(void **state)
{
    (void)state;
    static const char *const keys[] = {"format: json",
                                       "format: cloudevents",
                                       "format: avro",
                                       "format: auto",
                                       "format: json, id: key",
                                       "format: json, time: timestamp",
                                       "format: json, id: key, time: timestamp, source: from",
                                       "schemas: [{when: {cloudevents_type: t}}, {when: {avro_record: R}}]"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct kit kit;
        kit_init(&kit, RECON_STREAM_EVENTS, "id", keys[i]);
        kit_expect(&kit, &(struct kit_message){.key = "k", .timestamp_ms = 3}, "tombstones 1\n");
        kit_deinit(&kit);
    }
}

static void a_tombstone_is_a_record_where_the_mapping_needs_no_value(void **state)
{
    (void)state;
    static const char *const keys[] = {"format: raw", "format: json, id: key, time: timestamp",
                                       "id: key, time: timestamp", "format: avro, id: key, time: timestamp"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct kit kit;
        kit_init(&kit, RECON_STREAM_EVENTS, "id", keys[i]);
        kit_expect(&kit, &(struct kit_message){.key = "k", .timestamp_ms = 3}, "record 5 id=k time=3\n");
        kit_deinit(&kit);
    }
    struct kit kit;
    kit_init(&kit, RECON_STREAM_EVENTS, "id",
             "schemas: [{when: {field: {name: v, equals: 1}}}, {when: {header: {name: kind, equals: beat}}, heartbeat: "
             "true, time: timestamp}, {ignore: true}]");
    kit_expect(&kit, &(struct kit_message){.timestamp_ms = 3, .headers = {HEADER("kind", "beat")}},
               "heartbeat 5 time=3\n");
    kit_expect(&kit, &(struct kit_message){.timestamp_ms = 3}, "ignored 1\n");
    kit_deinit(&kit);
}

static void a_value_that_may_hold_more_is_looked_into_though_none_is_needed(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit, RECON_STREAM_AUDIT, "id",
             "format: json, time: timestamp, schemas: [{when: {header: {name: kind, equals: beat}}, heartbeat: true}, "
             "{id: key}]");
    kit_expect(&kit, &(struct kit_message){.key = "k", .timestamp_ms = 3, .value = "{\"context\":\"c\"}"},
               "record 5 id=k time=3 context=c\n");
    kit_expect(&kit, &(struct kit_message){.key = "k", .timestamp_ms = 3, .value = "no JSON"},
               "rejected 5 malformed\n");
    kit_expect(&kit, &(struct kit_message){.key = "k", .timestamp_ms = 3}, "record 5 id=k time=3\n");
    kit_deinit(&kit);
}

static void the_identity_is_that_of_the_same_record_in_a_file(void **state)
{
    (void)state;
    struct kit kit;
    struct recon_text parts[] = {{"s", 1}, {"k", 1}};
    uint8_t seed[RECON_SEED_SIZE_BYTES];
    for (int i = 0; i < RECON_SEED_SIZE_BYTES; i++)
        seed[i] = (uint8_t)i;
    const struct recon_key expected = recon_key_hash(seed, parts, 2);
    kit_init(&kit, RECON_STREAM_EVENTS, "source,id", "format: raw, source: header.from");
    kit_expect(&kit,
               &(struct kit_message){.key = "k", .value = "", .timestamp_ms = 3, .headers = {HEADER("from", "s")}},
               "record 5 id=k source=s time=3\n");
    assert_int_equal(kit.batch.records[0].key.high, expected.high);
    assert_int_equal(kit.batch.records[0].key.low, expected.low);
    kit_deinit(&kit);
}

static void a_value_past_the_bound_is_malformed(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit, RECON_STREAM_EVENTS, "id", "format: json");
    const size_t size = ((size_t)16 << 20) + 1;
    char *value = malloc(size);
    assert_non_null(value);
    memset(value, ' ', size);
    static const char object[] = "{\"id\":\"a\",\"time\":1}";
    memcpy(value, object, sizeof object - 1);
    kit_expect(&kit, &(struct kit_message){.value = value, .value_size = size}, "rejected 5 malformed\n");
    kit_expect(&kit, &(struct kit_message){.value = value, .value_size = size - 1}, "record 5 id=a time=1\n");
    free(value);
    kit_deinit(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_json_message_is_read_as_a_line_is),
        cmocka_unit_test(what_is_no_object_is_malformed),
        cmocka_unit_test(a_mapping_may_name_key_header_and_timestamp),
        cmocka_unit_test(the_digits_of_a_header_are_a_time_in_the_unit),
        cmocka_unit_test(of_several_headers_of_one_name_the_last_counts),
        cmocka_unit_test(raw_takes_key_and_timestamp_by_default),
        cmocka_unit_test(keys_and_headers_that_are_no_text_are_malformed_as_an_id),
        cmocka_unit_test(the_first_schema_that_fits_counts),
        cmocka_unit_test(a_condition_may_ask_for_the_key),
        cmocka_unit_test(what_a_header_says_to_ignore_is_not_parsed),
        cmocka_unit_test(what_is_left_is_ignored_whatever_its_format),
        cmocka_unit_test(a_tombstone_is_no_record),
        cmocka_unit_test(a_tombstone_is_a_record_where_the_mapping_needs_no_value),
        cmocka_unit_test(a_value_that_may_hold_more_is_looked_into_though_none_is_needed),
        cmocka_unit_test(the_identity_is_that_of_the_same_record_in_a_file),
        cmocka_unit_test(a_value_past_the_bound_is_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
