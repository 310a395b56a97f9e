/*
 * recon: finds the command that is meant and runs it.
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options.h"
#include "codec/nearest.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"check", recon_command_check},       {"replay", recon_command_replay}, {"generate", recon_command_generate},
    {"validate", recon_command_validate}, {"size", recon_command_size},     {"run", recon_command_run},
    {"help", recon_command_help},
};
#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static int unknown(const char *word)
{
    const char *names[COMMAND_COUNT];
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = commands[i].name;
    const char *nearest = recon_word_nearest(word, names, COMMAND_COUNT);
    fprintf(stderr, "recon: unknown %s '%s'", word[0] == '-' ? "option" : "command", word);
    if (nearest != NULL)
        fprintf(stderr, "; did you mean '%s'?", nearest);
    fputs("\nTry 'recon help'.\n", stderr);
    return RECON_EXIT_FAILED;
}

/* Standard output may be a full disk, which only the flush tells; a reader that left is no fault of ours. */
static int finish(int status)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        if (status == RECON_EXIT_OK && errno != EPIPE) {
            fprintf(stderr, "recon: standard output: %s\n", strerror(errno));
            status = RECON_EXIT_FAILED;
        }
    }
    return status;
}

/* A descriptor that whoever started us has closed shall stay of no use, and not be the next file that is opened. */
static void keep_closed(int descriptor)
{
    if (fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF)
        return;
    int opened = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    if (opened >= 0 && opened != descriptor)
        close(opened);
}

int main(int argc, char **argv)
{
    for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++)
        keep_closed(descriptor);
    /* Writers learn of a reader that left by EPIPE and end quietly. */
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        fputs("Usage: recon COMMAND [ARGUMENT]...\nTry 'recon help'.\n", stderr);
        return RECON_EXIT_FAILED;
    }
    const char *word = argv[1];
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        puts("recon " RECON_VERSION);
        return finish(RECON_EXIT_OK);
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return finish(recon_help_print(NULL));
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(word, commands[i].name) == 0)
            return finish(commands[i].run(argc - 1, argv + 1));
    return unknown(word);
}
