/*
 * The configuration's file: its bytes, to be parsed once or for several homes.
 *
 * `-` is standard input, called `stdin` in messages. Single-threaded.
 */
#ifndef RECON_CLI_CONFIG_FILE_H
#define RECON_CLI_CONFIG_FILE_H

#include "config/config.h"

struct recon_config_file {
    const char *shown; /* in messages; borrowed */
    char *bytes;
    size_t size;
};

/* Reads all of it. False: there is a fault more in errors, and nothing to close. */
bool recon_config_file_open(const char *name, struct recon_config_file *file, struct recon_config_errors *errors);
void recon_config_file_close(struct recon_config_file *file);

/* recon_config_parse, with the variables of the process's environment. */
int recon_config_file_parse(const struct recon_config_file *file, struct recon_config *config,
                            struct recon_config_errors *errors);

#endif
