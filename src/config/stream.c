/*
 * `audit:` and `events:`: topics and mappings.
 *
 * A mapping is read from up to three levels, the later over the earlier: the top of the file (for both streams), the
 * stream, the entry of `schemas:`. Each entry reads all of them anew; a fault that is found twice is named once.
 */
#include <stdlib.h>
#include <string.h>

#include "config/origin.h"
#include "config/read.h"
#include "config/value.h"
#include "config/yaml_tree.h"
#include "recon/status.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A configuration has some dozen; each costs a look at every record. */
#define SCHEMA_COUNT_MAX 256
#define TOPIC_COUNT_MAX 1024

struct level {
    struct recon_faults *faults;
    struct recon_stream_config *stream_config;
    struct recon_mapping *mapping;
    const struct recon_yaml_node *map; /* the level that is read */
    int stream;
};

/* ---- the fields of a mapping ---- */

static void field_read(struct level *level, const struct recon_yaml_item *item, struct recon_field *target)
{
    const char *text = recon_read_text(level->faults, item, "a field");
    if (text != NULL)
        recon_value_field(level->faults, recon_read_place(item), text, target);
}

static void id_take(struct level *level, const struct recon_yaml_item *item, const char *const *words,
                    const struct recon_yaml_item *items, size_t count)
{
    struct recon_mapping *mapping = level->mapping;
    if (count == 0 || count > RECON_ID_FIELD_COUNT_MAX) {
        recon_faults_add(level->faults, recon_read_place(item), "an ID has 1 to %d fields, here are %zu",
                         RECON_ID_FIELD_COUNT_MAX, count);
        return;
    }
    while (mapping->id_count > 0)
        recon_field_deinit(&mapping->id[--mapping->id_count]);
    for (size_t i = 0; i < count; i++) {
        struct recon_field field = {0};
        if (words != NULL)
            recon_value_field(level->faults, recon_read_place(item), words[i], &field);
        else
            field_read(level, &items[i], &field);
        mapping->id[mapping->id_count++] = field;
    }
}

static void read_id(void *context, const struct recon_yaml_item *item)
{
    struct level *level = context;
    if (item->node->kind == RECON_YAML_LIST) {
        id_take(level, item, NULL, item->node->items, item->node->count);
        return;
    }
    const char *text = recon_read_text(level->faults, item, "a field or a list of fields");
    struct recon_words words;
    if (text == NULL)
        return;
    if (!recon_words_split(&words, text)) {
        level->faults->no_memory = true;
        return;
    }
    id_take(level, item, words.items, NULL, words.count);
    recon_words_deinit(&words);
}

static void read_time_field(void *context, const struct recon_yaml_item *item)
{
    struct level *level = context;
    field_read(level, item, &level->mapping->time);
}

static void read_unit(void *context, const struct recon_yaml_item *item)
{
    struct level *level = context;
    const char *text = recon_read_text(level->faults, item, "a unit (s, ms, us or ns)");
    if (text != NULL)
        recon_value_unit(level->faults, recon_read_place(item), text, &level->mapping->time_unit);
}

static void read_time(void *context, const struct recon_yaml_item *item)
{
    static const struct recon_read_key keys[] = {{"field", read_time_field}, {"unit", read_unit}};
    struct level *level = context;
    if (item->node->kind != RECON_YAML_MAP) {
        const char *text = recon_read_text(level->faults, item, "a field, or {field: NAME, unit: s}");
        if (text != NULL)
            recon_value_field(level->faults, recon_read_place(item), text, &level->mapping->time);
        return;
    }
    recon_read_map(level->faults, item->node, keys, COUNT(keys), level);
    if (recon_yaml_find(item->node, "field") == NULL)
        recon_faults_add(level->faults, recon_read_place(item), "the field is missing: {field: NAME, unit: s}");
    const struct recon_yaml_item *other = recon_yaml_find(level->map, "time_unit");
    if (other != NULL && recon_yaml_find(item->node, "unit") != NULL)
        recon_faults_add(level->faults, (struct recon_place){.line = other->key_line, .column = other->key_column},
                         "the unit is set twice, by time_unit and in time: keep one");
}

static void read_source(void *context, const struct recon_yaml_item *item)
{
    struct level *level = context;
    field_read(level, item, &level->mapping->source);
}

static void read_audit_field(struct level *level, const struct recon_yaml_item *item, struct recon_field *target)
{
    if (level->stream == RECON_STREAM_AUDIT)
        field_read(level, item, target);
    else
        recon_faults_add(level->faults, (struct recon_place){.line = item->key_line, .column = item->key_column},
                         "'%s' is the audit stream's alone: take it out", item->key);
}

static void read_emitted(void *context, const struct recon_yaml_item *item)
{
    struct level *level = context;
    read_audit_field(level, item, &level->mapping->emitted);
}

static void read_context(void *context, const struct recon_yaml_item *item)
{
    struct level *level = context;
    read_audit_field(level, item, &level->mapping->context);
}

static void read_format(void *context, const struct recon_yaml_item *item)
{
    struct level *level = context;
    const char *text = recon_read_text(level->faults, item, "a format");
    if (text != NULL)
        recon_value_format(level->faults, recon_read_place(item), text, &level->mapping->format);
}

static void read_zone(void *context, const struct recon_yaml_item *item)
{
    struct level *level = context;
    const char *text = recon_read_text(level->faults, item, "a time zone");
    if (text != NULL)
        recon_value_zone(level->faults, recon_read_place(item), text, &level->mapping->zone);
}

/* ---- when ---- */

/* {name: ..., equals: ...}: what equals is may be a number, which is compared by its text. */
static void pair_read(struct level *level, const struct recon_yaml_item *item, const struct recon_yaml_item **name,
                      const struct recon_yaml_item **equals)
{
    static const struct recon_read_key keys[] = {{"name", NULL}, {"equals", NULL}};
    *name = NULL;
    *equals = NULL;
    if (!recon_read_is_map(level->faults, item, "{name: ..., equals: ...}"))
        return;
    recon_read_map(level->faults, item->node, keys, COUNT(keys), NULL);
    *name = recon_yaml_find(item->node, "name");
    *equals = recon_yaml_find(item->node, "equals");
    if (*name == NULL || *equals == NULL)
        recon_faults_add(level->faults, recon_read_place(item), "'%s' is missing: {name: ..., equals: ...}",
                         *name == NULL ? "name" : "equals");
}

static void equals_read(struct level *level, const struct recon_yaml_item *item, char **target)
{
    const char *text = item == NULL ? NULL : recon_read_scalar(level->faults, item, "a value to compare with");
    if (text != NULL)
        recon_value_text(level->faults, recon_read_place(item), text, target);
}

static void read_when_type(void *context, const struct recon_yaml_item *item)
{
    struct level *level = context;
    const char *text = recon_read_text(level->faults, item, "a CloudEvents type");
    if (text != NULL)
        recon_value_text(level->faults, recon_read_place(item), text, &level->mapping->when.cloudevents_type);
}

static void read_when_record(void *context, const struct recon_yaml_item *item)
{
    struct level *level = context;
    const char *text = recon_read_text(level->faults, item, "the name of an Avro record");
    if (text != NULL)
        recon_value_text(level->faults, recon_read_place(item), text, &level->mapping->when.avro_record);
}

static void read_when_header(void *context, const struct recon_yaml_item *item)
{
    struct level *level = context;
    const struct recon_yaml_item *name;
    const struct recon_yaml_item *equals;
    pair_read(level, item, &name, &equals);
    const char *text = name == NULL ? NULL : recon_read_text(level->faults, name, "the name of a header");
    if (text != NULL)
        recon_value_text(level->faults, recon_read_place(name), text, &level->mapping->when.header_name);
    equals_read(level, equals, &level->mapping->when.header_equals);
}

static void read_when_field(void *context, const struct recon_yaml_item *item)
{
    struct level *level = context;
    const struct recon_yaml_item *name;
    const struct recon_yaml_item *equals;
    pair_read(level, item, &name, &equals);
    if (name != NULL)
        field_read(level, name, &level->mapping->when.field);
    equals_read(level, equals, &level->mapping->when.field_equals);
}

static void read_when(void *context, const struct recon_yaml_item *item)
{
    static const struct recon_read_key keys[] = {{"cloudevents_type", read_when_type},
                                                 {"header", read_when_header},
                                                 {"field", read_when_field},
                                                 {"avro_record", read_when_record}};
    struct level *level = context;
    if (!recon_read_is_map(level->faults, item, "a condition such as {cloudevents_type: com.example.order}"))
        return;
    level->mapping->has_when = true;
    recon_read_map(level->faults, item->node, keys, COUNT(keys), level);
    if (item->node->count == 0)
        recon_faults_add(level->faults, recon_read_place(item),
                         "the condition is empty: give cloudevents_type, header, field or avro_record, or take it out");
}

static void read_ignore(void *context, const struct recon_yaml_item *item)
{
    struct level *level = context;
    recon_read_boolean(level->faults, item, &level->mapping->ignore);
}

static void read_heartbeat(void *context, const struct recon_yaml_item *item)
{
    struct level *level = context;
    recon_read_boolean(level->faults, item, &level->mapping->heartbeat);
}

/* ---- levels ---- */

#define MAPPING_KEYS                                                                                                   \
    {"id", read_id}, {"time", read_time}, {"time_unit", read_unit}, {"source", read_source}, {"format", read_format},  \
    {                                                                                                                  \
        "zone", read_zone                                                                                              \
    }
static const struct recon_read_key top_keys[] = {MAPPING_KEYS};
static const struct recon_read_key stream_keys[] = {
    MAPPING_KEYS, {"emitted", read_emitted}, {"context", read_context}, {"topics", NULL}, {"schemas", NULL}};
static const struct recon_read_key schema_keys[] = {
    MAPPING_KEYS,        {"emitted", read_emitted}, {"context", read_context},
    {"when", read_when}, {"ignore", read_ignore},   {"heartbeat", read_heartbeat}};

/* The keys of both streams at the top of the file: the rest of the top is not judged here. */
static void top_read(struct level *level, const struct recon_yaml_node *top)
{
    level->map = top;
    for (size_t i = 0; i < COUNT(top_keys); i++) {
        const struct recon_yaml_item *item = recon_yaml_find(top, top_keys[i].name);
        if (item != NULL)
            top_keys[i].read(level, item);
    }
}

static void stream_read(struct level *level, const struct recon_yaml_node *stream)
{
    if (stream == NULL)
        return;
    level->map = stream;
    recon_read_map(level->faults, stream, stream_keys, COUNT(stream_keys), level);
}

/* What an entry says must make sense together. */
static void schema_judge(struct level *level, const struct recon_yaml_item *item, bool last)
{
    static const char *const fields[] = {"id",   "time",    "time_unit", "source",   "format",
                                         "zone", "emitted", "context",   "heartbeat"};
    for (size_t i = 0; i < COUNT(fields) && level->mapping->ignore; i++) {
        const struct recon_yaml_item *field = recon_yaml_find(item->node, fields[i]);
        /* The format may be needed to find out what `when` asks for. */
        if (field != NULL && strcmp(fields[i], "format") != 0)
            recon_faults_add(level->faults, (struct recon_place){.line = field->key_line, .column = field->key_column},
                             "'%s' says nothing where 'ignore' is true: take one of them out", fields[i]);
    }
    if (!level->mapping->has_when && !last)
        recon_faults_add(level->faults, recon_read_place(item),
                         "without 'when' this fits every record, so that what follows never counts: add one, or put "
                         "it last");
}

static void schemas_read(struct level *level, const struct recon_yaml_node *top, const struct recon_yaml_node *stream,
                         const struct recon_yaml_item *schemas)
{
    struct recon_stream_mapping *mapping = &level->stream_config->mapping;
    size_t count = schemas->node->count;
    if (schemas->node->kind != RECON_YAML_LIST) {
        recon_read_refuse(level->faults, schemas, "a list of mappings, each '- when: ...'");
        return;
    }
    if (count == 0 || count > SCHEMA_COUNT_MAX) {
        recon_faults_add(level->faults, recon_read_place(schemas), "here are %zu mappings: 1 to %d may be", count,
                         SCHEMA_COUNT_MAX);
        return;
    }
    mapping->schemas = calloc(count, sizeof *mapping->schemas);
    if (mapping->schemas == NULL) {
        level->faults->no_memory = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct recon_yaml_item item = schemas->node->items[i];
        level->mapping = &mapping->schemas[i];
        recon_mapping_init(level->mapping);
        mapping->schema_count = i + 1;
        top_read(level, top);
        stream_read(level, stream);
        if (!recon_read_is_map(level->faults, &item, "a mapping, '- when: ...'"))
            continue;
        level->map = item.node;
        recon_read_map(level->faults, item.node, schema_keys, COUNT(schema_keys), level);
        schema_judge(level, &item, i + 1 == count);
    }
}

/* ---- topics ---- */

static void topic_add(struct level *level, const struct recon_yaml_item *item, const char *key)
{
    struct recon_stream_config *config = level->stream_config;
    struct recon_yaml_item named = *item;
    named.key = key;
    const char *text = recon_read_text(level->faults, &named, "the name of a topic");
    if (text == NULL)
        return;
    for (size_t i = 0; i < config->topic_count; i++) {
        if (strcmp(config->topics[i], text) == 0) {
            recon_faults_add(level->faults, recon_read_place(&named), "'%s' is there twice: keep one", text);
            return;
        }
    }
    if (config->topic_count == TOPIC_COUNT_MAX) {
        recon_faults_add(level->faults, recon_read_place(&named), "more than %d topics", TOPIC_COUNT_MAX);
        return;
    }
    char **topics = realloc(config->topics, (config->topic_count + 1) * sizeof *topics);
    if (topics == NULL) {
        level->faults->no_memory = true;
        return;
    }
    config->topics = topics;
    char *topic = NULL;
    recon_value_topic(level->faults, recon_read_place(&named), text, &topic);
    if (topic != NULL)
        config->topics[config->topic_count++] = topic;
}

static void topics_read(struct level *level, const struct recon_yaml_item *topics)
{
    if (topics->node->kind != RECON_YAML_LIST) {
        topic_add(level, topics, topics->key);
        return;
    }
    if (topics->node->count == 0)
        recon_faults_add(level->faults, recon_read_place(topics), "the list is empty: name a topic, or take it out");
    for (size_t i = 0; i < topics->node->count; i++)
        topic_add(level, &topics->node->items[i], topics->key);
}

void recon_config_stream_read(struct recon_config *config, struct recon_faults *faults,
                              const struct recon_yaml_node *top, int stream)
{
    struct level level = {.faults = faults, .stream_config = &config->streams[stream], .stream = stream};
    const struct recon_yaml_item *item = recon_yaml_find(top, recon_stream_name(stream));
    const struct recon_yaml_node *map = NULL;
    if (item != NULL) {
        config->origin->streams[stream] = (struct recon_place){.line = item->key_line, .column = item->key_column};
        /* `audit:` with nothing behind it: all of it is commented out. */
        if (item->node->kind != RECON_YAML_NULL && recon_read_is_map(faults, item, "a map of keys such as topics, id"))
            map = item->node;
    }
    const struct recon_yaml_item *topics = map == NULL ? NULL : recon_yaml_find(map, "topics");
    if (topics != NULL) {
        config->origin->seen |= (unsigned)RECON_SEEN_TOPICS << stream;
        topics_read(&level, topics);
    }
    const struct recon_yaml_item *schemas = map == NULL ? NULL : recon_yaml_find(map, "schemas");
    if (schemas != NULL) {
        config->origin->schemas[stream] =
            (struct recon_place){.line = schemas->key_line, .column = schemas->key_column};
        schemas_read(&level, top, map, schemas);
        return;
    }
    level.mapping = recon_config_mapping_get(config, stream);
    if (level.mapping == NULL) {
        faults->no_memory = true;
        return;
    }
    top_read(&level, top);
    stream_read(&level, map);
}
