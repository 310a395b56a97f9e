/*
 * What every command takes: the one table that the parser, the help, the man page and the completions are made from.
 *
 * Static and constant. A new option is one line in spec.c.
 */
#ifndef RECON_CLI_SPEC_H
#define RECON_CLI_SPEC_H

#include <stdbool.h>
#include <stddef.h>

enum recon_option_kind {
    RECON_OPTION_FLAG,
    RECON_OPTION_VALUE, /* --name VALUE or --name=VALUE; the last one counts */
    RECON_OPTION_LIST,  /* --name VALUE... up to the next option; --name=VALUE is one; all that are given count */
};

struct recon_option_spec {
    const char *name; /* without dashes */
    char letter;      /* -o; 0: none */
    enum recon_option_kind kind;
    const char *value_name; /* FILE, DURATION; NULL for flags */
    const char *choices;    /* `a|b|c`: the only values; NULL: any, which the command judges */
    const char *help;
};

struct recon_option_group {
    const char *title;
    bool configures; /* its options are keys of the configuration: recon_configure (configure.h) hands them on */
    size_t count;
    const struct recon_option_spec *options;
};

#define RECON_OPTION_GROUP_COUNT_MAX 10

struct recon_command_spec {
    const char *name;
    const char *summary;         /* one line, for the list of commands */
    const char *usage;           /* what follows `recon NAME` */
    const char *about;           /* paragraphs, parted by an empty line */
    size_t positional_count_min; /* arguments besides options */
    size_t positional_count_max;
    const char *positional_name; /* CONFIG, TRACE: for messages */
    const char *status;          /* exit status; NULL: the usual 0 and 2 */
    const char *examples;        /* lines, each printed as it is behind two spaces */
    const struct recon_option_group *groups[RECON_OPTION_GROUP_COUNT_MAX + 1]; /* ends with NULL */
};

/* All commands in the order of the help; *count gets their number. */
const struct recon_command_spec *recon_command_specs(size_t *count);
/* The lines about its exit status. */
const char *recon_command_status(const struct recon_command_spec *command);
/* NULL: no such command. */
const struct recon_command_spec *recon_command_spec_find(const char *name);

#endif
