/*
 * Where tokens start in JSON bytes: simdjson's first stage behind C.
 *
 * A position is that of an opening quote, of `{ } [ ] : ,`, or of the first byte of anything else that is neither
 * white space nor in a text. Between the position of an opening quote and the next one there is the whole text, its
 * closing quote and then white space only; a byte that directly follows a closing quote has a position of its own. (An
 * opening quote that directly follows a number or a name has none: what is before it then has no legal end.)
 * Bytes after the end are not touched.
 */
#ifndef RECON_CODEC_JSON_INDEX_H
#define RECON_CODEC_JSON_INDEX_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RECON_JSON_INDEX_ENDS 4

struct recon_json_index;

/* RECON_OK or RECON_ERROR_MEMORY. */
int recon_json_index_new(struct recon_json_index **index);
void recon_json_index_free(struct recon_json_index *index);

/* Finds the positions; they live until the next call, in rising order, and RECON_JSON_INDEX_ENDS of `size` follow.
 * RECON_ERROR_INVALID: invalid UTF-8, a control character in a text, or a text without an end. size is at most
 * RECON_RECORD_BYTES_MAX. */
int recon_json_index_run(struct recon_json_index *index, const char *bytes, size_t size, const uint32_t **positions);

#ifdef __cplusplus
}
#endif
#endif
