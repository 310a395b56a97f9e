/*
 * Traces: every kind of line read, every fault named, and what is written reads back as the same.
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

#include "codec/id_text.h"
#include "codec/trace.h"
#include "recon/status.h"

static const uint8_t seed[RECON_SEED_SIZE_BYTES] = {1, 2, 3};

static struct recon_trace_reader *reader_new(void)
{
    struct recon_trace_reader *reader;
    assert_int_equal(recon_trace_reader_new(seed, false, &reader), RECON_OK);
    return reader;
}

static struct recon_trace_step reads(struct recon_trace_reader *reader, const char *line)
{
    struct recon_trace_step step;
    const int status = recon_trace_reader_line(reader, line, strlen(line), &step);
    if (status != RECON_OK)
        fail_msg("%s: %s", line, recon_trace_reader_error(reader));
    return step;
}

/* The line is at fault, and what is said of it holds the words. */
static void refuses_after(struct recon_trace_reader *reader, const char *line, size_t size, const char *words)
{
    struct recon_trace_step step;
    const int status = recon_trace_reader_line(reader, line, size, &step);
    if (status != RECON_ERROR_INVALID)
        fail_msg("not refused: %s", line);
    if (strstr(recon_trace_reader_error(reader), words) == NULL)
        fail_msg("%s: %s", line, recon_trace_reader_error(reader));
}

/* As the first line and as a later one. */
static void refuses(const char *line, const char *words)
{
    struct recon_trace_reader *reader = reader_new();
    refuses_after(reader, line, strlen(line), words);
    recon_trace_reader_free(reader);
    reader = reader_new();
    (void)reads(reader, "{\"at\":0}");
    refuses_after(reader, line, strlen(line), words);
    recon_trace_reader_free(reader);
}

static bool is_text(const struct recon_text *text, const char *expected)
{
    return text->size == strlen(expected) && (text->size == 0 || memcmp(text->bytes, expected, text->size) == 0);
}

static void record_has_all_its_fields(void **state)
{
    (void)state;
    struct recon_trace_reader *reader = reader_new();
    struct recon_trace_step step =
        reads(reader, "{\"at\":-5,\"stream\":\"audit\",\"partition\":3,\"id\":\"a-1\",\"source\":\"shop\",\"time\":7,"
                      "\"emitted\":\"1970-01-01T00:00:00.009Z\",\"context\":\"order \\\"17\\\"\",\"offset\":-4}");
    assert_int_equal(step.kind, RECON_TRACE_RECORD);
    assert_int_equal(step.at, -5);
    assert_int_equal(step.record.kind, RECON_KIND_RECORD);
    assert_int_equal(step.record.stream, RECON_STREAM_AUDIT);
    assert_int_equal(step.record.partition, 3);
    assert_true(step.record.has_time && step.record.has_emitted_time && step.record.has_offset);
    assert_int_equal(step.record.time, 7);
    assert_int_equal(step.record.emitted_time, 9);
    assert_int_equal(step.record.offset, -4);
    assert_true(is_text(&step.record.id, "a-1") && is_text(&step.record.source, "shop"));
    assert_true(is_text(&step.record.context, "order \"17\""));
    recon_trace_reader_free(reader);
}

static void record_needs_no_more_than_stream_and_id(void **state)
{
    (void)state;
    struct recon_trace_reader *reader = reader_new();
    struct recon_trace_step step =
        reads(reader, "{\"at\":0,\"stream\":\"events\",\"id\":\"a\",\"source\":null,\"time\":null}\r");
    assert_int_equal(step.record.kind, RECON_KIND_RECORD);
    assert_int_equal(step.record.stream, RECON_STREAM_EVENTS);
    assert_int_equal(step.record.partition, 0);
    assert_false(step.record.has_time || step.record.has_emitted_time || step.record.has_offset);
    assert_true(step.record.source.size == 0 && step.record.context.size == 0);
    recon_trace_reader_free(reader);
}

static void lines_of_every_other_kind_are_told_apart(void **state)
{
    (void)state;
    struct recon_trace_reader *reader = reader_new();
    struct recon_trace_step step =
        reads(reader, "{\"partitions\":{\"audit\":2,\"events\":3},\"identity\":\"source,id\"}");
    assert_int_equal(step.kind, RECON_TRACE_HEAD);
    const struct recon_trace_head *head = recon_trace_reader_head(reader);
    assert_true(head->has_identity && head->source_in_identity);
    assert_int_equal(head->partition_count[RECON_STREAM_AUDIT], 2);
    assert_int_equal(head->partition_count[RECON_STREAM_EVENTS], 3);
    assert_null(head->names[RECON_STREAM_AUDIT]);
    step = reads(reader, "{\"at\":8,\"stream\":\"events\",\"partition\":2,\"rejected\":\"no_id\",\"offset\":9}");
    assert_int_equal(step.kind, RECON_TRACE_RECORD);
    assert_int_equal(step.record.kind, RECON_KIND_REJECTED);
    assert_int_equal(step.record.reason, RECON_REASON_NO_ID);
    assert_int_equal(step.record.offset, 9);
    step = reads(reader, "{\"at\":9,\"stream\":\"events\",\"partition\":1,\"heartbeat\":true,\"time\":60000}");
    assert_int_equal(step.kind, RECON_TRACE_RECORD);
    assert_int_equal(step.record.kind, RECON_KIND_HEARTBEAT);
    assert_int_equal(step.record.time, 60000);
    step = reads(reader, "{\"at\":9,\"stream\":\"events\",\"partition\":1,\"alive\":true}");
    assert_int_equal(step.kind, RECON_TRACE_ALIVE);
    assert_int_equal(step.record.partition, 1);
    step = reads(reader, "{\"at\":9,\"stream\":\"events\",\"partition\":3,\"start\":true}");
    assert_int_equal(step.kind, RECON_TRACE_START);
    assert_int_equal(step.record.partition, 3);
    step = reads(reader, "{\"at\":9,\"stream\":\"events\",\"start\":true}");
    assert_int_equal(step.record.partition, 4);
    step = reads(reader, "{\"at\":30000}");
    assert_int_equal(step.kind, RECON_TRACE_CLOCK);
    assert_int_equal(step.at, 30000);
    step = reads(reader, "{\"at\":30001,\"stream\":\"audit\",\"partition\":0,\"end\":true}");
    assert_int_equal(step.kind, RECON_TRACE_END);
    recon_trace_reader_free(reader);
}

static void each_reason_of_a_rejected_record_is_known(void **state)
{
    (void)state;
    struct recon_trace_reader *reader = reader_new();
    for (int reason = RECON_REASON_MALFORMED; reason <= RECON_REASON_NO_TIME; reason++) {
        char line[128];
        snprintf(line, sizeof line, "{\"at\":0,\"stream\":\"audit\",\"rejected\":\"%s\",\"id\":\"x\",\"time\":5}",
                 recon_reason_name(reason));
        struct recon_trace_step step = reads(reader, line);
        assert_int_equal(step.record.reason, reason);
        assert_true(is_text(&step.record.id, "x") && step.record.has_time);
    }
    recon_trace_reader_free(reader);
}

static void blank_lines_and_a_byte_order_mark_are_passed_over(void **state)
{
    (void)state;
    struct recon_trace_reader *reader = reader_new();
    assert_int_equal(reads(reader, "\xEF\xBB\xBF").kind, RECON_TRACE_BLANK);
    assert_int_equal(reads(reader, "").kind, RECON_TRACE_BLANK);
    assert_int_equal(reads(reader, " \t\r\n").kind, RECON_TRACE_BLANK);
    assert_int_equal(reads(reader, "{\"identity\":\"id\"}").kind, RECON_TRACE_HEAD);
    assert_int_equal(reads(reader, "").kind, RECON_TRACE_BLANK);
    refuses_after(reader, "\xEF\xBB\xBF{\"at\":0}", 11, "not a line of a trace");
    recon_trace_reader_free(reader);
    reader = reader_new();
    assert_int_equal(reads(reader, "\xEF\xBB\xBF{\"at\":1}\r\n").kind, RECON_TRACE_CLOCK);
    recon_trace_reader_free(reader);
}

static void fields_that_nobody_names_are_passed_over(void **state)
{
    (void)state;
    struct recon_trace_reader *reader = reader_new();
    struct recon_trace_step step = reads(
        reader, "{\"note\":{\"at\":7,\"id\":[1.5]},\"at\":1,\"stream\":\"audit\",\"id\":\"a\",\"x\":null,\"note\":[]}");
    assert_int_equal(step.at, 1);
    assert_int_equal(reads(reader, "{\"at\":2,\"why\":\"a pause\"}").kind, RECON_TRACE_CLOCK);
    recon_trace_reader_free(reader);
}

static void head_gives_partitions_their_names(void **state)
{
    (void)state;
    struct recon_trace_reader *reader = reader_new();
    (void)reads(reader, "{\"partitions\":{\"events\":[\"orders/0\",\"a/b/12\"]}}");
    const struct recon_trace_head *head = recon_trace_reader_head(reader);
    assert_false(head->has_identity || head->source_in_identity);
    assert_int_equal(head->partition_count[RECON_STREAM_AUDIT], 1);
    assert_int_equal(head->partition_count[RECON_STREAM_EVENTS], 2);
    assert_string_equal(head->names[RECON_STREAM_EVENTS][0].topic, "orders");
    assert_int_equal(head->names[RECON_STREAM_EVENTS][0].partition, 0);
    assert_string_equal(head->names[RECON_STREAM_EVENTS][1].topic, "a/b");
    assert_int_equal(head->names[RECON_STREAM_EVENTS][1].partition, 12);
    recon_trace_reader_free(reader);
}

static struct recon_key key_of(const char *head, const char *id)
{
    char line[256];
    struct recon_trace_reader *reader = reader_new();
    if (head != NULL)
        (void)reads(reader, head);
    snprintf(line, sizeof line, "{\"at\":0,\"stream\":\"events\",\"id\":%s}", id);
    const struct recon_key key = reads(reader, line).record.key;
    recon_trace_reader_free(reader);
    return key;
}

static bool is_same(struct recon_key a, struct recon_key b)
{
    return a.high == b.high && a.low == b.low;
}

static void identity_is_what_the_decoders_say_too(void **state)
{
    (void)state;
    const struct recon_text parts[] = {{"a|b", 3}, {"c", 1}};
    assert_true(is_same(key_of(NULL, "[\"a|b\",\"c\"]"), recon_key_hash(seed, parts, 2)));
    assert_false(is_same(key_of(NULL, "[\"a|b\",\"c\"]"), key_of(NULL, "[\"a\",\"b|c\"]")));
    assert_false(is_same(key_of(NULL, "[\"a|b\",\"c\"]"), key_of(NULL, "\"a|b|c\"")));
    assert_true(is_same(key_of(NULL, "[\"a\"]"), key_of(NULL, "\"a\"")));
    assert_true(is_same(key_of(NULL, "17"), key_of(NULL, "\"17\"")));
    assert_true(is_same(key_of(NULL, "18446744073709551615"), key_of(NULL, "\"18446744073709551615\"")));
    assert_true(is_same(key_of(NULL, "[-1,\"b\",2]"), key_of(NULL, "[\"-1\",\"b\",\"2\"]")));
    assert_true(is_same(key_of(NULL, "\"a\",\"source\":\"s\""), key_of(NULL, "\"a\",\"source\":\"t\"")));
    assert_false(is_same(key_of("{\"identity\":\"source,id\"}", "\"a\",\"source\":\"s\""),
                         key_of("{\"identity\":\"source,id\"}", "\"a\",\"source\":\"t\"")));
}

static void composite_ids_are_joined_by_bars(void **state)
{
    (void)state;
    struct recon_trace_reader *reader = reader_new();
    struct recon_trace_step step =
        reads(reader, "{\"at\":0,\"stream\":\"events\",\"id\":[\"UA\",1545,\"2013-02-08\"]}");
    assert_true(is_text(&step.record.id, "UA|1545|2013-02-08"));
    assert_int_equal(step.id_part_count, 3);
    assert_true(is_text(&step.id_parts[1], "1545"));
    /* Longer than the room that was made first. */
    char line[4096];
    char first[2048];
    memset(first, 'x', sizeof first - 1);
    first[sizeof first - 1] = '\0';
    snprintf(line, sizeof line, "{\"at\":0,\"stream\":\"events\",\"id\":[-12345,\"%s\",77,\"%s\"]}", first, "y");
    for (int round = 0; round < 2; round++) {
        step = reads(reader, line);
        assert_int_equal(step.record.id.size, 6 + 1 + 2047 + 1 + 2 + 1 + 1);
        assert_memory_equal(step.record.id.bytes, "-12345|xxx", 10);
        assert_memory_equal(step.record.id.bytes + 6 + 1 + 2047, "|77|y", 5);
        assert_true(is_text(&step.id_parts[0], "-12345") && is_text(&step.id_parts[2], "77"));
    }
    recon_trace_reader_free(reader);
}

static void every_fault_is_named(void **state)
{
    (void)state;
    /* Not JSON, or not one object. */
    refuses("{", "not a line of a trace");
    refuses("[]", "not a JSON object");
    refuses("{\"at\":0} {}", "not a line of a trace");
    refuses("{\"at\":0,\"unread\":nul}", "not a line of a trace");
    refuses("{\"at\":0,\"unread\":\"\xFF\"}", "not a line of a trace");
    refuses("{\"at\":01}", "not a line of a trace");
    refuses("{'at':0}", "not a line of a trace");
    /* The clock. */
    refuses("{\"stream\":\"audit\",\"id\":\"a\"}", "`at`");
    refuses("{}", "`at`");
    refuses("{\"at\":\"0\"}", "`at` must be a whole number");
    refuses("{\"at\":1.0}", "`at` must be a whole number");
    refuses("{\"at\":9223372036854775808}", "`at` must be a whole number");
    refuses("{\"at\":null}", "`at`");
    /* The stream and its partition. */
    refuses("{\"at\":0,\"id\":\"a\"}", "`id` must say `stream`");
    refuses("{\"at\":0,\"partition\":1}", "`partition` must say `stream`");
    refuses("{\"at\":0,\"end\":true}", "`end` must say `stream`");
    refuses("{\"at\":0,\"stream\":\"event\",\"id\":\"a\"}", "`stream` must be");
    refuses("{\"at\":0,\"stream\":1,\"id\":\"a\"}", "`stream` must be");
    refuses("{\"at\":0,\"stream\":\"audit\",\"id\":\"a\",\"partition\":-1}", "`partition` must be");
    refuses("{\"at\":0,\"stream\":\"audit\",\"id\":\"a\",\"partition\":4294967296}", "`partition` must be");
    refuses("{\"at\":0,\"stream\":\"audit\",\"id\":\"a\",\"partition\":\"0\"}", "`partition` must be");
    /* The record. */
    refuses("{\"at\":0,\"stream\":\"audit\",\"time\":0}", "must have an `id`");
    refuses("{\"at\":0,\"stream\":\"audit\",\"id\":\"\"}", "must have an `id`");
    refuses("{\"at\":0,\"stream\":\"audit\",\"id\":null}", "must have an `id`");
    refuses("{\"at\":0,\"stream\":\"audit\",\"id\":1.5}", "`id` must be");
    refuses("{\"at\":0,\"stream\":\"audit\",\"id\":true}", "`id` must be");
    refuses("{\"at\":0,\"stream\":\"audit\",\"id\":{}}", "`id` must be");
    refuses("{\"at\":0,\"stream\":\"audit\",\"id\":[]}", "`id` must be");
    refuses("{\"at\":0,\"stream\":\"audit\",\"id\":[\"a\",\"\"]}", "`id` must be");
    refuses("{\"at\":0,\"stream\":\"audit\",\"id\":[\"a\",[\"b\"]]}", "`id` must be");
    refuses("{\"at\":0,\"stream\":\"audit\",\"id\":[1,2,3,4,5,6,7,8,9]}", "`id` must be");
    refuses("{\"at\":0,\"stream\":\"audit\",\"id\":\"a\",\"time\":1.5}", "`time` must be");
    refuses("{\"at\":0,\"stream\":\"audit\",\"id\":\"a\",\"time\":\"soon\"}", "`time` must be");
    refuses("{\"at\":0,\"stream\":\"audit\",\"id\":\"a\",\"emitted\":[]}", "`emitted` must be");
    refuses("{\"at\":0,\"stream\":\"audit\",\"id\":\"a\",\"source\":5}", "`source` must be a text");
    refuses("{\"at\":0,\"stream\":\"audit\",\"id\":\"a\",\"context\":5}", "`context` must be a text");
    refuses("{\"at\":0,\"stream\":\"audit\",\"id\":\"a\",\"offset\":\"5\"}", "`offset` must be");
    refuses("{\"at\":0,\"stream\":\"audit\",\"id\":\"a\",\"id\":\"a\"}", "`id` comes twice");
    /* The other kinds. */
    refuses("{\"at\":0,\"stream\":\"audit\",\"rejected\":\"future\"}", "`rejected` must be");
    refuses("{\"at\":0,\"stream\":\"audit\",\"rejected\":\"none\"}", "`rejected` must be");
    refuses("{\"at\":0,\"stream\":\"audit\",\"rejected\":true}", "`rejected` must be");
    refuses("{\"at\":0,\"stream\":\"audit\",\"heartbeat\":true}", "must have a `time`");
    refuses("{\"at\":0,\"stream\":\"audit\",\"heartbeat\":1,\"time\":0}", "`heartbeat` must be true");
    refuses("{\"at\":0,\"stream\":\"audit\",\"alive\":\"yes\"}", "`alive` must be true");
    refuses("{\"at\":0,\"stream\":\"audit\",\"alive\":true,\"end\":true}", "both `alive` and `end`");
    refuses("{\"at\":0,\"stream\":\"audit\",\"rejected\":\"no_id\",\"start\":true}", "both `rejected` and `start`");
    refuses("{\"at\":0,\"stream\":\"audit\",\"start\":true,\"partition\":0}", "adds the next partition, which is 1");
    refuses("{\"at\":0,\"stream\":\"audit\",\"start\":true,\"partition\":2}", "adds the next partition, which is 1");
}

static void head_refuses(const char *line, const char *words)
{
    struct recon_trace_reader *reader = reader_new();
    refuses_after(reader, line, strlen(line), words);
    recon_trace_reader_free(reader);
}

static void every_fault_of_the_first_line_is_named(void **state)
{
    (void)state;
    head_refuses("{\"partitions\":2}", "`partitions` must be an object");
    head_refuses("{\"partitions\":{\"audit\":-1}}", "`partitions.audit` must be");
    head_refuses("{\"partitions\":{\"audit\":65537}}", "`partitions.audit` must be");
    head_refuses("{\"partitions\":{\"audit\":1.5}}", "`partitions.audit` must be");
    head_refuses("{\"partitions\":{\"events\":[\"orders\"]}}", "like \"orders/0\"");
    head_refuses("{\"partitions\":{\"events\":[\"orders/\"]}}", "like \"orders/0\"");
    head_refuses("{\"partitions\":{\"events\":[\"/0\"]}}", "like \"orders/0\"");
    head_refuses("{\"partitions\":{\"events\":[\"orders/0\",\"orders/x\"]}}", "like \"orders/0\"");
    head_refuses("{\"partitions\":{\"events\":[\"orders/4294967296\"]}}", "like \"orders/0\"");
    head_refuses("{\"partitions\":{\"events\":[\"or\\u0000ders/1\"]}}", "like \"orders/0\"");
    head_refuses("{\"partitions\":{\"events\":[7]}}", "like \"orders/0\"");
    head_refuses("{\"partitions\":{\"audit\":1,\"audit\":1}}", "`partitions.audit` comes twice");
    head_refuses("{\"identity\":\"id,source\"}", "`identity` must be");
    head_refuses("{\"identity\":[\"id\"]}", "`identity` must be");
    head_refuses("{\"at\":0,\"identity\":\"id\"}", "first line");
    struct recon_trace_reader *reader = reader_new();
    (void)reads(reader, "{\"identity\":\"source,id\"}");
    const char *late = "{\"at\":0,\"partitions\":{\"audit\":2}}";
    refuses_after(reader, late, strlen(late), "first line");
    /* Without the source that is part of its identity a record is one that could not be read. */
    static const char *const sourceless[] = {
        "{\"at\":0,\"stream\":\"audit\",\"id\":\"a\",\"time\":5}",
        "{\"at\":0,\"stream\":\"audit\",\"id\":\"a\",\"source\":\"\"}",
    };
    for (unsigned i = 0; i < 2; i++) {
        struct recon_trace_step step = reads(reader, sourceless[i]);
        assert_int_equal(step.kind, RECON_TRACE_RECORD);
        assert_int_equal(step.record.kind, RECON_KIND_REJECTED);
        assert_int_equal(step.record.reason, RECON_REASON_NO_SOURCE);
        assert_int_equal(step.record.id.size, 1);
    }
    /* What nobody reads may be any JSON. */
    (void)reads(reader, "{\"at\":0,\"big\":-123456789012345678901234,\"x\":[1e400,\"\\\"1e400\\\\\",1e401]}");
    static const char *const numbers[] = {
        "{\"at\":0,\"big\":012345678901234567890123}",
        "{\"at\":0,\"big\":1e400e}",
        "{\"at\":123456789012345678901234}",
        "{\"at\":0,\"stream\":\"audit\",\"id\":\"x\",\"time\":1e400}",
    };
    static const char *const faults[] = {"not a line of a trace", "not a line of a trace", "`at`", "`time`"};
    for (unsigned i = 0; i < 4; i++)
        refuses_after(reader, numbers[i], strlen(numbers[i]), faults[i]);
    /* A line of another kind is no record: one that looks like both would be lost. */
    static const char *const mixed[] = {
        "{\"at\":0,\"stream\":\"audit\",\"id\":\"x\",\"time\":1,\"end\":true}",
        "{\"at\":0,\"stream\":\"audit\",\"id\":\"x\",\"time\":1,\"heartbeat\":true}",
        "{\"at\":0,\"stream\":\"audit\",\"time\":1,\"alive\":true}",
    };
    for (unsigned i = 0; i < 3; i++)
        refuses_after(reader, mixed[i], strlen(mixed[i]), "is no record");
    recon_trace_reader_free(reader);
}

static void bytes_after_nul_are_judged_too(void **state)
{
    (void)state;
    struct recon_trace_reader *reader = reader_new();
    refuses_after(reader, "{\"at\":0}\0", 9, "not a line of a trace");
    recon_trace_reader_free(reader);
}

static void texts_past_their_bound_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"id", "source"};
    char *line = malloc(80000);
    for (size_t i = 0; i < 2; i++) {
        for (int size = 65535; size <= 65536; size++) {
            struct recon_trace_reader *reader = reader_new();
            int at =
                sprintf(line, "{\"at\":0,\"stream\":\"audit\",%s\"%s\":\"", i == 1 ? "\"id\":\"a\"," : "", names[i]);
            memset(line + at, 'x', (size_t)size);
            strcpy(line + at + size, "\"}");
            if (size == 65535)
                (void)reads(reader, line);
            else
                refuses_after(reader, line, strlen(line), "longer than 65535 bytes");
            recon_trace_reader_free(reader);
        }
    }
    free(line);
}

/* --- writing --------------------------------------------------------------------------------------------------- */

static void what_is_written_reads_back_as_the_same(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "{\"partitions\":{\"audit\":[\"orders.audit/0\"],\"events\":2},\"identity\":\"source,id\"}\n",
        "{\"at\":0,\"stream\":\"audit\",\"partition\":0,\"id\":\"a\\u0001\\\"\",\"source\":\"s\",\"time\":-7,"
        "\"emitted\":3,"
        "\"context\":\"c\",\"offset\":4}\n",
        "{\"at\":1,\"stream\":\"events\",\"partition\":1,\"id\":[\"a|b\",\"c\"],\"source\":\"s\"}\n",
        "{\"at\":2,\"stream\":\"events\",\"partition\":1,\"rejected\":\"no_id\",\"offset\":9}\n",
        "{\"at\":2,\"stream\":\"events\",\"partition\":1,\"heartbeat\":true,\"time\":60000}\n",
        "{\"at\":2,\"stream\":\"events\",\"partition\":1,\"alive\":true}\n",
        "{\"at\":2,\"stream\":\"events\",\"partition\":2,\"start\":true}\n",
        "{\"at\":30000}\n",
        "{\"at\":30001,\"stream\":\"audit\",\"partition\":0,\"end\":true}\n",
    };
    struct recon_trace_reader *reader = reader_new();
    int with_joint = 0;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct recon_buffer buffer;
        recon_buffer_init(&buffer);
        const struct recon_trace_step step = reads(reader, lines[i]);
        if (step.kind == RECON_TRACE_HEAD)
            assert_int_equal(recon_trace_head_write(recon_trace_reader_head(reader), &buffer), RECON_OK);
        else
            assert_int_equal(recon_trace_step_write(&step, &buffer), RECON_OK);
        assert_int_equal(buffer.size, strlen(lines[i]));
        assert_memory_equal(buffer.bytes, lines[i], buffer.size);
        if (step.id_part_count > 0 && recon_id_has_joint(step.record.id)) {
            /* The same from the text alone, as it comes from elsewhere. */
            struct recon_trace_step other = step;
            other.id_part_count = 0;
            buffer.size = 0;
            assert_int_equal(recon_trace_step_write(&other, &buffer), RECON_OK);
            assert_int_equal(buffer.size, strlen(lines[i]));
            assert_memory_equal(buffer.bytes, lines[i], buffer.size);
            with_joint++;
        }
        recon_buffer_deinit(&buffer);
    }
    assert_int_equal(with_joint, 1);
    recon_trace_reader_free(reader);
}

/* --- the engine ------------------------------------------------------------------------------------------------ */

static void *allocate(void *context, size_t size_bytes)
{
    (void)context;
    void *block;
    return posix_memalign(&block, 64, size_bytes) == 0 ? block : NULL;
}

static void release(void *context, void *block, size_t size_bytes)
{
    (void)context;
    (void)size_bytes;
    free(block);
}

static int applies(struct recon_trace_reader *reader, struct recon_engine *engine, const char *line)
{
    const struct recon_trace_step step = reads(reader, line);
    struct recon_result results[8];
    size_t count;
    int status = recon_trace_reader_clock(reader, engine, &step);
    if (status != RECON_OK)
        return status;
    do
        assert_int_equal(recon_engine_next(engine, results, 8, &count), RECON_OK);
    while (count > 0);
    status = recon_trace_reader_apply(reader, engine, &step);
    do
        assert_int_equal(recon_engine_next(engine, results, 8, &count), RECON_OK);
    while (count > 0);
    return status;
}

static void what_the_engine_refuses_is_named(void **state)
{
    (void)state;
    struct recon_settings settings;
    struct recon_engine *engine;
    struct recon_trace_reader *reader = reader_new();
    recon_settings_init(&settings);
    settings.interval_ms = 10;
    settings.allocator = (struct recon_allocator){allocate, release, NULL};
    assert_int_equal(recon_engine_new(&settings, &engine), RECON_OK);
    assert_int_equal(applies(reader, engine, "{\"at\":5,\"stream\":\"audit\",\"id\":\"a\",\"time\":0}"), RECON_OK);
    static const struct {
        int status;
        const char *line;
        const char *words;
    } cases[] = {
        {RECON_ERROR_CLOCK, "{\"at\":4}", "`at` is 4"},
        {RECON_ERROR_PARTITION, "{\"at\":5,\"stream\":\"events\",\"partition\":1,\"id\":\"a\",\"time\":0}",
         "`events` has no partition 1"},
        {RECON_ERROR_PARTITION, "{\"at\":5,\"stream\":\"events\",\"partition\":1,\"alive\":true}", "no partition 1"},
        {RECON_ERROR_PARTITION, "{\"at\":5,\"stream\":\"audit\",\"partition\":7,\"end\":true}", "no partition 7"},
        {RECON_ERROR_PARTITION, "{\"at\":5,\"stream\":\"audit\",\"partition\":7,\"rejected\":\"no_id\"}",
         "no partition 7"},
        {RECON_OK, "{\"at\":6,\"stream\":\"events\",\"end\":true}", ""},
        {RECON_ERROR_ENDED, "{\"at\":6,\"stream\":\"events\",\"id\":\"a\",\"time\":0}",
         "partition 0 of `events` has ended"},
        {RECON_ERROR_ENDED, "{\"at\":6,\"stream\":\"events\",\"heartbeat\":true,\"time\":0}", "has ended"},
        {RECON_ERROR_ENDED, "{\"at\":6,\"stream\":\"events\",\"rejected\":\"no_id\"}", "has ended"},
        {RECON_ERROR_ENDED, "{\"at\":6,\"stream\":\"events\",\"alive\":true}", "has ended"},
        {RECON_ERROR_ENDED, "{\"at\":6,\"stream\":\"events\",\"end\":true}", "has ended"},
        {RECON_OK, "{\"at\":6,\"stream\":\"events\",\"start\":true}", ""},
        {RECON_OK, "{\"at\":6,\"stream\":\"events\",\"partition\":1,\"id\":\"a\",\"time\":0}", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const int status = applies(reader, engine, cases[i].line);
        if (status != cases[i].status)
            fail_msg("%s: %s", cases[i].line, recon_status_text(status));
        if (status != RECON_OK && strstr(recon_trace_reader_error(reader), cases[i].words) == NULL)
            fail_msg("%s: %s", cases[i].line, recon_trace_reader_error(reader));
    }
    recon_engine_free(engine);
    recon_trace_reader_free(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record_has_all_its_fields),
        cmocka_unit_test(record_needs_no_more_than_stream_and_id),
        cmocka_unit_test(lines_of_every_other_kind_are_told_apart),
        cmocka_unit_test(each_reason_of_a_rejected_record_is_known),
        cmocka_unit_test(blank_lines_and_a_byte_order_mark_are_passed_over),
        cmocka_unit_test(fields_that_nobody_names_are_passed_over),
        cmocka_unit_test(head_gives_partitions_their_names),
        cmocka_unit_test(identity_is_what_the_decoders_say_too),
        cmocka_unit_test(composite_ids_are_joined_by_bars),
        cmocka_unit_test(every_fault_is_named),
        cmocka_unit_test(every_fault_of_the_first_line_is_named),
        cmocka_unit_test(bytes_after_nul_are_judged_too),
        cmocka_unit_test(texts_past_their_bound_are_refused),
        cmocka_unit_test(what_is_written_reads_back_as_the_same),
        cmocka_unit_test(what_the_engine_refuses_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
