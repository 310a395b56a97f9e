/*
 * Escapes in JSON texts.
 */
#include "codec/json_text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What the letter behind a backslash stands for; 0: nothing. */
static const char values[256] = {
    ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t',
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char letter = (char)(c | 0x20);
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

static bool read_hex4(const char *digits, const char *limit, uint32_t *value)
{
    if (limit - digits < 4)
        return false;
    int all = 0; /* negative once one is none */
    *value = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(digits[i]);
        all |= digit;
        *value = *value << 4 | (uint32_t)(digit & 15);
    }
    return all >= 0;
}

static char *put_utf8(char *out, uint32_t point)
{
    if (point < 0x80) {
        *out++ = (char)point;
    } else if (point < 0x800) {
        *out++ = (char)(0xc0 | point >> 6);
        *out++ = (char)(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
        *out++ = (char)(0xe0 | point >> 12);
        *out++ = (char)(0x80 | (point >> 6 & 0x3f));
        *out++ = (char)(0x80 | (point & 0x3f));
    } else {
        *out++ = (char)(0xf0 | point >> 18);
        *out++ = (char)(0x80 | (point >> 12 & 0x3f));
        *out++ = (char)(0x80 | (point >> 6 & 0x3f));
        *out++ = (char)(0x80 | (point & 0x3f));
    }
    return out;
}

/* Reads the digits of `\uXXXX`, and of a second one where the first is half a pair; *in is after the u. */
static bool read_code_point(const char **in, const char *limit, uint32_t *point)
{
    uint32_t low;
    if (!read_hex4(*in, limit, point))
        return false;
    *in += 4;
    if (*point < 0xd800 || *point > 0xdfff)
        return true;
    if (*point > 0xdbff || limit - *in < 6 || (*in)[0] != '\\' || (*in)[1] != 'u' || !read_hex4(*in + 2, limit, &low) ||
        low < 0xdc00 || low > 0xdfff)
        return false;
    *in += 6;
    *point = 0x10000 + ((*point - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

const char *recon_json_escape_end(const char *backslash, const char *limit)
{
    const char *in = backslash + 1;
    if (in == limit)
        return NULL;
    char c = *in++;
    uint32_t point;
    return values[(unsigned char)c] != 0 || (c == 'u' && read_code_point(&in, limit, &point)) ? in : NULL;
}

char *recon_json_unescape(const char *in, const char *limit, char *out)
{
    for (;;) {
        const char *backslash = memchr(in, '\\', (size_t)(limit - in));
        size_t plain = (size_t)((backslash ? backslash : limit) - in);
        memcpy(out, in, plain);
        out += plain;
        if (!backslash)
            return out;
        in = backslash + 1;
        if (in == limit)
            return NULL;
        char c = *in++;
        char value = values[(unsigned char)c];
        uint32_t point;
        if (value != 0)
            *out++ = value;
        else if (c == 'u' && read_code_point(&in, limit, &point))
            out = put_utf8(out, point);
        else
            return NULL;
    }
}
