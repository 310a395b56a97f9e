/*
 * What a plain scalar is, by the core schema of YAML 1.2, and how a value is called in messages.
 */
#include <stdio.h>
#include <string.h>

#include "config/yaml_tree.h"

/* Of a value in a message, bytes. */
#define SHOWN_SIZE_MAX 40

static bool one_of(const char *text, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcmp(text, *words) == 0)
            return true;
    return false;
}

static bool is_integer(const char *text)
{
    if (text[0] == '0' && (text[1] == 'o' || text[1] == 'x')) {
        const char *digits = text[1] == 'o' ? "01234567" : "0123456789abcdefABCDEF";
        return text[2] != '\0' && text[2 + strspn(text + 2, digits)] == '\0';
    }
    text += *text == '-' || *text == '+' ? 1 : 0;
    return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

static bool is_float(const char *text)
{
    static const char *const special[] = {".inf",  ".Inf",  ".INF", "+.inf", "+.Inf", "+.INF", "-.inf",
                                          "-.Inf", "-.INF", ".nan", ".NaN",  ".NAN",  NULL};
    if (one_of(text, special))
        return true;
    text += *text == '-' || *text == '+' ? 1 : 0;
    size_t whole = strspn(text, "0123456789");
    text += whole;
    if (*text == '.') {
        size_t fraction = strspn(text + 1, "0123456789");
        if (whole + fraction == 0)
            return false;
        text += 1 + fraction;
    } else if (whole == 0) {
        return false;
    }
    if (*text == 'e' || *text == 'E') {
        text++;
        text += *text == '-' || *text == '+' ? 1 : 0;
        size_t digits = strspn(text, "0123456789");
        if (digits == 0)
            return false;
        text += digits;
    }
    return *text == '\0';
}

enum recon_yaml_kind recon_yaml_resolve(const char *text)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const booleans[] = {"true", "True", "TRUE", "false", "False", "FALSE", NULL};
    if (one_of(text, nulls))
        return RECON_YAML_NULL;
    if (one_of(text, booleans))
        return RECON_YAML_BOOLEAN;
    if (is_integer(text))
        return RECON_YAML_INTEGER;
    return is_float(text) ? RECON_YAML_FLOAT : RECON_YAML_TEXT;
}

const char *recon_yaml_describe(const struct recon_yaml_node *node, char buffer[RECON_YAML_DESCRIPTION_SIZE])
{
    switch (node->kind) {
    case RECON_YAML_NULL:
        return "nothing";
    case RECON_YAML_LIST:
        return "a list";
    case RECON_YAML_MAP:
        return "a map of keys";
    case RECON_YAML_UNFILLED:
        return "a variable";
    case RECON_YAML_BOOLEAN:
    case RECON_YAML_INTEGER:
    case RECON_YAML_FLOAT:
    case RECON_YAML_TEXT:
        break;
    }
    /* Cut between characters: what follows must not begin with a byte 10xxxxxx of UTF-8. */
    size_t size = strlen(node->text);
    if (size > SHOWN_SIZE_MAX)
        for (size = SHOWN_SIZE_MAX; size > 0 && ((unsigned char)node->text[size] & 0xC0) == 0x80;)
            size--;
    const char *dots = node->text[size] == '\0' ? "" : "...";
    if (node->kind == RECON_YAML_TEXT)
        snprintf(buffer, RECON_YAML_DESCRIPTION_SIZE, "the text '%.*s%s'", (int)size, node->text, dots);
    else
        snprintf(buffer, RECON_YAML_DESCRIPTION_SIZE, "%s %.*s%s",
                 node->kind == RECON_YAML_BOOLEAN ? "the truth value" : "the number", (int)size, node->text, dots);
    return buffer;
}
