/*
 * recon validate: a configuration judged without running it.
 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/config_file.h"
#include "cli/options.h"
#include "recon/status.h"

#define HOME_COUNT 4

static const char *const home_names[HOME_COUNT] = {"check", "replay", "run", "flink"};
static const enum recon_home homes[HOME_COUNT] = {RECON_HOME_CHECK, RECON_HOME_REPLAY, RECON_HOME_RUN,
                                                  RECON_HOME_FLINK};

/* Adds the faults that the file has for a home. */
static void judge(const struct recon_config_file *file, enum recon_home home, struct recon_config_errors *errors)
{
    struct recon_config config;
    recon_config_init(&config);
    int status = recon_config_file_parse(file, &config, errors);
    if (status != RECON_ERROR_MEMORY)
        status = recon_config_finish(&config, home, errors);
    if (status == RECON_ERROR_MEMORY)
        recon_config_errors_add(errors, "%s: %s", file->shown, recon_status_text(RECON_ERROR_MEMORY));
    recon_config_deinit(&config);
}

static void print_list(const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf("%s%s", i == 0 ? "" : i + 1 == count ? " and " : ", ", names[i]);
}

/* `orders.yaml: good for check and replay; not for run and flink, ...` */
static void print_verdict(const struct recon_config_file *file)
{
    const char *good[HOME_COUNT];
    const char *bad[HOME_COUNT];
    size_t good_count = 0;
    size_t bad_count = 0;
    for (size_t i = 0; i < HOME_COUNT; i++) {
        struct recon_config_errors errors = {0};
        judge(file, homes[i], &errors);
        if (errors.count == 0)
            good[good_count++] = home_names[i];
        else
            bad[bad_count++] = home_names[i];
        recon_config_errors_deinit(&errors);
    }
    printf("%s: good for ", file->shown);
    print_list(good, good_count);
    if (bad_count > 0) {
        printf("; not for ");
        print_list(bad, bad_count);
        printf(" (--for %s says why)", bad[0]);
    }
    printf("\n");
}

static int validate(struct recon_arguments *arguments)
{
    struct recon_config_file file;
    const char *wanted = recon_arguments_value(arguments, "for");
    if (recon_arguments_refuse(arguments))
        return RECON_EXIT_FAILED;
    if (!recon_config_file_open(arguments->positionals[0], &file, &arguments->config_errors)) {
        recon_arguments_refuse(arguments);
        return RECON_EXIT_FAILED;
    }
    /* What keeps it from serving `check`, which demands least, keeps it from serving any. */
    enum recon_home home = RECON_HOME_CHECK;
    for (size_t i = 0; i < HOME_COUNT && wanted != NULL; i++)
        if (strcmp(wanted, home_names[i]) == 0)
            home = homes[i];
    judge(&file, home, &arguments->config_errors);
    bool refused = recon_arguments_refuse(arguments);
    if (!refused && !arguments->quiet) {
        if (wanted == NULL)
            print_verdict(&file);
        else
            printf("%s: good for %s\n", file.shown, wanted);
    }
    recon_config_file_close(&file);
    return refused ? RECON_EXIT_FAILED : RECON_EXIT_OK;
}

int recon_command_validate(int argc, char **argv)
{
    struct recon_arguments arguments;
    recon_arguments_parse(&arguments, "validate", argc, argv);
    int status = arguments.help ? recon_help_print("validate") : validate(&arguments);
    recon_arguments_deinit(&arguments);
    return status;
}
