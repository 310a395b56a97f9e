/*
 * Texts and numbers as they stand in results: JSON strings, digits, shortest decimals. No allocation, no I/O; any
 * thread.
 *
 * Every function writes at out, which must have the room that it states, and returns the end of what it wrote.
 */
#ifndef RECON_CODEC_TEXT_FORM_H
#define RECON_CODEC_TEXT_FORM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* U+FFFD, which stands for bytes that are no UTF-8: one for each longest start of a character that breaks off. */
#define RECON_REPLACEMENT "\xEF\xBF\xBD"
#define RECON_REPLACEMENT_SIZE 3

/* The size of the character at the start of bytes (size > 0), and its code in *code; where they are no UTF-8, the
 * number of bytes (at least 1) that one U+FFFD stands for, and *code is UINT32_MAX. */
size_t recon_utf8_next(const char *bytes, size_t size, uint32_t *code);

/* The inside of a JSON string: valid JSON and valid UTF-8, whatever the bytes. Room: RECON_JSON_GROWTH * size. */
#define RECON_JSON_GROWTH 6
char *recon_json_text_write(char *out, const char *bytes, size_t size);

/* Decimal digits. Room: RECON_INTEGER_SIZE_MAX. */
#define RECON_INTEGER_SIZE_MAX 20
char *recon_unsigned_write(char *out, uint64_t value);
char *recon_integer_write(char *out, int64_t value);

/* 100 * matched / expected (expected > 0, matched <= expected) as the shortest decimal that reads back as the same
 * 64-bit float, without exponent; 100 only where nothing is absent. Room: RECON_PERCENT_SIZE_MAX. */
#define RECON_PERCENT_SIZE_MAX 48
char *recon_percent_write(char *out, uint64_t matched, uint64_t expected);

/* The shortest decimal of a finite value from 0 to 100, without exponent. Room: RECON_PERCENT_SIZE_MAX. */
char *recon_decimal_write(char *out, double value);

#ifdef __cplusplus
}
#endif
#endif
