/*
 * Reads a JSON object back, for tests: by a parser that shares nothing with what wrote it.
 */
#ifndef RECON_TESTS_JSON_FIELDS_H
#define RECON_TESTS_JSON_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define JSON_TEXT_SIZE_MAX 65536

/* True where the bytes are one JSON object in UTF-8, and nothing else. */
bool json_is_object(const char *bytes, size_t size);

/* The names of the object's fields in their order, joined by a space. */
void json_names(const char *bytes, size_t size, char names[JSON_TEXT_SIZE_MAX]);

/* A text field's bytes; returns the size, or -1 where there is no such text. */
long json_text(const char *bytes, size_t size, const char *name, char text[JSON_TEXT_SIZE_MAX]);

/* A number field; NaN where it is null, -1 where it is neither or not there. */
double json_number(const char *bytes, size_t size, const char *name);

#ifdef __cplusplus
}
#endif
#endif
