/*
 * The writer: every type in every form, fields that are there and fields that are not, and texts of any bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/result_writer.h"
#include "json_fields.h"
#include "recon/status.h"

#define HOUR INT64_C(3600000)
#define TIME INT64_C(1360321500000) /* 2013-02-08T11:05:00Z */

static struct recon_text text(const char *bytes)
{
    return (struct recon_text){bytes, (uint32_t)strlen(bytes)};
}

static struct recon_buffer written(const struct recon_result_writer_options *options,
                                   const struct recon_result *results, size_t count)
{
    struct recon_result_writer *writer;
    struct recon_buffer buffer;
    recon_buffer_init(&buffer);
    assert_int_equal(recon_result_writer_new(options, &writer), RECON_OK);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(recon_result_writer_write(writer, &results[i], &buffer), RECON_OK);
    assert_int_equal(recon_result_writer_finish(writer, &buffer), RECON_OK);
    recon_result_writer_free(writer);
    return buffer;
}

static void writes_with(const struct recon_result_writer_options *options, const struct recon_result *results,
                        size_t count, const char *expected)
{
    struct recon_buffer buffer = written(options, results, count);
    assert_int_equal(recon_buffer_reserve(&buffer, 1), RECON_OK);
    buffer.bytes[buffer.size] = '\0';
    assert_string_equal(buffer.bytes, expected);
    recon_buffer_deinit(&buffer);
}

static void writes(enum recon_result_format format, const struct recon_result *result, const char *expected)
{
    writes_with(&(struct recon_result_writer_options){.format = format}, result, 1, expected);
}

static struct recon_result metric(uint64_t expected, uint64_t missing)
{
    return (struct recon_result){
        .type = RECON_RESULT_METRIC,
        .start = TIME - 5 * 60000,
        .end = TIME - 5 * 60000 + HOUR,
        .counts = {.expected = expected, .matched = expected - missing, .missing = missing},
        .watermark = TIME + HOUR,
        .basis = RECON_BASIS_WATERMARK,
    };
}

/* A result that has every field, of those that its type may have. */
static struct recon_result full(enum recon_result_type type)
{
    return (struct recon_result){
        .type = (uint8_t)type,
        .stream = type == RECON_RESULT_MISSING ? RECON_STREAM_AUDIT : RECON_STREAM_EVENTS,
        .reason = RECON_REASON_NO_TIME,
        .basis = RECON_BASIS_TIMEOUT,
        .has_time = true,
        .has_event_time = type == RECON_RESULT_FOUND,
        .has_emitted_time = type == RECON_RESULT_MISSING,
        .has_offset = true,
        .partition = 1,
        .offset = 34,
        .time = TIME,
        .event_time = TIME + 1,
        .emitted_time = TIME + 2,
        .watermark = TIME + HOUR,
        .id = text("a-1"),
        .source = text("shop"),
        .context = type == RECON_RESULT_MISSING ? text("order 17") : (struct recon_text){0},
    };
}

static const struct recon_partition_name names[] = {{"orders", 0}, {"orders.retry", 7}};
static const struct recon_result_writer_options named = {
    .format = RECON_RESULTS_NDJSON, .names = {names, names}, .name_count = {2, 2}};

static void ndjson_has_the_fields_of_each_type_in_their_order(void **state)
{
    (void)state;
    struct recon_result result = metric(66, 6);
    result.revision = 2;
    result.counts.duplicate_audits = 1;
    result.counts.duplicate_events = 2;
    result.counts.unaudited = 3;
    result.counts.unjudged_audits = 4;
    result.basis = RECON_BASIS_END;
    writes(RECON_RESULTS_NDJSON, &result,
           "{\"type\":\"metric\",\"start\":\"2013-02-08T11:00:00.000Z\",\"end\":\"2013-02-08T12:00:00.000Z\","
           "\"expected\":66,\"matched\":60,\"missing\":6,\"completeness_percent\":90.9090909090909,"
           "\"duplicate_audits\":1,\"duplicate_events\":2,\"unaudited\":3,\"unjudged_audits\":4,\"revision\":2,"
           "\"watermark\":\"2013-02-08T12:05:00.000Z\",\"basis\":\"end\"}\n");
    static const struct {
        enum recon_result_type type;
        const char *line;
    } cases[] = {
        {RECON_RESULT_MISSING,
         "{\"type\":\"missing\",\"id\":\"a-1\",\"source\":\"shop\",\"time\":\"2013-02-08T11:05:00.000Z\","
         "\"emitted_time\":\"2013-02-08T11:05:00.002Z\",\"context\":\"order 17\",\"topic\":\"orders.retry\","
         "\"partition\":7,\"offset\":34,\"watermark\":\"2013-02-08T12:05:00.000Z\",\"basis\":\"timeout\"}\n"},
        {RECON_RESULT_FOUND,
         "{\"type\":\"found\",\"id\":\"a-1\",\"source\":\"shop\",\"time\":\"2013-02-08T11:05:00.000Z\","
         "\"event_time\":\"2013-02-08T11:05:00.001Z\",\"watermark\":\"2013-02-08T12:05:00.000Z\"}\n"},
        {RECON_RESULT_UNAUDITED,
         "{\"type\":\"unaudited\",\"id\":\"a-1\",\"source\":\"shop\",\"time\":\"2013-02-08T11:05:00.000Z\","
         "\"topic\":\"orders.retry\",\"partition\":7,\"offset\":34,\"watermark\":\"2013-02-08T12:05:00.000Z\","
         "\"basis\":\"timeout\"}\n"},
        {RECON_RESULT_AUDITED,
         "{\"type\":\"audited\",\"id\":\"a-1\",\"source\":\"shop\",\"time\":\"2013-02-08T11:05:00.000Z\","
         "\"topic\":\"orders.retry\",\"partition\":7,\"offset\":34,\"watermark\":\"2013-02-08T12:05:00.000Z\"}\n"},
        {RECON_RESULT_DUPLICATE,
         "{\"type\":\"duplicate\",\"stream\":\"events\",\"id\":\"a-1\",\"source\":\"shop\","
         "\"time\":\"2013-02-08T11:05:00.000Z\",\"topic\":\"orders.retry\",\"partition\":7,\"offset\":34,"
         "\"watermark\":\"2013-02-08T12:05:00.000Z\"}\n"},
        {RECON_RESULT_TOO_LATE,
         "{\"type\":\"too_late\",\"stream\":\"events\",\"id\":\"a-1\",\"source\":\"shop\","
         "\"time\":\"2013-02-08T11:05:00.000Z\",\"topic\":\"orders.retry\",\"partition\":7,\"offset\":34,"
         "\"watermark\":\"2013-02-08T12:05:00.000Z\"}\n"},
        {RECON_RESULT_REJECTED,
         "{\"type\":\"rejected\",\"stream\":\"events\",\"reason\":\"no_time\",\"topic\":\"orders.retry\","
         "\"partition\":7,\"offset\":34,\"id\":\"a-1\",\"source\":\"shop\",\"time\":\"2013-02-08T11:05:00.000Z\"}\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct recon_result one = full(cases[i].type);
        writes_with(&named, &one, 1, cases[i].line);
    }
}

static void ndjson_leaves_out_what_has_no_value(void **state)
{
    (void)state;
    struct recon_result result = {.type = RECON_RESULT_MISSING, .watermark = 0, .id = text("x")};
    writes(RECON_RESULTS_NDJSON, &result,
           "{\"type\":\"missing\",\"id\":\"x\",\"partition\":0,\"watermark\":\"1970-01-01T00:00:00.000Z\","
           "\"basis\":\"watermark\"}\n");
    result = (struct recon_result){.type = RECON_RESULT_REJECTED, .reason = RECON_REASON_MALFORMED, .partition = 2};
    writes(RECON_RESULTS_NDJSON, &result,
           "{\"type\":\"rejected\",\"stream\":\"audit\",\"reason\":\"malformed\",\"partition\":2}\n");
    /* A partition that has no name yet, and an event whose time could not be read. */
    result = (struct recon_result){.type = RECON_RESULT_DUPLICATE,
                                   .stream = RECON_STREAM_EVENTS,
                                   .partition = 2,
                                   .watermark = RECON_TIME_MIN,
                                   .id = text("x")};
    writes_with(&named, &result, 1,
                "{\"type\":\"duplicate\",\"stream\":\"events\",\"id\":\"x\",\"partition\":2,\"watermark\":null}\n");
}

static void infinite_watermarks_and_empty_windows_are_null(void **state)
{
    (void)state;
    struct recon_result result = metric(0, 0);
    result.watermark = RECON_TIME_MAX;
    writes(RECON_RESULTS_NDJSON, &result,
           "{\"type\":\"metric\",\"start\":\"2013-02-08T11:00:00.000Z\",\"end\":\"2013-02-08T12:00:00.000Z\","
           "\"expected\":0,\"matched\":0,\"missing\":0,\"completeness_percent\":null,\"duplicate_audits\":0,"
           "\"duplicate_events\":0,\"unaudited\":0,\"unjudged_audits\":0,\"revision\":0,\"watermark\":null,"
           "\"basis\":\"watermark\"}\n");
    writes(RECON_RESULTS_CSV, &result,
           "type,start,end,expected,matched,missing,completeness_percent,duplicate_audits,duplicate_events,unaudited,"
           "unjudged_audits,revision,stream,reason,id,source,time,event_time,emitted_time,context,topic,partition,"
           "offset,watermark,basis\n"
           "metric,2013-02-08T11:00:00.000Z,2013-02-08T12:00:00.000Z,0,0,0,,0,0,0,0,0,,,,,,,,,,,,,watermark\n");
}

static void without_times_there_are_none(void **state)
{
    (void)state;
    const struct recon_result_writer_options timeless = {.format = RECON_RESULTS_NDJSON, .timeless = true};
    struct recon_result results[] = {metric(2, 1), full(RECON_RESULT_DUPLICATE)};
    writes_with(&timeless, results, 2,
                "{\"type\":\"metric\",\"start\":null,\"end\":null,\"expected\":2,\"matched\":1,\"missing\":1,"
                "\"completeness_percent\":50,\"duplicate_audits\":0,\"duplicate_events\":0,\"unaudited\":0,"
                "\"unjudged_audits\":0,\"revision\":0,\"watermark\":null,\"basis\":\"watermark\"}\n"
                "{\"type\":\"duplicate\",\"stream\":\"events\",\"id\":\"a-1\",\"source\":\"shop\",\"partition\":1,"
                "\"offset\":34,\"watermark\":null}\n");
}

/* The kept text of a watermark must not outlive it. */
static void each_result_has_its_own_watermark(void **state)
{
    (void)state;
    struct recon_result results[3] = {full(RECON_RESULT_FOUND), full(RECON_RESULT_FOUND), full(RECON_RESULT_FOUND)};
    results[0].watermark = 0;
    results[1].watermark = 1;
    results[2].watermark = 1;
    struct recon_buffer buffer =
        written(&(struct recon_result_writer_options){.format = RECON_RESULTS_NDJSON}, results, 3);
    static const char *const expected[] = {"1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00.001Z",
                                           "1970-01-01T00:00:00.001Z"};
    const char *line = buffer.bytes;
    for (size_t i = 0; i < 3; i++) {
        const char *end = memchr(line, '\n', buffer.size - (size_t)(line - buffer.bytes));
        char found[JSON_TEXT_SIZE_MAX];
        const long size = json_text(line, (size_t)(end - line), "watermark", found);
        assert_int_equal(size, 24);
        assert_memory_equal(found, expected[i], 24);
        line = end + 1;
    }
    recon_buffer_deinit(&buffer);
}

static uint32_t random_next(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33);
}

/* Bytes of which most are such as parsers trip over. */
static size_t random_bytes(uint64_t *seed, char *bytes, size_t size_max)
{
    static const char tricky[] = "\"\\\n\r\t,;\x00\x01\x1b\x7f\x80\xbf\xc2\xc0\xe0\xed\xa0\xf0\x9f\x98\xf4\x90\xff{}[]";
    const size_t size = random_next(seed) % size_max;
    for (size_t i = 0; i < size; i++)
        bytes[i] =
            random_next(seed) % 3 == 0 ? (char)random_next(seed) : tricky[random_next(seed) % (sizeof tricky - 1)];
    return size;
}

/* A text that is UTF-8 comes back as it was; other bytes come back as what still is JSON and UTF-8. */
static void ndjson_is_valid_whatever_the_texts_hold(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int round = 0; round < 20000; round++) {
        char bytes[3][64];
        struct recon_result result = full(RECON_RESULT_MISSING);
        struct recon_text *const texts[] = {&result.id, &result.source, &result.context};
        for (size_t i = 0; i < 3; i++) {
            texts[i]->bytes = bytes[i];
            texts[i]->size = (uint32_t)random_bytes(&seed, bytes[i], sizeof bytes[i]);
        }
        struct recon_buffer buffer =
            written(&(struct recon_result_writer_options){.format = RECON_RESULTS_NDJSON}, &result, 1);
        assert_true(json_is_object(buffer.bytes, buffer.size));
        assert_ptr_equal(memchr(buffer.bytes, '\n', buffer.size), buffer.bytes + buffer.size - 1);
        recon_buffer_deinit(&buffer);
    }
}

static void ndjson_texts_read_back_as_they_were(void **state)
{
    (void)state;
    uint64_t seed = 11;
    for (int round = 0; round < 20000; round++) {
        char bytes[256];
        size_t size = 0;
        for (uint32_t left = 1 + random_next(&seed) % 40; left > 0; left--) {
            static const char *const pieces[] = {"\"", "\\", "\n", "\x01", "\x1f",    "\x7f",
                                                 "ü",  "日", "😀",  "a",    "plain8by"};
            const char *piece = pieces[random_next(&seed) % (sizeof pieces / sizeof pieces[0])];
            memcpy(bytes + size, piece, strlen(piece));
            size += strlen(piece);
        }
        struct recon_result result = full(RECON_RESULT_FOUND);
        result.id = (struct recon_text){bytes, (uint32_t)size};
        struct recon_buffer buffer =
            written(&(struct recon_result_writer_options){.format = RECON_RESULTS_NDJSON}, &result, 1);
        char found[JSON_TEXT_SIZE_MAX];
        assert_int_equal(json_text(buffer.bytes, buffer.size, "id", found), (long)size);
        assert_memory_equal(found, bytes, size);
        recon_buffer_deinit(&buffer);
    }
}

/* An independent reader of RFC 4180: counts the fields of one record, gives the index-th one. */
static size_t csv_field(const char *bytes, size_t size, size_t index, char *field, size_t *field_size)
{
    size_t count = 0;
    size_t i = 0;
    for (;; i++) {
        size_t length = 0;
        char one[1024];
        if (i < size && bytes[i] == '"') {
            for (i++; i < size && (bytes[i] != '"' || (i + 1 < size && bytes[i + 1] == '"')); i++) {
                i += bytes[i] == '"';
                one[length++] = bytes[i];
            }
            i++;
        } else {
            while (i < size && bytes[i] != ',' && bytes[i] != '\n')
                one[length++] = bytes[i++];
        }
        if (count++ == index) {
            memcpy(field, one, length);
            *field_size = length;
        }
        assert_true(i < size && (bytes[i] == ',' || bytes[i] == '\n'));
        if (bytes[i] == '\n')
            break;
    }
    assert_int_equal(i + 1, size);
    return count;
}

static void csv_texts_read_back_as_they_were(void **state)
{
    (void)state;
    static const char *const texts[] = {"plain", "a,b", "say \"hi\"", "\"", "two\nlines", "cr\r", "grüße", " spaced "};
    char header[2048];
    size_t header_size;
    struct recon_buffer buffer = written(&(struct recon_result_writer_options){.format = RECON_RESULTS_CSV}, NULL, 0);
    memcpy(header, buffer.bytes, buffer.size);
    header_size = buffer.size;
    recon_buffer_deinit(&buffer);
    for (int type = RECON_RESULT_MISSING; type < RECON_RESULT_TYPE_COUNT; type++) {
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
            char field[1024];
            size_t field_size = 0;
            struct recon_result result = full((enum recon_result_type)type);
            result.id = text(texts[i]);
            buffer = written(&(struct recon_result_writer_options){.format = RECON_RESULTS_CSV}, &result, 1);
            assert_memory_equal(buffer.bytes, header, header_size);
            assert_int_equal(csv_field(buffer.bytes + header_size, buffer.size - header_size, 14, field, &field_size),
                             csv_field(header, header_size, 0, field, &(size_t){0}));
            (void)csv_field(buffer.bytes + header_size, buffer.size - header_size, 14, field, &field_size);
            assert_int_equal(field_size, strlen(texts[i]));
            assert_memory_equal(field, texts[i], field_size);
            recon_buffer_deinit(&buffer);
        }
    }
}

static void csv_has_one_header_and_what_each_type_has(void **state)
{
    (void)state;
    const struct recon_result results[] = {metric(2, 1), full(RECON_RESULT_MISSING), full(RECON_RESULT_FOUND),
                                           full(RECON_RESULT_REJECTED)};
    struct recon_result_writer_options options = named;
    options.format = RECON_RESULTS_CSV;
    writes_with(&options, results, 4,
                "type,start,end,expected,matched,missing,completeness_percent,duplicate_audits,duplicate_events,"
                "unaudited,unjudged_audits,revision,stream,reason,id,source,time,event_time,emitted_time,context,topic,"
                "partition,offset,watermark,basis\n"
                "metric,2013-02-08T11:00:00.000Z,2013-02-08T12:00:00.000Z,2,1,1,50,0,0,0,0,0,,,,,,,,,,,,"
                "2013-02-08T12:05:00.000Z,watermark\n"
                "missing,,,,,,,,,,,,,,a-1,shop,2013-02-08T11:05:00.000Z,,2013-02-08T11:05:00.002Z,order 17,"
                "orders.retry,7,34,2013-02-08T12:05:00.000Z,timeout\n"
                "found,,,,,,,,,,,,,,a-1,shop,2013-02-08T11:05:00.000Z,2013-02-08T11:05:00.001Z,,,,,,"
                "2013-02-08T12:05:00.000Z,\n"
                "rejected,,,,,,,,,,,,events,no_time,a-1,shop,2013-02-08T11:05:00.000Z,,,,orders.retry,7,34,,\n");
}

static void table_aligns_metrics_and_marks_corrections(void **state)
{
    (void)state;
    struct recon_result results[] = {metric(66, 6), full(RECON_RESULT_FOUND), metric(66, 5), metric(1000000, 0),
                                     metric(0, 0)};
    results[2].revision = 1;
    results[2].counts.duplicate_events = 3;
    results[3].basis = RECON_BASIS_TIMEOUT;
    writes_with(
        &(struct recon_result_writer_options){.format = RECON_RESULTS_TABLE}, results, 5,
        "window, UTC        expected    matched    missing  complete\n"
        "2013-02-08 11:00         66         60          6    90.90%  █████████░\n"
        "  found      a-1  from shop  2013-02-08 11:05:00  came as of 2013-02-08 11:05:00.001\n"
        "2013-02-08 11:00         66         61          5    92.42%  █████████▏  ^ revision 1  3 arrived twice\n"
        "2013-02-08 11:00    1000000    1000000          0      100%  ██████████  by timeout\n"
        "2013-02-08 11:00          0          0          0         -\n");
}

static void table_rounds_down(void **state)
{
    (void)state;
    static const struct {
        uint64_t expected;
        uint64_t missing;
        const char *percent;
    } cases[] = {{1000000, 4, " 99.99%  █████████▉"},
                 {UINT64_MAX, 1, " 99.99%  █████████▉"},
                 {3, 1, " 66.66%  ██████▋░░░"},
                 {1000000, 999999, "  0.00%  ░░░░░░░░░░"},
                 {8, 0, "   100%  ██████████"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct recon_result result = metric(cases[i].expected, cases[i].missing);
        struct recon_buffer buffer =
            written(&(struct recon_result_writer_options){.format = RECON_RESULTS_TABLE}, &result, 1);
        buffer.bytes[buffer.size - 1] = '\0';
        assert_non_null(strstr(buffer.bytes, cases[i].percent));
        recon_buffer_deinit(&buffer);
    }
}

/* No byte reaches the terminal that it would obey, and no text is longer than a person reads. */
static void table_shows_hostile_texts_harmlessly(void **state)
{
    (void)state;
    struct recon_result result = full(RECON_RESULT_MISSING);
    result.id = text("a\x1b[2J\n\xE2\x80\xAEz\xFE\xC2\x9B");
    result.source = (struct recon_text){0};
    result.context = (struct recon_text){0};
    writes(RECON_RESULTS_TABLE, &result,
           "  missing    a\\u{1b}[2J\\u{a}\\u{202e}z"
           "\xEF\xBF\xBD"
           "\\u{9b}  2013-02-08 11:05:00  audit/1:34\n");
    uint64_t seed = 5;
    for (int round = 0; round < 5000; round++) {
        char bytes[3][4096];
        struct recon_text *const texts[] = {&result.id, &result.source, &result.context};
        for (size_t i = 0; i < 3; i++) {
            texts[i]->bytes = bytes[i];
            texts[i]->size = (uint32_t)random_bytes(&seed, bytes[i], sizeof bytes[i]);
        }
        struct recon_buffer buffer =
            written(&(struct recon_result_writer_options){.format = RECON_RESULTS_TABLE}, &result, 1);
        assert_in_range(buffer.size, 1, 4096);
        for (size_t i = 0; i + 1 < buffer.size; i++)
            assert_false((unsigned char)buffer.bytes[i] < 0x20 || buffer.bytes[i] == 0x7F);
        recon_buffer_deinit(&buffer);
    }
}

static void table_colours_only_where_asked(void **state)
{
    (void)state;
    const struct recon_result results[] = {metric(2, 1), full(RECON_RESULT_MISSING), full(RECON_RESULT_REJECTED)};
    for (int color = 0; color < 2; color++) {
        struct recon_buffer buffer = written(
            &(struct recon_result_writer_options){.format = RECON_RESULTS_TABLE, .color = color == 1}, results, 3);
        assert_int_equal(memchr(buffer.bytes, '\x1b', buffer.size) != NULL, color);
        recon_buffer_deinit(&buffer);
    }
}

static void table_names_places_as_people_do(void **state)
{
    (void)state;
    static const struct recon_partition_name files[] = {{"monday.csv", 0}, {"tuesday.csv", 1}};
    static const struct recon_partition_name topics[] = {{"orders", 0}, {"orders", 1}};
    struct recon_result_writer_options options = {
        .format = RECON_RESULTS_TABLE, .names = {files, topics}, .name_count = {2, 2}};
    struct recon_result results[] = {full(RECON_RESULT_MISSING), full(RECON_RESULT_REJECTED)};
    results[0].source = results[1].source = results[0].context = (struct recon_text){0};
    results[1].has_time = false;
    writes_with(&options, results, 2,
                "  missing    a-1  2013-02-08 11:05:00  tuesday.csv:34\n"
                "  rejected   no_time  a-1  orders/1:34\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ndjson_has_the_fields_of_each_type_in_their_order),
        cmocka_unit_test(ndjson_leaves_out_what_has_no_value),
        cmocka_unit_test(infinite_watermarks_and_empty_windows_are_null),
        cmocka_unit_test(without_times_there_are_none),
        cmocka_unit_test(each_result_has_its_own_watermark),
        cmocka_unit_test(ndjson_is_valid_whatever_the_texts_hold),
        cmocka_unit_test(ndjson_texts_read_back_as_they_were),
        cmocka_unit_test(csv_texts_read_back_as_they_were),
        cmocka_unit_test(csv_has_one_header_and_what_each_type_has),
        cmocka_unit_test(table_aligns_metrics_and_marks_corrections),
        cmocka_unit_test(table_rounds_down),
        cmocka_unit_test(table_shows_hostile_texts_harmlessly),
        cmocka_unit_test(table_colours_only_where_asked),
        cmocka_unit_test(table_names_places_as_people_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
