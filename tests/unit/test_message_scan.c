/*
 * Values that are scanned together give what each gives by itself, whatever stands beside them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/json_block.h"
#include "message_kit.h"
#include "recon/status.h"

#define VALUE_COUNT 700
#define HUGE_SIZE 40000

static uint32_t next(uint32_t *random)
{
    *random = *random * UINT32_C(1664525) + UINT32_C(1013904223);
    return *random >> 8;
}

/* Of many kinds, most of them alike; the caller frees it. */
static char *value_new(uint32_t *random, bool is_any_wrong, uint32_t number)
{
    static const char *const forms[] = {
        "{\"id\":\"i-%u\",\"time\":1700000000000,\"n\":{\"a\":[1,-2.5e3]}}",
        "{\"id\":\"i-%u\",\"time\":1700000000000,\"n\":{\"a\":[1,-2.5e3]}}\n",
        "{ \"id\" : \"i-%u\",\n\t\"time\" : 5,\n\t\"n\" : {} }\r\n\n",
        "{\"id\":\"\\u00e9\\\\-%u\",\"time\":\"2023-11-14T22:13:20.000Z\"}",
        "{\"time\":1,\"id\":%u,\"list\":[\"\\\"\",\"c\"],\"id\":\"twice\"}",
        "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"s\",\"id\":\"ce-%u\",\"time\":\"2023-11-14T22:13:20Z\"}",
        "{\"n\":%u}",
        "[{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"s\",\"id\":\"b-%u\"}]",
        "\xef\xbb\xbf{\"id\":%u,\"time\":2}",
        "  {\"id\":%u,\"time\":2}",
        "",
        "{\"id\":\"i-%u\",\"time\":1700000000000,\"n\":{\"a\":[1,-2.5e]}}",
        "{\"id\":\"i-%u\",\"time\":1700000000000,\"n\":{\"a\":[1,-2.5e3]}}\n}",
        "{\"id\":\"i-%u\",\"time\":1700000000000",
        "{\"id\":\"no end %u",
        "{\"id\":\"no \xff UTF-8 %u\"}",
        "{\"id\":\"a\nline %u\"}",
    };
    const uint32_t chosen = next(random);
    const size_t all = sizeof forms / sizeof forms[0];
    const size_t form = chosen % 3 ? chosen % 2 : chosen / 3 % (is_any_wrong ? all : all - 6);
    char *value = malloc(HUGE_SIZE + 200);
    assert_non_null(value);
    snprintf(value, 200, forms[form], number); /* NOLINT: they all take one number, or none */
    if (chosen % 97 == 0 && value[0] == '{') { /* more than a block holds */
        memmove(value + HUGE_SIZE, value, strlen(value) + 1);
        memset(value, ' ', HUGE_SIZE);
        value[0] = '{';
        value[HUGE_SIZE] = ' ';
    }
    return value;
}

static void compare(const struct recon_batch *a, const struct recon_batch *b)
{
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->ignored, b->ignored);
    for (size_t i = 0; i < a->count; i++) {
        const struct recon_record *x = &a->records[i];
        const struct recon_record *y = &b->records[i];
        assert_int_equal(x->kind, y->kind);
        assert_int_equal(x->reason, y->reason);
        assert_int_equal(x->place, y->place);
        assert_int_equal(x->offset, y->offset);
        assert_int_equal(x->time, y->time);
        assert_int_equal(x->key.low, y->key.low);
        assert_int_equal(x->id.size, y->id.size);
        assert_int_equal(x->source.size, y->source.size);
        if (x->id.size > 0)
            assert_memory_equal(x->id.bytes, y->id.bytes, x->id.size);
        if (x->source.size > 0)
            assert_memory_equal(x->source.bytes, y->source.bytes, x->source.size);
    }
}

/* Decodes all; of each seventh only the value is scanned, if some are passed over. */
static void decode_all(struct kit *kit, const struct recon_text *values, bool scans, bool passes_over)
{
    size_t scanned = 0;
    recon_batch_clear(&kit->batch);
    for (size_t i = 0; i < VALUE_COUNT; i++) {
        if (scans && i == scanned) {
            scanned += recon_message_scan(kit->decoder, values + i, VALUE_COUNT - i);
            assert_in_range(scanned, i + 1, VALUE_COUNT);
        }
        const struct recon_message message = {
            .value = values[i], .timestamp_ms = RECON_TIMESTAMP_NONE, .offset = (int64_t)i, .partition = KIT_PARTITION};
        if (!passes_over || i % 7 != 3)
            assert_int_equal(recon_message_decode(kit->decoder, &message, &kit->batch), RECON_MESSAGE_DONE);
    }
}

static void values_scanned_together_give_what_each_gives_alone(void **state)
{
    (void)state;
    static const char *const keys[] = {"format: json", "format: auto", "format: cloudevents",
                                       "format: json, id: [id, n.a], time: timestamp", "format: raw, id: key"};
    for (uint32_t run = 0; run < 20; run++) {
        struct kit alone;
        struct kit together;
        kit_init(&alone, RECON_STREAM_EVENTS, "id", keys[run / 4]);
        kit_init(&together, RECON_STREAM_EVENTS, "id", keys[run / 4]);
        struct recon_text values[VALUE_COUNT];
        uint32_t random = run;
        for (uint32_t i = 0; i < VALUE_COUNT; i++) {
            /* Nothing wrong at first, so that whole blocks hold; only as many bytes as it has, for sanitizers. */
            char *value = value_new(&random, i > VALUE_COUNT / 2, i % 50);
            const size_t size = strlen(value);
            char *bytes = malloc(size > 0 ? size : 1);
            assert_non_null(bytes);
            memcpy(bytes, value, size);
            free(value);
            values[i] = (struct recon_text){bytes, (uint32_t)size};
        }
        for (int again = 0; again < 2; again++) {
            decode_all(&alone, values, false, run % 2);
            decode_all(&together, values, true, run % 2);
            compare(&alone.batch, &together.batch);
        }
        for (size_t i = 0; i < VALUE_COUNT; i++)
            free((void *)(uintptr_t)values[i].bytes);
        kit_deinit(&alone);
        kit_deinit(&together);
    }
}

static void what_is_hardly_asked_for_is_not_scanned_for_a_while(void **state)
{
    (void)state;
    static const struct recon_text values[] = {{"{\"a\":1}", 7}, {"{\"a\":2}", 7}, {"{\"a\":3}", 7}};
    struct recon_json_block *block;
    assert_int_equal(recon_json_block_new(&block), RECON_OK);
    assert_int_equal(recon_json_block_scan(block, values, 3), 3);
    assert_true(recon_json_block_find(block, values[1]));
    assert_false(recon_json_block_find(block, values[0])); /* it is behind that */
    assert_true(recon_json_block_find(block, values[2]));
    assert_int_equal(recon_json_block_scan(block, values, 3), 3);
    size_t pause = 0;
    for (; pause < 1000; pause++) {
        assert_int_equal(recon_json_block_scan(block, values, 3), 3);
        if (recon_json_block_find(block, values[0]))
            break;
    }
    assert_in_range(pause, 1, 100);
    recon_json_block_free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_scanned_together_give_what_each_gives_alone),
        cmocka_unit_test(what_is_hardly_asked_for_is_not_scanned_for_a_while),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
