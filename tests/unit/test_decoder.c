/*
 * The decoder as such: what a file turns out to be, and whether it has times.
 */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode.h"

#define EVENT "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"s\",\"id\":\"a\",\"time\":1}\n"

/* Also a byte at a time. */
static void expect_format(struct decode *decode, const char *name, const char *bytes, size_t size,
                          enum recon_format format)
{
    decode->options.file_name = name;
    for (size_t piece_size = 0; piece_size <= 1; piece_size++) {
        struct decoded decoded;
        decode_run(decode, bytes, size, piece_size, &decoded);
        assert_int_equal(decoded.format, format);
        decoded_deinit(&decoded);
    }
}
#define EXPECT_FORMAT(name, text, format) expect_format(&decode, (name), (text), sizeof(text) - 1, (format))

static void the_name_tells_the_format(void **state)
{
    (void)state;
    struct decode decode;
    decode_init(&decode, RECON_STREAM_EVENTS);
    static const char *const json[] = {"a.ndjson",  "a.jsonl",     "b/a.json",   "a.JSON",
                                       "a.json.gz", "a.jsonl.zst", "a.csv.json", "a.ndjson.GZ"};
    for (size_t i = 0; i < sizeof json / sizeof json[0]; i++)
        EXPECT_FORMAT(json[i], "id,time\n", RECON_FORMAT_JSON);
    static const char *const csv[] = {"a.csv", "a.CSV.gz", "a.json.csv.zst"};
    for (size_t i = 0; i < sizeof csv / sizeof csv[0]; i++)
        EXPECT_FORMAT(csv[i], "{\"id\":1,\"time\":2}\n", RECON_FORMAT_CSV);
    EXPECT_FORMAT("a.avro", "{\"id\":1}\n", RECON_FORMAT_AVRO);
    decode_deinit(&decode);
}

static void otherwise_the_content_tells_it(void **state)
{
    (void)state;
    struct decode decode;
    decode_init(&decode, RECON_STREAM_EVENTS);
    static const char *const names[] = {NULL, "-", "data", "a.txt.gz", ".json", "json", "a.json.bak"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        EXPECT_FORMAT(names[i], "{\"id\":1,\"time\":2}\n", RECON_FORMAT_JSON);
        EXPECT_FORMAT(names[i], "\xef\xbb\xbf\n \r\n\t{\"id\":1,\"time\":2}", RECON_FORMAT_JSON);
        EXPECT_FORMAT(names[i], "id,time\n", RECON_FORMAT_CSV);
        EXPECT_FORMAT(names[i], "\xef\xbb\xbfid,time\n", RECON_FORMAT_CSV);
        EXPECT_FORMAT(names[i], "Obj,time\n", RECON_FORMAT_CSV);
        EXPECT_FORMAT(names[i], "Obj", RECON_FORMAT_CSV);
        EXPECT_FORMAT(names[i], "\xef\xbb", RECON_FORMAT_CSV);
        EXPECT_FORMAT(names[i], "Obj\1", RECON_FORMAT_AVRO);
        EXPECT_FORMAT(names[i], EVENT, RECON_FORMAT_CLOUDEVENTS);
    }
    decode_deinit(&decode);
}

static void a_cloudevent_has_all_its_required_attributes(void **state)
{
    (void)state;
    struct decode decode;
    decode_init(&decode, RECON_STREAM_EVENTS);
    EXPECT_FORMAT("a.json", "\n" EVENT, RECON_FORMAT_CLOUDEVENTS);
    EXPECT_FORMAT("a.json", "{\"type\":\"t\",\"source\":\"s\",\"id\":\"a\"}\n" EVENT, RECON_FORMAT_JSON);
    EXPECT_FORMAT("a.json", "{\"specversion\":\"1.0\",\"source\":\"s\",\"id\":\"a\"}\n", RECON_FORMAT_JSON);
    EXPECT_FORMAT("a.json", "{\"specversion\":\"1.0\",\"type\":\"t\",\"id\":\"a\"}\n", RECON_FORMAT_JSON);
    EXPECT_FORMAT("a.json", "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"s\"}\n", RECON_FORMAT_JSON);
    EXPECT_FORMAT("a.json", "{\"specversion\":\"1.0\",\n" EVENT, RECON_FORMAT_JSON);
    decode_deinit(&decode);
}

static void the_settings_word_goes_before_name_and_content(void **state)
{
    (void)state;
    struct decode decode;
    decode_init(&decode, RECON_STREAM_EVENTS);
    decode.mapping.schemas[0].format = RECON_FORMAT_JSON;
    EXPECT_FORMAT("a.csv", EVENT, RECON_FORMAT_JSON);
    decode.mapping.schemas[0].format = RECON_FORMAT_CLOUDEVENTS;
    EXPECT_FORMAT("a.csv", "{\"id\":1}\n", RECON_FORMAT_CLOUDEVENTS);
    decode_deinit(&decode);
}

static void an_undecided_file_keeps_its_bytes(void **state)
{
    (void)state;
    struct decode decode;
    decode_init(&decode, RECON_STREAM_EVENTS);
    DECODE_EXPECT(&decode, "\n\n{\"id\":1,\"time\":2}\n", "record 3 id=1 time=2\n");
    DECODE_EXPECT(&decode, "\xef\xbb\xbf{\"id\":1,\"time\":2}\n", "record 1 id=1 time=2\n");
    DECODE_EXPECT(&decode, EVENT, "record 1 id=a source=s time=1\n");
    DECODE_EXPECT(&decode, "", "");
    DECODE_EXPECT(&decode, "\n \n", "");
    decode_deinit(&decode);
}

static void what_only_kafka_has_is_a_fault(void **state)
{
    (void)state;
    struct decode decode;
    decode_init(&decode, RECON_STREAM_EVENTS);
    decode.mapping.schemas[0].format = RECON_FORMAT_RAW;
    DECODE_EXPECT(&decode, "x", "fault the format raw can't be read from files\n");
    decode_deinit(&decode);
}

static void a_schema_of_another_format_than_the_file_never_fits(void **state)
{
    (void)state;
    struct decode decode;
    decode_init(&decode, RECON_STREAM_EVENTS);
    decode.mapping.schemas[0].format = RECON_FORMAT_CSV;
    decode_field(&decode.mapping.schemas[0].id[0], "number");
    decode.mapping.schemas[0].id_count = 1;
    decode_add_schema(&decode)->format = RECON_FORMAT_JSON;
    DECODE_EXPECT(&decode, "{\"id\":1,\"number\":3,\"time\":2}\n", "record 1 id=1 time=2\n");
    decode_deinit(&decode);
}

static int has_time(const struct decode *decode, const char *text, bool last)
{
    return recon_decoder_has_time(&decode->options, text, strlen(text), last);
}

static void times_are_seen_under_their_default_name(void **state)
{
    (void)state;
    struct decode decode;
    decode_init(&decode, RECON_STREAM_AUDIT);
    assert_int_equal(has_time(&decode, "{\"id\":1,\"event_time\":2}\n", true), 1);
    assert_int_equal(has_time(&decode, "{\"id\":1,\"event_time\":\"soon\"}\n", true), 1);
    assert_int_equal(has_time(&decode, "{\"id\":1,\"time\":2}\n", true), 0);
    assert_int_equal(has_time(&decode, "{\"id\":1,\"event_time\":null}\n", true), 0);
    assert_int_equal(has_time(&decode, "{\"id\":1}\n{\"id\":2,\"event_time\":2}\n", true), 1);
    assert_int_equal(has_time(&decode, "{\"id\":1}\n{\"id\":2,\"event_time\":2}", false), 0);
    assert_int_equal(has_time(&decode, "{\"id\":1}", true), 0);
    assert_int_equal(has_time(&decode, "{\"id\":1}", false), -1);
    assert_int_equal(has_time(&decode, "", true), -1);
    assert_int_equal(has_time(&decode, "\n", true), -1);
    assert_int_equal(has_time(&decode, EVENT, true), 1);
    decode_deinit(&decode);
    decode_init(&decode, RECON_STREAM_EVENTS);
    assert_int_equal(has_time(&decode, "{\"id\":1,\"event_time\":2}\n", true), 0);
    assert_int_equal(has_time(&decode, "{\"id\":1,\"time\":2}\n", true), 1);
    decode_deinit(&decode);
}

static void a_mapped_time_counts_as_one(void **state)
{
    (void)state;
    struct decode decode;
    decode_init(&decode, RECON_STREAM_AUDIT);
    decode_field(&decode.mapping.schemas[0].time, "t");
    assert_int_equal(has_time(&decode, "{\"id\":1}\n", true), 1);
    assert_int_equal(has_time(&decode, "", true), 1);
    decode_deinit(&decode);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_name_tells_the_format),
        cmocka_unit_test(otherwise_the_content_tells_it),
        cmocka_unit_test(a_cloudevent_has_all_its_required_attributes),
        cmocka_unit_test(the_settings_word_goes_before_name_and_content),
        cmocka_unit_test(an_undecided_file_keeps_its_bytes),
        cmocka_unit_test(what_only_kafka_has_is_a_fault),
        cmocka_unit_test(a_schema_of_another_format_than_the_file_never_fits),
        cmocka_unit_test(times_are_seen_under_their_default_name),
        cmocka_unit_test(a_mapped_time_counts_as_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
