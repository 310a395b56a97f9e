/*
 * The command line's keys.
 */
#include <stdlib.h>
#include <string.h>

#include "codec/nearest.h"
#include "config/origin.h"
#include "config/value.h"
#include "recon/status.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum key {
    KEY_NAME,
    KEY_INTERVAL,
    KEY_OUT_OF_ORDERNESS,
    KEY_RETENTION,
    KEY_IDLE_TIMEOUT,
    KEY_MAX_FUTURE_SKEW,
    KEY_FROM,
    KEY_TO,
    KEY_IDENTITY,
    KEY_REPORT,
    /* of mappings, from here on */
    KEY_ID,
    KEY_TIME,
    KEY_SOURCE,
    KEY_FORMAT,
    KEY_TIME_UNIT,
    KEY_ZONE,
    KEY_EMITTED,
    KEY_CONTEXT,
};

#define AUDIT 1U
#define EVENTS 2U

static const struct option {
    const char *name;
    enum key key;
    unsigned streams; /* of mappings */
} options[] = {
    {"name", KEY_NAME, 0},
    {"interval", KEY_INTERVAL, 0},
    {"out-of-orderness", KEY_OUT_OF_ORDERNESS, 0},
    {"retention", KEY_RETENTION, 0},
    {"idle-timeout", KEY_IDLE_TIMEOUT, 0},
    {"max-future-skew", KEY_MAX_FUTURE_SKEW, 0},
    {"from", KEY_FROM, 0},
    {"to", KEY_TO, 0},
    {"identity", KEY_IDENTITY, 0},
    {"report", KEY_REPORT, 0},
    {"id", KEY_ID, AUDIT | EVENTS},
    {"time", KEY_TIME, AUDIT | EVENTS},
    {"source", KEY_SOURCE, AUDIT | EVENTS},
    {"format", KEY_FORMAT, AUDIT | EVENTS},
    {"time-unit", KEY_TIME_UNIT, AUDIT | EVENTS},
    {"zone", KEY_ZONE, AUDIT | EVENTS},
    {"audit-id", KEY_ID, AUDIT},
    {"audit-time", KEY_TIME, AUDIT},
    {"audit-source", KEY_SOURCE, AUDIT},
    {"audit-format", KEY_FORMAT, AUDIT},
    {"audit-time-unit", KEY_TIME_UNIT, AUDIT},
    {"audit-zone", KEY_ZONE, AUDIT},
    {"audit-emitted", KEY_EMITTED, AUDIT},
    {"audit-context", KEY_CONTEXT, AUDIT},
    {"events-id", KEY_ID, EVENTS},
    {"events-time", KEY_TIME, EVENTS},
    {"events-source", KEY_SOURCE, EVENTS},
    {"events-format", KEY_FORMAT, EVENTS},
    {"events-time-unit", KEY_TIME_UNIT, EVENTS},
    {"events-zone", KEY_ZONE, EVENTS},
};

static const struct option *find(const char *name)
{
    for (size_t i = 0; i < COUNT(options); i++)
        if (strcmp(options[i].name, name) == 0)
            return &options[i];
    return NULL;
}

bool recon_config_option_known(const char *option, const char **nearest)
{
    if (find(option) != NULL)
        return true;
    const char *names[COUNT(options)];
    for (size_t i = 0; i < COUNT(options); i++)
        names[i] = options[i].name;
    if (nearest != NULL)
        *nearest = recon_word_nearest(option, names, COUNT(options));
    return false;
}

static void id_set(struct recon_faults *faults, struct recon_place place, const struct recon_words *words,
                   struct recon_mapping *mapping)
{
    if (words->count == 0 || words->count > RECON_ID_FIELD_COUNT_MAX) {
        recon_faults_add(faults, place, "an ID has 1 to %d fields, here are %zu", RECON_ID_FIELD_COUNT_MAX,
                         words->count);
        return;
    }
    while (mapping->id_count > 0)
        recon_field_deinit(&mapping->id[--mapping->id_count]);
    for (size_t i = 0; i < words->count; i++) {
        recon_value_field(faults, place, words->items[i], &mapping->id[i]);
        mapping->id_count = i + 1;
    }
}

static void mapping_set(struct recon_faults *faults, struct recon_place place, enum key key, const char *value,
                        const struct recon_words *words, struct recon_mapping *mapping)
{
    switch (key) {
    case KEY_ID:
        id_set(faults, place, words, mapping);
        break;
    case KEY_TIME:
        recon_value_field(faults, place, value, &mapping->time);
        break;
    case KEY_SOURCE:
        recon_value_field(faults, place, value, &mapping->source);
        break;
    case KEY_EMITTED:
        recon_value_field(faults, place, value, &mapping->emitted);
        break;
    case KEY_CONTEXT:
        recon_value_field(faults, place, value, &mapping->context);
        break;
    case KEY_FORMAT:
        recon_value_format(faults, place, value, &mapping->format);
        break;
    case KEY_TIME_UNIT:
        recon_value_unit(faults, place, value, &mapping->time_unit);
        break;
    case KEY_ZONE:
        recon_value_zone(faults, place, value, &mapping->zone);
        break;
    default: /* settings */
        break;
    }
}

static void streams_set(struct recon_config *config, struct recon_faults *faults, struct recon_place place,
                        const struct option *option, const char *value, const struct recon_words *words)
{
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++) {
        if ((option->streams & (1U << stream)) == 0)
            continue;
        if (config->origin->schemas[stream].line != 0) {
            recon_faults_add(faults, place, "%s has schemas in %s, each with its own fields: change them there",
                             recon_stream_name(stream), config->origin->file_name);
            continue;
        }
        struct recon_mapping *mapping = recon_config_mapping_get(config, stream);
        if (mapping == NULL)
            faults->no_memory = true;
        else
            mapping_set(faults, place, option->key, value, words, mapping);
    }
}

static void setting_set(struct recon_config *config, struct recon_faults *faults, struct recon_place place,
                        enum key key, const char *value, const struct recon_words *words)
{
    struct recon_settings *settings = &config->settings;
    switch (key) {
    case KEY_NAME:
        config->origin->seen |= RECON_SEEN_NAME;
        recon_value_name(faults, place, value, &config->name);
        break;
    case KEY_INTERVAL:
        config->origin->seen |= RECON_SEEN_INTERVAL;
        if (recon_value_duration(faults, place, value, 1, NULL, &settings->interval_ms))
            config->has_interval = true;
        break;
    case KEY_OUT_OF_ORDERNESS:
        config->origin->seen |= RECON_SEEN_OUT_OF_ORDERNESS;
        recon_value_duration(faults, place, value, 0, NULL, &settings->out_of_orderness_ms);
        break;
    case KEY_RETENTION:
        config->origin->seen |= RECON_SEEN_RETENTION;
        recon_value_duration(faults, place, value, 0, NULL, &settings->retention_ms);
        break;
    case KEY_IDLE_TIMEOUT:
        if (recon_value_duration(faults, place, value, 1, "never", &settings->idle_timeout_ms))
            config->has_idle_timeout = true;
        break;
    case KEY_MAX_FUTURE_SKEW:
        if (recon_value_duration(faults, place, value, 0, "any", &settings->max_future_skew_ms))
            config->has_max_future_skew = true;
        break;
    case KEY_FROM:
        if (recon_value_time(faults, place, value, &settings->from_ms))
            config->origin->from = place;
        break;
    case KEY_TO:
        if (recon_value_time(faults, place, value, &settings->to_ms))
            config->origin->to = place;
        break;
    case KEY_IDENTITY:
        recon_value_identity(faults, place, words->items, words->count, &config->source_in_identity);
        config->origin->identity = place;
        break;
    case KEY_REPORT:
        settings->report = 0;
        for (size_t i = 0; i < words->count; i++)
            recon_value_report(faults, place, words->items[i], &settings->report);
        break;
    default: /* mappings */
        break;
    }
}

int recon_config_option(struct recon_config *config, const char *option, const char *value,
                        struct recon_config_errors *errors)
{
    struct recon_faults faults = {0};
    struct recon_words words = {0};
    const struct option *known = find(option);
    int status = RECON_ERROR_MEMORY;
    if (known == NULL) {
        const char *nearest = NULL;
        recon_config_option_known(option, &nearest);
        recon_config_errors_add(errors, "--%s: unknown option%s%s%s", option,
                                nearest == NULL ? "" : "; did you mean --", nearest == NULL ? "" : nearest,
                                nearest == NULL ? "" : "?");
        return RECON_ERROR_INVALID;
    }
    if (recon_config_origin_get(config) == NULL || !recon_words_split(&words, value))
        goto cleanup;
    struct recon_place place = {.key = known->name};
    if (known->streams != 0)
        streams_set(config, &faults, place, known, value, &words);
    else
        setting_set(config, &faults, place, known->key, value, &words);
    status = recon_faults_move(&faults, RECON_HOMES_ALL, NULL, errors);
    config->origin->faulty = config->origin->faulty || status != RECON_OK;
cleanup:
    recon_words_deinit(&words);
    recon_faults_deinit(&faults);
    return status;
}
