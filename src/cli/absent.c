/*
 * Stand-ins for the commands that this version does not have. CMakeLists.txt says which.
 */
#include "cli/command.h"

#include <stdio.h>

#if defined(RECON_ABSENT_SIZE) || defined(RECON_ABSENT_RUN)
static int absent(const char *command)
{
    fprintf(stderr, "recon %s: this command is not in this version (" RECON_VERSION ") yet\n", command);
    return RECON_EXIT_FAILED;
}
#endif

#define RECON_ABSENT(name)                                                                                             \
    int recon_command_##name(int argc, char **argv)                                                                    \
    {                                                                                                                  \
        (void)argc;                                                                                                    \
        (void)argv;                                                                                                    \
        return absent(#name);                                                                                          \
    }

#ifdef RECON_ABSENT_SIZE
RECON_ABSENT(size)
#endif
#ifdef RECON_ABSENT_RUN
RECON_ABSENT(run)
#endif
