/*
 * JSON documents that came one by one, scanned together: copied behind one another as lines, gone through once
 * (json_scan.h), then held against shapes (json_shape.h) or walked (json_walk.h) as they are asked for.
 *
 * Whether a document was scanned changes nothing but what it costs to read it. One thread's.
 */
#ifndef RECON_CODEC_JSON_BLOCK_H
#define RECON_CODEC_JSON_BLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "codec/json_shape.h"
#include "codec/json_walk.h"

struct recon_json_block;

/* What is known of the documents of one tree. */
struct recon_json_known {
    struct recon_json_shapes *shapes;
    uint32_t guesses[RECON_JSON_GUESS_COUNT]; /* the walk's; at first 0 */
};

/* RECON_OK or RECON_ERROR_MEMORY. */
int recon_json_block_new(struct recon_json_block **block);
void recon_json_block_free(struct recon_json_block *block);

/* Scans values, from the first on, and forgets those before. Returns how many it is done with, of count at least 1:
 * they were scanned, or it was not worth it. They must stay as they are until the next call, or never be asked for. */
size_t recon_json_block_scan(struct recon_json_block *block, const struct recon_text *values, size_t count);

/* Whether the value is one of those that were scanned, and behind the one that was found last. It is the one at hand
 * then. */
bool recon_json_block_find(struct recon_json_block *block, struct recon_text value);

/* As recon_json_walk, of the document at hand; may be asked again, for another tree. Texts that are found live until
 * the next scan, but those with escapes until the next read. */
bool recon_json_block_read(struct recon_json_block *block, const struct recon_json_tree *tree,
                           struct recon_json_known *known, struct recon_found *found);

#endif
