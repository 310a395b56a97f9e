/*
 * Escapes in JSON texts.
 */
#ifndef RECON_CODEC_JSON_TEXT_H
#define RECON_CODEC_JSON_TEXT_H

/* Writes the text from in to limit, without its quotes, to out with its escapes undone; it never grows. Returns the end
 * of what was written, or NULL where an escape is none of JSON's or is half a surrogate pair. */
char *recon_json_unescape(const char *in, const char *limit, char *out);

#endif
