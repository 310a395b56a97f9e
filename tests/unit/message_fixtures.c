#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "message_kit.h"

#define COUNT_MAX 40

struct kit_fixtures {
    char *text; /* the file, cut into NUL-terminated words; values are decoded in place */
    const char *names[COUNT_MAX];
    struct kit_message messages[COUNT_MAX];
    size_t count;
    struct kit_schema schemas[COUNT_MAX];
    size_t schema_count;
};

static int digit(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* Undoes the hexadecimal in place. */
static size_t decode(char *text)
{
    const size_t size = strlen(text) / 2;
    for (size_t i = 0; i < size; i++)
        text[i] = (char)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
    text[size] = '\0';
    return size;
}

static void take(struct kit_fixtures *fixtures, const char *kind, char *rest)
{
    if (strcmp(kind, "message") == 0) {
        assert_true(fixtures->count < COUNT_MAX);
        fixtures->names[fixtures->count++] = rest;
        return;
    }
    if (strcmp(kind, "schema") == 0) {
        assert_true(fixtures->schema_count < COUNT_MAX);
        char *json = strchr(rest, ' ');
        *json++ = '\0';
        fixtures->schemas[fixtures->schema_count++] = (struct kit_schema){.text = rest, .json = json};
        return;
    }
    struct kit_message *message = &fixtures->messages[fixtures->count - 1];
    if (strcmp(kind, "key") == 0) {
        message->key_size = decode(rest);
        message->key = rest;
    } else if (strcmp(kind, "value") == 0) {
        message->value_size = decode(rest);
        message->value = rest;
    } else {
        size_t i = 0;
        while (message->headers[i].name != NULL)
            i++;
        char *value = strchr(rest, ' ');
        *value++ = '\0';
        message->headers[i].name = rest;
        message->headers[i].value_size = decode(value);
        message->headers[i].value = value;
    }
}

struct kit_fixtures *kit_fixtures_new(void)
{
    struct kit_fixtures *fixtures = calloc(1, sizeof *fixtures);
    assert_non_null(fixtures);
    FILE *file = fopen("tests/data/messages/messages.txt", "rb");
    assert_non_null(file);
    const size_t room = (size_t)1 << 20;
    fixtures->text = calloc(1, room);
    assert_non_null(fixtures->text);
    assert_in_range(fread(fixtures->text, 1, room, file), 1, room - 1);
    fclose(file);
    char *next;
    for (char *line = strtok_r(fixtures->text, "\n", &next); line != NULL; line = strtok_r(NULL, "\n", &next)) {
        char *rest = strchr(line, ' ');
        *rest++ = '\0';
        take(fixtures, line, rest);
    }
    return fixtures;
}

void kit_fixtures_free(struct kit_fixtures *fixtures)
{
    free(fixtures->text);
    free(fixtures);
}

struct kit_message kit_fixture(const struct kit_fixtures *fixtures, const char *name)
{
    for (size_t i = 0; i < fixtures->count; i++)
        if (strcmp(fixtures->names[i], name) == 0)
            return fixtures->messages[i];
    fail_msg("no message %s", name);
    return (struct kit_message){0};
}

void kit_register(struct kit *kit, const struct kit_fixtures *fixtures)
{
    kit->schemas = fixtures->schemas;
    kit->schema_count = fixtures->schema_count;
}
