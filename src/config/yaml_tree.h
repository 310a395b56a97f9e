/*
 * A YAML document as a tree: the core schema of YAML 1.2, every value with its line and column.
 *
 * Invariants:
 * 1. The keys of a map are scalars; one that is there twice is a fault, and both values are kept.
 * 2. An alias shares the node of its anchor, so the tree is no larger than its text; weight counts a node's parts as if
 *    they were written out, and stays within WEIGHT_MAX (yaml_tree.c).
 * 3. Depth stays within DEPTH_MAX, so that the tree may be walked by recursion.
 *
 * The tree owns all of it. Single-threaded.
 */
#ifndef RECON_CONFIG_YAML_TREE_H
#define RECON_CONFIG_YAML_TREE_H

#include "config/faults.h"

enum recon_yaml_kind {
    RECON_YAML_NULL,
    RECON_YAML_BOOLEAN,
    RECON_YAML_INTEGER,
    RECON_YAML_FLOAT,
    RECON_YAML_TEXT,
    RECON_YAML_LIST,
    RECON_YAML_MAP,
    RECON_YAML_UNFILLED, /* a scalar with a variable that is not set: its fault is noted, it has no value */
};

struct recon_yaml_node;

/* A list's item or a map's value, at the place where it is written (an alias: where the alias is). */
struct recon_yaml_item {
    struct recon_yaml_node *node;
    const char *key; /* in a map */
    uint32_t key_line;
    uint32_t key_column;
    uint32_t line;
    uint32_t column;
};

struct recon_yaml_node {
    enum recon_yaml_kind kind;
    bool plain;       /* a scalar without quotes and without the tag !!str: its text decides its kind */
    bool filled;      /* variables were looked for */
    bool complete;    /* its end was read: an alias may name it */
    const char *text; /* scalars: terminated, without NUL bytes inside */
    struct recon_yaml_item *items;
    size_t count;
    size_t capacity;
    size_t weight;
};

struct recon_yaml_block;

struct recon_yaml {
    struct recon_yaml_item root; /* node NULL: the file is empty */
    bool whole;                  /* it was read to its end, with or without faults */
    struct recon_yaml_block *blocks;
};

/* Adds faults for what is no such YAML; after most of them the rest can't be read, and the tree is not whole. RECON_OK
 * or RECON_ERROR_MEMORY. recon_yaml_deinit frees it in either case. */
int recon_yaml_parse(struct recon_yaml *tree, const char *text, size_t size, struct recon_faults *faults);
void recon_yaml_deinit(struct recon_yaml *tree);

/* Memory that lives as long as the tree; NULL: there is none. */
void *recon_yaml_allocate(struct recon_yaml *tree, size_t size);

/* The kind of a plain scalar. */
enum recon_yaml_kind recon_yaml_resolve(const char *text);

/* "a list", "the number 12": what a value is, for messages; written to buffer. Returns buffer. */
#define RECON_YAML_DESCRIPTION_SIZE 64
const char *recon_yaml_describe(const struct recon_yaml_node *node, char buffer[RECON_YAML_DESCRIPTION_SIZE]);

/* A map's item by key; NULL: there is none. */
const struct recon_yaml_item *recon_yaml_find(const struct recon_yaml_node *map, const char *key);

#endif
