/*
 * Tokens of one byte's look or a few: numbers, names and where texts end. Internal to json_walk.c and json_shape.c.
 *
 * A number or a name ends before the token that follows it or in a byte that is none of its own, so its bytes need no
 * bounds of their own.
 */
#ifndef RECON_CODEC_JSON_TOKEN_H
#define RECON_CODEC_JSON_TOKEN_H

#include <string.h>

#include "codec/extract.h"

static inline bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Whether a name or a number may end before this byte. */
static inline bool ends_scalar(char c)
{
    return c == ',' || c == '}' || c == ']' || is_space(c) || c == ':' || c == '{' || c == '[';
}

/* The closing quote of the text before the token next. */
static inline const char *recon_json_find_close(const char *next)
{
    const char *close = next - 1;
    while (*close != '"') /* white space */
        close--;
    return close;
}

static inline const char *skip_digits(const char *c)
{
    while (*c >= '0' && *c <= '9')
        c++;
    return c;
}

static inline bool read_number(const char *start, struct recon_found *found)
{
    const char *digits = start + (*start == '-');
    const char *c = skip_digits(digits);
    if (c == digits || (*digits == '0' && c - digits > 1))
        return false;
    bool integer = true;
    if (*c == '.') {
        const char *fraction = ++c;
        c = skip_digits(c);
        if (c == fraction)
            return false;
        integer = false;
    }
    if (*c == 'e' || *c == 'E') {
        c++;
        c += *c == '+' || *c == '-';
        const char *exponent = c;
        c = skip_digits(c);
        if (c == exponent)
            return false;
        integer = false;
    }
    if (!ends_scalar(*c))
        return false;
    if (!found)
        return true;
    found->kind = integer ? RECON_FOUND_INTEGER : RECON_FOUND_OTHER;
    if (integer && *digits == '0')
        start = digits; /* -0 is 0 */
    found->text = (struct recon_text){.bytes = start, .size = (uint32_t)(c - start)};
    return true;
}

/* A number in its usual form, up to the token that follows it. */
static inline bool recon_json_is_plain_number(const char *token, const char *next)
{
    const char *c = token + (*token == '-');
    const bool is_zero = *c == '0';
    const char *digits = c;
    c = skip_digits(c);
    if (c == digits || (is_zero && c - digits > 1))
        return false;
    if (*c == '.') {
        const char *fraction = ++c;
        c = skip_digits(c);
        if (c == fraction)
            return false;
    }
    return c == next;
}

static inline bool read_name(const char *start, const char *next, const char *name, uint32_t size,
                             struct recon_found *found)
{
    if (next - start < (ptrdiff_t)size || memcmp(start, name, size) != 0 || !ends_scalar(start[size]))
        return false;
    if (found) {
        found->kind = *name == 'n' ? RECON_FOUND_ABSENT : RECON_FOUND_OTHER;
        found->text = (struct recon_text){.bytes = start, .size = size};
    }
    return true;
}

/* The value at token, which is no text, no object and no list. found NULL: nobody wants it. */
static inline bool recon_json_read_scalar(const char *token, const char *next, struct recon_found *found)
{
    switch (*token) {
    case 't':
        return read_name(token, next, "true", 4, found);
    case 'f':
        return read_name(token, next, "false", 5, found);
    case 'n':
        return read_name(token, next, "null", 4, found);
    default:
        return (*token == '-' || (*token >= '0' && *token <= '9')) && read_number(token, found);
    }
}

#endif
