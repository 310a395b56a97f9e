/*
 * For tests of decoders: decodes bytes with a mapping and says in one line of text what came out, a record.
 *
 *     KIND OFFSET [REASON] [id=ID] [source=SOURCE] [time=MS] [emitted=MS] [context=CONTEXT]
 */
#ifndef RECON_TESTS_DECODE_H
#define RECON_TESTS_DECODE_H

#include "codec/decoder.h"

/* A stream's mapping with what most tests need; decode_deinit frees the mapping. */
struct decode {
    struct recon_stream_mapping mapping;
    struct recon_decoder_options options;
};

/* One mapping without a `when`, format AUTO, nothing mapped; no file name. */
void decode_init(struct decode *decode, int stream);
void decode_deinit(struct decode *decode);
/* Adds a schema behind the ones there; the pointer lives until the next one is added. */
struct recon_mapping *decode_add_schema(struct decode *decode);
void decode_field(struct recon_field *field, const char *text);
char *decode_copy(const char *text);

struct decoded {
    char *text; /* the records, a line each, and at the end `ignored N` or `fault TEXT` where there are such */
    struct recon_key *keys;
    size_t count;
    enum recon_format format;
};
void decoded_deinit(struct decoded *decoded);

/* Decodes everything, piece_size more bytes at a time (0: all at once). Also checks what every decoder promises: that
 * a feed takes no more than there is, and fills no batch past its size. */
void decode_run(const struct decode *decode, const char *bytes, size_t size, size_t piece_size,
                struct decoded *decoded);

/* Fails the test unless the bytes, as a whole and in pieces of 1, 7 and 64 bytes, decode to the expected text. */
void decode_expect(const struct decode *decode, const char *bytes, size_t size, const char *expected);
#define DECODE_EXPECT(decode, text, expected) decode_expect((decode), (text), sizeof(text) - 1, (expected))

#endif
