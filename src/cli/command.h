/*
 * The commands of `recon`: one function a command, its exit status what it returns.
 *
 * argv[0] is the command's name, the arguments follow. Each file src/cli/NAME.c holds one of them; one that is not
 * there yet says so (absent.c). Called once in a process, on its main thread, with SIGPIPE ignored.
 */
#ifndef RECON_CLI_COMMAND_H
#define RECON_CLI_COMMAND_H

enum recon_exit {
    RECON_EXIT_OK = 0,
    RECON_EXIT_INCOMPLETE = 1, /* `check`: not everything that was audited arrived */
    RECON_EXIT_FAILED = 2,     /* it could not do its work */
};

int recon_command_check(int argc, char **argv);
int recon_command_replay(int argc, char **argv);
int recon_command_generate(int argc, char **argv);
int recon_command_validate(int argc, char **argv);
int recon_command_size(int argc, char **argv);
int recon_command_run(int argc, char **argv);
int recon_command_help(int argc, char **argv);

#endif
