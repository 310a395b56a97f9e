/*
 * Texts and numbers of results, alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/text_form.h"

static void escapes_to_size(const char *bytes, size_t size, const char *expected)
{
    char out[256];
    char *end = recon_json_text_write(out, bytes, size);
    assert_true((size_t)(end - out) <= RECON_JSON_GROWTH * size);
    *end = '\0';
    assert_string_equal(out, expected);
}

static void escapes_to(const char *bytes, const char *expected)
{
    escapes_to_size(bytes, strlen(bytes), expected);
}

static void json_text_escapes_only_what_must_be(void **state)
{
    (void)state;
    escapes_to("", "");
    escapes_to("plain text, /slashes/ too, long enough for words", "plain text, /slashes/ too, long enough for words");
    escapes_to("say \"hi\\there\"", "say \\\"hi\\\\there\\\"");
    escapes_to("\b\t\n\f\r", "\\b\\t\\n\\f\\r");
    escapes_to_size("\x00\x01\x1f\x7f", 4, "\\u0000\\u0001\\u001f\x7f");
    escapes_to("grüße 日本 😀", "grüße 日本 😀");
}

/* Each of the eight places of a word, and the rest behind the last word. */
static void json_text_escapes_at_every_place(void **state)
{
    (void)state;
    static const struct {
        char byte;
        const char *escaped;
    } cases[] = {{'"', "\\\""}, {'\\', "\\\\"}, {'\n', "\\n"}, {'\x1f', "\\u001f"}, {'\xff', RECON_REPLACEMENT}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        for (size_t place = 0; place < 19; place++) {
            char bytes[19];
            char expected[64];
            memset(bytes, 'x', sizeof bytes);
            bytes[place] = cases[c].byte;
            snprintf(expected, sizeof expected, "%.*s%s%.*s", (int)place, "xxxxxxxxxxxxxxxxxxx", cases[c].escaped,
                     (int)(18 - place), "xxxxxxxxxxxxxxxxxxx");
            escapes_to_size(bytes, sizeof bytes, expected);
        }
    }
}

/* One U+FFFD for each longest start of a character that breaks off, as the Unicode standard recommends. */
static void bytes_that_are_no_utf8_are_replaced(void **state)
{
    (void)state;
    escapes_to("a\x80z", "a" RECON_REPLACEMENT "z");
    escapes_to("a\xC3", "a" RECON_REPLACEMENT);
    escapes_to("\xE6\x97z", RECON_REPLACEMENT "z");
    escapes_to("\xF0\x9F\x98", RECON_REPLACEMENT);
    escapes_to("\xC0\xAF", RECON_REPLACEMENT RECON_REPLACEMENT);                       /* overlong */
    escapes_to("\xE0\x80\xAF", RECON_REPLACEMENT RECON_REPLACEMENT RECON_REPLACEMENT); /* overlong */
    escapes_to("\xED\xA0\x80", RECON_REPLACEMENT RECON_REPLACEMENT RECON_REPLACEMENT); /* a surrogate */
    escapes_to("\xF4\x90\x80\x80", RECON_REPLACEMENT RECON_REPLACEMENT RECON_REPLACEMENT RECON_REPLACEMENT);
    escapes_to("\xF4\x8F\xBF\xBF\xED\x9F\xBF\xEE\x80\x80", "\xF4\x8F\xBF\xBF\xED\x9F\xBF\xEE\x80\x80");
}

static void integers_print_as_they_are(void **state)
{
    (void)state;
    static const int64_t values[] = {0, 1, -1, 9, 10, 99, 100, -1234567890, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char out[RECON_INTEGER_SIZE_MAX + 1];
        char expected[32];
        *recon_integer_write(out, values[i]) = '\0';
        snprintf(expected, sizeof expected, "%" PRId64, values[i]);
        assert_string_equal(out, expected);
    }
    char out[RECON_INTEGER_SIZE_MAX + 1];
    *recon_unsigned_write(out, UINT64_MAX) = '\0';
    assert_string_equal(out, "18446744073709551615");
    /* On both sides of each change of length. */
    for (uint64_t power = 1; power <= UINT64_MAX / 10; power *= 10) {
        for (uint64_t value = power - 1; value <= power + 1; value++) {
            char expected[32];
            *recon_unsigned_write(out, value) = '\0';
            snprintf(expected, sizeof expected, "%" PRIu64, value);
            assert_string_equal(out, expected);
        }
    }
}

static void percent_is(uint64_t matched, uint64_t expected, const char *text)
{
    char out[RECON_PERCENT_SIZE_MAX + 1];
    *recon_percent_write(out, matched, expected) = '\0';
    assert_string_equal(out, text);
}

static void percent_is_the_shortest_decimal_that_reads_back(void **state)
{
    (void)state;
    percent_is(1, 1, "100");
    percent_is(0, 7, "0");
    percent_is(1, 2, "50");
    percent_is(9999999, 10000000, "99.99999");
    percent_is(1, 3, "33.333333333333336");
    percent_is(2, 3, "66.66666666666667");
    percent_is(1, 10000000, "0.00001");
    percent_is(1, UINT64_C(1) << 60, "0.00000000000000008673617379884035");
    for (uint64_t expected = 1; expected < 400; expected++) {
        for (uint64_t matched = 0; matched <= expected; matched++) {
            char out[RECON_PERCENT_SIZE_MAX + 1];
            *recon_percent_write(out, matched, expected) = '\0';
            assert_true(strtod(out, NULL) == 100.0 * (double)matched / (double)expected);
        }
    }
}

static void percent_below_100_never_prints_as_100(void **state)
{
    (void)state;
    percent_is(UINT64_MAX - 1, UINT64_MAX, "99.99999999999999");
    percent_is((UINT64_C(1) << 62) - 1, UINT64_C(1) << 62, "99.99999999999999");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_text_escapes_only_what_must_be),
        cmocka_unit_test(json_text_escapes_at_every_place),
        cmocka_unit_test(bytes_that_are_no_utf8_are_replaced),
        cmocka_unit_test(integers_print_as_they_are),
        cmocka_unit_test(percent_is_the_shortest_decimal_that_reads_back),
        cmocka_unit_test(percent_below_100_never_prints_as_100),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
