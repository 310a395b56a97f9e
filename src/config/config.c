/*
 * The configuration's life, and the top of the file.
 */
#define _POSIX_C_SOURCE 200809L
#include "config/config.h"

#include <stdlib.h>
#include <string.h>

#include "config/origin.h"
#include "config/read.h"
#include "config/value.h"
#include "config/variables.h"
#include "config/yaml_tree.h"
#include "recon/status.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- life ---- */

void recon_config_init(struct recon_config *config)
{
    *config = (struct recon_config){.start = RECON_START_EARLIEST, .snapshot_interval_ms = RECON_DURATION_UNSET};
    recon_settings_init(&config->settings);
}

static void properties_deinit(struct recon_properties *properties)
{
    for (size_t i = 0; i < properties->count; i++) {
        free(properties->items[i].name);
        free(properties->items[i].value);
    }
    free(properties->items);
    *properties = (struct recon_properties){0};
}

void recon_config_deinit(struct recon_config *config)
{
    if (config->origin != NULL) {
        free(config->origin->file_name);
        recon_faults_deinit(&config->origin->deferred);
        free(config->origin);
    }
    free(config->name);
    properties_deinit(&config->kafka);
    properties_deinit(&config->librdkafka);
    properties_deinit(&config->flink);
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++) {
        for (size_t i = 0; i < config->streams[stream].topic_count; i++)
            free(config->streams[stream].topics[i]);
        free(config->streams[stream].topics);
        recon_stream_mapping_deinit(&config->streams[stream].mapping);
    }
    free(config->state_directory);
    free(config->http_host);
    free(config->metrics_topic);
    free(config->breaks_topic);
    recon_config_init(config);
}

struct recon_config_origin *recon_config_origin_get(struct recon_config *config)
{
    if (config->origin == NULL)
        config->origin = calloc(1, sizeof *config->origin);
    return config->origin;
}

struct recon_mapping *recon_config_mapping_get(struct recon_config *config, int stream)
{
    struct recon_stream_mapping *mapping = &config->streams[stream].mapping;
    if (mapping->schema_count == 0) {
        mapping->schemas = calloc(1, sizeof *mapping->schemas);
        if (mapping->schemas == NULL)
            return NULL;
        recon_mapping_init(&mapping->schemas[0]);
        mapping->schema_count = 1;
    }
    return &mapping->schemas[0];
}

/* ---- settings ---- */

static bool duration_read(struct recon_config_reader *top, const struct recon_yaml_item *item, int64_t minimum_ms,
                          const char *unlimited, int64_t *target)
{
    const char *text = recon_read_scalar(top->faults, item, "a duration such as 30s or 5m");
    return text != NULL &&
           recon_value_duration(top->faults, recon_read_place(item), text, minimum_ms, unlimited, target);
}

static void read_interval(void *context, const struct recon_yaml_item *item)
{
    struct recon_config_reader *top = context;
    top->config->origin->seen |= RECON_SEEN_INTERVAL;
    if (duration_read(top, item, 1, NULL, &top->config->settings.interval_ms))
        top->config->has_interval = true;
}

static void read_out_of_orderness(void *context, const struct recon_yaml_item *item)
{
    struct recon_config_reader *top = context;
    top->config->origin->seen |= RECON_SEEN_OUT_OF_ORDERNESS;
    duration_read(top, item, 0, NULL, &top->config->settings.out_of_orderness_ms);
}

static void read_retention(void *context, const struct recon_yaml_item *item)
{
    struct recon_config_reader *top = context;
    top->config->origin->seen |= RECON_SEEN_RETENTION;
    duration_read(top, item, 0, NULL, &top->config->settings.retention_ms);
}

static void read_idle_timeout(void *context, const struct recon_yaml_item *item)
{
    struct recon_config_reader *top = context;
    if (duration_read(top, item, 1, "never", &top->config->settings.idle_timeout_ms))
        top->config->has_idle_timeout = true;
}

static void read_max_future_skew(void *context, const struct recon_yaml_item *item)
{
    struct recon_config_reader *top = context;
    if (duration_read(top, item, 0, "any", &top->config->settings.max_future_skew_ms))
        top->config->has_max_future_skew = true;
}

static void time_read(struct recon_config_reader *top, const struct recon_yaml_item *item, int64_t *target,
                      struct recon_place *place)
{
    const char *text = recon_read_scalar(top->faults, item, "a time such as 2013-02-08T11:00:00Z");
    if (text != NULL && recon_value_time(top->faults, recon_read_place(item), text, target))
        *place = (struct recon_place){.key = NULL, .line = item->line, .column = item->column};
}

static void read_from(void *context, const struct recon_yaml_item *item)
{
    struct recon_config_reader *top = context;
    time_read(top, item, &top->config->settings.from_ms, &top->config->origin->from);
}

static void read_to(void *context, const struct recon_yaml_item *item)
{
    struct recon_config_reader *top = context;
    time_read(top, item, &top->config->settings.to_ms, &top->config->origin->to);
}

static void read_start(void *context, const struct recon_yaml_item *item)
{
    struct recon_config_reader *top = context;
    const char *text = recon_read_text(top->faults, item, "earliest, latest or a time");
    if (text != NULL)
        recon_value_start(top->faults, recon_read_place(item), text, top->config);
}

static void read_name(void *context, const struct recon_yaml_item *item)
{
    struct recon_config_reader *top = context;
    top->config->origin->seen |= RECON_SEEN_NAME;
    const char *text = recon_read_text(top->faults, item, "a name");
    if (text != NULL)
        recon_value_name(top->faults, recon_read_place(item), text, &top->config->name);
}

/* Calls take for every word of a list, or of a text with commas. */
static void words_read(struct recon_config_reader *top, const struct recon_yaml_item *item, const char *what,
                       void (*take)(struct recon_config_reader *top, struct recon_place place, const char *const *words,
                                    size_t count))
{
    struct recon_place place = recon_read_place(item);
    if (item->node->kind != RECON_YAML_LIST) {
        const char *text = recon_read_text(top->faults, item, what);
        struct recon_words words;
        if (text == NULL)
            return;
        if (!recon_words_split(&words, text)) {
            top->faults->no_memory = true;
            return;
        }
        take(top, place, words.items, words.count);
        recon_words_deinit(&words);
        return;
    }
    const char **texts = calloc(item->node->count + 1, sizeof *texts);
    size_t count = 0;
    for (size_t i = 0; i < item->node->count && texts != NULL; i++) {
        struct recon_yaml_item word = item->node->items[i];
        word.key = item->key;
        texts[count] = recon_read_text(top->faults, &word, what);
        count += texts[count] != NULL ? 1 : 0;
    }
    if (texts == NULL)
        top->faults->no_memory = true;
    else if (count == item->node->count)
        take(top, place, texts, count);
    free(texts);
}

static void identity_take(struct recon_config_reader *top, struct recon_place place, const char *const *words,
                          size_t count)
{
    recon_value_identity(top->faults, place, words, count, &top->config->source_in_identity);
    place.key = NULL;
    top->config->origin->identity = place;
}

static void read_identity(void *context, const struct recon_yaml_item *item)
{
    words_read(context, item, "id or source,id", identity_take);
}

static void report_take(struct recon_config_reader *top, struct recon_place place, const char *const *words,
                        size_t count)
{
    uint32_t report = 0;
    for (size_t i = 0; i < count; i++)
        recon_value_report(top->faults, place, words[i], &report);
    top->config->settings.report = report;
}

/* As words_read, but a list's names are judged one by one, each at its own place. */
static void read_report(void *context, const struct recon_yaml_item *item)
{
    struct recon_config_reader *top = context;
    if (item->node->kind != RECON_YAML_LIST) {
        words_read(top, item, "a list of result types", report_take);
        return;
    }
    uint32_t report = 0;
    for (size_t i = 0; i < item->node->count; i++) {
        struct recon_yaml_item word = item->node->items[i];
        word.key = item->key;
        const char *text = recon_read_text(top->faults, &word, "a result type");
        if (text != NULL)
            recon_value_report(top->faults, recon_read_place(&word), text, &report);
    }
    top->config->settings.report = report;
}

/* ---- the whole file ---- */

/* Those without a function are read with the streams. */
static const struct recon_read_key top_keys[] = {
    {"name", read_name},
    {"interval", read_interval},
    {"out_of_orderness", read_out_of_orderness},
    {"retention", read_retention},
    {"idle_timeout", read_idle_timeout},
    {"max_future_skew", read_max_future_skew},
    {"from", read_from},
    {"to", read_to},
    {"start", read_start},
    {"identity", read_identity},
    {"report", read_report},
    {"kafka", recon_config_kafka_read},
    {"librdkafka", recon_config_librdkafka_read},
    {"flink", recon_config_flink_read},
    {"audit", NULL},
    {"events", NULL},
    {"state", recon_config_state_read},
    {"http", recon_config_http_read},
    {"output", recon_config_output_read},
    {"id", NULL},
    {"time", NULL},
    {"time_unit", NULL},
    {"source", NULL},
    {"format", NULL},
    {"zone", NULL},
};

/* Which homes can't work where a variable in this key is not set. */
static uint32_t homes_of(const char *key)
{
    const uint32_t run = RECON_HOME_BIT(RECON_HOME_RUN);
    const uint32_t flink = RECON_HOME_BIT(RECON_HOME_FLINK);
    if (strcmp(key, "librdkafka") == 0 || strcmp(key, "state") == 0 || strcmp(key, "http") == 0)
        return run;
    if (strcmp(key, "flink") == 0)
        return flink;
    if (strcmp(key, "kafka") == 0 || strcmp(key, "output") == 0 || strcmp(key, "start") == 0 ||
        strcmp(key, "topics") == 0)
        return run | flink;
    return RECON_HOMES_ALL;
}

static int fill(struct recon_yaml *tree, const char *(*environment)(const char *name), struct recon_faults *faults)
{
    const struct recon_yaml_node *top = tree->root.node;
    int status = RECON_OK;
    for (size_t i = 0; i < top->count && status == RECON_OK; i++) {
        const struct recon_yaml_item *item = &top->items[i];
        bool is_stream = strcmp(item->key, "audit") == 0 || strcmp(item->key, "events") == 0;
        if (!is_stream || item->node->kind != RECON_YAML_MAP) {
            status = recon_variables_fill(tree, item, homes_of(item->key), environment, faults);
            continue;
        }
        for (size_t k = 0; k < item->node->count && status == RECON_OK; k++) {
            const struct recon_yaml_item *part = &item->node->items[k];
            uint32_t homes = strcmp(part->key, "topics") == 0 ? homes_of("topics") : RECON_HOMES_ALL;
            status = recon_variables_fill(tree, part, homes, environment, faults);
        }
    }
    return status;
}

static int tree_read(struct recon_config *config, struct recon_yaml *tree, const char *(*environment)(const char *name),
                     struct recon_faults *faults)
{
    struct recon_config_reader top = {.config = config, .faults = faults};
    if (tree->root.node == NULL || tree->root.node->kind == RECON_YAML_NULL)
        return RECON_OK;
    if (!recon_read_is_map(faults, &tree->root, "keys and values, such as 'interval: 5m'"))
        return RECON_OK;
    int status = fill(tree, environment, faults);
    if (status != RECON_OK)
        return status;
    recon_read_map(faults, tree->root.node, top_keys, COUNT(top_keys), &top);
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        recon_config_stream_read(config, faults, tree->root.node, stream);
    return RECON_OK;
}

int recon_config_parse(struct recon_config *config, const char *text, size_t size, const char *file_name,
                       const char *(*environment)(const char *name), struct recon_config_errors *errors)
{
    struct recon_faults faults = {0};
    struct recon_yaml tree = {0};
    struct recon_config_origin *origin = recon_config_origin_get(config);
    int status = RECON_ERROR_MEMORY;
    if (origin == NULL)
        goto cleanup;
    free(origin->file_name);
    origin->file_name = strdup(file_name);
    if (origin->file_name == NULL)
        goto cleanup;
    status = recon_yaml_parse(&tree, text, size, &faults);
    if (status == RECON_OK && tree.whole)
        status = tree_read(config, &tree, environment, &faults);
    if (status != RECON_OK)
        goto cleanup;
    /* A fault for all homes is named now; what only some of them mind waits for recon_config_finish. */
    status = recon_faults_move(&faults, RECON_HOMES_NO_MATTER_WHICH, file_name, errors);
    origin->faulty = status != RECON_OK;
    origin->unreadable = !tree.whole;
    recon_faults_deinit(&origin->deferred);
    origin->deferred = faults;
    faults = (struct recon_faults){0};
cleanup:
    recon_yaml_deinit(&tree);
    recon_faults_deinit(&faults);
    return status;
}
