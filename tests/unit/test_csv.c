/* CSV files: what is a record, what is malformed, and that a fault costs no more than its line. */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode.h"

/* A decoder of CSV with nothing mapped; the caller changes what the test is about. */
static void csv_init(struct decode *decode, int stream)
{
    decode_init(decode, stream);
    decode->mapping.schemas[0].format = RECON_FORMAT_CSV;
}

static void gives(const char *bytes, const char *expected)
{
    struct decode decode;
    csv_init(&decode, RECON_STREAM_EVENTS);
    decode_expect(&decode, bytes, strlen(bytes), expected);
    decode_deinit(&decode);
}

/* The fault has the words, and is the same however the bytes are cut. */
static void fails(const struct decode *decode, const char *bytes, size_t size, const char *words)
{
    struct decoded decoded;
    decode_run(decode, bytes, size, 0, &decoded);
    if (strncmp(decoded.text, "fault ", 6) != 0 || strstr(decoded.text, words) == NULL)
        fail_msg("of\n%s\ncame\n%snot a fault with '%s'", bytes, decoded.text, words);
    decode_expect(decode, bytes, size, decoded.text);
    decoded_deinit(&decoded);
}

static void fails_with(const char *bytes, const char *words)
{
    struct decode decode;
    csv_init(&decode, RECON_STREAM_EVENTS);
    fails(&decode, bytes, strlen(bytes), words);
    decode_deinit(&decode);
}

static void records_are_read_by_column(void **state)
{
    (void)state;
    gives("id,time\na,5\nb,6\n", "record 2 id=a time=5\nrecord 3 id=b time=6\n");
    gives("time,x,id\n5,,a\n6,y,b", "record 2 id=a time=5\nrecord 3 id=b time=6\n");
    gives("id,time\na,2013-02-08T11:00:00Z\n", "record 2 id=a time=1360321200000\n");
    static const char records[] =
        "id,event_time,emitted_time,source,context\na,5,6,shop,\"order 1, \"\"red\"\"\"\nb,5,,,\n";
    struct decode decode;
    csv_init(&decode, RECON_STREAM_AUDIT);
    decode_expect(&decode, records, sizeof records - 1,
                  "record 2 id=a source=shop time=5 emitted=6 context=order 1, \"red\"\nrecord 3 id=b time=5\n");
    decode_deinit(&decode);
}

static void ids_stay_as_they_are_written(void **state)
{
    (void)state;
    gives("id,time\n007,5\n-0,5\n1.50,5\n a ,5\n\xc3\xa9,5\n",
          "record 2 id=007 time=5\nrecord 3 id=-0 time=5\nrecord 4 id=1.50 time=5\n"
          "record 5 id= a  time=5\nrecord 6 id=\xc3\xa9 time=5\n");
    struct decode decode;
    csv_init(&decode, RECON_STREAM_EVENTS);
    decode_field(&decode.mapping.schemas[0].id[0], "carrier");
    decode_field(&decode.mapping.schemas[0].id[1], "flight");
    decode.mapping.schemas[0].id_count = 2;
    static const char records[] = "flight,carrier,time\n10,AA,5\n";
    decode_expect(&decode, records, sizeof records - 1, "record 2 id=AA|10 time=5\n");
    decode_deinit(&decode);
}

static void times_are_texts_or_integers_in_the_unit(void **state)
{
    (void)state;
    struct decode decode;
    csv_init(&decode, RECON_STREAM_EVENTS);
    decode.mapping.schemas[0].time_unit = RECON_UNIT_S;
    static const char records[] = "id,time\na,5\nb,-5\nc,x\nd,\ne,5.0\nf,99999999999999999999\n";
    decode_expect(
        &decode, records, sizeof records - 1,
        "record 2 id=a time=5000\nrecord 3 id=b time=-5000\nrecord 4 id=c\nrecord 5 id=d\nrecord 6 id=e\nrecord "
        "7 id=f\n");
    decode_deinit(&decode);
    csv_init(&decode, RECON_STREAM_AUDIT);
    decode_field(&decode.mapping.schemas[0].time, "time");
    decode_expect(&decode, records, sizeof records - 1,
                  "record 2 id=a time=5\nrecord 3 id=b time=-5\nrejected 4 no_time id=c\nrejected 5 no_time "
                  "id=d\nrejected 6 no_time id=e\nrejected 7 no_time id=f\n");
    decode_deinit(&decode);
}

static void quoted_fields_may_hold_anything(void **state)
{
    (void)state;
    gives(
        "id,time\n\"a,b\",5\n\"a\nb\r\n\",\"6\"\n\"\"\"\",7\n\"say \"\"hi\"\"\",8\n",
        "record 2 id=a,b time=5\nrecord 3 id=a\nb\r\n time=6\nrecord 6 id=\" time=7\nrecord 7 id=say \"hi\" time=8\n");
    gives("\"id\",\"time\"\r\na,5\r\n", "record 2 id=a time=5\n");
    gives("\"a\"\"b\",id,\"time\"\n1,a,5", "record 2 id=a time=5\n");
    gives("id,time\n\"a\",\"5\"", "record 2 id=a time=5\n");
    gives("id,time\r\n\"a\",\"5\"\r", "record 2 id=a time=5\n"); /* cut between CR and LF */
}

static void line_ends_are_lf_or_crlf_and_the_last_may_lack(void **state)
{
    (void)state;
    gives("id,time\r\na,5\r\nb,6\n\"c\",\"7\"\r\nd,8\r\n",
          "record 2 id=a time=5\nrecord 3 id=b time=6\nrecord 4 id=c time=7\nrecord 5 id=d time=8\n");
    gives("time,id\r\n5,a\r\n6,b", "record 2 id=a time=5\nrecord 3 id=b time=6\n");
    gives("time,id\r\n5,a\rb\r\n", "record 2 id=a\rb time=5\n");
}

static void a_byte_order_mark_is_passed_over(void **state)
{
    (void)state;
    gives("\xef\xbb\xbfid,time\na,5\n", "record 2 id=a time=5\n");
    gives("\xef\xbb\xbf\"id\",time\na,5\n", "record 2 id=a time=5\n");
    fails_with("\xef\xbbid,time\na,5\n", "UTF-8");
    gives("id,time\n\xef\xbb\xbf"
          "a,5\n",
          "record 2 id=\xef\xbb\xbf"
          "a time=5\n");
}

static void blank_lines_are_no_records(void **state)
{
    (void)state;
    gives("\n\r\nid,time\n\na,5\n\r\n\r\nb,6\n\n", "record 5 id=a time=5\nrecord 8 id=b time=6\n");
    gives("", "");
    gives("\n\n", "");
    gives("\xef\xbb\xbf", "");
    gives("id,time", "");
    gives("id,time\n", "");
    struct decode decode;
    csv_init(&decode, RECON_STREAM_EVENTS);
    decode.options.timeless = true;
    static const char records[] = "id\na\n\n\"\"\nb\n\r\n  \n";
    decode_expect(&decode, records, sizeof records - 1,
                  "record 2 id=a time=0\nrejected 4 no_id\nrecord 5 id=b time=0\nrecord 7 id=   time=0\n");
    decode_deinit(&decode);
}

static void another_number_of_fields_is_malformed(void **state)
{
    (void)state;
    gives("id,time\na\nb,5,\nc,5,6\n,\nd,5\n",
          "rejected 2 malformed\nrejected 3 malformed\nrejected 4 malformed\nrejected 5 no_id\nrecord 6 id=d time=5\n");
    gives("id,time\n\"a\nb\"\nc,5\n", "rejected 2 malformed\nrecord 4 id=c time=5\n");
}

static void a_wrong_quote_costs_its_line_only(void **state)
{
    (void)state;
    gives("id,time\na\"b,5\nc,6\n", "rejected 2 malformed\nrecord 3 id=c time=6\n");
    gives("id,time\na\",5\nc,6\n", "rejected 2 malformed\nrecord 3 id=c time=6\n");
    gives("id,time\n \"a\",5\nc,6\n", "rejected 2 malformed\nrecord 3 id=c time=6\n");
    gives("id,time\n\"a\"b,5\nc,6\n", "rejected 2 malformed\nrecord 3 id=c time=6\n");
    gives("id,time\n\"a\" ,5\nc,6\n", "rejected 2 malformed\nrecord 3 id=c time=6\n");
    gives("id,time\n\"a\"\rb,5\nc,6\n", "rejected 2 malformed\nrecord 3 id=c time=6\n");
    gives("id,time\n\"a\"\r,5\nc,6\n", "rejected 2 malformed\nrecord 3 id=c time=6\n");
    gives("id,time\n\"a\"\r,5\nc,6\n", "rejected 2 malformed\nrecord 3 id=c time=6\n");
    gives("id,time\n\"a\n\"b\",5\nc,6\n", "rejected 2 malformed\nrecord 3 id=b time=5\nrecord 4 id=c time=6\n");
    gives("id,time\n\"a,5\nb,6\n\"c\",7\nd,8\n",
          "rejected 2 malformed\nrecord 3 id=b time=6\nrecord 4 id=c time=7\nrecord 5 id=d time=8\n");
}

static void a_quote_that_is_never_closed_costs_its_line_only(void **state)
{
    (void)state;
    gives("id,time\n\"a,5\nb,6\nc,7\n", "rejected 2 malformed\nrecord 3 id=b time=6\nrecord 4 id=c time=7\n");
    gives("id,time\na,5\n\"b,6", "record 2 id=a time=5\nrejected 3 malformed\n");
    gives("id,time\na,5\n\"", "record 2 id=a time=5\nrejected 3 malformed\n");
    gives("id,time\na,5\n\"\"\"", "record 2 id=a time=5\nrejected 3 malformed\n");
}

static void what_is_longer_than_the_bound_costs_its_first_line(void **state)
{
    (void)state;
    struct decode decode;
    csv_init(&decode, RECON_STREAM_EVENTS);
    decode.options.record_bytes_max = 16;
    static const char records[] =
        "id,time\n0123456789abcd,5\n0123456789abcde,5\na,5\n\"0123456789abcd\",7\n\"a\nb,6\nc,7\n"
        "d,8\ne,9\n";
    decode_expect(&decode, records, sizeof records - 1,
                  "record 2 id=0123456789abcd time=5\nrejected 3 malformed\nrecord 4 id=a time=5\nrejected 5 "
                  "malformed\nrejected 6 malformed\nrecord 7 id=b time=6\n"
                  "record 8 id=c time=7\nrecord 9 id=d time=8\nrecord 10 id=e time=9\n");
    static const char crlf[] = "id,time\r\n0123456789abcd,5\r\n0123456789abcde,5\r\na,5\r\n";
    decode_expect(&decode, crlf, sizeof crlf - 1,
                  "record 2 id=0123456789abcd time=5\nrejected 3 malformed\nrecord 4 id=a time=5\n");
    static const char endless[] = "id,time\n\"a\",5\n\"01234567890123456789012345678901234567890123456789";
    decode_expect(&decode, endless, sizeof endless - 1, "record 2 id=a time=5\nrejected 3 malformed\n");
    static const char header[] = "id,time,0123456789\na,5,6\n";
    fails(&decode, header, sizeof header - 1, "line 1: the header is longer than 16 bytes");
    decode_deinit(&decode);
}

static void what_is_no_text_is_malformed(void **state)
{
    (void)state;
    static const char records[] =
        "id,time,x\na\0b,5,\nc,6,\0\n\xff,7,\nd,8,\xc3\xa9\ne,9,\xed\xa0\x80\nf,1,\xc0\x80\ng,2,\n";
    struct decode decode;
    csv_init(&decode, RECON_STREAM_EVENTS);
    decode_expect(&decode, records, sizeof records - 1,
                  "rejected 2 malformed\nrejected 3 malformed\nrejected 4 malformed\nrecord 5 id=d time=8\nrejected 6 "
                  "malformed\nrejected 7 malformed\nrecord 8 id=g time=2\n");
    fails_with("i\xff,time\na,5\n", "not UTF-8");
    static const char utf16[] = "\xff\xfei\0d\0,\0t\0i\0m\0e\0\n\0";
    fails(&decode, utf16, sizeof utf16 - 1, "not UTF-8");
    decode_deinit(&decode);
}

static void the_header_must_have_what_is_mapped(void **state)
{
    (void)state;
    fails_with("Id,time\na,5\n", "line 1: no column `id`, did you mean `Id`? The columns are `Id`, `time`");
    fails_with("order,time\na,5\n", "line 1: no column `id`; the columns are `order`, `time`");
    fails_with("\nid;time\na;5\n", "; columns are separated by `;`");
    fails_with("id\ttime\na\t5\n", "separated by `tab`");
    fails_with("id,time\ra,5\rb,6\r", "no column");
    fails_with("id,time,id\na,5,6\n", "line 1: the columns 1 and 3 are both called `id`");
    fails_with("id\",time\na,5\n", "line 1: a quote in the header");
    fails_with("\"id,time\na,5\n", "line 1: a quote in the header is never closed");
    gives("id,time,x,x\na,5,6,7\n", "record 2 id=a time=5\n");
    struct decode decode;
    csv_init(&decode, RECON_STREAM_EVENTS);
    decode_field(&decode.mapping.schemas[0].id[0], "order_id");
    decode.mapping.schemas[0].id_count = 1;
    static const char records[] = "id,orderid,time\na,5,6\n";
    decode_expect(&decode, records, sizeof records - 1,
                  "fault line 1: no column `order_id`, did you mean `orderid`? "
                  "The columns are `id`, `orderid`, `time`\n");
    decode_deinit(&decode);
}

/* A hostile header fills the message with neither control characters nor more than fits. */
static void names_in_messages_are_cut_and_clean(void **state)
{
    (void)state;
    char records[4096] = "\x1b[31m,";
    size_t size = strlen(records);
    memset(records + size, 'x', 2000);
    for (size_t i = 0; i < 1000; i++)
        memcpy(records + size + 2 * i, i % 40 == 0 ? ",y" : "\xc3\xa9", 2);
    memcpy(records + size + 2000, "\na\n", 4);
    struct decode decode;
    csv_init(&decode, RECON_STREAM_EVENTS);
    struct decoded decoded;
    decode_run(&decode, records, strlen(records), 0, &decoded);
    assert_non_null(strstr(decoded.text, "`?[31m`"));
    assert_non_null(strstr(decoded.text, "..."));
    assert_true(strlen(decoded.text) < 300);
    decoded_deinit(&decoded);
    decode_deinit(&decode);
}

static void a_schema_is_chosen_by_a_column(void **state)
{
    (void)state;
    struct decode decode;
    csv_init(&decode, RECON_STREAM_EVENTS);
    decode_add_schema(&decode)->heartbeat = true;
    decode_add_schema(&decode)->ignore = true;
    static const char *const kinds[] = {"order", "beat", ""};
    for (size_t i = 0; i < 3; i++) {
        struct recon_mapping *schema = &decode.mapping.schemas[i];
        schema->format = RECON_FORMAT_CSV;
        schema->has_when = true;
        decode_field(&schema->when.field, "kind");
        schema->when.field_equals = decode_copy(kinds[i]);
    }
    static const char records[] = "id,time,kind\na,5,order\n,6,beat\nb,7,\nc,8,other\n";
    decode_expect(&decode, records, sizeof records - 1,
                  "record 2 id=a time=5\nheartbeat 3 time=6\nrejected 5 unmapped\nignored 1\n");
    decode_deinit(&decode);
}

static void many_records_come_in_batches(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    char *records = malloc(COUNT * 64), *expected = malloc(COUNT * 64);
    assert_non_null(records);
    assert_non_null(expected);
    size_t size = (size_t)sprintf(records, "id,time,note\n"), expected_size = 0;
    for (int i = 0; i < COUNT; i++) {
        size += (size_t)sprintf(records + size, "a%d,%d,%s\n", i, i, i % 7 == 0 ? "\"x,\ny\"" : "z");
        expected_size +=
            (size_t)sprintf(expected + expected_size, "record %d id=a%d time=%d\n", 2 + i + (i + 6) / 7, i, i);
    }
    gives(records, expected);
    free(records);
    free(expected);
}

static void whether_there_is_a_time_shows_in_the_header(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        bool last;
        int answer;
    } cases[] = {
        {"id,time\n", false, 1}, {"id,x\na,5\n", false, 0}, {"id,ti", false, -1},         {"id,time", true, 1},
        {"", true, -1},          {"\n", true, -1},          {"id,Time\na,5\n", false, 0},
    };
    struct decode decode;
    csv_init(&decode, RECON_STREAM_EVENTS);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(recon_decoder_has_time(&decode.options, cases[i].bytes, strlen(cases[i].bytes), cases[i].last),
                         cases[i].answer);
    decode_deinit(&decode);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_read_by_column),
        cmocka_unit_test(ids_stay_as_they_are_written),
        cmocka_unit_test(times_are_texts_or_integers_in_the_unit),
        cmocka_unit_test(quoted_fields_may_hold_anything),
        cmocka_unit_test(line_ends_are_lf_or_crlf_and_the_last_may_lack),
        cmocka_unit_test(a_byte_order_mark_is_passed_over),
        cmocka_unit_test(blank_lines_are_no_records),
        cmocka_unit_test(another_number_of_fields_is_malformed),
        cmocka_unit_test(a_wrong_quote_costs_its_line_only),
        cmocka_unit_test(a_quote_that_is_never_closed_costs_its_line_only),
        cmocka_unit_test(what_is_longer_than_the_bound_costs_its_first_line),
        cmocka_unit_test(what_is_no_text_is_malformed),
        cmocka_unit_test(the_header_must_have_what_is_mapped),
        cmocka_unit_test(names_in_messages_are_cut_and_clean),
        cmocka_unit_test(a_schema_is_chosen_by_a_column),
        cmocka_unit_test(many_records_come_in_batches),
        cmocka_unit_test(whether_there_is_a_time_shows_in_the_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
