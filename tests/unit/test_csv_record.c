/* One CSV record against a second reader that goes byte by byte, on random texts of what has a meaning in CSV. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/csv_record.h"

#define FIELD_COUNT_MAX 400

/* What the plain reader finds. */
struct plain {
    enum recon_csv_outcome outcome;
    struct recon_csv_shape shape;
    char text[FIELD_COUNT_MAX][400]; /* unquoted */
    size_t size[FIELD_COUNT_MAX];
};

static struct plain plain;

/* RFC 4180 by the letter: state by state. */
static void read_plainly(const char *bytes, size_t size, size_t start, bool last)
{
    enum { FIELD_START, UNQUOTED, QUOTED, QUOTE_IN_QUOTED, RETURN_BEHIND } state = FIELD_START;
    size_t field = 0, newline_count = 0, at;
    plain.size[0] = 0;
    for (at = start;; at++) {
        const bool is_end = at == size;
        if (is_end && !last) {
            plain.outcome = RECON_CSV_MORE;
            return;
        }
        const char c = is_end ? '\n' : bytes[at];
        if (state == QUOTED) {
            if (is_end) {
                plain.outcome = RECON_CSV_UNCLOSED_QUOTE;
                return;
            }
            newline_count += c == '\n';
            if (c == '"')
                state = QUOTE_IN_QUOTED;
            else
                plain.text[field][plain.size[field]++] = c;
            continue;
        }
        if (c == '"' && (state == FIELD_START || state == QUOTE_IN_QUOTED)) {
            if (state == QUOTE_IN_QUOTED)
                plain.text[field][plain.size[field]++] = c;
            state = QUOTED;
            continue;
        }
        if (c == '\n' || (c == ',' && state != RETURN_BEHIND)) {
            const bool has_return = state == UNQUOTED && c == '\n' && bytes[at - 1] == '\r';
            plain.size[field] -= has_return;
            field++;
            plain.size[field] = 0;
            if (c == ',') {
                state = FIELD_START;
                continue;
            }
            plain.outcome = RECON_CSV_RECORD;
            plain.shape.end = at - (has_return || state == RETURN_BEHIND);
            plain.shape.next = is_end ? size : at + 1;
            plain.shape.field_count = field;
            plain.shape.newline_count = newline_count;
            plain.shape.is_blank = plain.shape.end == start;
            return;
        }
        if (c == '"' || state == RETURN_BEHIND || (state == QUOTE_IN_QUOTED && c != '\r')) {
            plain.outcome = RECON_CSV_STRAY_QUOTE;
            plain.shape.end = at;
            return;
        }
        if (state == QUOTE_IN_QUOTED) {
            state = RETURN_BEHIND;
            continue;
        }
        plain.text[field][plain.size[field]++] = c;
        state = UNQUOTED;
    }
}

static uint64_t random_state;

static uint64_t random_below(uint64_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % bound;
}

/* Mostly well-formed, so that records are long, and then with faults at random. */
static size_t make_text(char *text, size_t size_max)
{
    const uint64_t fault_in = 1 + random_below(200);
    size_t size = 0;
    while (size + 10 < size_max) {
        switch (random_below(8)) {
        case 0:
            memcpy(text + size, "\"a\"\"", 4);
            size += 4;
            for (uint64_t i = random_below(3); i > 0 && size + 10 < size_max; i--)
                text[size++] = ",\n\r"[random_below(3)];
            text[size++] = '"';
            if (random_below(8) == 0)
                text[size++] = '\r';
            text[size++] = ",,,\nx"[random_below(fault_in < 20 ? 5 : 4)];
            break;
        case 1:
            text[size++] = '\n';
            break;
        case 2:
            text[size++] = '\r';
            text[size++] = '\n';
            break;
        case 3:
            text[size++] = ',';
            break;
        default:
            for (uint64_t i = random_below(30); i > 0 && size + 10 < size_max; i--)
                text[size++] = 'x';
            text[size++] = ',';
        }
        if (random_below(fault_in) == 0)
            text[size++] = "\",\n\rx"[random_below(5)];
    }
    if (random_below(4) == 0) { /* a quote that is never closed */
        memcpy(text + size, ",\"x", 3);
        size += 3;
    }
    return size;
}

static void records_are_what_a_plain_reader_finds(void **state)
{
    (void)state;
    static size_t columns[FIELD_COUNT_MAX];
    static struct recon_csv_field fields[FIELD_COUNT_MAX];
    size_t outcome_count[4] = {0, 0, 0, 0}, record_count = 0;
    for (size_t i = 0; i < FIELD_COUNT_MAX; i++)
        columns[i] = i;
    for (uint64_t seed = 1; seed <= 20000; seed++) {
        char *text = malloc(360), unquoted[400];
        assert_non_null(text);
        random_state = seed * UINT64_C(0x9e3779b97f4a7c15);
        const size_t size = make_text(text, 20 + random_below(340));
        text = realloc(text, size); /* so that a sanitizer sees a read past it */
        assert_non_null(text);
        const bool last = random_below(2) == 0;
        struct recon_csv_scanner scanner;
        recon_csv_scanner_start(&scanner, text, size, 0);
        for (size_t start = 0; start < size;) {
            struct recon_csv_shape shape = {0};
            const enum recon_csv_outcome outcome =
                recon_csv_record(&scanner, start, last, columns, FIELD_COUNT_MAX, fields, &shape);
            read_plainly(text, size, start, last);
            if (outcome != plain.outcome)
                fail_msg("seed %d, from %zu: %d, not %d", (int)seed, start, outcome, plain.outcome);
            outcome_count[outcome]++;
            if (outcome == RECON_CSV_STRAY_QUOTE)
                assert_int_equal(shape.end, plain.shape.end);
            if (outcome != RECON_CSV_RECORD) { /* as csv.c does: on with the next line */
                const char *newline = memchr(text + start, '\n', size - start);
                if (newline == NULL || outcome == RECON_CSV_MORE)
                    break;
                start = (size_t)(newline - text) + 1;
                recon_csv_scanner_start(&scanner, text, size, start);
                continue;
            }
            record_count++;
            assert_int_equal(shape.end, plain.shape.end);
            assert_int_equal(shape.next, plain.shape.next);
            assert_int_equal(shape.field_count, plain.shape.field_count);
            assert_int_equal(shape.newline_count, plain.shape.newline_count);
            assert_int_equal(shape.is_blank, plain.shape.is_blank);
            for (size_t i = 0; i < shape.field_count; i++) {
                assert_int_equal(recon_csv_unquote(&fields[i], unquoted),
                                 fields[i].has_doubled ? plain.size[i] : fields[i].size);
                assert_memory_equal(fields[i].has_doubled ? unquoted : fields[i].bytes, plain.text[i], plain.size[i]);
            }
            start = shape.next;
        }
        free(text);
    }
    /* The texts are no good if they never come to one of these. */
    assert_true(record_count > 50000);
    for (int i = 0; i < 4; i++)
        assert_true(outcome_count[i] > 500);
}

/* Whatever block they fall into: NUL and what is above 0x7f are seen, nothing else is. */
static void bytes_that_may_be_no_text_are_seen(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++)
        for (size_t place = 0; place < 200; place += 13) {
            char text[200];
            struct recon_csv_scanner scanner;
            size_t at;
            memset(text, 'x', sizeof text);
            text[place] = (char)byte;
            recon_csv_scanner_start(&scanner, text, sizeof text, 0);
            while (recon_csv_scanner_next(&scanner, &at))
                ;
            assert_int_equal(scanner.nul_end > place, byte == 0);
            assert_int_equal(scanner.foreign_end > place, byte > 0x7f);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_what_a_plain_reader_finds),
        cmocka_unit_test(bytes_that_may_be_no_text_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
