/*
 * The configuration of a command: the file, if one is named, and over it the options of the command line.
 */
#ifndef RECON_CLI_CONFIGURE_H
#define RECON_CLI_CONFIGURE_H

#include "cli/options.h"

/* Reads file_name (NULL: none; `-`: standard input) into config, which was initialised; then sets the options of groups
 * that configure, those of both streams before those of one; then finishes it for the home. RECON_OK,
 * RECON_ERROR_INVALID with all faults added to arguments->errors and config_errors, or RECON_ERROR_MEMORY. */
int recon_configure(struct recon_config *config, struct recon_arguments *arguments, const char *file_name,
                    enum recon_home home);

#endif
