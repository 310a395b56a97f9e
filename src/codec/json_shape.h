/*
 * Shapes of JSON documents: what the walk over one document found out, kept for the next ones that are built alike.
 *
 * Two documents have one shape if their tokens are the same bytes in the same order, where a number, `true`, `false`
 * and `null` count as the same, and if the keys that could lead to something wanted are the same texts. Then the
 * grammar was judged already and each wanted value stands at a token that is known. What is left to be judged are the
 * numbers and names, and the escapes.
 *
 * A shape knows its line's text, too: a line that is the same byte by byte, but for its values, has the shape, and all
 * that need be known of it is where its quotes are.
 *
 * A shape only ever says yes: a document that none fits is walked, whatever may be wrong with it.
 */
#ifndef RECON_CODEC_JSON_SHAPE_H
#define RECON_CODEC_JSON_SHAPE_H

#include "codec/json_walk.h"

/* A line is only held against shapes if so many bytes can be read behind it. */
#define RECON_JSON_SHAPE_SLACK 64

/* A line in a block that was scanned (json_scan.h), and those behind it, from its first token, its first escape on. */
struct recon_json_tokens {
    const char *base; /* where position 0 is */
    const uint16_t *positions;
    const uint8_t *forms;
    const uint32_t *escapes;
    uint32_t readable; /* the position from which no byte is to be read */
    char *scratch;     /* as many bytes as the lines have; used only where they have escapes */
};

struct recon_json_shapes;

/* RECON_OK or RECON_ERROR_MEMORY. */
int recon_json_shapes_new(uint32_t path_count, struct recon_json_shapes **shapes);
void recon_json_shapes_free(struct recon_json_shapes *shapes);

/* Reads lines one after the other, count_max at most, up to the first that must be walked: one that has none of the
 * shapes or is no JSON after all, or one that is longer than line_bytes_max. Tokens are moved behind those that were
 * read, and found (path_count for each line) is what recon_json_walk would have found. Returns how many lines that is.
 * start: the position of the first. */
uint32_t recon_json_shapes_read(struct recon_json_shapes *shapes, struct recon_json_tokens *tokens, uint32_t start,
                                size_t line_bytes_max, uint32_t count_max, struct recon_found *found);

/* Whether lines should be held against the texts of those that were learnt from, in a block of which only the quotes
 * were looked for: most that were had one of them. */
bool recon_json_shapes_want_quotes(struct recon_json_shapes *shapes);
/* Whether nothing was learnt yet. */
bool recon_json_shapes_are_new(const struct recon_json_shapes *shapes);

/* As recon_json_shapes_read, of lines of such a block (recon_json_scan_quotes): those that are, but for their values,
 * byte by byte what some line was that was learnt from. There are no forms; token_count tokens are left. Behind the
 * block, RECON_JSON_SHAPE_SLACK bytes are readable. */
uint32_t recon_json_shapes_read_quoted(struct recon_json_shapes *shapes, struct recon_json_tokens *tokens,
                                       uint32_t token_count, uint32_t start, size_t line_bytes_max, uint32_t count_max,
                                       struct recon_found *found);

/* Whether a line that has to be walked should be learnt from: not too often. */
bool recon_json_shapes_want(struct recon_json_shapes *shapes);

/* Keeps the shape of an object of count tokens, without escapes, that was walked to its end, with the keys that the
 * walk made a record of. start: the position of the line's first byte. */
void recon_json_shapes_learn(struct recon_json_shapes *shapes, const struct recon_json_tree *tree,
                             const struct recon_json_tokens *tokens, uint32_t start, uint32_t count,
                             const struct recon_json_keys *keys);

#endif
