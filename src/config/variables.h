/*
 * `${NAME}` and `${NAME:default}` in values, filled in after parsing, so that no value of the environment can be YAML.
 *
 * `$${` is a plain `${`; any other `$` is itself. A variable that is set but empty is empty; the default counts where
 * it is not set. What was filled in is not looked through again.
 */
#ifndef RECON_CONFIG_VARIABLES_H
#define RECON_CONFIG_VARIABLES_H

#include "config/yaml_tree.h"

/* Fills all scalars below an item (keys stay as they are); a plain scalar gets the kind of its new text. A variable
 * that is not set and has no default is a fault for the homes, and leaves its value RECON_YAML_UNFILLED. RECON_OK or
 * RECON_ERROR_MEMORY. */
int recon_variables_fill(struct recon_yaml *tree, const struct recon_yaml_item *item, uint32_t homes,
                         const char *(*environment)(const char *name), struct recon_faults *faults);

#endif
