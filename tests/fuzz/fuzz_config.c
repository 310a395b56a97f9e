/*
 * Configurations: any bytes, as a file and, line by line, as options. What is refused names a fault, in one printable
 * line; what is good for a home has what that home relies on.
 */
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "fuzz.h"
#include "recon/status.h"

static void require(int condition)
{
    if (!condition)
        abort();
}

static const char *environment(const char *name)
{
    return strcmp(name, "SET") == 0 ? "5m" : NULL;
}

static void judge_faults(int status, size_t count_before, const struct recon_config_errors *errors)
{
    require(status == RECON_OK || status == RECON_ERROR_INVALID);
    require(status != RECON_OK || errors->count == count_before);
    for (size_t i = 0; i < errors->count; i++) {
        require(strlen(errors->lines[i]) < 1000);
        for (const char *at = errors->lines[i]; *at != '\0'; at++)
            require((unsigned char)*at >= 0x20 && *at != 0x7F);
    }
}

static void judge_good(const struct recon_config *config, enum recon_home home)
{
    require(config->settings.from_ms < config->settings.to_ms);
    require(config->settings.interval_ms > 0);
    require(config->settings.idle_timeout_ms > 0);
    require((config->settings.report & ~RECON_REPORT_ALL) == 0);
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++) {
        const struct recon_stream_mapping *mapping = &config->streams[stream].mapping;
        require(mapping->schema_count > 0);
        for (size_t i = 0; i < mapping->schema_count; i++)
            for (size_t k = 0; k < mapping->schemas[i].id_count; k++)
                require(mapping->schemas[i].id[k].kind != RECON_FIELD_NONE);
        require(home != RECON_HOME_RUN || config->streams[stream].topic_count > 0);
    }
}

static void judge_file(const char *text, size_t size, enum recon_home home)
{
    struct recon_config config;
    struct recon_config_errors errors = {0};
    recon_config_init(&config);
    int parsed = recon_config_parse(&config, text, size, "f", environment, &errors);
    judge_faults(parsed, 0, &errors);
    require((parsed == RECON_OK) == (errors.count == 0));
    size_t count = errors.count;
    int finished = recon_config_finish(&config, home, &errors);
    judge_faults(finished, count, &errors);
    if (parsed == RECON_OK && finished == RECON_OK)
        judge_good(&config, home);
    recon_config_errors_deinit(&errors);
    recon_config_deinit(&config);
}

/* Each line `NAME VALUE`. */
static void judge_options(const char *text, size_t size)
{
    struct recon_config config;
    struct recon_config_errors errors = {0};
    recon_config_init(&config);
    char *copy = malloc(size + 1);
    require(copy != NULL);
    memcpy(copy, text, size);
    copy[size] = '\0';
    for (char *line = copy; line != NULL;) {
        char *end = strchr(line, '\n');
        if (end != NULL)
            *end++ = '\0';
        char *value = strchr(line, ' ');
        if (value != NULL) {
            *value++ = '\0';
            if (recon_config_option_known(line, NULL)) {
                size_t count = errors.count;
                judge_faults(recon_config_option(&config, line, value, &errors), count, &errors);
            }
        }
        line = end;
    }
    recon_config_finish(&config, RECON_HOME_CHECK, &errors);
    free(copy);
    recon_config_errors_deinit(&errors);
    recon_config_deinit(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *text = (const char *)bytes;
    judge_file(text, size, RECON_HOME_CHECK);
    judge_file(text, size, RECON_HOME_RUN);
    judge_options(text, size);
    return 0;
}
