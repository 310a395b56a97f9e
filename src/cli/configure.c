/*
 * See configure.h.
 */
#include "cli/configure.h"

#include <string.h>

#include "cli/config_file.h"
#include "recon/status.h"

static bool is_of_one_stream(const struct recon_option_spec *option)
{
    return strncmp(option->name, "audit-", 6) == 0 || strncmp(option->name, "events-", 7) == 0;
}

/* Sets those of one stream, or the others. RECON_OK or RECON_ERROR_MEMORY; *good becomes false by a fault. */
static int set_options(struct recon_config *config, struct recon_arguments *arguments, bool of_one_stream, bool *good)
{
    for (size_t i = 0; i < arguments->count; i++) {
        const struct recon_argument *item = &arguments->items[i];
        if (!item->configures || is_of_one_stream(item->option) != of_one_stream)
            continue;
        int status = recon_config_option(config, item->option->name, item->value, &arguments->errors);
        if (status == RECON_ERROR_MEMORY)
            return status;
        *good = *good && status == RECON_OK;
    }
    return RECON_OK;
}

int recon_configure(struct recon_config *config, struct recon_arguments *arguments, const char *file_name,
                    enum recon_home home)
{
    bool good = true;
    bool has_file = file_name != NULL;
    int status = RECON_OK;
    struct recon_config_file file;
    if (has_file && !recon_config_file_open(file_name, &file, &arguments->config_errors)) {
        has_file = false;
        good = false;
    }
    if (has_file) {
        status = recon_config_file_parse(&file, config, &arguments->config_errors);
        recon_config_file_close(&file);
        good = status == RECON_OK;
    }
    if (status != RECON_ERROR_MEMORY)
        status = set_options(config, arguments, false, &good);
    if (status != RECON_ERROR_MEMORY)
        status = set_options(config, arguments, true, &good);
    if (status == RECON_ERROR_MEMORY)
        return status;
    /* What a file that could not be opened lacks, nobody knows. */
    if (file_name != NULL && !has_file)
        return RECON_ERROR_INVALID;
    /* Without a file, what is missing is missing on the command line. */
    status = recon_config_finish(config, home, has_file ? &arguments->config_errors : &arguments->errors);
    return status == RECON_OK && !good ? RECON_ERROR_INVALID : status;
}

void recon_arguments_configure(struct recon_arguments *arguments, const char *file_name, enum recon_home home,
                               struct recon_config *config)
{
    if (recon_configure(config, arguments, file_name, home) == RECON_ERROR_MEMORY)
        recon_config_errors_add(&arguments->errors, "%s", recon_status_text(RECON_ERROR_MEMORY));
}
