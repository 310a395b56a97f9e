/*
 * Texts and numbers as they stand in results.
 */
#include "codec/text_form.h"

#include <assert.h>
#include <string.h>

#define BYTES_EACH UINT64_C(0x0101010101010101)

/* The largest float below 100. */
#define BELOW_HUNDRED 0x1.8ffffffffffffp+6

/* True where each of eight bytes stands for itself in a JSON string: ASCII, no control, quote or backslash. */
static int is_plain_word(uint64_t word)
{
    uint64_t quote = word ^ (BYTES_EACH * '"');
    uint64_t backslash = word ^ (BYTES_EACH * '\\');
    uint64_t hits = word | ((word - BYTES_EACH * 0x20) & ~word) | ((quote - BYTES_EACH) & ~quote) |
                    ((backslash - BYTES_EACH) & ~backslash);
    return (hits & (BYTES_EACH * 0x80)) == 0;
}

static int is_plain_byte(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

size_t recon_utf8_next(const char *bytes, size_t size, uint32_t *code)
{
    assert(size > 0);
    const unsigned char first = (unsigned char)bytes[0];
    if (first < 0x80) {
        *code = first;
        return 1;
    }
    *code = UINT32_MAX;
    /* The second byte's range shuts out overlong forms, surrogates and what lies past U+10FFFF. */
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    size_t length;
    if (first >= 0xC2 && first <= 0xDF) {
        length = 2;
    } else if (first >= 0xE0 && first <= 0xEF) {
        length = 3;
        low = first == 0xE0 ? 0xA0 : low;
        high = first == 0xED ? 0x9F : high;
    } else if (first >= 0xF0 && first <= 0xF4) {
        length = 4;
        low = first == 0xF0 ? 0x90 : low;
        high = first == 0xF4 ? 0x8F : high;
    } else {
        return 1;
    }
    uint32_t value = first & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if (i == size)
            return i;
        const unsigned char byte = (unsigned char)bytes[i];
        if (byte < low || byte > high)
            return i;
        low = 0x80;
        high = 0xBF;
        value = value << 6 | (byte & 0x3Fu);
    }
    *code = value;
    return length;
}

static char *escape_write(char *out, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";
    *out++ = '\\';
    switch (byte) {
    case '"':
    case '\\':
        *out++ = (char)byte;
        return out;
    case '\b':
        *out++ = 'b';
        return out;
    case '\t':
        *out++ = 't';
        return out;
    case '\n':
        *out++ = 'n';
        return out;
    case '\f':
        *out++ = 'f';
        return out;
    case '\r':
        *out++ = 'r';
        return out;
    default:
        memcpy(out, "u00", 3);
        out[3] = digits[byte >> 4];
        out[4] = digits[byte & 15];
        return out + 5;
    }
}

char *recon_json_text_write(char *out, const char *bytes, size_t size)
{
    const char *end = size > 0 ? bytes + size : bytes;
    while (bytes < end) {
        while (end - bytes >= 8) {
            uint64_t word;
            memcpy(&word, bytes, 8);
            if (!is_plain_word(word))
                break;
            memcpy(out, &word, 8);
            out += 8;
            bytes += 8;
        }
        while (bytes < end && is_plain_byte((unsigned char)*bytes))
            *out++ = *bytes++;
        if (bytes == end)
            break;
        if ((unsigned char)*bytes < 0x80) {
            out = escape_write(out, (unsigned char)*bytes++);
            continue;
        }
        uint32_t code;
        const size_t length = recon_utf8_next(bytes, (size_t)(end - bytes), &code);
        if (code == UINT32_MAX) {
            memcpy(out, RECON_REPLACEMENT, RECON_REPLACEMENT_SIZE);
            out += RECON_REPLACEMENT_SIZE;
        } else {
            memcpy(out, bytes, length);
            out += length;
        }
        bytes += length;
    }
    return out;
}

/* Two digits a division, laid down from the end where they belong. */
char *recon_unsigned_write(char *out, uint64_t value)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
                                "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
                                "8081828384858687888990919293949596979899";
    size_t size = 1;
    for (uint64_t rest = value; rest >= 10; size += 2) {
        if (rest < 100) {
            size++;
            break;
        }
        rest /= 100;
    }
    char *at = out + size;
    while (value >= 10) {
        at -= 2;
        memcpy(at, pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (at > out)
        *out = (char)('0' + value);
    return out + size;
}

char *recon_integer_write(char *out, int64_t value)
{
    uint64_t magnitude = (uint64_t)value;
    if (value < 0) {
        *out++ = '-';
        magnitude = -magnitude;
    }
    return recon_unsigned_write(out, magnitude);
}

char *recon_percent_write(char *out, uint64_t matched, uint64_t expected)
{
    assert(expected > 0 && matched <= expected);
    if (matched == expected) {
        memcpy(out, "100", 3);
        return out + 3;
    }
    const double percent = 100.0 * (double)matched / (double)expected;
    return recon_decimal_write(out, percent < 100.0 ? percent : BELOW_HUNDRED);
}
