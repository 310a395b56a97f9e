/*
 * Avro in Kafka messages, by Confluent's serializer: the schema by ID and by GUID, asked for once, and fields by name
 * whatever the writer.
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

#define GUID_FIRST "4dad2986-ce83-4960-aa06-e9ab85a0bcc1"
#define GUID_TEXT "dc159e6a-409c-48f2-ab68-b48ebf13c171"
#define GUID_SECOND "2cb85f3f-4a24-439a-9d99-8017f5e2fc57"

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

static void begin(struct kit *kit, int stream, const char *keys)
{
    kit_init(kit, stream, "id", keys);
    kit_register(kit, fixtures);
}

static void expect_fixture(struct kit *kit, const char *name, const char *expected)
{
    const struct kit_message message = kit_fixture(fixtures, name);
    kit_expect(kit, &message, expected);
}

static void fields_are_found_by_name_whatever_the_writer(void **state)
{
    (void)state;
    static const char *const keys[] = {"format: avro", "format: auto", "format: avro, id: id, time: time"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct kit kit;
        begin(&kit, RECON_STREAM_EVENTS, keys[i]);
        expect_fixture(&kit, "avro-id-first", "wanted 1\nrecord 5 id=a-1 time=1360321200123\n");
        expect_fixture(&kit, "avro-id-second", "wanted 2\nrecord 5 id=17 time=1360321200123\n");
        expect_fixture(&kit, "avro-id-first", "record 5 id=a-1 time=1360321200123\n");
        expect_fixture(&kit, "avro-id-second", "record 5 id=17 time=1360321200123\n");
        kit_deinit(&kit);
    }
}

static void the_schema_may_be_named_by_a_guid_in_a_header(void **state)
{
    (void)state;
    struct kit kit;
    begin(&kit, RECON_STREAM_EVENTS, "format: avro");
    expect_fixture(&kit, "avro-guid-first", "wanted " GUID_FIRST "\nrecord 5 id=a-1 time=1360321200123\n");
    expect_fixture(&kit, "avro-guid-second", "wanted " GUID_SECOND "\nrecord 5 id=17 time=1360321200123\n");
    expect_fixture(&kit, "avro-guid-first", "record 5 id=a-1 time=1360321200123\n");
    /* In front of the value it is the same. */
    char framed[64];
    const struct kit_message message = kit_fixture(fixtures, "avro-guid-first");
    memcpy(framed, message.headers[0].value, 17);
    memcpy(framed + 17, message.value, message.value_size);
    kit_expect(&kit, &(struct kit_message){.value = framed, .value_size = 17 + message.value_size},
               "record 5 id=a-1 time=1360321200123\n");
    kit_deinit(&kit);
}

static void the_audit_records_own_schema_needs_no_mapping(void **state)
{
    (void)state;
    struct kit kit;
    begin(&kit, RECON_STREAM_AUDIT, "format: avro");
    expect_fixture(&kit, "avro-audit",
                   "wanted 4\nrecord 5 id=a-1 source=shop time=1360321200123 emitted=1360321200123 context=c\n");
    kit_deinit(&kit);
}

static void what_a_writer_does_not_have_is_absent(void **state)
{
    (void)state;
    struct kit kit;
    begin(&kit, RECON_STREAM_EVENTS, "format: avro, id: customer.id");
    expect_fixture(&kit, "avro-id-first", "wanted 1\nrejected 5 no_id time=1360321200123\n");
    expect_fixture(&kit, "avro-id-second", "wanted 2\nrecord 5 id=3 time=1360321200123\n");
    expect_fixture(&kit, "avro-text", "wanted 5\nrejected 5 malformed\n");
    kit_deinit(&kit);
}

static void the_name_of_the_record_chooses(void **state)
{
    (void)state;
    struct kit kit;
    begin(&kit, RECON_STREAM_EVENTS,
          "schemas: [{when: {avro_record: Tick}, heartbeat: true}, {when: {avro_record: shop.Order, field: {name: id, "
          "equals: 17}}, ignore: true}, {when: {avro_record: Order}}]");
    expect_fixture(&kit, "avro-id-tick", "wanted 3\nheartbeat 5 time=1360321200123\n");
    expect_fixture(&kit, "avro-id-first", "wanted 1\nrecord 5 id=a-1 time=1360321200123\n");
    expect_fixture(&kit, "avro-id-second", "wanted 2\nignored 1\n");
    expect_fixture(&kit, "avro-audit", "wanted 4\nrejected 5 unmapped\n");
    kit_deinit(&kit);
}

static void the_data_of_a_cloudevent_in_binary_mode_may_be_avro(void **state)
{
    (void)state;
    struct kit kit;
    begin(&kit, RECON_STREAM_EVENTS, "format: cloudevents, id: data.id, source: data.none");
    expect_fixture(&kit, "event-binary-avro", "wanted 1\nrecord 5 id=a-1 time=1360321200123\n");
    kit_deinit(&kit);
    begin(&kit, RECON_STREAM_AUDIT, "format: cloudevents, context: data");
    expect_fixture(&kit, "event-binary-avro",
                   "wanted 1\nrecord 5 id=e-1 source=/shop time=1360321200123 context={\"id\":\"a-1\",\"time\":"
                   "1360321200123,\"amount\":9.5}\n");
    kit_deinit(&kit);
}

static void a_key_may_be_avro_too(void **state)
{
    (void)state;
    struct kit kit;
    begin(&kit, RECON_STREAM_EVENTS, "format: avro, id: key");
    expect_fixture(&kit, "key-text", "wanted 1\nwanted 6\nrecord 5 id=k\xc3\xa4y-1 time=1360321200123\n");
    expect_fixture(&kit, "key-text-guid",
                   "wanted " GUID_FIRST "\nwanted " GUID_TEXT "\nrecord 5 id=k\xc3\xa4y-1 time=1360321200123\n");
    expect_fixture(&kit, "key-number", "wanted 7\nrecord 5 id=-17 time=1360321200123\n");
    expect_fixture(&kit, "key-record", "wanted 8\nrejected 5 malformed time=1360321200123\n");
    /* Such a tombstone has a key as well. */
    kit_deinit(&kit);
    begin(&kit, RECON_STREAM_EVENTS, "format: avro, id: key, time: timestamp");
    struct kit_message message = kit_fixture(fixtures, "key-text");
    message.value = NULL;
    message.timestamp_ms = 9;
    kit_expect(&kit, &message, "wanted 6\nrecord 5 id=k\xc3\xa4y-1 time=9\n");
    kit_deinit(&kit);
    /* A header says it whatever the value is. */
    static const char *const keys[] = {"id: key, time: timestamp", "format: json, id: key, time: timestamp",
                                       "format: raw"};
    message = kit_fixture(fixtures, "key-text-guid");
    message.value = "{}";
    message.value_size = 2;
    message.timestamp_ms = 9;
    message.headers[1].name = NULL;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        begin(&kit, RECON_STREAM_EVENTS, keys[i]);
        kit_expect(&kit, &message, "wanted " GUID_TEXT "\nrecord 5 id=k\xc3\xa4y-1 time=9\n");
        kit_deinit(&kit);
    }
}

static void a_key_is_what_it_looks_like_where_its_schema_is_not_there(void **state)
{
    (void)state;
    static const struct kit_schema none[] = {{"97", NULL}};
    struct kit kit;
    begin(&kit, RECON_STREAM_EVENTS, "format: avro, id: key, time: timestamp");
    kit_expect(&kit, &(struct kit_message){.key = "k", .timestamp_ms = 1}, "record 5 id=k time=1\n");
    kit.schemas = none;
    kit.schema_count = 1;
    char *text = kit_run(&kit, &(struct kit_message){.key = "\0\0\0\0abc", .key_size = 7, .timestamp_ms = 1});
    assert_memory_equal(text, "wanted 97\nrecord 5 id=", 22);
    assert_memory_equal(kit.batch.records[0].id.bytes, "\0\0\0\0abc", 7);
    assert_int_equal(kit.batch.records[0].id.size, 7);
    free(text);
    kit_deinit(&kit);
    begin(&kit, RECON_STREAM_EVENTS, "format: json, id: key, time: timestamp");
    kit_expect(&kit, &(struct kit_message){.key = "\1", .timestamp_ms = 1}, "record 5 id=\1 time=1\n");
    kit_deinit(&kit);
}

static void a_schema_that_there_is_not_is_remembered_until_it_is_forgotten(void **state)
{
    (void)state;
    static const struct kit_schema none[] = {{"1", NULL}, {GUID_FIRST, NULL}};
    struct kit kit;
    begin(&kit, RECON_STREAM_EVENTS, "format: avro");
    kit.schemas = none;
    kit.schema_count = 2;
    expect_fixture(&kit, "avro-id-first", "wanted 1\nrejected 5 malformed\n");
    expect_fixture(&kit, "avro-guid-first", "wanted " GUID_FIRST "\nrejected 5 malformed\n");
    expect_fixture(&kit, "avro-id-first", "rejected 5 malformed\n");
    kit_register(&kit, fixtures);
    expect_fixture(&kit, "avro-id-second", "wanted 2\nrecord 5 id=17 time=1360321200123\n");
    recon_message_decoder_forget_absent(kit.decoder);
    expect_fixture(&kit, "avro-id-second", "record 5 id=17 time=1360321200123\n");
    expect_fixture(&kit, "avro-id-first", "wanted 1\nrecord 5 id=a-1 time=1360321200123\n");
    kit_deinit(&kit);
}

static void while_the_registry_is_away_nothing_is_done(void **state)
{
    (void)state;
    struct kit kit;
    begin(&kit, RECON_STREAM_EVENTS, "format: avro");
    kit.schema_count = 0;
    expect_fixture(&kit, "avro-id-first", "wanted 1\n");
    expect_fixture(&kit, "avro-id-first", "wanted 1\n");
    kit_register(&kit, fixtures);
    expect_fixture(&kit, "avro-id-first", "wanted 1\nrecord 5 id=a-1 time=1360321200123\n");
    kit_deinit(&kit);
}

static void what_is_no_avro_schema_is_said_once(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *fault;
    } cases[] = {
        {"{\"schema\":\"{}\",\"schemaType\":\"JSON\"}", "it is no Avro schema but one of type JSON"},
        {"{\"schema\":\"{\"}", NULL},
        {"{\"schema\":17}", NULL},
        {"", NULL},
        {"{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"id\",\"type\":\"Unknown\"}]}", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct kit_schema schemas[] = {{"1", cases[i].json}};
        struct kit kit;
        kit_init(&kit, RECON_STREAM_EVENTS, "id", "format: avro");
        kit.schemas = schemas;
        kit.schema_count = 1;
        const struct kit_message message = kit_fixture(fixtures, "avro-id-first");
        char *text = kit_run(&kit, &message);
        static const char start[] = "wanted 1\nfault schema 1 of the registry: ";
        assert_memory_equal(text, start, sizeof start - 1);
        if (cases[i].fault != NULL)
            assert_memory_equal(text + sizeof start - 1, cases[i].fault, strlen(cases[i].fault));
        assert_non_null(strstr(text, "\nrejected 5 malformed\n"));
        free(text);
        kit_expect(&kit, &message, "rejected 5 malformed\n");
        kit_deinit(&kit);
    }
}

static void a_schema_without_the_registrys_answer_around_it_will_do(void **state)
{
    (void)state;
    static const struct kit_schema schemas[] = {
        {"7", "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"id\",\"type\":\"string\"},"
              "{\"name\":\"time\",\"type\":\"long\"}]}"}};
    struct kit kit;
    kit_init(&kit, RECON_STREAM_EVENTS, "id", "format: avro");
    kit.schemas = schemas;
    kit.schema_count = 1;
    kit_expect(&kit, &(struct kit_message){.value = "\0\0\0\0\7\2a\2", .value_size = 8},
               "wanted 7\nrecord 5 id=a time=1\n");
    /* The ID in a header. */
    kit_expect(&kit, &(struct kit_message){.value = "\2a\2", .headers = {{"__value_schema_id", "\0\0\0\0\7", 5}}},
               "record 5 id=a time=1\n");
    kit_deinit(&kit);
}

static void what_is_not_framed_is_malformed(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        size_t size;
    } values[] = {{"", 0},           {"\0", 1},         {"\0\0\0\0", 4}, {"\1\0\0\0\1\2a\2", 8},
                  {"\2\0\0\0\1", 5}, {"{\"id\":1}", 8}, {"Obj\1", 4}};
    struct kit kit;
    begin(&kit, RECON_STREAM_EVENTS, "format: avro");
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        kit_expect(&kit, &(struct kit_message){.value = values[i].value, .value_size = values[i].size},
                   "rejected 5 malformed\n");
    kit_expect(&kit, &(struct kit_message){.value = "\2a\2", .headers = {{"__value_schema_id", "\0\0\0\0\1\1", 6}}},
               "rejected 5 malformed\n");
    kit_expect(&kit, &(struct kit_message){.value = "\2a\2", .headers = {{"__value_schema_id", "\1\1", 2}}},
               "rejected 5 malformed\n");
    kit_deinit(&kit);
}

static void bytes_that_are_no_datum_of_the_schema_are_malformed(void **state)
{
    (void)state;
    struct kit kit;
    begin(&kit, RECON_STREAM_EVENTS, "format: avro");
    struct kit_message message = kit_fixture(fixtures, "avro-id-first");
    const size_t whole = message.value_size;
    kit_expect(&kit, &message, "wanted 1\nrecord 5 id=a-1 time=1360321200123\n");
    for (message.value_size = 5; message.value_size < whole; message.value_size++)
        kit_expect(&kit, &message, "rejected 5 malformed\n");
    char longer[64];
    assert_in_range(whole, 1, sizeof longer - 1);
    memcpy(longer, message.value, whole);
    longer[whole] = 0;
    kit_expect(&kit, &(struct kit_message){.value = longer, .value_size = whole + 1}, "rejected 5 malformed\n");
    kit_deinit(&kit);
}

static void made_up_schemas_take_bounded_memory(void **state)
{
    (void)state;
    struct kit kit;
    begin(&kit, RECON_STREAM_EVENTS, "format: avro");
    expect_fixture(&kit, "avro-id-first", "wanted 1\nrecord 5 id=a-1 time=1360321200123\n");
    for (uint32_t id = 1000; id < 10000; id++) {
        const struct recon_schema_wanted wanted = {.id = id};
        assert_int_equal(recon_message_decoder_schema(kit.decoder, &wanted, NULL, 0, NULL, 0), RECON_OK);
    }
    /* Forgotten with the rest, and asked for again. */
    expect_fixture(&kit, "avro-id-first", "wanted 1\nrecord 5 id=a-1 time=1360321200123\n");
    kit_deinit(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_found_by_name_whatever_the_writer),
        cmocka_unit_test(the_schema_may_be_named_by_a_guid_in_a_header),
        cmocka_unit_test(the_audit_records_own_schema_needs_no_mapping),
        cmocka_unit_test(what_a_writer_does_not_have_is_absent),
        cmocka_unit_test(the_name_of_the_record_chooses),
        cmocka_unit_test(the_data_of_a_cloudevent_in_binary_mode_may_be_avro),
        cmocka_unit_test(a_key_may_be_avro_too),
        cmocka_unit_test(a_key_is_what_it_looks_like_where_its_schema_is_not_there),
        cmocka_unit_test(a_schema_that_there_is_not_is_remembered_until_it_is_forgotten),
        cmocka_unit_test(while_the_registry_is_away_nothing_is_done),
        cmocka_unit_test(what_is_no_avro_schema_is_said_once),
        cmocka_unit_test(a_schema_without_the_registrys_answer_around_it_will_do),
        cmocka_unit_test(what_is_not_framed_is_malformed),
        cmocka_unit_test(bytes_that_are_no_datum_of_the_schema_are_malformed),
        cmocka_unit_test(made_up_schemas_take_bounded_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
