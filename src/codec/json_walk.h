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
#include "codec/json_tree.h"

#define RECON_JSON_KEY_COUNT_MAX 32

/* The keys that could lead to something wanted, in their order, and the nodes that they led to. */
struct recon_json_keys {
    uint32_t count;
    bool is_whole;                             /* there are no more of them, and no items of lists that could */
    uint32_t tokens[RECON_JSON_KEY_COUNT_MAX]; /* from the document's first */
    uint32_t nodes[RECON_JSON_KEY_COUNT_MAX];
};

/* One document within indexed bytes (json_index.h). */
struct recon_json_document {
    const char *bytes;
    uint32_t origin;          /* the position of bytes[0] */
    uint32_t end;             /* as a position: the first that is not the document's */
    const uint32_t *position; /* of its first token, or >= end: there is none */
    const char *backslash;    /* the first one in it, NULL: there is none */
    char *scratch;            /* as many bytes as the document has; used only where it has a backslash */
    bool may_be_list;         /* it need not be an object */
    /* RECON_JSON_GUESS_COUNT nodes, at first 0: where the first keys of the document before led to, as documents of one
     * producer have theirs in one order; NULL: none are kept. */
    uint32_t *guesses;
    struct recon_json_keys *keys; /* filled, having been empty and whole; NULL: not wanted */
};

#define RECON_JSON_GUESS_COUNT 16

/* True if the document is one JSON object (or list, where it may be one); then found (one for each path of the tree)
 * says what is there, its texts borrowed from bytes and scratch. False: it is not, and found has no meaning.
 * document->position moves over the tokens that were looked at: all of them, if it is true. */
bool recon_json_walk(const struct recon_json_tree *tree, struct recon_json_document *document,
                     struct recon_found *found);

enum recon_json_item {
    RECON_JSON_ITEM_NONE = 0, /* the list has ended, and the document with it */
    RECON_JSON_ITEM_OBJECT,
    RECON_JSON_ITEM_OTHER, /* found has no meaning */
    RECON_JSON_ITEM_BROKEN,
};

/* Walks the next item of a document that is a list of objects; is_first: from the start. What was found in one item has
 * no meaning once the next was walked. The list is well-formed only if NONE comes in the end. */
enum recon_json_item recon_json_walk_item(const struct recon_json_tree *tree, struct recon_json_document *document,
                                          bool is_first, struct recon_found *found);

#endif
