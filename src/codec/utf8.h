/*
 * Whether bytes are UTF-8 (RFC 3629: no surrogates, nothing past U+10FFFF, no overlong forms). Any thread.
 */
#ifndef RECON_CODEC_UTF8_H
#define RECON_CODEC_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

bool recon_utf8_is_valid(const char *bytes, size_t size);

#ifdef __cplusplus
}
#endif

#endif
