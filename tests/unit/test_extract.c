/*
 * The rules that all formats share, shown on JSON lines.
 */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/limits.h"
#include "decode.h"

static void begin(struct decode *decode, int stream)
{
    decode_init(decode, stream);
    decode->mapping.schemas[0].format = RECON_FORMAT_JSON;
}

static void the_audit_streams_own_names_are_its_default(void **state)
{
    (void)state;
    struct decode decode;
    begin(&decode, RECON_STREAM_AUDIT);
    DECODE_EXPECT(&decode,
                  "{\"id\":\"a\",\"event_time\":5,\"emitted_time\":9,\"source\":\"s\",\"context\":\"c\"}\n"
                  "{\"id\":\"b\",\"time\":5}\n",
                  "record 1 id=a source=s time=5 emitted=9 context=c\nrejected 2 no_time id=b\n");
    decode_deinit(&decode);
}

static void any_other_streams_default_is_id_and_time(void **state)
{
    (void)state;
    struct decode decode;
    begin(&decode, RECON_STREAM_EVENTS);
    DECODE_EXPECT(&decode, "{\"id\":\"a\",\"time\":5,\"emitted_time\":9,\"source\":\"s\",\"context\":\"c\"}\n",
                  "record 1 id=a time=5\n");
    decode_deinit(&decode);
}

static void a_mapped_field_takes_the_place_of_its_default_alone(void **state)
{
    (void)state;
    struct decode decode;
    begin(&decode, RECON_STREAM_AUDIT);
    decode_field(&decode.mapping.schemas[0].time, "t");
    DECODE_EXPECT(&decode, "{\"id\":\"a\",\"event_time\":5,\"t\":6,\"emitted_time\":9}\n",
                  "record 1 id=a time=6 emitted=9\n");
    decode_deinit(&decode);
}

static void the_first_reason_that_applies_is_given(void **state)
{
    (void)state;
    struct decode decode;
    begin(&decode, RECON_STREAM_AUDIT);
    decode.options.source_in_identity = true;
    DECODE_EXPECT(&decode,
                  "{\"id\":1.5}\n"
                  "{\"source\":true}\n"
                  "{\"source\":[],\"id\":\"a\",\"event_time\":5}\n"
                  "{}\n"
                  "{\"id\":\"\",\"source\":\"s\",\"event_time\":5}\n"
                  "{\"id\":\"a\"}\n"
                  "{\"id\":\"a\",\"source\":\"\",\"event_time\":5}\n"
                  "{\"id\":\"a\",\"source\":null,\"event_time\":5}\n"
                  "{\"id\":\"a\",\"source\":\"s\"}\n"
                  "{\"id\":\"a\",\"source\":17,\"event_time\":5}\n",
                  "rejected 1 malformed\n"
                  "rejected 2 malformed\n"
                  "rejected 3 malformed id=a time=5\n"
                  "rejected 4 no_id\n"
                  "rejected 5 no_id source=s time=5\n"
                  "rejected 6 no_source id=a\n"
                  "rejected 7 no_source id=a time=5\n"
                  "rejected 8 no_source id=a time=5\n"
                  "rejected 9 no_time id=a source=s\n"
                  "record 10 id=a source=17 time=5\n");
    decode_deinit(&decode);
}

static void a_source_outside_the_identity_can_be_missing(void **state)
{
    (void)state;
    struct decode decode;
    begin(&decode, RECON_STREAM_AUDIT);
    DECODE_EXPECT(&decode,
                  "{\"id\":\"a\",\"source\":null,\"event_time\":5}\n{\"id\":\"a\",\"source\":{},\"event_time\":5}\n",
                  "record 1 id=a time=5\nrecord 2 id=a time=5\n");
    decode_deinit(&decode);
}

static void an_event_without_a_readable_time_stays_a_record(void **state)
{
    (void)state;
    struct decode decode;
    begin(&decode, RECON_STREAM_EVENTS);
    DECODE_EXPECT(&decode, "{\"id\":\"a\"}\n{\"id\":\"b\",\"time\":\"soon\"}\n", "record 1 id=a\nrecord 2 id=b\n");
    decode_deinit(&decode);
}

static void an_audit_record_without_a_readable_time_is_rejected(void **state)
{
    (void)state;
    struct decode decode;
    begin(&decode, RECON_STREAM_AUDIT);
    DECODE_EXPECT(&decode,
                  "{\"id\":\"a\",\"event_time\":null,\"source\":\"s\",\"context\":\"c\",\"emitted_time\":4}\n"
                  "{\"id\":\"a\",\"event_time\":\"\"}\n"
                  "{\"id\":\"a\",\"event_time\":1.5}\n"
                  "{\"id\":\"a\",\"event_time\":true}\n"
                  "{\"id\":\"a\",\"event_time\":\"17\"}\n"
                  "{\"id\":\"a\",\"event_time\":9223372036854775808}\n"
                  "{\"id\":\"a\",\"event_time\":5,\"emitted_time\":\"soon\"}\n",
                  "rejected 1 no_time id=a source=s emitted=4 context=c\n"
                  "rejected 2 no_time id=a\nrejected 3 no_time id=a\nrejected 4 no_time id=a\n"
                  "rejected 5 no_time id=a\nrejected 6 no_time id=a\n"
                  "record 7 id=a time=5\n");
    decode_deinit(&decode);
}

static void times_are_rfc_3339_or_integers_in_the_unit(void **state)
{
    (void)state;
    struct decode decode;
    begin(&decode, RECON_STREAM_EVENTS);
    DECODE_EXPECT(&decode,
                  "{\"id\":1,\"time\":\"1970-01-01T00:00:01.5Z\"}\n{\"id\":2,\"time\":\"1970-01-01 01:00:00+01:00\"}\n"
                  "{\"id\":3,\"time\":9223372036854775807}\n{\"id\":4,\"time\":-9223372036854775808}\n"
                  "{\"id\":5,\"time\":\"1970-01-01T00:00\\u003a02Z\"}\n",
                  "record 1 id=1 time=1500\nrecord 2 id=2 time=0\nrecord 3 id=3 time=9223372036854775807\n"
                  "record 4 id=4 time=-9223372036854775808\nrecord 5 id=5 time=2000\n");
    decode.mapping.schemas[0].time_unit = RECON_UNIT_US;
    DECODE_EXPECT(&decode, "{\"id\":1,\"time\":-1}\n", "record 1 id=1 time=-1\n");
    decode.mapping.schemas[0].time_unit = RECON_UNIT_S;
    DECODE_EXPECT(&decode, "{\"id\":1,\"time\":2}\n{\"id\":1,\"time\":9223372036854775807}\n",
                  "record 1 id=1 time=2000\nrecord 2 id=1\n");
    decode.mapping.schemas[0].zone = decode_copy("Europe/Paris");
    DECODE_EXPECT(&decode, "{\"id\":1,\"time\":\"1970-01-01T01:00:00\"}\n", "record 1 id=1 time=0\n");
    decode_deinit(&decode);
}

static void an_unknown_zone_is_a_fault(void **state)
{
    (void)state;
    struct decode decode;
    begin(&decode, RECON_STREAM_EVENTS);
    decode.mapping.schemas[0].zone = decode_copy("Europe/Pariss");
    DECODE_EXPECT(&decode, "{\"id\":1,\"time\":2}\n",
                  "fault no such time zone: Europe/Pariss; a name such as Europe/Paris is wanted\n");
    decode_deinit(&decode);
}

static void without_times_only_ids_count(void **state)
{
    (void)state;
    struct decode decode;
    begin(&decode, RECON_STREAM_AUDIT);
    decode.options.timeless = true;
    DECODE_EXPECT(&decode, "{\"id\":\"a\"}\n{\"id\":\"b\",\"event_time\":5,\"emitted_time\":6}\n{\"event_time\":5}\n",
                  "record 1 id=a time=0\nrecord 2 id=b time=0\nrejected 3 no_id\n");
    decode_deinit(&decode);
}

static void fields_of_an_id_are_joined_to_print_and_apart_to_compare(void **state)
{
    (void)state;
    struct decode decode;
    begin(&decode, RECON_STREAM_EVENTS);
    struct recon_mapping *schema = &decode.mapping.schemas[0];
    decode_field(&schema->id[0], "x");
    decode_field(&schema->id[1], "y");
    schema->id_count = 2;
    static const char lines[] = "{\"x\":\"a|b\",\"y\":\"c\",\"time\":1}\n{\"x\":\"a\",\"y\":\"b|c\",\"time\":1}\n"
                                "{\"y\":\"b|c\",\"x\":\"a\",\"time\":2}\n{\"x\":\"a\",\"time\":1}\n"
                                "{\"x\":\"\",\"y\":\"c\",\"time\":1}\n{\"x\":null,\"y\":true,\"time\":1}\n";
    decode_expect(&decode, lines, sizeof lines - 1,
                  "record 1 id=a|b\xff" /* the joint where a field holds a bar: shown as one */
                  "c time=1\nrecord 2 id=a\xff"
                  "b|c time=1\nrecord 3 id=a\xff"
                  "b|c time=2\n"
                  "rejected 4 no_id time=1\nrejected 5 no_id time=1\nrejected 6 malformed time=1\n");
    struct decoded decoded;
    decode_run(&decode, lines, sizeof lines - 1, 0, &decoded);
    assert_memory_not_equal(&decoded.keys[0], &decoded.keys[1], sizeof decoded.keys[0]);
    assert_memory_equal(&decoded.keys[1], &decoded.keys[2], sizeof decoded.keys[0]);
    decoded_deinit(&decoded);
    decode_deinit(&decode);
}

static void the_source_is_part_of_the_key_where_the_settings_say_so(void **state)
{
    (void)state;
    struct decode decode;
    begin(&decode, RECON_STREAM_AUDIT);
    static const char lines[] = "{\"id\":\"a\",\"source\":\"s\",\"event_time\":1}\n"
                                "{\"id\":\"a\",\"source\":\"t\",\"event_time\":1}\n";
    for (int in_identity = 0; in_identity <= 1; in_identity++) {
        decode.options.source_in_identity = in_identity;
        struct decoded decoded;
        decode_run(&decode, lines, sizeof lines - 1, 0, &decoded);
        assert_int_equal(decoded.count, 2);
        assert_int_equal(memcmp(&decoded.keys[0], &decoded.keys[1], sizeof decoded.keys[0]) != 0, in_identity);
        decoded_deinit(&decoded);
    }
    decode_deinit(&decode);
}

/* {"id":"xxx...","event_time":5,"NAME":"yyy..."} */
static void expect_sized(struct decode *decode, size_t id_size, const char *name, size_t size, const char *expected)
{
    char *line = malloc(id_size + size + 100);
    assert_non_null(line);
    size_t at = (size_t)sprintf(line, "{\"id\":\"");
    memset(line + at, 'x', id_size);
    at += id_size;
    at += (size_t)sprintf(line + at, "\",\"event_time\":5,\"%s\":\"", name);
    memset(line + at, 'y', size);
    at += size;
    at += (size_t)sprintf(line + at, "\"}\n");
    struct decoded decoded;
    decode_run(decode, line, at, 0, &decoded);
    assert_string_equal(decoded.text, expected);
    decoded_deinit(&decoded);
    free(line);
}

static void texts_past_their_bounds_are_malformed(void **state)
{
    (void)state;
    struct decode decode;
    begin(&decode, RECON_STREAM_AUDIT);
    decode.options.record_bytes_max = (size_t)32 << 20;
    expect_sized(&decode, RECON_ID_SIZE_BYTES_MAX, "x", 1, "record 1 id=(65535 bytes) time=5\n");
    expect_sized(&decode, RECON_ID_SIZE_BYTES_MAX + 1, "x", 1, "rejected 1 malformed time=5\n");
    expect_sized(&decode, 1, "source", RECON_SOURCE_SIZE_BYTES_MAX, "record 1 id=x source=(65535 bytes) time=5\n");
    expect_sized(&decode, 1, "source", RECON_SOURCE_SIZE_BYTES_MAX + 1, "rejected 1 malformed id=x time=5\n");
    expect_sized(&decode, 1, "context", RECON_CONTEXT_SIZE_BYTES_MAX,
                 "record 1 id=x time=5 context=(16777215 bytes)\n");
    expect_sized(&decode, 1, "context", RECON_CONTEXT_SIZE_BYTES_MAX + 1, "rejected 1 malformed id=x time=5\n");
    /* The bar between two fields counts. */
    struct recon_mapping *schema = &decode.mapping.schemas[0];
    decode_field(&schema->id[0], "id");
    decode_field(&schema->id[1], "x");
    schema->id_count = 2;
    expect_sized(&decode, RECON_ID_SIZE_BYTES_MAX - 2, "x", 1, "record 1 id=(65535 bytes) time=5\n");
    expect_sized(&decode, RECON_ID_SIZE_BYTES_MAX - 1, "x", 1, "rejected 1 malformed time=5\n");
    decode_deinit(&decode);
}

static void when_field(struct recon_mapping *schema, const char *field, const char *equals)
{
    schema->has_when = true;
    schema->format = RECON_FORMAT_JSON;
    decode_field(&schema->when.field, field);
    schema->when.field_equals = decode_copy(equals);
}

static void the_first_schema_that_fits_counts(void **state)
{
    (void)state;
    struct decode decode;
    decode_init(&decode, RECON_STREAM_EVENTS);
    when_field(&decode.mapping.schemas[0], "kind", "order");
    decode_field(&decode.mapping.schemas[0].id[0], "order.id");
    decode.mapping.schemas[0].id_count = 1;
    struct recon_mapping *schema = decode_add_schema(&decode);
    when_field(schema, "v", "2");
    decode_field(&schema->time, "ts");
    schema->time_unit = RECON_UNIT_S;
    schema = decode_add_schema(&decode);
    when_field(schema, "kind", "ping");
    schema->ignore = true;
    schema = decode_add_schema(&decode);
    when_field(schema, "kind", "tick");
    schema->heartbeat = true;
    DECODE_EXPECT(&decode,
                  "{\"kind\":\"order\",\"order\":{\"id\":\"a\"},\"id\":\"x\",\"time\":5,\"v\":2,\"ts\":6}\n"
                  "{\"id\":\"b\",\"v\":2,\"ts\":6}\n"
                  "{\"id\":\"b\",\"v\":\"2\",\"ts\":6}\n"
                  "{\"id\":\"c\",\"kind\":\"ping\"}\n"
                  "{\"id\":\"d\",\"kind\":\"pong\",\"time\":5}\n"
                  "{\"kind\":\"ping\"\n"
                  "{\"kind\":\"tick\",\"id\":\"e\",\"time\":7}\n"
                  "{\"kind\":\"tick\"}\n"
                  "{\"kind\":null,\"v\":2.0}\n",
                  "record 1 id=a time=5\n"
                  "record 2 id=b time=6000\n"
                  "record 3 id=b time=6000\n"
                  "rejected 5 unmapped\n"
                  "rejected 6 malformed\n"
                  "heartbeat 7 time=7\n"
                  "rejected 8 no_time\n"
                  "rejected 9 unmapped\n"
                  "ignored 1\n");
    decode_deinit(&decode);
}

static void a_schema_that_asks_for_a_header_never_fits_in_a_file(void **state)
{
    (void)state;
    struct decode decode;
    begin(&decode, RECON_STREAM_EVENTS);
    struct recon_when *when = &decode.mapping.schemas[0].when;
    decode.mapping.schemas[0].has_when = true;
    when->header_name = decode_copy("schema");
    when->header_equals = decode_copy("legacy");
    DECODE_EXPECT(&decode, "{\"id\":\"a\",\"time\":5,\"schema\":\"legacy\"}\n", "rejected 1 unmapped\n");
    decode_deinit(&decode);
}

static void every_condition_of_a_schema_must_hold(void **state)
{
    (void)state;
    struct decode decode;
    decode_init(&decode, RECON_STREAM_EVENTS);
    when_field(&decode.mapping.schemas[0], "kind", "order");
    decode.mapping.schemas[0].when.cloudevents_type = decode_copy("t");
    DECODE_EXPECT(&decode,
                  "{\"id\":\"a\",\"time\":5,\"kind\":\"order\",\"type\":\"t\",\"specversion\":\"1.0\"}\n"
                  "{\"id\":\"a\",\"time\":5,\"kind\":\"order\",\"type\":\"u\",\"specversion\":\"1.0\"}\n"
                  "{\"id\":\"a\",\"time\":5,\"kind\":\"other\",\"type\":\"t\",\"specversion\":\"1.0\"}\n",
                  "record 1 id=a time=5\nrejected 2 unmapped\nrejected 3 unmapped\n");
    decode_deinit(&decode);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_audit_streams_own_names_are_its_default),
        cmocka_unit_test(any_other_streams_default_is_id_and_time),
        cmocka_unit_test(a_mapped_field_takes_the_place_of_its_default_alone),
        cmocka_unit_test(the_first_reason_that_applies_is_given),
        cmocka_unit_test(a_source_outside_the_identity_can_be_missing),
        cmocka_unit_test(an_event_without_a_readable_time_stays_a_record),
        cmocka_unit_test(an_audit_record_without_a_readable_time_is_rejected),
        cmocka_unit_test(times_are_rfc_3339_or_integers_in_the_unit),
        cmocka_unit_test(an_unknown_zone_is_a_fault),
        cmocka_unit_test(without_times_only_ids_count),
        cmocka_unit_test(fields_of_an_id_are_joined_to_print_and_apart_to_compare),
        cmocka_unit_test(the_source_is_part_of_the_key_where_the_settings_say_so),
        cmocka_unit_test(texts_past_their_bounds_are_malformed),
        cmocka_unit_test(the_first_schema_that_fits_counts),
        cmocka_unit_test(a_schema_that_asks_for_a_header_never_fits_in_a_file),
        cmocka_unit_test(every_condition_of_a_schema_must_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
