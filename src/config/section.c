/*
 * The sections that only the service and Flink use: properties of the clients, state, HTTP, output.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <string.h>

#include "config/origin.h"
#include "config/read.h"
#include "config/value.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool property_add(struct recon_properties *properties, const char *name, const char *value)
{
    struct recon_property *items = realloc(properties->items, (properties->count + 1) * sizeof *items);
    if (items == NULL)
        return false;
    properties->items = items;
    struct recon_property property = {.name = strdup(name), .value = strdup(value)};
    if (property.name == NULL || property.value == NULL) {
        free(property.name);
        free(property.value);
        return false;
    }
    properties->items[properties->count++] = property;
    return true;
}

static void properties_read(struct recon_config_reader *top, const struct recon_yaml_item *item,
                            struct recon_properties *properties)
{
    if (item->node->kind == RECON_YAML_NULL ||
        !recon_read_is_map(top->faults, item, "the client's properties, NAME: VALUE"))
        return;
    for (size_t i = 0; i < item->node->count; i++) {
        const struct recon_yaml_item *property = &item->node->items[i];
        const char *value = NULL;
        if (strcmp(property->key, "bootstrap.servers") == 0)
            top->config->origin->seen |= RECON_SEEN_SERVERS;
        if (property->key[0] == '\0')
            recon_faults_add(top->faults,
                             (struct recon_place){.line = property->key_line, .column = property->key_column},
                             "a property needs a name");
        else if (property->node->kind == RECON_YAML_MAP && property->node->count > 0)
            recon_faults_add(top->faults, recon_read_place(property),
                             "properties are not nested: write %s.%s as one name", property->key,
                             property->node->items[0].key);
        else if (property->node->kind == RECON_YAML_NULL)
            recon_faults_add(top->faults, recon_read_place(property), "there is no value; an empty one is ''");
        else
            value = recon_read_scalar(top->faults, property, "a text, a number or a truth value");
        if (value == NULL)
            continue;
        if (property->node->kind == RECON_YAML_BOOLEAN)
            value = value[0] == 't' || value[0] == 'T' ? "true" : "false";
        if (!property_add(properties, property->key, value))
            top->faults->no_memory = true;
    }
}

void recon_config_kafka_read(void *context, const struct recon_yaml_item *item)
{
    struct recon_config_reader *top = context;
    properties_read(top, item, &top->config->kafka);
}

void recon_config_librdkafka_read(void *context, const struct recon_yaml_item *item)
{
    struct recon_config_reader *top = context;
    properties_read(top, item, &top->config->librdkafka);
}

void recon_config_flink_read(void *context, const struct recon_yaml_item *item)
{
    struct recon_config_reader *top = context;
    properties_read(top, item, &top->config->flink);
}

static void read_state_directory(void *context, const struct recon_yaml_item *item)
{
    struct recon_config_reader *top = context;
    const char *text = recon_read_text(top->faults, item, "a directory");
    if (text != NULL)
        recon_value_text(top->faults, recon_read_place(item), text, &top->config->state_directory);
}

static void read_snapshot_interval(void *context, const struct recon_yaml_item *item)
{
    struct recon_config_reader *top = context;
    const char *text = recon_read_scalar(top->faults, item, "a duration such as 30s or 5m");
    if (text != NULL)
        recon_value_duration(top->faults, recon_read_place(item), text, 1, NULL, &top->config->snapshot_interval_ms);
}

void recon_config_state_read(void *context, const struct recon_yaml_item *item)
{
    static const struct recon_read_key keys[] = {{"directory", read_state_directory},
                                                 {"snapshot_interval", read_snapshot_interval}};
    struct recon_config_reader *top = context;
    if (item->node->kind != RECON_YAML_NULL && recon_read_is_map(top->faults, item, "directory and snapshot_interval"))
        recon_read_map(top->faults, item->node, keys, COUNT(keys), top);
}

static void read_listen(void *context, const struct recon_yaml_item *item)
{
    struct recon_config_reader *top = context;
    const char *text = recon_read_text(top->faults, item, "an address and a port such as 127.0.0.1:7326, or none");
    if (text != NULL &&
        recon_value_listen(top->faults, recon_read_place(item), text, &top->config->http_host, &top->config->http_port))
        top->config->origin->has_http = true;
}

void recon_config_http_read(void *context, const struct recon_yaml_item *item)
{
    static const struct recon_read_key keys[] = {{"listen", read_listen}};
    struct recon_config_reader *top = context;
    if (item->node->kind != RECON_YAML_NULL && recon_read_is_map(top->faults, item, "listen"))
        recon_read_map(top->faults, item->node, keys, COUNT(keys), top);
}

static void output_topic_read(struct recon_config_reader *top, const struct recon_yaml_item *item, char **target)
{
    const char *text = recon_read_text(top->faults, item, "the name of a topic");
    if (text != NULL)
        recon_value_topic(top->faults, recon_read_place(item), text, target);
}

static void read_metrics_topic(void *context, const struct recon_yaml_item *item)
{
    struct recon_config_reader *top = context;
    output_topic_read(top, item, &top->config->metrics_topic);
}

static void read_breaks_topic(void *context, const struct recon_yaml_item *item)
{
    struct recon_config_reader *top = context;
    output_topic_read(top, item, &top->config->breaks_topic);
}

static void read_output_topics(void *context, const struct recon_yaml_item *item)
{
    static const struct recon_read_key keys[] = {{"metrics", read_metrics_topic}, {"breaks", read_breaks_topic}};
    struct recon_config_reader *top = context;
    top->config->origin->output = (struct recon_place){.line = item->line, .column = item->column};
    if (item->node->kind != RECON_YAML_NULL && recon_read_is_map(top->faults, item, "{metrics: TOPIC, breaks: TOPIC}"))
        recon_read_map(top->faults, item->node, keys, COUNT(keys), top);
}

void recon_config_output_read(void *context, const struct recon_yaml_item *item)
{
    static const struct recon_read_key keys[] = {{"topics", read_output_topics}};
    struct recon_config_reader *top = context;
    if (item->node->kind != RECON_YAML_NULL && recon_read_is_map(top->faults, item, "topics"))
        recon_read_map(top->faults, item->node, keys, COUNT(keys), top);
}
