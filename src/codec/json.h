/*
 * What the decoder asks of JSON besides reading it.
 */
#ifndef RECON_CODEC_JSON_H
#define RECON_CODEC_JSON_H

#include "codec/mapping.h"

/* Looks at the first line that is not blank: CLOUDEVENTS where it has the attributes that a CloudEvent must have, else
 * JSON. *format stays as it is while that line is not whole (and these are not the last bytes). RECON_OK or
 * RECON_ERROR_MEMORY. */
int recon_json_tell(const char *bytes, size_t size, bool last, size_t line_bytes_max, enum recon_format *format);

#endif
