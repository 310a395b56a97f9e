/*
 * CloudEvents in Kafka messages: structured, in binary mode and in batches, by the CloudEvents SDK and by hand.
 */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message_kit.h"

#define TIME "time=1360321200123"

static struct kit_fixtures *fixtures;

static int set_up(void **state)
{
    (void)state;
    fixtures = kit_fixtures_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kit_fixtures_free(fixtures);
    return 0;
}

static void expect_fixture(struct kit *kit, const char *name, const char *expected)
{
    const struct kit_message message = kit_fixture(fixtures, name);
    kit_expect(kit, &message, expected);
}

static void both_modes_are_read_by_one_mapping(void **state)
{
    (void)state;
    static const char *const keys[] = {"format: cloudevents", "format: auto", "source: source"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct kit kit;
        kit_init(&kit, RECON_STREAM_EVENTS, "source,id", keys[i]);
        expect_fixture(&kit, "event-structured", "record 5 id=e-1 source=/shop " TIME "\n");
        expect_fixture(&kit, "event-binary", "record 5 id=e-1 source=/shop " TIME "\n");
        expect_fixture(&kit, "event-binary-text", "record 5 id=e-1 source=/shop " TIME "\n");
        expect_fixture(&kit, "event-binary-avro", "record 5 id=e-1 source=/shop " TIME "\n");
        expect_fixture(&kit, "event-binary-empty", "record 5 id=e-1 source=/shop " TIME "\n");
        kit_deinit(&kit);
    }
}

static void a_path_into_data_leads_into_the_value_in_binary_mode(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit, RECON_STREAM_AUDIT, "id",
             "format: cloudevents, id: data.order.id, time: {field: data.order.ts, unit: s}, emitted: time, "
             "context: /data/order");
    static const char expected[] = "record 5 id=17 source=/shop time=1360321200000 emitted=1360321200123 "
                                   "context={\"id\": 17, \"ts\": 1360321200}\n";
    expect_fixture(&kit, "event-structured", expected);
    expect_fixture(&kit, "event-binary", expected);
    kit_deinit(&kit);
}

static void the_data_as_a_whole_may_be_the_context(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit, RECON_STREAM_AUDIT, "id", "format: cloudevents, context: data");
    expect_fixture(&kit, "event-binary",
                   "record 5 id=e-1 source=/shop " TIME " context={\"order\": {\"id\": 17, \"ts\": 1360321200}}\n");
    expect_fixture(&kit, "event-structured",
                   "record 5 id=e-1 source=/shop " TIME " context={\"order\": {\"id\": 17, \"ts\": 1360321200}}\n");
    expect_fixture(&kit, "event-binary-text", "record 5 id=e-1 source=/shop " TIME " context=no JSON\n");
    expect_fixture(&kit, "event-binary-empty", "record 5 id=e-1 source=/shop " TIME "\n");
    kit_deinit(&kit);
}

static void an_event_without_data_is_a_tombstone_where_its_data_has_the_id(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit, RECON_STREAM_EVENTS, "id", "format: cloudevents, id: data.order.id");
    expect_fixture(&kit, "event-binary-empty", "tombstones 1\n");
    kit_deinit(&kit);
}

static void attributes_are_fields_in_binary_mode_too(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit, RECON_STREAM_AUDIT, "id", "format: cloudevents, id: [id, priority], context: datacontenttype");
    expect_fixture(&kit, "event-binary-text", "record 5 id=e-1|high source=/shop " TIME " context=text/plain\n");
    expect_fixture(&kit, "event-binary", "rejected 5 no_id source=/shop " TIME " context=application/json\n");
    kit_deinit(&kit);
}

static void the_type_chooses_in_every_mode(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit, RECON_STREAM_EVENTS, "id",
             "schemas: [{when: {cloudevents_type: com.example.order.placed}}, {when: {cloudevents_type: "
             "com.example.note, field: {name: priority, equals: high}}, heartbeat: true}, "
             "{when: {header: {name: schema, equals: legacy}}, format: json, id: order.id, "
             "time: {field: order.ts, unit: s}}, {when: {cloudevents_type: com.example.ping}, ignore: true}]");
    expect_fixture(&kit, "event-structured", "record 5 id=e-1 source=/shop " TIME "\n");
    expect_fixture(&kit, "event-binary", "record 5 id=e-1 source=/shop " TIME "\n");
    expect_fixture(&kit, "event-binary-text", "heartbeat 5 " TIME "\n");
    expect_fixture(&kit, "event-binary-avro", "rejected 5 unmapped\n");
    expect_fixture(&kit, "event-binary-empty", "ignored 1\n");
    expect_fixture(&kit, "event-batch",
                   "record 5#1 id=b-1 source=/shop " TIME "\nrecord 5#2 id=b-2 source=/shop " TIME
                   "\nrecord 5#3 id=b-3 source=/shop " TIME "\n");
    static const char legacy[] = "{\"order\":{\"id\":3,\"ts\":2}}";
    kit_expect(&kit, &(struct kit_message){.value = legacy, .headers = {HEADER("schema", "legacy")}},
               "record 5 id=3 time=2000\n");
    kit_expect_value(&kit, legacy, "rejected 5 unmapped\n");
    /* A mapping of plain JSON looks into the value, also where the message is an event besides. */
    kit_expect(&kit,
               &(struct kit_message){.value = legacy,
                                     .headers = {HEADER("schema", "legacy"), HEADER("ce_specversion", "1.0"),
                                                 HEADER("ce_id", "e"), HEADER("ce_type", "other")}},
               "record 5 id=3 time=2000\n");
    kit_deinit(&kit);
}

static void the_content_type_decides_between_the_modes(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit, RECON_STREAM_EVENTS, "id", "");
    static const char value[] = "{\"specversion\":\"1.0\",\"id\":\"in\",\"source\":\"s\",\"type\":\"t\",\"time\":1}";
#define ENVELOPE                                                                                                       \
    HEADER("ce_specversion", "1.0"), HEADER("ce_id", "out"), HEADER("ce_source", "s"), HEADER("ce_type", "t")
    kit_expect(&kit, &(struct kit_message){.value = value, .headers = {ENVELOPE}}, "record 5 id=out source=s\n");
    kit_expect(
        &kit,
        &(struct kit_message){.value = value,
                              .headers = {ENVELOPE, HEADER("Content-Type", "Application/CloudEvents+JSON; charset=x")}},
        "record 5 id=in source=s time=1\n");
    kit_expect(&kit,
               &(struct kit_message){.value = value, .headers = {ENVELOPE, HEADER("content-type", "application/json")}},
               "record 5 id=out source=s\n");
    kit_expect(&kit, &(struct kit_message){.value = value}, "record 5 id=in source=s time=1\n");
#undef ENVELOPE
    kit_deinit(&kit);
}

static void what_has_not_all_that_an_event_must_have_is_plain_json_to_auto(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit, RECON_STREAM_AUDIT, "id", "");
    for (int i = 0; i < 2; i++) { /* whatever came before */
        kit_expect_value(&kit, "{\"specversion\":\"1.0\",\"id\":\"a\",\"source\":\"s\",\"event_time\":1}",
                         "record 5 id=a source=s time=1\n");
        kit_expect_value(
            &kit, "{\"specversion\":\"1.0\",\"id\":\"b\",\"source\":\"s\",\"type\":\"t\",\"time\":\"1970-01-01\"}",
            "record 5 id=b source=s time=0\n");
    }
    kit_deinit(&kit);
}

static void other_versions_are_malformed(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit, RECON_STREAM_EVENTS, "id", "format: cloudevents");
    kit_expect_value(&kit,
                     "{\"specversion\":\"0.3\",\"id\":\"a\",\"source\":\"s\",\"type\":\"t\",\"time\":\"1970-01-01\"}",
                     "rejected 5 malformed id=a source=s time=0\n");
    kit_expect(&kit,
               &(struct kit_message){.value = "",
                                     .headers = {HEADER("ce_specversion", "0.3"), HEADER("ce_id", "a"),
                                                 HEADER("ce_source", "s"), HEADER("ce_time", "1970-01-01")}},
               "rejected 5 malformed id=a source=s time=0\n");
    kit_deinit(&kit);
}

static void attributes_of_digits_are_no_time(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit, RECON_STREAM_EVENTS, "id", "format: cloudevents");
    kit_expect(&kit,
               &(struct kit_message){.value = "{}",
                                     .headers = {HEADER("ce_specversion", "1.0"), HEADER("ce_id", "a"),
                                                 HEADER("ce_source", "\xff"), HEADER("ce_time", "17")}},
               "record 5 id=a\n");
    kit_expect(
        &kit,
        &(struct kit_message){.value = "{}", .headers = {HEADER("ce_specversion", "1.0"), HEADER("ce_id", "\xff")}},
        "rejected 5 malformed\n");
    kit_expect(&kit,
               &(struct kit_message){.value = "{}", .headers = {HEADER("ce_specversion", "1.0"), HEADER("CE_ID", "a")}},
               "rejected 5 no_id\n");
    kit_deinit(&kit);
}

static void broken_data_is_malformed_only_where_it_is_wanted(void **state)
{
    (void)state;
    static const struct {
        const char *keys;
        const char *value;
        const char *type;
        const char *expected;
    } cases[] = {
        {"format: cloudevents", "{broken", "application/json", "record 5 id=a time=0\n"},
        {"format: cloudevents, id: data.n", "{broken", "application/json", "rejected 5 malformed\n"},
        {"format: cloudevents, id: data.n", "{\"n\":1}", "application/vnd.x+json; a=b", "record 5 id=1 time=0\n"},
        {"format: cloudevents, id: data.n", "{\"n\":1}", NULL, "record 5 id=1 time=0\n"},
        {"format: cloudevents, id: data.n", "{\"n\":1}", "text/plain", "rejected 5 no_id time=0\n"},
        {"format: cloudevents, id: data.1", "[7,8]", "text/json", "record 5 id=8 time=0\n"},
        {"format: cloudevents, id: data.n", "17", "text/json", "rejected 5 no_id time=0\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct kit kit;
        kit_init(&kit, RECON_STREAM_EVENTS, "id", cases[i].keys);
        kit_expect(&kit,
                   &(struct kit_message){.value = cases[i].value,
                                         .headers = {HEADER("ce_specversion", "1.0"), HEADER("ce_id", "a"),
                                                     HEADER("ce_time", "1970-01-01"),
                                                     HEADER(cases[i].type ? "content-type" : NULL, cases[i].type)}},
                   cases[i].expected);
        kit_deinit(&kit);
    }
}

#define EVENT(id) "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"s\",\"time\":\"1970-01-01\",\"id\":" id "}"

static void each_event_of_a_batch_has_its_place(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit, RECON_STREAM_EVENTS, "id",
             "format: cloudevents, schemas: [{when: {field: {name: id, equals: skip}}, ignore: true}, {id: id}]");
    kit_expect_value(&kit,
                     " [" EVENT("\"a\\u0062\"") ", " EVENT("\"skip\"") ",{}, 17 , \"\\n\" ,[[\"\\\"\"]], " EVENT(
                         "\"\\u00e9\\\\\"") "," EVENT("null") ",null] ",
                     "record 5#1 id=ab source=s time=0\n"
                     "rejected 5#3 malformed\n"
                     "rejected 5#4 malformed\n"
                     "rejected 5#5 malformed\n"
                     "rejected 5#6 malformed\n"
                     "record 5#7 id=\xc3\xa9\\ source=s time=0\n"
                     "rejected 5#8 no_id source=s time=0\n"
                     "rejected 5#9 malformed\n"
                     "ignored 1\n");
    kit_expect_value(&kit, "[]", "");
    kit_expect_value(&kit, "[" EVENT("1") "]", "record 5#1 id=1 source=s time=0\n");
    kit_deinit(&kit);
}

static void a_batch_that_breaks_off_is_one_malformed_record(void **state)
{
    (void)state;
    static const char *const values[] = {
        "[",
        "[" EVENT("1"),
        "[" EVENT("1") ",",
        "[" EVENT("1") ",]",
        "[" EVENT("1") ",{]",
        "[" EVENT("1") "}",
        "[" EVENT("1") "]]",
        "[" EVENT("1") "],",
        "[" EVENT("1") " " EVENT("1") "]",
        "[" EVENT("1") ",\"\\x\"]",
        "[" EVENT("1") ",tru]",
        "[" EVENT("1") ",01]",
        "[" EVENT("\"skip\"") ",",
        "[,]",
        "[" EVENT("1") ",:]",
    };
    struct kit kit;
    kit_init(&kit, RECON_STREAM_EVENTS, "id",
             "format: cloudevents, schemas: [{when: {field: {name: id, equals: skip}}, ignore: true}, {id: id}]");
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        kit_expect_value(&kit, values[i], "rejected 5 malformed\n");
    kit_deinit(&kit);
}

static void auto_takes_a_list_for_a_batch_if_its_first_item_is_an_event(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit, RECON_STREAM_EVENTS, "id", "");
    kit_expect_value(&kit, "[" EVENT("\"a\"") ",{}]", "record 5#1 id=a source=s time=0\nrejected 5#2 malformed\n");
    kit_expect_value(&kit, "[{}," EVENT("\"a\"") "]", "rejected 5 malformed\n");
    kit_expect(&kit,
               &(struct kit_message){.value = "[{}]",
                                     .headers = {HEADER("content-type", "application/cloudevents-batch+json")}},
               "rejected 5#1 malformed\n");
    kit_deinit(&kit);
}

static void a_batch_is_bounded(void **state)
{
    (void)state;
    const size_t count = 65537;
    char *value = malloc(3 * count + 1);
    assert_non_null(value);
    value[0] = '[';
    for (size_t i = 0; i < count; i++)
        memcpy(value + 1 + 3 * i, "{},", 3);
    struct kit kit;
    kit_init(&kit, RECON_STREAM_EVENTS, "id", "format: cloudevents");
    value[3 * count] = ']';
    kit_expect(&kit, &(struct kit_message){.value = value, .value_size = 3 * count + 1}, "rejected 5 malformed\n");
    value[3 * (count - 1)] = ']';
    char *text = kit_run(&kit, &(struct kit_message){.value = value, .value_size = 3 * (count - 1) + 1});
    assert_int_equal(kit.batch.count, count - 1);
    assert_int_equal(kit.batch.records[count - 2].place, count - 1);
    free(text);
    kit_deinit(&kit);
    free(value);
}

static void lists_within_lists_end_at_the_bound(void **state)
{
    (void)state;
    char value[4096];
    struct kit kit;
    kit_init(&kit, RECON_STREAM_EVENTS, "id", "format: cloudevents");
    memset(value, '[', sizeof value);
    kit_expect(&kit, &(struct kit_message){.value = value, .value_size = sizeof value}, "rejected 5 malformed\n");
    memset(value + sizeof value / 2, ']', sizeof value / 2);
    kit_expect(&kit, &(struct kit_message){.value = value, .value_size = sizeof value}, "rejected 5 malformed\n");
    kit_deinit(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_modes_are_read_by_one_mapping),
        cmocka_unit_test(a_path_into_data_leads_into_the_value_in_binary_mode),
        cmocka_unit_test(the_data_as_a_whole_may_be_the_context),
        cmocka_unit_test(an_event_without_data_is_a_tombstone_where_its_data_has_the_id),
        cmocka_unit_test(attributes_are_fields_in_binary_mode_too),
        cmocka_unit_test(the_type_chooses_in_every_mode),
        cmocka_unit_test(the_content_type_decides_between_the_modes),
        cmocka_unit_test(what_has_not_all_that_an_event_must_have_is_plain_json_to_auto),
        cmocka_unit_test(other_versions_are_malformed),
        cmocka_unit_test(attributes_of_digits_are_no_time),
        cmocka_unit_test(broken_data_is_malformed_only_where_it_is_wanted),
        cmocka_unit_test(each_event_of_a_batch_has_its_place),
        cmocka_unit_test(a_batch_that_breaks_off_is_one_malformed_record),
        cmocka_unit_test(auto_takes_a_list_for_a_batch_if_its_first_item_is_an_event),
        cmocka_unit_test(a_batch_is_bounded),
        cmocka_unit_test(lists_within_lists_end_at_the_bound),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
