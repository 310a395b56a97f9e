/*
 * Results as messages: which topic, the key of each type, the headers of a CloudEvent in binary mode. The encoded parts
 * were made with Python's urllib.parse.quote(part, safe="").
 */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "codec/result_message.h"
#include "recon/engine.h"
#include "recon/status.h"

#define HOUR INT64_C(3600000)
#define NOON INT64_C(1360321200000) /* 2013-02-08T11:00:00Z */

static struct recon_result_messenger *messenger;

static struct recon_text text(const char *bytes)
{
    return (struct recon_text){bytes, (uint32_t)strlen(bytes)};
}

static int set_up(void **state)
{
    static const struct recon_partition_name audits[] = {{"orders.audit", 0}};
    static const struct recon_partition_name events[] = {{"orders", 0}, {"orders", 1}, {"a/b%2F c", 7}};
    const struct recon_result_messenger_options options = {
        .name = "order #17", .names = {audits, events}, .name_count = {1, 3}};
    (void)state;
    return recon_result_messenger_new(&options, &messenger);
}

static int tear_down(void **state)
{
    (void)state;
    recon_result_messenger_free(messenger);
    return 0;
}

static struct recon_result_message make(const struct recon_result *result)
{
    struct recon_result_message message;
    assert_int_equal(recon_result_messenger_make(messenger, result, &message), RECON_OK);
    return message;
}

static void is_text(struct recon_text given, const char *expected)
{
    assert_non_null(given.bytes);
    if (given.size != strlen(expected) || memcmp(given.bytes, expected, given.size) != 0)
        fail_msg("`%.*s` is not `%s`", (int)given.size, given.bytes, expected);
}

/* The header's value; none: bytes are NULL. */
static struct recon_text header(const struct recon_result_message *message, const char *name)
{
    for (size_t i = 0; i < message->header_count; i++)
        if (message->headers[i].name.size == strlen(name) &&
            memcmp(message->headers[i].name.bytes, name, strlen(name)) == 0)
            return message->headers[i].value;
    return (struct recon_text){0};
}

static void has_key(const struct recon_result *result, int target, const char *key)
{
    const struct recon_result_message message = make(result);
    is_text(message.key, key);
    assert_int_equal(message.target, target);
}

static struct recon_result of_type(enum recon_result_type type)
{
    return (struct recon_result){
        .type = (uint8_t)type,
        .stream = type == RECON_RESULT_MISSING || type == RECON_RESULT_FOUND ? RECON_STREAM_AUDIT : RECON_STREAM_EVENTS,
        .reason = RECON_REASON_NO_ID,
        .has_time = true,
        .has_offset = true,
        .partition = type == RECON_RESULT_MISSING ? 0 : 1,
        .offset = 42,
        .time = NOON,
        .watermark = NOON + HOUR,
        .id = text("a/b%2F c"),
        .source = text("/shop/\xc3\xbcn\xc3\xaf"),
    };
}

static struct recon_result metric(void)
{
    return (struct recon_result){.type = RECON_RESULT_METRIC,
                                 .start = NOON,
                                 .end = NOON + HOUR,
                                 .counts = {.expected = 4, .matched = 3, .missing = 1},
                                 .watermark = NOON + 2 * HOUR};
}

static void a_metric_is_keyed_by_the_start_of_its_window(void **state)
{
    (void)state;
    struct recon_result result = metric();
    has_key(&result, RECON_TARGET_METRICS, "order%20%2317/metric/2013-02-08T11%3A00%3A00.000Z");
}

static void what_is_said_of_one_identity_has_one_key(void **state)
{
    (void)state;
    struct recon_result result = of_type(RECON_RESULT_MISSING);
    has_key(&result, RECON_TARGET_BREAKS, "order%20%2317/presence/%2Fshop%2F%C3%BCn%C3%AF/a%2Fb%252F%20c");
    result = of_type(RECON_RESULT_FOUND);
    has_key(&result, RECON_TARGET_BREAKS, "order%20%2317/presence/%2Fshop%2F%C3%BCn%C3%AF/a%2Fb%252F%20c");
    result = of_type(RECON_RESULT_UNAUDITED);
    has_key(&result, RECON_TARGET_BREAKS, "order%20%2317/audit/%2Fshop%2F%C3%BCn%C3%AF/a%2Fb%252F%20c");
    result = of_type(RECON_RESULT_AUDITED);
    result.source = (struct recon_text){0};
    has_key(&result, RECON_TARGET_BREAKS, "order%20%2317/audit//a%2Fb%252F%20c");
}

static bool holds(struct recon_text given, const char *part)
{
    for (size_t i = 0; i + strlen(part) <= given.size; i++)
        if (memcmp(given.bytes + i, part, strlen(part)) == 0)
            return true;
    return false;
}

static void ids_whose_fields_hold_bars_have_keys_of_their_own_and_are_shown_with_bars(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        const char *key;
        const char *shown;
    } cases[] = {
        {"a|b|c", "order%20%2317/presence//a%7Cb%7Cc", "\"id\":\"a|b|c\""},
        {"a|b\xff"
         "c",
         "order%20%2317/presence//a%7Cb|c", "\"id\":\"a|b|c\""},
        {"a\xff"
         "b|c",
         "order%20%2317/presence//a|b%7Cc", "\"id\":\"a|b|c\""},
        {"\xff|\xff", "order%20%2317/presence//|%7C|", "\"id\":\"|||\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct recon_result result = of_type(RECON_RESULT_MISSING);
        result.source = (struct recon_text){0};
        result.id = text(cases[i].id);
        has_key(&result, RECON_TARGET_BREAKS, cases[i].key);
        assert_true(holds(make(&result).value, cases[i].shown));
    }
}

static void what_is_said_of_a_record_is_keyed_by_its_place(void **state)
{
    (void)state;
    struct recon_result result = of_type(RECON_RESULT_DUPLICATE);
    has_key(&result, RECON_TARGET_BREAKS, "order%20%2317/duplicate/orders/1/42");
    result = of_type(RECON_RESULT_TOO_LATE);
    result.partition = 2;
    has_key(&result, RECON_TARGET_BREAKS, "order%20%2317/too_late/a%2Fb%252F%20c/7/42");
    result = of_type(RECON_RESULT_REJECTED);
    result.place = 3;
    has_key(&result, RECON_TARGET_BREAKS, "order%20%2317/rejected/orders/1/42/3");
}

static void a_partition_without_a_name_is_given_as_it_is(void **state)
{
    (void)state;
    struct recon_result result = of_type(RECON_RESULT_REJECTED);
    result.partition = 9;
    has_key(&result, RECON_TARGET_BREAKS, "order%20%2317/rejected//9/42");
}

static void a_partition_may_hold_the_number_of_its_topic(void **state)
{
    (void)state;
    static const struct recon_partition_name topics[] = {{"orders", 0}, {"retry", 0}};
    const struct recon_result_messenger_options options = {
        .name = "n", .names = {NULL, topics}, .name_count = {0, 2}, .partition_bits = 20};
    struct recon_result_messenger *other;
    struct recon_result_message message;
    struct recon_result result = of_type(RECON_RESULT_TOO_LATE);
    result.partition = UINT32_C(1) << 20 | 513;
    assert_int_equal(recon_result_messenger_new(&options, &other), RECON_OK);
    assert_int_equal(recon_result_messenger_make(other, &result, &message), RECON_OK);
    is_text(message.key, "n/too_late/retry/513/42");
    static const char place[] = "\"topic\":\"retry\",\"partition\":513,";
    assert_non_null(memmem(message.value.bytes, message.value.size, place, sizeof place - 1));
    result.partition = UINT32_C(2) << 20;
    assert_int_equal(recon_result_messenger_make(other, &result, &message), RECON_OK);
    is_text(message.key, "n/too_late//2097152/42");
    recon_result_messenger_free(other);
}

static void the_headers_are_those_of_a_cloudevent_in_binary_mode(void **state)
{
    (void)state;
    struct recon_result result = of_type(RECON_RESULT_TOO_LATE);
    struct recon_result_message message = make(&result);
    is_text(header(&message, "ce_specversion"), "1.0");
    is_text(header(&message, "ce_source"), "/recon/order%20%2317");
    is_text(header(&message, "ce_type"), "recon.too_late.v1");
    is_text(header(&message, "ce_time"), "2013-02-08T11:00:00.000Z");
    is_text(header(&message, "content-type"), "application/json");
    assert_int_equal(header(&message, "ce_id").size, 32);
    assert_int_equal(message.header_count, 6);
    result = metric();
    message = make(&result);
    is_text(header(&message, "ce_type"), "recon.metric.v1");
    is_text(header(&message, "ce_time"), "2013-02-08T12:00:00.000Z");
}

static void a_result_without_a_time_of_the_calendar_has_no_ce_time(void **state)
{
    (void)state;
    struct recon_result result = of_type(RECON_RESULT_REJECTED);
    result.has_time = false;
    struct recon_result_message message = make(&result);
    assert_null(header(&message, "ce_time").bytes);
    assert_int_equal(message.header_count, 5);
    result = metric();
    result.end = RECON_TIME_MAX;
    message = make(&result);
    assert_null(header(&message, "ce_time").bytes);
}

static void the_value_is_the_json_without_the_end_of_its_line(void **state)
{
    (void)state;
    struct recon_result result = of_type(RECON_RESULT_REJECTED);
    result.has_time = false;
    result.id = (struct recon_text){0};
    result.source = (struct recon_text){0};
    const struct recon_result_message message = make(&result);
    is_text(message.value, "{\"type\":\"rejected\",\"stream\":\"events\",\"reason\":\"no_id\",\"topic\":\"orders\","
                           "\"partition\":1,\"offset\":42}");
}

static void the_id_tells_results_apart_and_is_the_same_for_the_same(void **state)
{
    (void)state;
    char first[32], second[32], third[32];
    struct recon_result result = metric();
    struct recon_result_message message = make(&result);
    memcpy(first, header(&message, "ce_id").bytes, sizeof first);
    result.revision++; /* the same key, another content */
    message = make(&result);
    memcpy(second, header(&message, "ce_id").bytes, sizeof second);
    assert_memory_not_equal(first, second, sizeof first);
    result.revision--;
    message = make(&result);
    assert_memory_equal(first, header(&message, "ce_id").bytes, sizeof first);

    result = of_type(RECON_RESULT_REJECTED); /* the same content, another key */
    result.place = 1;
    message = make(&result);
    memcpy(first, header(&message, "ce_id").bytes, sizeof first);
    result.place = 2;
    message = make(&result);
    memcpy(third, header(&message, "ce_id").bytes, sizeof third);
    assert_memory_not_equal(first, third, sizeof first);
}

static void *allocate(void *context, size_t size_bytes)
{
    (void)context;
    return aligned_alloc(64, (size_bytes + 63) / 64 * 64);
}

static void release(void *context, void *block, size_t size_bytes)
{
    (void)context;
    (void)size_bytes;
    free(block);
}

/* From the record through the engine to the key. */
static void a_records_place_within_its_message_reaches_the_key(void **state)
{
    (void)state;
    struct recon_settings settings;
    struct recon_engine *engine;
    struct recon_result result;
    size_t handled, count;
    recon_settings_init(&settings);
    settings.interval_ms = HOUR;
    settings.allocator = (struct recon_allocator){allocate, release, NULL};
    settings.report |= RECON_REPORT(RECON_RESULT_DUPLICATE);
    assert_int_equal(recon_engine_new(&settings, &engine), RECON_OK);
    assert_int_equal(recon_engine_clock(engine, NOON), RECON_OK);
    struct recon_record records[2] = {{.stream = RECON_STREAM_EVENTS,
                                       .has_time = true,
                                       .time = NOON,
                                       .has_offset = true,
                                       .offset = 8,
                                       .place = 1,
                                       .id = text("a")}};
    records[1] = records[0];
    records[1].place = 2;
    assert_int_equal(recon_engine_records(engine, records, 2, &handled), RECON_OK);
    assert_int_equal(handled, 2);
    assert_int_equal(recon_engine_next(engine, &result, 1, &count), RECON_OK);
    assert_int_equal(count, 1);
    has_key(&result, RECON_TARGET_BREAKS, "order%20%2317/duplicate/orders/0/8/2");
    recon_engine_free(engine);
}

static void the_largest_texts_have_room(void **state)
{
    (void)state;
    static char bytes[65535];
    memset(bytes, '/', sizeof bytes);
    struct recon_result result = of_type(RECON_RESULT_MISSING);
    result.id = (struct recon_text){bytes, sizeof bytes};
    result.source = (struct recon_text){bytes, sizeof bytes};
    const struct recon_result_message message = make(&result);
    assert_int_equal(message.key.size, strlen("order%20%2317/presence//") + 2 * 3 * sizeof bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_metric_is_keyed_by_the_start_of_its_window, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_said_of_one_identity_has_one_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ids_whose_fields_hold_bars_have_keys_of_their_own_and_are_shown_with_bars,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_said_of_a_record_is_keyed_by_its_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_partition_without_a_name_is_given_as_it_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_partition_may_hold_the_number_of_its_topic, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_headers_are_those_of_a_cloudevent_in_binary_mode, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_result_without_a_time_of_the_calendar_has_no_ce_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_value_is_the_json_without_the_end_of_its_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_id_tells_results_apart_and_is_the_same_for_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_records_place_within_its_message_reaches_the_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_largest_texts_have_room, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
