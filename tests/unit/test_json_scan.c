/*
 * The scan of a block of JSON lines, beside one that goes byte by byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/json_scan.h"
#include "codec/text_form.h"
#include "codec/utf8.h"
#include "recon/status.h"

#define SIZE_MAX_TESTED 1000
#define BLOCK_COUNT 60000

/* What a block holds, byte by byte. */
struct expected {
    bool is_good;
    uint32_t token_count;
    uint32_t escape_count;
    uint32_t tokens[SIZE_MAX_TESTED + 1];
    uint8_t forms[SIZE_MAX_TESTED + 1];
    uint32_t escapes[SIZE_MAX_TESTED];
};

static void expect_token(struct expected *expected, uint32_t position, char form)
{
    expected->tokens[expected->token_count] = position;
    expected->forms[expected->token_count++] = (uint8_t)form;
}

static bool is_one_of(char byte, const char *bytes)
{
    return byte != '\0' && strchr(bytes, byte) != NULL;
}

static void walk(struct expected *expected, const char *bytes, uint32_t size)
{
    *expected = (struct expected){.is_good = true};
    for (uint32_t i = 0, code; i < size && expected->is_good;) {
        i += (uint32_t)recon_utf8_next(bytes + i, size - i, &code);
        expected->is_good = code != UINT32_MAX;
    }
    assert_int_equal(recon_utf8_is_valid(bytes, size), expected->is_good);
    bool is_text = false, is_escaped = false, is_scalar = false;
    for (uint32_t i = 0; i < size; i++) {
        const char byte = bytes[i];
        const bool was_escaped = is_escaped;
        is_escaped = byte == '\\' && !was_escaped;
        if (is_escaped)
            expected->escapes[expected->escape_count++] = i;
        const bool is_quote = byte == '"' && !was_escaped;
        if (is_text) {
            expected->is_good &= (unsigned char)byte >= 0x20;
            is_text = !is_quote;
            continue;
        }
        is_text = is_quote;
        /* What directly follows a byte of a number or a name is taken for more of it, be it a quote. */
        if (is_one_of(byte, "{}[]:,\n") || (!is_one_of(byte, " \t\r") && !is_scalar))
            expect_token(expected, i, byte);
        is_scalar = !is_quote && !is_one_of(byte, "{}[]:, \t\r\n");
    }
    expected->is_good &= !is_text;
    if (bytes[size - 1] != '\n')
        expect_token(expected, size, '\n');
}

#define WAY_COUNT 3
#define NO_SUCH_WAY (-1000)

/* Finds by the scan, or by one kind of vectors; *token_count gets how many tokens there should be. */
static int run_way(int way, struct recon_json_scan *scan, struct recon_json_index *index, const char *bytes,
                   uint32_t size, uint32_t *token_count)
{
    if (way == 0)
        return recon_json_scan_run(scan, index, bytes, size);
#ifdef RECON_JSON_SCAN_VECTORS
    const bool is_there = way == 1 ? recon_json_scan_has_avx512() : recon_json_scan_has_avx2();
    if (is_there) {
        uint32_t found_count = 0, escape_count = 0;
        recon_json_scan_vectors *const find = way == 1 ? recon_json_scan_avx512 : recon_json_scan_avx2;
        const int status = find(scan, bytes, size, &found_count, &escape_count);
        *token_count -= bytes[size - 1] != '\n';
        if (status == RECON_OK) {
            assert_int_equal(found_count, *token_count);
            scan->escapes[escape_count] = UINT32_MAX;
        }
        return status;
    }
#endif
    (void)token_count;
    return NO_SUCH_WAY;
}

/* The bytes lie at the end of what was allocated, so that a look behind them is seen. */
static void check(struct recon_json_scan *scan, struct recon_json_index *index, const char *bytes, uint32_t size)
{
    char *copy = malloc(size);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    static struct expected expected;
    walk(&expected, copy, size);
    for (int way = 0; way < WAY_COUNT; way++) {
        uint32_t token_count = expected.token_count;
        memset(scan->tokens, 0xaa, token_count * sizeof *scan->tokens);
        memset(scan->forms, 0xaa, token_count);
        memset(scan->escapes, 0xaa, expected.escape_count * sizeof *scan->escapes);
        const int status = run_way(way, scan, index, copy, size, &token_count);
        if (status == NO_SUCH_WAY)
            continue;
        assert_int_equal(status, expected.is_good ? RECON_OK : RECON_ERROR_INVALID);
        if (!expected.is_good)
            continue;
        for (uint32_t i = 0; i < token_count; i++)
            assert_int_equal(scan->tokens[i], expected.tokens[i]);
        assert_memory_equal(scan->forms, expected.forms, token_count);
        if (way == 0)
            assert_int_equal(scan->forms[token_count] | scan->forms[token_count + 1], 0);
        for (uint32_t i = 0; i < expected.escape_count; i++)
            assert_int_equal(scan->escapes[i], expected.escapes[i]);
        assert_int_equal(scan->escapes[expected.escape_count], UINT32_MAX);
    }
    free(copy);
}

/* The same of a scan for quotes alone. */
static void check_quotes(struct recon_json_scan *scan, const char *bytes, uint32_t size)
{
#ifdef RECON_JSON_SCAN_VECTORS
    char *copy = malloc(size);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    for (int way = 1; way < WAY_COUNT; way++) {
        if (!(way == 1 ? recon_json_scan_has_avx512() : recon_json_scan_has_avx2()))
            continue;
        recon_json_scan_vectors *const find = way == 1 ? recon_json_quotes_avx512 : recon_json_quotes_avx2;
        uint32_t token_count = 0, escape_count = 0, token = 0, escape = 0;
        const int status = find(scan, copy, size, &token_count, &escape_count);
        assert_int_equal(status, recon_utf8_is_valid(copy, size) ? RECON_OK : RECON_ERROR_INVALID);
        bool is_escaped = false;
        for (uint32_t i = 0; i < size && status == RECON_OK; i++) {
            const bool was_escaped = is_escaped;
            is_escaped = copy[i] == '\\' && !was_escaped;
            if (is_escaped)
                assert_int_equal(scan->escapes[escape++], i);
            if ((copy[i] == '"' && !was_escaped) || (unsigned char)copy[i] < 0x20)
                assert_int_equal(scan->tokens[token++], i);
        }
        if (status == RECON_OK) {
            assert_int_equal(token_count, token);
            assert_int_equal(escape_count, escape);
        }
    }
    free(copy);
#else
    (void)scan, (void)bytes, (void)size;
    assert_false(recon_json_scan_has_quotes());
#endif
}

static uint32_t random_below(uint64_t *state, uint32_t bound)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33) % bound;
}

/* Blocks of pieces that mean something to the scan, in any order and at any place of its 64 bytes. */
static void what_is_found_is_what_a_look_at_each_byte_finds(void **state)
{
    (void)state;
    static const char *const pieces[] = {"{",     "}",       "[",    "]",     ":",    ",",        "\n",       "\"",
                                         "\"a\"", "\"id\":", "1.5",  "true",  " ",    "\t",       "\r",       "\\",
                                         "\\\\",  "\\\"",    "x",    "-7",    "abc",  "\"\\\"",   "\"\\\\",   "\x7f",
                                         "e3",    "\"\"",    "\x1f", "\x01b", "\xc3", "\xc3\xa9", "\xe2\x82", "\x80"};
    static const char *const foreign[] = {"\xc3\xa9",
                                          "\xe2\x82\xac",
                                          "\xf0\x9f\x98\x80",
                                          "\xed\x9f\xbf",
                                          "\xef\xbf\xbf",
                                          "\xf4\x8f\xbf\xbf",
                                          "\xe0\xa0\x80",
                                          "\xf0\x90\x80\x80",
                                          "\xed\xa0\x80",
                                          "\xf4\x90\x80\x80",
                                          "\xe0\x9f\xbf",
                                          "\xf0\x8f\xbf\xbf",
                                          "\xc1\xbf",
                                          "\xf5\x80\x80\x80",
                                          "\xff",
                                          "\xe2\x82",
                                          "\xf0\x9f\x98",
                                          "\xc3",
                                          "\xbf",
                                          "\xc2"};
    struct recon_json_scan *scan = malloc(sizeof *scan);
    struct recon_json_index *index;
    assert_non_null(scan);
    assert_int_equal(recon_json_index_new(&index), RECON_OK);
    uint64_t random = 1;
    uint32_t good_count = 0;
    for (uint32_t block = 0; block < BLOCK_COUNT; block++) {
        char bytes[SIZE_MAX_TESTED + 80];
        uint32_t size = 0;
        const uint32_t wanted = 1 + random_below(&random, block % 4 == 0 ? SIZE_MAX_TESTED - 80 : 150);
        /* The later pieces make a block bad, so most have none of them, and one foreign piece at most. */
        const uint32_t piece_count = block % 8 == 0 ? sizeof pieces / sizeof *pieces : 26;
        const uint32_t foreign_place = block % 2 == 0 ? random_below(&random, wanted) : UINT32_MAX;
        bool is_foreign_in = false;
        while (size < wanted) {
            const char *piece = pieces[random_below(&random, piece_count)];
            if (size >= foreign_place && !is_foreign_in) {
                piece = foreign[random_below(&random, sizeof foreign / sizeof *foreign)];
                is_foreign_in = true;
            }
            const uint32_t piece_size = (uint32_t)strlen(piece);
            const uint32_t times = random_below(&random, 12) == 0 ? 1 + random_below(&random, 64) : 1;
            for (uint32_t i = 0; i < times && size < wanted; i++, size += piece_size)
                memcpy(bytes + size, piece, piece_size);
        }
        /* Texts that are still open are closed in half of the blocks. */
        static struct expected expected;
        walk(&expected, bytes, size);
        if (!expected.is_good && block % 2 == 0)
            bytes[size++] = '"';
        if (block % 3 == 0)
            bytes[size++] = '\n';
        walk(&expected, bytes, size);
        good_count += expected.is_good;
        check_quotes(scan, bytes, size);
        check(scan, index, bytes, size);
    }
    assert_true(good_count > BLOCK_COUNT / 20);
    assert_true(good_count < BLOCK_COUNT - BLOCK_COUNT / 20);
    recon_json_index_free(index);
    free(scan);
}

/* Each byte after each, where it counts most: at the edge of 64 bytes, within a text. */
static void pairs_of_bytes_are_judged_at_the_edge_of_a_chunk(void **state)
{
    (void)state;
    struct recon_json_scan *scan = malloc(sizeof *scan);
    struct recon_json_index *index;
    assert_non_null(scan);
    assert_int_equal(recon_json_index_new(&index), RECON_OK);
    for (uint32_t pair = 0; pair < 65536; pair++) {
        char bytes[130];
        memset(bytes, 'a', sizeof bytes);
        bytes[0] = '"';
        bytes[63] = (char)(pair >> 8);
        bytes[64] = (char)(pair & 0xff);
        if (pair % 3 > 0)
            bytes[65] = '\x80';
        if (pair % 3 > 1)
            bytes[66] = '\xbf';
        bytes[127] = '"';
        bytes[128] = '\n';
        check(scan, index, bytes, 129);
    }
    recon_json_index_free(index);
    free(scan);
}

/* A block that is full to its last place with tokens. */
static void a_block_of_tokens_alone_fits(void **state)
{
    (void)state;
    struct recon_json_scan *scan = malloc(sizeof *scan);
    struct recon_json_index *index;
    char *bytes = malloc(RECON_JSON_SCAN_BYTES);
    assert_non_null(scan);
    assert_non_null(bytes);
    assert_int_equal(recon_json_index_new(&index), RECON_OK);
    for (int way = 0; way < WAY_COUNT; way++) {
        uint32_t token_count = RECON_JSON_SCAN_BYTES + 1;
        memset(bytes, ',', RECON_JSON_SCAN_BYTES);
        const int status = run_way(way, scan, index, bytes, RECON_JSON_SCAN_BYTES, &token_count);
        if (status == NO_SUCH_WAY)
            continue;
        assert_int_equal(status, RECON_OK);
        for (uint32_t i = 0; i < token_count; i++) {
            assert_int_equal(scan->tokens[i], i);
            assert_int_equal(scan->forms[i], i < RECON_JSON_SCAN_BYTES ? ',' : '\n');
        }
        memset(bytes, '\\', RECON_JSON_SCAN_BYTES);
        token_count = 2;
        assert_int_equal(run_way(way, scan, index, bytes, RECON_JSON_SCAN_BYTES, &token_count), RECON_OK);
        for (uint32_t i = 0; i < RECON_JSON_SCAN_BYTES / 2; i++)
            assert_int_equal(scan->escapes[i], 2 * i);
    }
    recon_json_index_free(index);
    free(bytes);
    free(scan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_found_is_what_a_look_at_each_byte_finds),
        cmocka_unit_test(pairs_of_bytes_are_judged_at_the_edge_of_a_chunk),
        cmocka_unit_test(a_block_of_tokens_alone_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
