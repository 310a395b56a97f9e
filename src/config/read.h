/*
 * Reading the tree: what a value must be, and the keys that a map may have.
 */
#ifndef RECON_CONFIG_READ_H
#define RECON_CONFIG_READ_H

#include "config/yaml_tree.h"

/* What happens with a key that a map may have. context: what recon_read_map was given. */
struct recon_read_key {
    const char *name;
    void (*read)(void *context, const struct recon_yaml_item *item);
};

struct recon_place recon_read_place(const struct recon_yaml_item *item);

/* Reads each of a map's values by its key; unknown keys are faults, with a suggestion. */
void recon_read_map(struct recon_faults *faults, const struct recon_yaml_node *map, const struct recon_read_key *keys,
                    size_t key_count, void *context);

/* A fault `expected WHAT, found ...`. None for a value that was not filled in: it has its fault already. */
void recon_read_refuse(struct recon_faults *faults, const struct recon_yaml_item *item, const char *what);

bool recon_read_is_map(struct recon_faults *faults, const struct recon_yaml_item *item, const char *what);

/* The text of any scalar as it is written (a number is fine where it may be one); NULL, with a fault: it is none. */
const char *recon_read_scalar(struct recon_faults *faults, const struct recon_yaml_item *item, const char *what);

/* The text of a text: a number or a truth value is refused with the mend, quotes. NULL: a fault. */
const char *recon_read_text(struct recon_faults *faults, const struct recon_yaml_item *item, const char *what);

void recon_read_boolean(struct recon_faults *faults, const struct recon_yaml_item *item, bool *target);

#endif
