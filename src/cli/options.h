/*
 * Command lines: read by one parser for all commands, after the table of spec.c.
 *
 *     --name VALUE, --name=VALUE, -o VALUE     a value; the last one given counts
 *     --audit FILE...                          a list, up to the next option; --audit=FILE adds just that one
 *     --                                       ends the options: the rest are arguments
 *     -                                        an argument or a value like any other: standard input
 *
 * All faults are collected, so that one run names them all:
 *
 *     struct recon_arguments arguments;
 *     recon_arguments_parse(&arguments, "check", argc, argv);
 *     if (arguments.help)
 *         status = recon_help_print("check");
 *     ... recon_config_errors_add(&arguments.errors, "--fail-under: ...") for what the command finds itself ...
 *     recon_config_init(&config);
 *     recon_arguments_configure(&arguments, arguments.positional_count > 0 ? arguments.positionals[0] : NULL,
 *                               RECON_HOME_CHECK, &config);
 *     if (recon_arguments_refuse(&arguments))
 *         status = RECON_EXIT_FAILED;
 *     ...
 *     recon_config_deinit(&config);
 *     recon_arguments_deinit(&arguments);
 *
 * Texts are borrowed from argv. Single-threaded.
 */
#ifndef RECON_CLI_OPTIONS_H
#define RECON_CLI_OPTIONS_H

#include "cli/spec.h"
#include "config/config.h"

struct recon_argument {
    const struct recon_option_spec *option;
    bool configures;
    const char *value; /* NULL for flags */
};

struct recon_arguments {
    const struct recon_command_spec *command;
    struct recon_argument *items; /* in the order given */
    size_t count;
    const char **positionals;
    size_t positional_count;
    bool help;                                /* --help: nothing else was judged */
    bool quiet;                               /* --quiet */
    const char *output;                       /* --output; NULL: none given */
    int results;                              /* --results: enum recon_result_format; -1: none given */
    struct recon_config_errors errors;        /* of the command line: printed behind `recon COMMAND: ` */
    struct recon_config_errors config_errors; /* of the configuration: printed as they are, FILE first */
};

/* Reads a command line; argv[0] is passed over. The command must be one of spec.c. Faults are in arguments->errors.
 * Out of memory ends the process with RECON_EXIT_FAILED: there is nothing yet to be saved. */
void recon_arguments_parse(struct recon_arguments *arguments, const char *command, int argc, char **argv);
void recon_arguments_deinit(struct recon_arguments *arguments);

/* True where there are faults; they are then on standard error, with where to read on. */
bool recon_arguments_refuse(const struct recon_arguments *arguments);

bool recon_arguments_has(const struct recon_arguments *arguments, const char *name);
/* The last value of an option; NULL: not given. */
const char *recon_arguments_value(const struct recon_arguments *arguments, const char *name);
/* The index-th value of an option, from 0; NULL: there are no more. */
const char *recon_arguments_value_at(const struct recon_arguments *arguments, const char *name, size_t index);

/* Reads a whole number from 0 to max from an option's last value; absent: leaves *value. Adds a fault where it is none.
 */
void recon_arguments_integer(struct recon_arguments *arguments, const char *name, uint64_t max, uint64_t *value);

/* cli/values.c: an option's last value as parts of RECON_GENERATE_WHOLE (0.001 or 0.1%), and as a duration in ms.
 * Absent: leaves what is there; adds a fault where it is none. */
void recon_arguments_share(struct recon_arguments *arguments, const char *name, uint32_t *share);
void recon_arguments_duration(struct recon_arguments *arguments, const char *name, int64_t *duration_ms);

/* cli/configure.c: recon_configure, with its status among arguments->errors too. */
void recon_arguments_configure(struct recon_arguments *arguments, const char *file_name, enum recon_home home,
                               struct recon_config *config);

/* cli/help.c: prints the help of a command (NULL: of all) to standard output; returns the exit status. */
int recon_help_print(const char *command);

/* cli/manual.c: prints the manual page to standard output; returns the exit status. */
int recon_manual_print(void);

/* True where file (1: standard output, 2: standard error) is a terminal that may be coloured: NO_COLOR is not set. */
bool recon_terminal_has_color(int file);

#endif
