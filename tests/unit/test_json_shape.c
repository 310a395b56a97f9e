/*
 * What is learnt from lines changes nothing: a line that comes after others of its kind is read as it is by itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode.h"

/* Lines that are learnt from. */
static const char *const models[] = {
    "{\"id\":\"a\",\"time\":1}",
    "{\"id\":\"a\",\"time\":\"2024-01-01T00:00:00.000Z\",\"source\":\"s\",\"x\":1.5}",
    "{\"id\": \"a\", \"time\": 1, \"x\": {\"id\": \"b\", \"n\": [1, 2]}, \"y\": true}",
    "{\"time\":1,\"id\":7,\"source\":null,\"context\":\"c\",\"a key that is longer than a vector has bytes\":\"v\"}",
    "{\"order\":{\"id\":\"o\",\"x\":1},\"id\":\"a\",\"time\":1}",
    "{\"order\":{\"x\":1},\"order\":{\"id\":\"o\"},\"id\":\"a\",\"time\":1}",
    "{\"id\":\"a\",\"id\":\"b\",\"time\":1,\"time\":2}",
    "{\"order\":{\"id\":\"o\"},\"order\":{\"x\":1},\"id\":\"a\",\"time\":1}",
    "{\"id\":7,\"id\":\"a\",\"time\":\"2024-01-01\",\"time\":1}",
    "{\"items\":[\"i\",\"j\"],\"order\":\"o\",\"id\":\"a\",\"time\":1}",
    "{\"order\":1,\"id\":\"a\",\"time\":null,\"b\":false}",
};

/* And what is done to them: the first text there is by the second. */
static const struct {
    const char *old;
    const char *new;
} changes[] = {
    {"\"a\"", "\"\""},
    {"\"a\"", "\"zz\""},
    {"\"a\"", "7"},
    {"\"a\"", "null"},
    {"\"a\"", "true"},
    {"\"a\"", "{}"},
    {"\"a\"", "\"\\u0061\\n\""},
    {"\"a\"", "\"\\ud83d\\ude00\""},
    {"\"a\"", "\"\\ud83d\""},
    {"\"a\"", "\"\\ude00\\ud83d\""},
    {"\"a\"", "\"\\x\""},
    {"\"a\"", "\"\\\""},
    {"\"a\"", "\"\\\\\""},
    {"\"a\"", "\"a\" "},
    {"\"a\"", "\"a\"x"},
    {"\"a\"", "\"a\"\"\""},
    {"\"v\"", "\"\\u00zz\""},
    {"\"v\"", "\"\\u00e9\\\\\""},
    {"\"id\"", "\"ID\""},
    {"\"id\"", "\"ie\""},
    {"\"id\"", "\"i\\u0064\""},
    {"\"id\"", "\"id2\""},
    {"\"id\"", "\"id\" "},
    {"\"id\"", "\"i\\d\""},
    {"\"x\"", "\"time\""},
    {"\"x\"", "\"id\""},
    {"\"y\"", "\"id\""},
    {"\"b\"", "\"source\""},
    {"\"order\"", "\"other\""},
    {"\"order\"", "\"id\""},
    {"than a vector has", "than a vektor has"},
    {"\"a key that is longer than a vector has bytes\"", "\"id\""},
    {":1", ":01"},
    {":1", ":-0"},
    {":1", ":-"},
    {":1", ":1."},
    {":1", ":1.0"},
    {":1", ":1e5"},
    {":1", ":1e"},
    {":1", ":1 "},
    {":1", ":1 2"},
    {":1", ":1\\n"},
    {":1", ":true"},
    {":1", ":truth"},
    {":1", ":nul"},
    {":1", ":null"},
    {":1", ":\"1\""},
    {":1", ":x"},
    {":1", ":\f"},
    {":1", ":[1]"},
    {":1", ":99999999999999999999"},
    {"1.5", ".5"},
    {"1.5", "1.5.5"},
    {"true", "false"},
    {"true", "tru"},
    {"true", "1"},
    {"[1", "[\"1\""},
    {"[1,", "[1,,"},
    {"\"i\"", "5"},
    {"\"o\"", "8"},
    {"\"o\"", "{\"id\":\"p\"}"},
    {"{\"id\"", "{ \"id\""},
    {"}", "}}"},
    {"}", "},"},
    {"}", ""},
    {"}", "}\r"},
    {"}", "} x"},
    {"}", "\xc3}"},
    {",", ";"},
    {":", "="},
    {"", ""},
};

/* So many bytes must be readable behind a line for it to be held against others. */
#define REST                                                                                                           \
    "{\"id\":\"the end\",\"time\":9,\"pad\":\"----------------------------------------------------------------\"}\n"

/* The text of the record of that line, behind its number. */
static const char *record_of(const struct decoded *decoded, const char *line)
{
    const char *text = decoded->text;
    while (text && *text) {
        const char *number = strchr(text, ' ');
        assert_non_null(number);
        if (strncmp(number + 1, line, strlen(line)) == 0)
            return number + 1 + strlen(line);
        text = strchr(text, '\n');
        text = text ? text + 1 : NULL;
    }
    return "nothing\n";
}

static void expect_same(const struct decode *decode, const char *model, const char *line)
{
    char alone[700], after[3000];
    snprintf(alone, sizeof alone, "%s\n" REST, line);
    snprintf(after, sizeof after, "%s\n%s\n%s\n%s\n" REST, model, model, line, model);
    struct decoded first, third;
    decode_run(decode, alone, strlen(alone), 0, &first);
    decode_run(decode, after, strlen(after), 0, &third);
    const char *expected = record_of(&first, "1");
    const char *found = record_of(&third, "3");
    const size_t size = strcspn(expected, "\n");
    if (strcspn(found, "\n") != size || strncmp(expected, found, size) != 0)
        fail_msg("%s\nafter\n%s\nis%.*s\nand alone%.*s", line, model, (int)strcspn(found, "\n"), found, (int)size,
                 expected);
    decoded_deinit(&first);
    decoded_deinit(&third);
}

static void expect_all_same(const struct decode *decode)
{
    for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
        for (size_t c = 0; c < sizeof changes / sizeof *changes; c++) {
            const char *place = strstr(models[m], changes[c].old);
            char line[512];
            if (!place)
                continue;
            snprintf(line, sizeof line, "%.*s%s%s", (int)(place - models[m]), models[m], changes[c].new,
                     place + strlen(changes[c].old));
            for (size_t before = 0; before < sizeof models / sizeof *models; before++)
                expect_same(decode, models[before], line);
        }
    }
}

static void a_line_is_read_alike_alone_and_after_others(void **state)
{
    (void)state;
    struct decode decode;
    decode_init(&decode, RECON_STREAM_AUDIT);
    decode.mapping.schemas[0].format = RECON_FORMAT_JSON;
    decode_field(&decode.mapping.schemas[0].time, "time");
    expect_all_same(&decode);
    decode_deinit(&decode);
}

static void expect_all_same_with(const char *source, const char *context)
{
    struct decode decode;
    decode_init(&decode, RECON_STREAM_AUDIT);
    struct recon_mapping *mapping = &decode.mapping.schemas[0];
    mapping->format = RECON_FORMAT_JSON;
    decode_field(&mapping->time, "time");
    decode_field(&mapping->source, source);
    decode_field(&mapping->context, context);
    expect_all_same(&decode);
    decode_deinit(&decode);
}

static void so_it_is_where_fields_lie_deeper(void **state)
{
    (void)state;
    expect_all_same_with("order.id", "x.id");
    expect_all_same_with("order.id", "order");
    expect_all_same_with("order.id", "/items/0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_read_alike_alone_and_after_others),
        cmocka_unit_test(so_it_is_where_fields_lie_deeper),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
