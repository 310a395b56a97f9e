/*
 * The paths that are wanted of a document, as a tree, so that each key is looked up once.
 *
 * Immutable once made; borrows the paths' steps.
 */
#ifndef RECON_CODEC_JSON_TREE_H
#define RECON_CODEC_JSON_TREE_H

#include "codec/plan.h"

#define RECON_JSON_NO_ITEM UINT32_MAX

/* Nodes stand in depth-first order: those under one are the ones after it, up to its end. */
struct recon_json_node {
    const char *key;
    uint32_t key_size;
    uint32_t end;
    uint32_t parent;
    uint32_t path;      /* RECON_PATH_NONE: only on the way to others */
    uint32_t item;      /* the key as an index of a list; RECON_JSON_NO_ITEM: it is none */
    uint64_t key_sizes; /* bit n % 64: a key of n bytes is right under this node */
};

/* The first two nodes: one for all that nobody wants, with nothing under it, and the document itself. */
#define RECON_JSON_NOBODY 0
#define RECON_JSON_ROOT 1

struct recon_json_tree {
    uint32_t path_count; /* also those without a node */
    uint32_t count;
    struct recon_json_node nodes[];
};

/* Paths that are not of kind RECON_FIELD_VALUE have no place in it. RECON_OK or RECON_ERROR_MEMORY. */
int recon_json_tree_new(const struct recon_path *paths, uint32_t path_count, struct recon_json_tree **tree);
void recon_json_tree_free(struct recon_json_tree *tree);

#endif
