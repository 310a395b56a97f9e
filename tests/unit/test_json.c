/*
 * JSON lines: what is a record, what is none, and what it says. Each case also in pieces of 1, 7 and 64 bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode.h"

static void events(struct decode *decode)
{
    decode_init(decode, RECON_STREAM_EVENTS);
    decode->mapping.schemas[0].format = RECON_FORMAT_JSON;
}

static void audit(struct decode *decode)
{
    decode_init(decode, RECON_STREAM_AUDIT);
    decode->mapping.schemas[0].format = RECON_FORMAT_JSON;
}

/* One line of an event stream whose value at `id` is the text given. */
static void expect_id(const char *value, const char *expected)
{
    struct decode decode;
    events(&decode);
    char line[512];
    int size = snprintf(line, sizeof line, "{\"id\":%s,\"time\":5}\n", value);
    assert_true(size > 0 && (size_t)size < sizeof line);
    decode_expect(&decode, line, (size_t)size, expected);
    decode_deinit(&decode);
}

static void expect_line(const char *line, size_t size, bool good)
{
    struct decode decode;
    events(&decode);
    decode_expect(&decode, line, size, good ? "record 1 id=a time=5\n" : "rejected 1 malformed\n");
    decode_deinit(&decode);
}
#define GOOD(line) expect_line((line), sizeof(line) - 1, true)
#define BAD(line) expect_line((line), sizeof(line) - 1, false)

static void an_object_a_line_is_a_record(void **state)
{
    (void)state;
    struct decode decode;
    events(&decode);
    DECODE_EXPECT(&decode, "{\"id\":\"a\",\"time\":1}\n{\"time\":2,\"x\":[1,{\"id\":3}],\"id\":\"b\"}\n",
                  "record 1 id=a time=1\nrecord 2 id=b time=2\n");
    decode_deinit(&decode);
}

static void the_last_line_needs_no_end(void **state)
{
    (void)state;
    struct decode decode;
    events(&decode);
    DECODE_EXPECT(&decode, "{\"id\":\"a\",\"time\":1}\n{\"id\":\"b\",\"time\":2}",
                  "record 1 id=a time=1\nrecord 2 id=b time=2\n");
    DECODE_EXPECT(&decode, "{\"id\":\"a\",\"time\":1}\n{\"id\":\"b\",\"ti",
                  "record 1 id=a time=1\nrejected 2 malformed\n");
    decode_deinit(&decode);
}

static void an_empty_file_has_no_records(void **state)
{
    (void)state;
    struct decode decode;
    events(&decode);
    DECODE_EXPECT(&decode, "", "");
    DECODE_EXPECT(&decode, "\n \r\n\t\n", "");
    DECODE_EXPECT(&decode, "\xef\xbb\xbf", "");
    decode_deinit(&decode);
}

static void blank_lines_are_passed_over_and_counted(void **state)
{
    (void)state;
    struct decode decode;
    events(&decode);
    DECODE_EXPECT(&decode, "\n  \t\n\r\n{\"id\":\"a\",\"time\":1}\n\n{\"id\":\"b\",\"time\":2}\n\n",
                  "record 4 id=a time=1\nrecord 6 id=b time=2\n");
    decode_deinit(&decode);
}

static void crlf_ends_a_line(void **state)
{
    (void)state;
    struct decode decode;
    events(&decode);
    DECODE_EXPECT(&decode, "{\"id\":\"a\",\"time\":1}\r\n{\"id\":\"b\",\"time\":2}\r\n",
                  "record 1 id=a time=1\nrecord 2 id=b time=2\n");
    decode_deinit(&decode);
}

static void a_byte_order_mark_is_passed_over_at_the_start_alone(void **state)
{
    (void)state;
    struct decode decode;
    events(&decode);
    DECODE_EXPECT(&decode, "\xef\xbb\xbf{\"id\":\"a\",\"time\":1}\n\xef\xbb\xbf{\"id\":\"b\",\"time\":2}\n",
                  "record 1 id=a time=1\nrejected 2 malformed\n");
    DECODE_EXPECT(&decode, "\xef\xbb{\"id\":\"a\",\"time\":1}\n", "rejected 1 malformed\n");
    DECODE_EXPECT(&decode, "\xef", "rejected 1 malformed\n");
    decode_deinit(&decode);
}

static void a_bad_line_does_not_spoil_its_neighbours(void **state)
{
    (void)state;
    struct decode decode;
    events(&decode);
    DECODE_EXPECT(
        &decode,
        "{\"id\":\"a\",\"time\":1}\n{\"id\":\"b\n{\"id\":\"c\",\"time\":3}\n\"\n\\\n\\\"\n{\"id\":\"\xff\"}\n\n"
        "{\"id\":\"d\",\"time\":4}\n{{{\n]\n{\"id\":\"e\",\"time\":5}",
        "record 1 id=a time=1\nrejected 2 malformed\nrecord 3 id=c time=3\nrejected 4 malformed\n"
        "rejected 5 malformed\nrejected 6 malformed\nrejected 7 malformed\nrecord 9 id=d time=4\n"
        "rejected 10 malformed\nrejected 11 malformed\nrecord 12 id=e time=5\n");
    decode_deinit(&decode);
}

static void only_an_object_is_a_record(void **state)
{
    (void)state;
    BAD("[]\n");
    BAD("[{\"id\":\"a\",\"time\":5}]\n");
    BAD("\"id\"\n");
    BAD("17\n");
    BAD("null\n");
    BAD("{\"id\":\"a\",\"time\":5} {}\n");
    BAD("{\"id\":\"a\",\"time\":5},\n");
    BAD("{\"id\":\"a\",\"time\":5}}\n");
    BAD("{\"id\":\"a\",\"time\":5}\0\n");
}

static void an_object_over_two_lines_is_two_bad_lines(void **state)
{
    (void)state;
    struct decode decode;
    events(&decode);
    DECODE_EXPECT(&decode, "{\"id\":\"a\",\n\"time\":5}\n", "rejected 1 malformed\nrejected 2 malformed\n");
    decode_deinit(&decode);
}

static void strict_json_is_demanded_where_nobody_reads(void **state)
{
    (void)state;
#define UNREAD(value) "{\"id\":\"a\",\"time\":5,\"x\":" value "}\n"
    GOOD(UNREAD("true"));
    GOOD(UNREAD("[ ]"));
    GOOD(UNREAD("{ }"));
    GOOD(UNREAD(" [ null , false , { \"b\" : [ ] } ] "));
    GOOD(UNREAD("-0"));
    GOOD(UNREAD("0.5e-3"));
    GOOD(UNREAD("1E+400"));
    GOOD(UNREAD("123456789012345678901234567890"));
    GOOD(UNREAD("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uD83D\\ude00\""));
    GOOD(UNREAD("\"\x7f\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""));

    BAD(UNREAD(""));
    BAD(UNREAD("tru"));
    BAD(UNREAD("truee"));
    BAD(UNREAD("True"));
    BAD(UNREAD("nul"));
    BAD(UNREAD("NaN"));
    BAD(UNREAD("Infinity"));
    BAD(UNREAD("undefined"));
    BAD(UNREAD("'b'"));
    BAD(UNREAD("01"));
    BAD(UNREAD("-"));
    BAD(UNREAD("+1"));
    BAD(UNREAD(".5"));
    BAD(UNREAD("5."));
    BAD(UNREAD("5.e3"));
    BAD(UNREAD("5e"));
    BAD(UNREAD("5e+"));
    BAD(UNREAD("0x10"));
    BAD(UNREAD("1 2"));
    BAD(UNREAD("1\"b\""));
    BAD(UNREAD("\"b\"1"));
    BAD(UNREAD("\"b\"\"c\""));
    BAD(UNREAD("true\"b\""));
    BAD(UNREAD("true{}"));
    BAD(UNREAD("1_000"));
    BAD(UNREAD("1\0"));
    BAD(UNREAD("\0"));
    BAD(UNREAD("[1,]"));
    BAD(UNREAD("[,1]"));
    BAD(UNREAD("[1 2]"));
    BAD(UNREAD("[1:2]"));
    BAD(UNREAD("[1}"));
    BAD(UNREAD("[1"));
    BAD(UNREAD("{\"b\"}"));
    BAD(UNREAD("{\"b\":}"));
    BAD(UNREAD("{\"b\":1,}"));
    BAD(UNREAD("{,}"));
    BAD(UNREAD("{b:1}"));
    BAD(UNREAD("{1:1}"));
    BAD(UNREAD("{\"b\":1:2}"));
    BAD(UNREAD("{\"b\" \"c\":1}"));
    BAD(UNREAD("{\"b\":1]"));
    BAD(UNREAD("/* b */ 1"));
    BAD(UNREAD("1 // b"));
    BAD(UNREAD("\f1"));
    BAD(UNREAD("\xc2\xa0"
               "1"));
    BAD(UNREAD("\"b"));
    BAD(UNREAD("\"\t\""));
    BAD(UNREAD("\"\0\""));
    BAD(UNREAD("\"\x1f\""));
    BAD(UNREAD("\"\\\""));
    BAD(UNREAD("\"\\a\""));
    BAD(UNREAD("\"\\'\""));
    BAD(UNREAD("\"\\0\""));
    BAD(UNREAD("\"\\U0041\""));
    BAD(UNREAD("\"\\u004\""));
    BAD(UNREAD("\"\\u00g1\""));
    BAD(UNREAD("\"\\u\""));
    BAD("{\"id\":\"a\",\"time\":5,\"\\q\":1}\n");
    BAD("{\"id\":\"a\",\"time\":5,}\n");
    BAD("{\"id\":\"a\" \"time\":5}\n");
    BAD("{\"id\":\"a\",,\"time\":5}\n");
    BAD("{\"id\":\"a\",\"time\":5\n");
    BAD("{\"id\":\"a\",\"time\"\n");
    BAD("{\"id\":\"a\",\"time\":\n");
    BAD("{\n");
}

static void half_a_surrogate_pair_is_malformed(void **state)
{
    (void)state;
    GOOD(UNREAD("\"\\ud800\\udc00\""));
    GOOD(UNREAD("\"\\udbff\\udfff\""));
    BAD(UNREAD("\"\\ud800\""));
    BAD(UNREAD("\"\\udc00\""));
    BAD(UNREAD("\"\\ud800x\""));
    BAD(UNREAD("\"\\ud800\\n\""));
    BAD(UNREAD("\"\\ud800\\ud800\""));
    BAD(UNREAD("\"\\ud800\\u0041\""));
    BAD(UNREAD("\"\\udc00\\ud800\""));
    BAD(UNREAD("\"\\udc00\\udc00\""));
    BAD(UNREAD("\"\\ud800\\udc0\""));
}

static void invalid_utf8_is_malformed(void **state)
{
    (void)state;
    BAD(UNREAD("\"\xff\""));
    BAD(UNREAD("\"\x80\""));
    BAD(UNREAD("\"\xc3\""));
    BAD(UNREAD("\"\xc0\xaf\""));            /* overlong */
    BAD(UNREAD("\"\xe0\x80\xaf\""));        /* overlong */
    BAD(UNREAD("\"\xed\xa0\x80\""));        /* a surrogate */
    BAD(UNREAD("\"\xf4\x90\x80\x80\""));    /* past U+10FFFF */
    BAD(UNREAD("\"\xf0\x9f\x98\""));        /* cut */
    BAD("{\"id\":\"a\",\"time\":5}\xc3\n"); /* outside of texts */
    BAD("{\"id\":\"a\",\"time\":5}\xc3");   /* at the file's very end */
    BAD("{\"\xc3\":1,\"id\":\"a\",\"time\":5}\n");
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    enum { BOUND = 1024 };
    struct decode decode;
    events(&decode);
    for (int extra = 0; extra <= 1; extra++) {
        size_t inner = BOUND - 1 + (size_t)extra; /* the record itself is the outermost */
        char line[4 * BOUND];
        size_t size = (size_t)snprintf(line, sizeof line, "{\"id\":\"a\",\"time\":5,\"x\":");
        memset(line + size, '[', inner);
        memset(line + size + inner, ']', inner);
        size += 2 * inner;
        line[size++] = '}';
        decode_expect(&decode, line, size, extra ? "rejected 1 malformed\n" : "record 1 id=a time=5\n");
    }
    /* Far deeper than any stack. */
    size_t size = (size_t)4 << 20;
    char *line = malloc(size);
    assert_non_null(line);
    memset(line, '[', size);
    memcpy(line, "{\"x\":", 5);
    struct decoded decoded;
    decode_run(&decode, line, size, 0, &decoded);
    assert_string_equal(decoded.text, "rejected 1 malformed\n");
    decoded_deinit(&decoded);
    free(line);
    decode_deinit(&decode);
}

static void an_id_is_a_text_or_an_integer(void **state)
{
    (void)state;
    expect_id("\"a b\"", "record 1 id=a b time=5\n");
    expect_id("\"null\"", "record 1 id=null time=5\n");
    expect_id("17", "record 1 id=17 time=5\n");
    expect_id("-17", "record 1 id=-17 time=5\n");
    expect_id("0", "record 1 id=0 time=5\n");
    expect_id("-0", "record 1 id=0 time=5\n");
    expect_id("18446744073709551616", "record 1 id=18446744073709551616 time=5\n");
    expect_id("-123456789012345678901234567890123456789012345678901234567890",
              "record 1 id=-123456789012345678901234567890123456789012345678901234567890 time=5\n");
    expect_id("1.0", "rejected 1 malformed time=5\n");
    expect_id("1e3", "rejected 1 malformed time=5\n");
    expect_id("true", "rejected 1 malformed time=5\n");
    expect_id("[\"a\"]", "rejected 1 malformed time=5\n");
    expect_id("{\"a\":1}", "rejected 1 malformed time=5\n");
    expect_id("null", "rejected 1 no_id time=5\n");
    expect_id("\"\"", "rejected 1 no_id time=5\n");
    expect_id("\" \"", "record 1 id=  time=5\n");
}

static void integer_and_text_of_the_same_digits_are_one_id(void **state)
{
    (void)state;
    struct decode decode;
    events(&decode);
    static const char lines[] = "{\"id\":17,\"time\":5}\n{\"id\":\"17\",\"time\":5}\n{\"id\":\"017\",\"time\":5}\n"
                                "{\"id\":\"\\u0031\\u0037\",\"time\":5}\n";
    struct decoded decoded;
    decode_run(&decode, lines, sizeof lines - 1, 0, &decoded);
    assert_int_equal(decoded.count, 4);
    assert_memory_equal(&decoded.keys[0], &decoded.keys[1], sizeof decoded.keys[0]);
    assert_memory_equal(&decoded.keys[0], &decoded.keys[3], sizeof decoded.keys[0]);
    assert_memory_not_equal(&decoded.keys[0], &decoded.keys[2], sizeof decoded.keys[0]);
    decoded_deinit(&decoded);
    decode_deinit(&decode);
}

static void escapes_in_ids_and_keys_are_undone(void **state)
{
    (void)state;
    expect_id("\"\\u0061\\n\\\"\\\\\\/\"", "record 1 id=a\n\"\\/ time=5\n");
    expect_id("\"\\u00e9\\u20ac\\ud83d\\ude00\"", "record 1 id=\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 time=5\n");
    struct decode decode;
    audit(&decode);
    DECODE_EXPECT(&decode,
                  "{\"\\u0069d\":\"\\u0061\",\"event\\u005ftime\":5,\"so\\u0075rce\":\"\\t\",\"context\":\"x\\ny\"}\n",
                  "record 1 id=a source=\t time=5 context=x\ny\n");
    decode_deinit(&decode);
}

static void an_id_may_hold_a_nul_byte(void **state)
{
    (void)state;
    struct decode decode;
    events(&decode);
    static const char lines[] = "{\"id\":\"a\\u0000b\",\"time\":5}\n{\"id\":\"a\",\"time\":5}\n";
    struct decoded decoded;
    decode_run(&decode, lines, sizeof lines - 1, 0, &decoded);
    assert_int_equal(decoded.count, 2);
    assert_memory_not_equal(&decoded.keys[0], &decoded.keys[1], sizeof decoded.keys[0]);
    decoded_deinit(&decoded);
    decode_deinit(&decode);
}

static void of_equal_keys_the_last_counts(void **state)
{
    (void)state;
    struct decode decode;
    events(&decode);
    DECODE_EXPECT(&decode,
                  "{\"id\":\"a\",\"time\":1,\"id\":\"b\"}\n{\"id\":\"a\",\"time\":1,\"id\":null}\n"
                  "{\"id\":[],\"time\":1,\"\\u0069d\":\"c\"}\n",
                  "record 1 id=b time=1\nrejected 2 no_id time=1\nrecord 3 id=c time=1\n");
    decode_field(&decode.mapping.schemas[0].id[0], "a.b");
    decode.mapping.schemas[0].id_count = 1;
    DECODE_EXPECT(&decode, "{\"a\":{\"b\":\"x\"},\"time\":1,\"a\":{}}\n{\"a\":{\"b\":\"x\"},\"time\":1,\"a\":17}\n",
                  "rejected 1 no_id time=1\nrejected 2 no_id time=1\n");
    decode_deinit(&decode);
}

static void fields_are_found_by_path(void **state)
{
    (void)state;
    struct decode decode;
    audit(&decode);
    struct recon_mapping *schema = &decode.mapping.schemas[0];
    decode_field(&schema->id[0], "a.b.c");
    schema->id_count = 1;
    decode_field(&schema->time, "/a/t~1~0");
    decode_field(&schema->source, "list.1.x");
    decode_field(&schema->emitted, "/list/0");
    decode_field(&schema->context, "a.b");
    DECODE_EXPECT(&decode,
                  "{\"a\":{\"b\":{\"c\":\"x\", \"d\":[]},\"t/~\":7},\"list\":[8,{\"x\":\"s\"},9]}\n"
                  "{\"a.b.c\":\"x\",\"a\":{\"t/~\":7}}\n"
                  "{\"a\":{\"b\":[\"c\"],\"t/~\":7}}\n"
                  "{\"a\":{\"b\":{\"c\":\"y\"}},\"c\":\"z\"}\n",
                  "record 1 id=x source=s time=7 emitted=8 context={\"c\":\"x\", \"d\":[]}\n"
                  "rejected 2 no_id time=7\n"
                  "rejected 3 no_id time=7 context=[\"c\"]\n"
                  "rejected 4 no_time id=y context={\"c\":\"y\"}\n");
    decode_deinit(&decode);
}

static void a_key_with_a_dot_is_reached_by_a_pointer(void **state)
{
    (void)state;
    struct decode decode;
    events(&decode);
    decode_field(&decode.mapping.schemas[0].id[0], "/a.b");
    decode.mapping.schemas[0].id_count = 1;
    DECODE_EXPECT(&decode, "{\"a.b\":\"x\",\"a\":{\"b\":\"y\"},\"time\":5}\n", "record 1 id=x time=5\n");
    decode_deinit(&decode);
}

/* Where a key led to in the line before is a guess, which a namesake in another place must not take. */
static void namesakes_may_change_places_from_line_to_line(void **state)
{
    (void)state;
    struct decode decode;
    events(&decode);
    struct recon_mapping *schema = &decode.mapping.schemas[0];
    decode_field(&schema->id[0], "order.key");
    decode_field(&schema->id[1], "shop.key");
    schema->id_count = 2;
    DECODE_EXPECT(
        &decode,
        "{\"order\":{\"key\":\"A\"},\"shop\":{\"key\":\"S\"},\"time\":1}\n"
        "{\"shop\":{\"key\":\"T\"},\"order\":{\"key\":\"B\"},\"time\":2}\n"
        "{\"key\":\"x\",\"order\":{\"key\":\"C\",\"shop\":{\"key\":\"y\"}},\"time\":3,\"shop\":{\"key\":\"U\"}}\n"
        "{\"time\":4,\"order\":{\"key\":\"D\"},\"shop\":{\"key\":\"V\"},\"order\":{\"key\":\"E\"}}\n",
        "record 1 id=A|S time=1\nrecord 2 id=B|T time=2\nrecord 3 id=C|U time=3\nrecord 4 id=E|V time=4\n");
    decode_deinit(&decode);
}

static void two_names_of_one_place_both_find_it(void **state)
{
    (void)state;
    struct decode decode;
    events(&decode);
    struct recon_mapping *schema = &decode.mapping.schemas[0];
    decode_field(&schema->id[0], "a.b");
    decode_field(&schema->id[1], "/a/b");
    schema->id_count = 2;
    DECODE_EXPECT(&decode, "{\"a\":{\"b\":1},\"time\":5}\n", "record 1 id=1|1 time=5\n");
    decode_deinit(&decode);
}

static void a_line_that_is_too_long_is_rejected_once(void **state)
{
    (void)state;
    struct decode decode;
    events(&decode);
    decode.options.record_bytes_max = 20;
    DECODE_EXPECT(&decode,
                  "{\"id\":\"a\",\"time\":12}\n"                                         /* 20 bytes */
                  "{\"id\":\"a\",\"time\":123}\n"                                        /* 21 bytes */
                  "{\"id\":\"b\",\"time\":1}\n"                                          /* fits */
                  "                                                                  \n" /* blank, and too long */
                  "{\"id\":\"c\",\"time\":1}\n",
                  "record 1 id=a time=12\nrejected 2 malformed\nrecord 3 id=b time=1\nrejected 4 malformed\n"
                  "record 5 id=c time=1\n");
    DECODE_EXPECT(&decode, "{\"id\":\"a\",\"time\":12} ", "rejected 1 malformed\n");
    DECODE_EXPECT(&decode, "{\"id\":\"a\",\"time\":12}", "record 1 id=a time=12\n");
    decode_deinit(&decode);
}

/* As a pipeline reads it: pieces of 64 KiB, and no more of the line kept than the limit. */
static void a_line_of_100_mb_costs_no_memory(void **state)
{
    (void)state;
    enum { PIECE = 64 << 10 };
    const size_t limit = (size_t)16 << 20;
    struct decode decode;
    events(&decode);
    struct recon_decoder *decoder;
    assert_int_equal(recon_decoder_new(&decode.options, &decoder), 0);
    struct recon_batch batch;
    recon_batch_init(&batch);
    char *buffer = malloc(limit + 2 * PIECE);
    assert_non_null(buffer);
    size_t held = 0;
    for (size_t fed = 0; fed < 100000000; fed += PIECE) {
        memset(buffer + held, 'x', PIECE);
        held += PIECE;
        size_t used;
        assert_int_equal(recon_decoder_feed(decoder, buffer, held, false, &used, &batch), 0);
        held -= used;
        assert_true(held <= limit + PIECE);
    }
    static const char rest[] = "\"\n{\"id\":\"a\",\"time\":5}\n";
    memcpy(buffer + held, rest, sizeof rest - 1);
    size_t used;
    assert_int_equal(recon_decoder_feed(decoder, buffer, held + sizeof rest - 1, true, &used, &batch), 0);
    assert_int_equal(used, held + sizeof rest - 1);
    assert_int_equal(batch.count, 2);
    assert_int_equal(batch.records[0].reason, RECON_REASON_MALFORMED);
    assert_int_equal(batch.records[0].offset, 1);
    assert_int_equal(batch.records[1].kind, RECON_KIND_RECORD);
    assert_int_equal(batch.records[1].offset, 2);
    free(buffer);
    recon_batch_deinit(&batch);
    recon_decoder_free(decoder);
    decode_deinit(&decode);
}

/* Lines of all sizes around the blocks in which lines are indexed, and more of them than a batch holds. */
static void lines_are_the_same_wherever_blocks_and_batches_end(void **state)
{
    (void)state;
    struct decode decode;
    events(&decode);
    size_t capacity = (size_t)4 << 20;
    char *bytes = malloc(capacity);
    char *expected = malloc(capacity);
    assert_non_null(bytes);
    assert_non_null(expected);
    size_t size = 0;
    size_t expected_size = 0;
    for (unsigned i = 0; i < 2000; i++) {
        unsigned padding = i % 97 == 0 ? 40000 : i % 13 * 50;
        const char *escape = i % 5 == 0 ? "\\u00e9" : "e";
        const char *bad = i % 701 == 3 ? "\"" : "";
        size += (size_t)snprintf(bytes + size, capacity - size, "{\"x\":\"%*s\",\"id\":\"%u%s\",\"time\":%u}%s\n",
                                 (int)padding, "", i, escape, i, bad);
        expected_size +=
            (size_t)(*bad ? snprintf(expected + expected_size, capacity - expected_size, "rejected %u malformed\n",
                                     i + 1)
                          : snprintf(expected + expected_size, capacity - expected_size, "record %u id=%u%s time=%u\n",
                                     i + 1, i, i % 5 == 0 ? "\xc3\xa9" : "e", i));
    }
    static const size_t piece_sizes[] = {0, 1000, 4096, 65536, 100003};
    for (size_t i = 0; i < sizeof piece_sizes / sizeof piece_sizes[0]; i++) {
        struct decoded decoded;
        decode_run(&decode, bytes, size, piece_sizes[i], &decoded);
        assert_string_equal(decoded.text, expected);
        decoded_deinit(&decoded);
    }
    free(bytes);
    free(expected);
    decode_deinit(&decode);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_a_line_is_a_record),
        cmocka_unit_test(the_last_line_needs_no_end),
        cmocka_unit_test(an_empty_file_has_no_records),
        cmocka_unit_test(blank_lines_are_passed_over_and_counted),
        cmocka_unit_test(crlf_ends_a_line),
        cmocka_unit_test(a_byte_order_mark_is_passed_over_at_the_start_alone),
        cmocka_unit_test(a_bad_line_does_not_spoil_its_neighbours),
        cmocka_unit_test(only_an_object_is_a_record),
        cmocka_unit_test(an_object_over_two_lines_is_two_bad_lines),
        cmocka_unit_test(strict_json_is_demanded_where_nobody_reads),
        cmocka_unit_test(half_a_surrogate_pair_is_malformed),
        cmocka_unit_test(invalid_utf8_is_malformed),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(an_id_is_a_text_or_an_integer),
        cmocka_unit_test(integer_and_text_of_the_same_digits_are_one_id),
        cmocka_unit_test(escapes_in_ids_and_keys_are_undone),
        cmocka_unit_test(an_id_may_hold_a_nul_byte),
        cmocka_unit_test(of_equal_keys_the_last_counts),
        cmocka_unit_test(fields_are_found_by_path),
        cmocka_unit_test(a_key_with_a_dot_is_reached_by_a_pointer),
        cmocka_unit_test(namesakes_may_change_places_from_line_to_line),
        cmocka_unit_test(two_names_of_one_place_both_find_it),
        cmocka_unit_test(a_line_that_is_too_long_is_rejected_once),
        cmocka_unit_test(a_line_of_100_mb_costs_no_memory),
        cmocka_unit_test(lines_are_the_same_wherever_blocks_and_batches_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
