/*
 * Fields as configured, taken apart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/mapping.h"
#include "recon/status.h"

/* steps are given joined by a line feed. */
static void expect(const char *text, bool kafka, enum recon_field_kind kind, const char *field_text, const char *steps)
{
    struct recon_field field;
    assert_int_equal(recon_field_parse(text, kafka, &field), RECON_OK);
    assert_int_equal(field.kind, kind);
    assert_string_equal(field.text, field_text);
    char joined[200] = "";
    for (size_t i = 0; i < field.step_count; i++) {
        strcat(joined, i > 0 ? "\n" : "");
        strcat(joined, field.steps[i]);
    }
    assert_string_equal(joined, steps);
    recon_field_deinit(&field);
    assert_int_equal(field.kind, RECON_FIELD_NONE);
}

static void dots_go_one_object_deeper(void **state)
{
    (void)state;
    expect("id", false, RECON_FIELD_VALUE, "id", "id");
    expect("a.b.c", false, RECON_FIELD_VALUE, "a.b.c", "a\nb\nc");
    expect("a..c.", false, RECON_FIELD_VALUE, "a..c.", "a\n\nc\n");
    expect("a/b", false, RECON_FIELD_VALUE, "a/b", "a/b");
}

static void a_slash_begins_a_json_pointer(void **state)
{
    (void)state;
    expect("/a/b.c", false, RECON_FIELD_VALUE, "/a/b.c", "a\nb.c");
    expect("/~1a/~0b/~01", false, RECON_FIELD_VALUE, "/~1a/~0b/~01", "/a\n~b\n~1");
    expect("/", false, RECON_FIELD_VALUE, "/", "");
    expect("/a/", false, RECON_FIELD_VALUE, "/a/", "a\n");
}

static void kafka_has_names_of_its_own(void **state)
{
    (void)state;
    expect("key", true, RECON_FIELD_KEY, "key", "");
    expect("timestamp", true, RECON_FIELD_TIMESTAMP, "timestamp", "");
    expect("header.a.b", true, RECON_FIELD_HEADER, "a.b", "");
    expect("header", true, RECON_FIELD_VALUE, "header", "header");
    expect("header.", true, RECON_FIELD_VALUE, "header.", "header\n");
    expect("/key", true, RECON_FIELD_VALUE, "/key", "key");
    expect("key", false, RECON_FIELD_VALUE, "key", "key");
    expect("timestamp", false, RECON_FIELD_VALUE, "timestamp", "timestamp");
    expect("header.a", false, RECON_FIELD_VALUE, "header.a", "header\na");
}

static void what_is_no_field_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "/~", "/a~2", "/a/~", "/~~0"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct recon_field field = {.kind = RECON_FIELD_KEY};
        assert_int_equal(recon_field_parse(wrong[i], false, &field), RECON_ERROR_INVALID);
        assert_int_equal(field.kind, RECON_FIELD_KEY);
        assert_null(field.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dots_go_one_object_deeper),
        cmocka_unit_test(a_slash_begins_a_json_pointer),
        cmocka_unit_test(kafka_has_names_of_its_own),
        cmocka_unit_test(what_is_no_field_is_refused_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
