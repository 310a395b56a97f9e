/*
 * Escapes in JSON texts.
 */
#ifndef RECON_CODEC_JSON_TEXT_H
#define RECON_CODEC_JSON_TEXT_H

/* Writes the text from in to limit, without its quotes, to out with its escapes undone; it never grows. Returns the end
 * of what was written, or NULL where an escape is none of JSON's or is half a surrogate pair. */
char *recon_json_unescape(const char *in, const char *limit, char *out);

/* The end of the escape that begins with the backslash, or of both where it is the first of a surrogate pair; NULL
 * where it is none of JSON's or half a pair. No byte is looked at from limit on. */
const char *recon_json_escape_end(const char *backslash, const char *limit);

#endif
