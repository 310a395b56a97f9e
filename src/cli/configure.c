/*
 * See configure.h.
 */
#include "cli/configure.h"

#include <stdlib.h>
#include <string.h>

#include "io/source.h"
#include "recon/status.h"

#define FILE_BYTES_MAX ((size_t)16 << 20)

static const char *environment(const char *name)
{
    return getenv(name);
}

/* The whole file, in malloc's memory. */
static int read_file(const char *name, char **text, size_t *size, struct recon_config_errors *errors)
{
    char message[512];
    struct recon_source *source = NULL;
    int status = recon_source_open(name, &source, message, sizeof message);
    if (status != RECON_OK) {
        recon_config_errors_add(errors, "%s", message);
        return RECON_ERROR_INVALID;
    }
    char *bytes = malloc(FILE_BYTES_MAX);
    size_t got = bytes != NULL ? 1 : 0;
    status = bytes != NULL ? RECON_OK : RECON_ERROR_MEMORY;
    *size = 0;
    while (got > 0 && *size < FILE_BYTES_MAX && status == RECON_OK) {
        status = recon_source_read(source, bytes + *size, FILE_BYTES_MAX - *size, &got);
        if (status == RECON_OK)
            *size += got;
    }
    if (bytes != NULL && status != RECON_OK)
        recon_config_errors_add(errors, "%s", recon_source_message(source));
    else if (bytes != NULL && *size == FILE_BYTES_MAX)
        recon_config_errors_add(errors, "%s: is too large for a configuration", name);
    if (bytes != NULL && (status != RECON_OK || *size == FILE_BYTES_MAX))
        status = RECON_ERROR_INVALID;
    recon_source_close(source);
    if (status == RECON_OK)
        *text = bytes;
    else
        free(bytes);
    return status;
}

int recon_configure(struct recon_config *config, struct recon_arguments *arguments, const char *file_name,
                    enum recon_home home)
{
    struct recon_config_errors *errors = &arguments->errors;
    bool is_valid = true;
    if (file_name != NULL) {
        char *text = NULL;
        size_t size = 0;
        int status = read_file(file_name, &text, &size, errors);
        if (status == RECON_OK) {
            status = recon_config_parse(config, text, size, file_name, environment, errors);
            free(text);
        }
        if (status != RECON_OK && status != RECON_ERROR_INVALID)
            return status;
        is_valid = status == RECON_OK;
    }
    for (size_t i = 0; i < arguments->count; i++) {
        const struct recon_argument *item = &arguments->items[i];
        if (!item->configures)
            continue;
        int status = recon_config_option(config, item->option->name, item->value, errors);
        if (status != RECON_OK && status != RECON_ERROR_INVALID)
            return status;
        is_valid = is_valid && status == RECON_OK;
    }
    /* What is missing is told only of what could be read: it may stand in the part that could not. */
    if (!is_valid)
        return RECON_ERROR_INVALID;
    return recon_config_finish(config, home, errors);
}
