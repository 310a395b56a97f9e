/*
 * Avro values as JSON texts, for contexts that are no text in Avro: as Avro's own JSON encoding, but for unions (the
 * value alone) and bytes (hexadecimal). Not a number and the infinities are texts.
 */
#ifndef RECON_CODEC_AVRO_JSON_H
#define RECON_CODEC_AVRO_JSON_H

#include "codec/avro_schema.h"
#include "recon/record.h"

/* The text's bytes; starts zeroed, grows with what is written. */
struct recon_avro_json {
    char *bytes;
    size_t size;
    size_t capacity;
};
void recon_avro_json_deinit(struct recon_avro_json *json);

/* bytes to end: exactly one value of the type, that was read without a fault before. The text lives until the next
 * call. RECON_OK, RECON_ERROR_MEMORY, or RECON_ERROR_FULL: it is longer than a context may be. */
int recon_avro_json_write(struct recon_avro_json *json, const struct recon_avro_type *type, const char *bytes,
                          const char *end, struct recon_text *text);

#endif
