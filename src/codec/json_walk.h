/*
 * Reads one JSON document: judges it whole by RFC 8259, and picks out what stands at the wanted paths.
 *
 * A path's steps are keys of objects; a step of digits is also the index of a list's item. A dot in a path always goes
 * one object deeper: a key with a dot in it is reached by a JSON Pointer alone. Of keys that an object holds twice the
 * last counts, as in jq, JavaScript, Python and Jackson: what stood under the first is forgotten, as if it had not
 * been there. Beyond the RFC, a document is refused where a text escapes half a surrogate pair (no Unicode text, no
 * UTF-8) or more than RECON_JSON_DEPTH_MAX objects and lists stand in one another.
 */
#ifndef RECON_CODEC_JSON_WALK_H
#define RECON_CODEC_JSON_WALK_H

#include "codec/extract.h"

/* The paths as a tree, so that each key of a document is looked up once. Immutable; borrows the steps. */
struct recon_json_tree;

/* Paths that are not of kind RECON_FIELD_VALUE have no place in it. RECON_OK or RECON_ERROR_MEMORY. */
int recon_json_tree_new(const struct recon_path *paths, uint32_t path_count, struct recon_json_tree **tree);
void recon_json_tree_free(struct recon_json_tree *tree);

/* One document within indexed bytes (json_index.h). Positions count from `origin` bytes before its first byte. */
struct recon_json_document {
    const char *bytes;
    uint32_t origin;
    uint32_t end;             /* as a position: the first that is not the document's */
    const uint32_t *position; /* of its first token, or >= end: there is none */
    bool has_escapes;         /* false where no backslash is in it */
    char *scratch;            /* as many bytes as the document has; used only where it has escapes */
};

/* True if the document is one JSON object; then found (one for each path, in their order) says what is there, its
 * texts borrowed from bytes and scratch. False: it is not; found has no meaning. */
bool recon_json_walk(const struct recon_json_tree *tree, const struct recon_json_document *document,
                     struct recon_found *found);

#endif
