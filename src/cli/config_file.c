/*
 * The configuration's file.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/config_file.h"
#include "io/source.h"
#include "recon/status.h"

/* A configuration has some hundred lines; what is larger was likely named by mistake (a data file). */
#define FILE_SIZE_MAX (1 << 20)

static const char *environment(const char *name)
{
    return getenv(name);
}

/* Reads to the end into bytes; false with a fault. */
static bool read_all(struct recon_source *source, const char *shown, char *bytes, size_t *size,
                     struct recon_config_errors *errors)
{
    *size = 0;
    for (;;) {
        size_t taken = 0;
        if (recon_source_read(source, bytes + *size, FILE_SIZE_MAX + 1 - *size, &taken) != RECON_OK) {
            recon_config_errors_add(errors, "%s", recon_source_message(source));
            return false;
        }
        *size += taken;
        if (*size > FILE_SIZE_MAX) {
            recon_config_errors_add(errors, "%s: longer than 1 MiB: is this a configuration?", shown);
            return false;
        }
        if (taken == 0)
            return true;
    }
}

bool recon_config_file_open(const char *name, struct recon_config_file *file, struct recon_config_errors *errors)
{
    *file = (struct recon_config_file){.shown = strcmp(name, "-") == 0 ? "stdin" : name};
    char message[512];
    struct recon_source *source = NULL;
    if (recon_source_open(name, &source, message, sizeof message) != RECON_OK) {
        recon_config_errors_add(errors, "%s", message);
        return false;
    }
    bool good = false;
    file->bytes = malloc(FILE_SIZE_MAX + 1);
    if (file->bytes == NULL)
        recon_config_errors_add(errors, "%s: %s", file->shown, recon_status_text(RECON_ERROR_MEMORY));
    else
        good = read_all(source, file->shown, file->bytes, &file->size, errors);
    recon_source_close(source);
    if (!good)
        recon_config_file_close(file);
    return good;
}

void recon_config_file_close(struct recon_config_file *file)
{
    free(file->bytes);
    *file = (struct recon_config_file){0};
}

int recon_config_file_parse(const struct recon_config_file *file, struct recon_config *config,
                            struct recon_config_errors *errors)
{
    return recon_config_parse(config, file->bytes, file->size, file->shown, environment, errors);
}
