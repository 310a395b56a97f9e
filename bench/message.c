/*
 * What it costs to make a record of a Kafka message, one call each, beside the file decoder on the same lines; and as
 * the service does it, with values scanned together and keys made for 512 records at once.
 *
 *     bench_message [--ids 100000] [--runs 9]
 *
 * The values are the audit lines that `recon generate` makes; the same fields as Confluent-framed Avro, as a CloudEvent
 * in binary mode (five headers, the line as its data), and raw (key, timestamp and three headers that nobody asks for).
 * But for that the batch is cleared behind every message. Processor time, medians.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "codec/message.h"
#include "decode_lines.h"
#include "generate/generator.h"
#include "recon/status.h"

#define HEADER_COUNT 6

struct lines {
    char *bytes;
    size_t size;
    size_t count;
    struct recon_text *items; /* without their ends */
    struct recon_text *avro;
    struct recon_text *ids;
};

static void die(const char *what)
{
    fprintf(stderr, "bench_message: %s\n", what);
    exit(2);
}

static void *take(size_t size)
{
    void *block = malloc(size);
    if (block == NULL)
        die("out of memory");
    return block;
}

/* The text of a field in a line that recon generate made: no escapes. */
static struct recon_text text_of(struct recon_text line, const char *name)
{
    char pattern[40];
    const int size = snprintf(pattern, sizeof pattern, "\"%s\":\"", name);
    for (const char *at = line.bytes; at + size < line.bytes + line.size; at++) {
        if (memcmp(at, pattern, (size_t)size) != 0)
            continue;
        const char *start = at + size;
        const char *end = memchr(start, '"', (size_t)(line.bytes + line.size - start));
        return (struct recon_text){.bytes = start, .size = (uint32_t)(end - start)};
    }
    return (struct recon_text){.bytes = "", .size = 0};
}

static char *put_varint(char *out, uint64_t zigzag)
{
    for (; zigzag > 127; zigzag >>= 7)
        *out++ = (char)(zigzag | 128);
    *out++ = (char)zigzag;
    return out;
}

static char *put_text(char *out, struct recon_text text)
{
    out = put_varint(out, (uint64_t)text.size * 2);
    memcpy(out, text.bytes, text.size);
    return out + text.size;
}

static struct recon_text avro_of(struct recon_text line, size_t number)
{
    char *bytes = take((size_t)line.size + 64);
    char *out = bytes;
    memcpy(out, "\0\0\0\0\1", 5);
    out = put_text(out + 5, text_of(line, "id"));
    out = put_varint(out, 2 * (UINT64_C(1360321200000) + number));
    out = put_text(out, text_of(line, "source"));
    out = put_text(out, text_of(line, "context"));
    return (struct recon_text){.bytes = bytes, .size = (uint32_t)(out - bytes)};
}

static struct lines generate(uint64_t id_count)
{
    struct recon_generate_options options;
    struct recon_generator *generator;
    struct recon_generate_buffer buffers[RECON_GENERATE_FILE_COUNT];
    bool done = false;
    recon_generate_options_init(&options);
    options.id_count = id_count;
    if (recon_generator_new(&options, &generator) != RECON_OK)
        die("can't generate so many IDs");
    for (int i = 0; i < RECON_GENERATE_FILE_COUNT; i++) {
        const size_t room = id_count * 400 + RECON_GENERATE_LINE_SIZE_MAX;
        buffers[i] = (struct recon_generate_buffer){take(room), 0, room};
    }
    if (recon_generator_next(generator, buffers, &done) != RECON_OK || !done)
        die("the lines are longer than they were thought to be");
    recon_generator_free(generator);
    for (int i = 1; i < RECON_GENERATE_FILE_COUNT; i++)
        free(buffers[i].bytes);

    struct lines lines = {.bytes = buffers[RECON_STREAM_AUDIT].bytes, .size = buffers[RECON_STREAM_AUDIT].size};
    for (size_t i = 0; i < lines.size; i++)
        lines.count += lines.bytes[i] == '\n';
    lines.items = take(lines.count * sizeof *lines.items);
    lines.avro = take(lines.count * sizeof *lines.avro);
    lines.ids = take(lines.count * sizeof *lines.ids);
    const char *start = lines.bytes;
    for (size_t i = 0; i < lines.count; i++) {
        const char *end = memchr(start, '\n', (size_t)(lines.bytes + lines.size - start));
        lines.items[i] = (struct recon_text){.bytes = start, .size = (uint32_t)(end - start)};
        lines.avro[i] = avro_of(lines.items[i], i);
        lines.ids[i] = text_of(lines.items[i], "id");
        start = end + 1;
    }
    return lines;
}

static void lines_free(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        free((void *)(uintptr_t)lines->avro[i].bytes);
    free(lines->avro);
    free(lines->items);
    free(lines->ids);
    free(lines->bytes);
}

static size_t by_file(const struct lines *lines)
{
    return bench_decode_lines(lines->bytes, lines->size, RECON_STREAM_AUDIT, RECON_FORMAT_JSON);
}

enum way { WAY_JSON, WAY_TOGETHER, WAY_AUTO, WAY_AVRO, WAY_BINARY, WAY_RAW, WAY_COUNT };

static const struct {
    const char *name;
    enum recon_format format;
} ways[WAY_COUNT] = {
    [WAY_JSON] = {"json", RECON_FORMAT_JSON},
    [WAY_TOGETHER] = {"json, 512 at a time", RECON_FORMAT_JSON},
    [WAY_AUTO] = {"json by auto", RECON_FORMAT_AUTO},
    [WAY_AVRO] = {"avro", RECON_FORMAT_AVRO},
    [WAY_BINARY] = {"CloudEvents' binary mode", RECON_FORMAT_CLOUDEVENTS},
    [WAY_RAW] = {"raw", RECON_FORMAT_RAW},
};

static struct recon_text text(const char *string)
{
    return (struct recon_text){.bytes = string, .size = (uint32_t)strlen(string)};
}

static size_t by_message(const struct lines *lines, enum way way)
{
    static const char schema[] =
        "{\"type\":\"record\",\"name\":\"A\",\"fields\":[{\"name\":\"id\",\"type\":\"string\"},"
        "{\"name\":\"event_time\",\"type\":{\"type\":\"long\",\"logicalType\":"
        "\"timestamp-millis\"}},{\"name\":\"source\",\"type\":\"string\"},"
        "{\"name\":\"context\",\"type\":\"string\"}]}";
    static const struct recon_schema_wanted wanted = {.id = 1};
    struct recon_mapping mapping;
    recon_mapping_init(&mapping);
    mapping.format = ways[way].format;
    struct recon_stream_mapping mappings = {&mapping, 1};
    const size_t at_once = way == WAY_TOGETHER ? 512 : 1;
    struct recon_message_decoder_options options = {
        .mapping = &mappings, .stream = RECON_STREAM_AUDIT, .keys_later = way == WAY_TOGETHER};
    struct recon_message_decoder *decoder;
    struct recon_batch batch;
    char error[200];
    if (recon_message_decoder_new(&options, &decoder, error, sizeof error) != RECON_OK ||
        recon_message_decoder_schema(decoder, &wanted, schema, sizeof schema - 1, error, sizeof error) != RECON_OK)
        die("no decoder");
    recon_batch_init(&batch);
    const bool is_binary = way == WAY_BINARY;
    struct recon_message_header headers[HEADER_COUNT] = {
        {text(is_binary ? "ce_specversion" : "trace_id"), text("1.0")},
        {text(is_binary ? "ce_type" : "span_id"), text("com.example.order.placed")},
        {text(is_binary ? "ce_source" : "tenant"), text("/shop/orders")},
        {text("ce_time"), text("2013-02-08T11:00:00.123Z")},
        {text("content-type"), text("application/json")},
        {text("ce_id"), {0}},
    };
    size_t records = 0;
    size_t scanned = 0;
    for (size_t i = 0; i < lines->count; i++) {
        if (way == WAY_TOGETHER && i == scanned) {
            const size_t left = lines->count - i;
            scanned += recon_message_scan(decoder, &lines->items[i], left < at_once ? left : at_once);
        }
        headers[HEADER_COUNT - 1].value = lines->ids[i];
        const struct recon_message message = {
            .key = lines->ids[i],
            .value = way == WAY_AVRO ? lines->avro[i] : lines->items[i],
            .headers = headers,
            .header_count = is_binary        ? HEADER_COUNT
                            : way == WAY_RAW ? 3
                                             : 0,
            .timestamp_ms = INT64_C(1360321200000),
            .offset = (int64_t)i,
        };
        if (recon_message_decode(decoder, &message, &batch) != RECON_MESSAGE_DONE)
            die("a message was not decoded");
        records += batch.count > 0 && batch.records[batch.count - 1].kind == RECON_KIND_RECORD;
        if (batch.count < at_once)
            continue;
        recon_message_keys(decoder, &batch);
        recon_batch_clear(&batch);
    }
    recon_batch_deinit(&batch);
    recon_message_decoder_free(decoder);
    return records;
}

int main(int argc, char **argv)
{
    struct bench_option options[] = {{"--ids", 100000}, {"--runs", 9}};
    bench_options(argc, argv, options, 2);
    const size_t run_count = (size_t)options[1].value;
    if (options[0].value == 0 || run_count == 0 || run_count > BENCH_RUN_COUNT_MAX)
        die("--ids and --runs begin at 1");
    struct lines lines = generate(options[0].value);
    double figures[1 + WAY_COUNT][BENCH_RUN_COUNT_MAX];
    for (size_t run = 0; run < run_count; run++) {
        for (int way = 0; way <= WAY_COUNT; way++) {
            const int64_t begin = bench_now_ns();
            const size_t records = way == 0 ? by_file(&lines) : by_message(&lines, (enum way)(way - 1));
            if (records != lines.count)
                die("not every message is a record");
            figures[way][run] = (double)(bench_now_ns() - begin) / (double)lines.count;
        }
    }
    const double file = bench_median(figures[0], run_count);
    printf("%zu audit records, lines of %.0f bytes: as a file %.0f ns a record", lines.count,
           (double)lines.size / (double)lines.count, file);
    for (int way = 0; way < WAY_COUNT; way++) {
        const double figure = bench_median(figures[way + 1], run_count);
        printf("; %s %.0f ns a message (%.2f of a file's line)", ways[way].name, figure, figure / file);
    }
    printf("\n");
    lines_free(&lines);
    return 0;
}
