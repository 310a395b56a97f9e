/*
 * Usual lines of CSV, cut many at a time: each way finds what the reader of one record finds, line by line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/csv_cuts.h"
#include "codec/csv_record.h"
#include "codec/utf8.h"

#define SIZE_MAX_TESTED 600
#define TEXT_COUNT 60000
#define COLUMN_COUNT 3

static struct recon_csv_cuts cuts;

static uint64_t random_state = 1;
static uint32_t random_below(uint32_t bound)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(random_state >> 33) % bound;
}

/* Checks the lines that were found; returns the size of the longest run of usual lines that there is. */
static uint32_t check_lines(const char *bytes, uint32_t size)
{
    static const size_t columns[COLUMN_COUNT] = {0, 1, 2};
    uint32_t at = 0, line = 0;
    while (at < size) {
        struct recon_csv_scanner scanner;
        struct recon_csv_shape shape;
        struct recon_csv_field fields[COLUMN_COUNT];
        recon_csv_scanner_start(&scanner, bytes, size, at);
        if (recon_csv_record(&scanner, at, false, columns, COLUMN_COUNT, fields, &shape) != RECON_CSV_RECORD ||
            shape.newline_count > 0)
            break;
        if (line == cuts.line_count) /* it may be left to the other reader for a NUL near it */
            return memchr(bytes + at, '\0', size - at) != NULL ? at : UINT32_MAX;
        const uint32_t first = line > 0 ? (uint32_t)cuts.ends[line - 1] + 1 : 0;
        const uint32_t last = cuts.ends[line];
        assert_int_equal(last - first + 1, shape.field_count);
        assert_int_equal(cuts.places[last] + 1, shape.next);
        for (uint32_t i = 0; i < COLUMN_COUNT && i < shape.field_count; i++) {
            const char *start = bytes + (i > 0 ? (uint32_t)cuts.places[first + i - 1] + 1 : at);
            const char *end = first + i < last ? bytes + cuts.places[first + i] : bytes + shape.end;
            struct recon_csv_field field;
            recon_csv_field_between(start, end, &field);
            assert_ptr_equal(field.bytes, fields[i].bytes);
            assert_int_equal(field.size, fields[i].size);
            assert_true(!fields[i].has_doubled || (field.has_doubled && cuts.has_doubled));
        }
        at = (uint32_t)shape.next;
        line++;
    }
    assert_int_equal(line, cuts.line_count);
    return at;
}

/* The bytes lie at the end of what was allocated, so that a look behind them is seen. */
static void each_way_finds_what_the_reader_of_one_record_finds(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "a",  ",",         "\n", "\"",       "\"\"", "\"b\"", "\"c,\nd\"", "\r\n",  "\r",   "\"e\"\r\n", "\"f\"\n",
        ",,", "\"g\"\"\"", " ",  "\xc3\xa9", "hij",  ",\"k",  "l\"",       "m,n\n", "\n\n", "\"o\",",    "1234567890"};
    recon_csv_cutter cutters[RECON_CSV_CUTTER_COUNT_MAX];
    const size_t cutter_count = recon_csv_cutters(cutters);
    uint32_t usual_count = 0, wrong_count = 0;
    for (uint32_t text = 0; text < TEXT_COUNT; text++) {
        char made[SIZE_MAX_TESTED + 16];
        uint32_t size = 0;
        const uint32_t wanted = 1 + random_below(text % 4 == 0 ? SIZE_MAX_TESTED : 150);
        const bool is_calm = text % 3 > 0; /* mostly without lone quotes, which soon end what is usual */
        while (size < wanted) {
            const char *piece = pieces[random_below(sizeof pieces / sizeof *pieces)];
            if (is_calm && (strcmp(piece, "\"") == 0 || strchr(piece, 'k') != NULL || strchr(piece, 'l') != NULL))
                piece = ",\"p,q\",";
            memcpy(made + size, piece, strlen(piece));
            size += (uint32_t)strlen(piece);
        }
        if (text % 64 == 0)
            made[random_below(size)] = '\0';
        if (text % 16 == 1)
            made[random_below(size)] = (char)(0x80 + random_below(0x80));
        char *bytes = malloc(size);
        assert_non_null(bytes);
        memcpy(bytes, made, size);
        for (size_t way = 0; way < cutter_count; way++) {
            memset(&cuts, 0xaa, sizeof cuts);
            cutters[way](&cuts, bytes, size);
            const uint32_t run = check_lines(bytes, size);
            assert_int_not_equal(run, UINT32_MAX);
            assert_int_equal(cuts.size, run);
            usual_count += cuts.line_count > 1;
            assert_int_equal(cuts.is_utf8, recon_utf8_is_valid(bytes, cuts.size));
            wrong_count += !cuts.is_utf8;
        }
        free(bytes);
    }
    assert_true(usual_count > cutter_count * TEXT_COUNT / 20);
    assert_true(wrong_count > cutter_count * TEXT_COUNT / 1000);
}

/* More than fits is left for later, and cuts alone fit. */
static void as_much_is_cut_as_there_is_room_for(void **state)
{
    (void)state;
    const uint32_t size = RECON_CSV_CUTS_BYTES + 1000;
    char *bytes = malloc(size);
    assert_non_null(bytes);
    recon_csv_cutter cutters[RECON_CSV_CUTTER_COUNT_MAX];
    const size_t cutter_count = recon_csv_cutters(cutters);
    for (size_t way = 0; way < cutter_count; way++) {
        memset(bytes, '\n', size);
        cutters[way](&cuts, bytes, size);
        assert_int_equal(cuts.line_count, RECON_CSV_CUTS_BYTES);
        assert_int_equal(cuts.size, RECON_CSV_CUTS_BYTES);
        memset(bytes, ',', size);
        cutters[way](&cuts, bytes, size);
        assert_int_equal(cuts.line_count, 0);
        assert_int_equal(cuts.size, 0);
        bytes[700] = '\n';
        cutters[way](&cuts, bytes, size);
        assert_int_equal(cuts.line_count, 1);
        assert_int_equal(cuts.size, 701);
        assert_int_equal(cuts.ends[0], 700);
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_way_finds_what_the_reader_of_one_record_finds),
        cmocka_unit_test(as_much_is_cut_as_there_is_room_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
