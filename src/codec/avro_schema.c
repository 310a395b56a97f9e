/*
 * Schemas by the Avro specification 1.12. Names of fields and symbols are borrowed from the JSON document, which is
 * kept; full names are made and owned. Aliases and defaults count nothing: fields are looked up by the writer's names.
 */
#define _POSIX_C_SOURCE 200809L /* strdup */

#include "codec/avro_schema.h"

#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recon/status.h"

/* Types within one another. Real schemas have some ten; the bound keeps the stack. */
#define DEPTH_MAX 100

struct node { /* what the schema owns */
    struct recon_avro_type type;
    char *full_name;
    struct node *next;
};

struct recon_avro_schema {
    json_t *document;
    const struct recon_avro_type *root;
    struct node *nodes;
};

struct parser {
    struct recon_avro_schema *schema;
    json_t *named; /* full name: index into defined */
    const struct recon_avro_type **defined;
    size_t defined_count;
    size_t defined_capacity;
    char *message;
    size_t message_size;
    int depth;
};

static int refuse(struct parser *parser, const char *what, const char *name)
{
    snprintf(parser->message, parser->message_size, "%s%s%.60s%s", what, *name ? " `" : "", name, *name ? "`" : "");
    return RECON_ERROR_INVALID;
}

static int parse(struct parser *parser, json_t *json, const char *space, const struct recon_avro_type **type);

static struct recon_avro_type *type_new(struct parser *parser, enum recon_avro_kind kind)
{
    struct node *node = calloc(1, sizeof *node);
    if (node == NULL)
        return NULL;
    node->type.kind = kind;
    node->type.is_empty = kind == RECON_AVRO_NULL;
    node->next = parser->schema->nodes;
    parser->schema->nodes = node;
    return &node->type;
}

static bool kind_of_name(const char *name, enum recon_avro_kind *kind)
{
    static const char *const names[] = {"null", "boolean", "int", "long", "float", "double", "bytes", "string"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0) {
            *kind = (enum recon_avro_kind)i;
            return true;
        }
    return false;
}

static enum recon_avro_logical logical_of(const char *name, const struct recon_avro_type *type)
{
    static const struct {
        const char *name;
        enum recon_avro_kind kind;
        enum recon_avro_logical logical;
    } known[] = {
        {"date", RECON_AVRO_INT, RECON_AVRO_DATE},
        {"timestamp-millis", RECON_AVRO_LONG, RECON_AVRO_TIMESTAMP_MS},
        {"timestamp-micros", RECON_AVRO_LONG, RECON_AVRO_TIMESTAMP_US},
        {"timestamp-nanos", RECON_AVRO_LONG, RECON_AVRO_TIMESTAMP_NS},
        {"local-timestamp-millis", RECON_AVRO_LONG, RECON_AVRO_LOCAL_MS},
        {"local-timestamp-micros", RECON_AVRO_LONG, RECON_AVRO_LOCAL_US},
        {"local-timestamp-nanos", RECON_AVRO_LONG, RECON_AVRO_LOCAL_NS},
        {"decimal", RECON_AVRO_BYTES, RECON_AVRO_DECIMAL},
        {"decimal", RECON_AVRO_FIXED, RECON_AVRO_DECIMAL},
        {"uuid", RECON_AVRO_FIXED, RECON_AVRO_UUID},
    };
    for (size_t i = 0; name != NULL && i < sizeof known / sizeof known[0]; i++)
        if (type->kind == known[i].kind && strcmp(name, known[i].name) == 0 &&
            (known[i].logical != RECON_AVRO_UUID || type->size_bytes == 16))
            return known[i].logical;
    return RECON_AVRO_PLAIN;
}

/* space and name with a dot between, or the name alone where it has one or space is empty; malloc. */
static char *join_name(const char *space, const char *name)
{
    if (*space == '\0' || strchr(name, '.') != NULL)
        return strdup(name);
    const size_t size = strlen(space) + strlen(name) + 2;
    char *joined = malloc(size);
    if (joined != NULL)
        snprintf(joined, size, "%s.%s", space, name);
    return joined;
}

/* A name that stands for a type: a primitive, or one that was defined before. */
static int parse_reference(struct parser *parser, const char *name, const char *space,
                           const struct recon_avro_type **type)
{
    enum recon_avro_kind kind;
    if (kind_of_name(name, &kind)) {
        *type = type_new(parser, kind);
        return *type != NULL ? RECON_OK : RECON_ERROR_MEMORY;
    }
    char *full_name = join_name(space, name);
    if (full_name == NULL)
        return RECON_ERROR_MEMORY;
    json_t *found = json_object_get(parser->named, full_name);
    free(full_name);
    if (found == NULL)
        found = json_object_get(parser->named, name);
    if (found == NULL)
        return refuse(parser, "its schema has an unknown type", name);
    assert(parser->defined != NULL);
    *type = parser->defined[json_integer_value(found)];
    return RECON_OK;
}

static int remember(struct parser *parser, const struct recon_avro_type *type)
{
    if (parser->defined_count == parser->defined_capacity) {
        const size_t capacity = 2 * parser->defined_capacity + 16;
        const struct recon_avro_type **grown =
            realloc(parser->defined, capacity * sizeof(const struct recon_avro_type *));
        if (grown == NULL)
            return RECON_ERROR_MEMORY;
        parser->defined = grown;
        parser->defined_capacity = capacity;
    }
    parser->defined[parser->defined_count] = type;
    json_t *index = json_integer((json_int_t)parser->defined_count++);
    return json_object_set_new(parser->named, type->name, index) == 0 ? RECON_OK : RECON_ERROR_MEMORY;
}

/* Gives a record, enum or fixed its full name and makes it known. *space becomes the namespace of what is in it; it
 * is allocated. */
static int define(struct parser *parser, json_t *json, struct recon_avro_type *type, const char *outer, char **space)
{
    const char *name = json_string_value(json_object_get(json, "name"));
    const char *given = json_string_value(json_object_get(json, "namespace"));
    if (name == NULL || *name == '\0')
        return refuse(parser, "its schema has a type without a name", "");
    struct node *node = parser->schema->nodes; /* the type is the newest */
    node->full_name = join_name(given != NULL ? given : outer, name);
    if (node->full_name == NULL)
        return RECON_ERROR_MEMORY;
    type->name = node->full_name;
    const char *dot = strrchr(type->name, '.');
    const size_t size = dot == NULL ? 0 : (size_t)(dot - type->name);
    *space = malloc(size + 1);
    if (*space == NULL)
        return RECON_ERROR_MEMORY;
    memcpy(*space, type->name, size);
    (*space)[size] = '\0';
    if (json_object_get(parser->named, type->name) != NULL)
        return refuse(parser, "its schema defines twice the type", type->name);
    return remember(parser, type);
}

static int make_room(struct recon_avro_type *type, size_t count, bool has_types, bool has_names)
{
    type->types = has_types ? calloc(count + 1, sizeof(const struct recon_avro_type *)) : NULL;
    type->names = has_names ? calloc(count + 1, sizeof(const char *)) : NULL;
    return (has_types && type->types == NULL) || (has_names && type->names == NULL) ? RECON_ERROR_MEMORY : RECON_OK;
}

static int parse_fields(struct parser *parser, json_t *json, struct recon_avro_type *type, const char *space)
{
    json_t *fields = json_object_get(json, "fields");
    if (!json_is_array(fields))
        return refuse(parser, "its schema lists no fields for", type->name);
    type->count = json_array_size(fields);
    int status = make_room(type, type->count, true, true);
    bool is_empty = true;
    for (size_t i = 0; status == RECON_OK && i < type->count; i++) {
        json_t *field = json_array_get(fields, i);
        type->names[i] = json_string_value(json_object_get(field, "name"));
        if (type->names[i] == NULL)
            return refuse(parser, "its schema has a field without a name in", type->name);
        status = parse(parser, json_object_get(field, "type"), space, &type->types[i]);
        if (status == RECON_OK)
            is_empty = is_empty && type->types[i]->is_empty;
    }
    type->is_empty = is_empty;
    return status;
}

static int parse_symbols(struct parser *parser, json_t *json, struct recon_avro_type *type)
{
    json_t *symbols = json_object_get(json, "symbols");
    if (!json_is_array(symbols))
        return refuse(parser, "its schema lists no symbols for", type->name);
    type->count = json_array_size(symbols);
    const int status = make_room(type, type->count, false, true);
    for (size_t i = 0; status == RECON_OK && i < type->count; i++) {
        type->names[i] = json_string_value(json_array_get(symbols, i));
        if (type->names[i] == NULL)
            return refuse(parser, "its schema has a symbol that is no text in", type->name);
    }
    return status;
}

static int parse_size(struct parser *parser, json_t *json, struct recon_avro_type *type)
{
    json_t *size = json_object_get(json, "size");
    if (!json_is_integer(size) || json_integer_value(size) < 0)
        return refuse(parser, "its schema gives no size for", type->name);
    type->size_bytes = (uint64_t)json_integer_value(size);
    type->is_empty = type->size_bytes == 0;
    return RECON_OK;
}

static int parse_named(struct parser *parser, json_t *json, const char *outer, enum recon_avro_kind kind,
                       const struct recon_avro_type **made)
{
    struct recon_avro_type *type = type_new(parser, kind);
    if (type == NULL)
        return RECON_ERROR_MEMORY;
    *made = type;
    char *space = NULL;
    int status = define(parser, json, type, outer, &space);
    if (status == RECON_OK && kind == RECON_AVRO_RECORD)
        status = parse_fields(parser, json, type, space);
    else if (status == RECON_OK && kind == RECON_AVRO_ENUM)
        status = parse_symbols(parser, json, type);
    else if (status == RECON_OK)
        status = parse_size(parser, json, type);
    type->logical = logical_of(json_string_value(json_object_get(json, "logicalType")), type);
    free(space);
    return status;
}

/* An array or a map (json: what it holds), or a union (json: a list of branches). */
static int parse_container(struct parser *parser, json_t *json, const char *space, enum recon_avro_kind kind,
                           const struct recon_avro_type **made)
{
    struct recon_avro_type *type = type_new(parser, kind);
    if (type == NULL)
        return RECON_ERROR_MEMORY;
    *made = type;
    type->count = kind == RECON_AVRO_UNION ? json_array_size(json) : 1;
    int status = make_room(type, type->count, true, false);
    for (size_t i = 0; status == RECON_OK && i < type->count; i++)
        status = parse(parser, kind == RECON_AVRO_UNION ? json_array_get(json, i) : json, space, &type->types[i]);
    return status;
}

static int parse_object(struct parser *parser, json_t *json, const char *space, const struct recon_avro_type **type)
{
    json_t *inner = json_object_get(json, "type");
    const char *name = json_string_value(inner);
    if (name == NULL)
        return parse(parser, inner, space, type);
    if (strcmp(name, "record") == 0 || strcmp(name, "error") == 0)
        return parse_named(parser, json, space, RECON_AVRO_RECORD, type);
    if (strcmp(name, "enum") == 0)
        return parse_named(parser, json, space, RECON_AVRO_ENUM, type);
    if (strcmp(name, "fixed") == 0)
        return parse_named(parser, json, space, RECON_AVRO_FIXED, type);
    if (strcmp(name, "array") == 0)
        return parse_container(parser, json_object_get(json, "items"), space, RECON_AVRO_ARRAY, type);
    if (strcmp(name, "map") == 0)
        return parse_container(parser, json_object_get(json, "values"), space, RECON_AVRO_MAP, type);
    enum recon_avro_kind kind;
    if (!kind_of_name(name, &kind))
        return parse_reference(parser, name, space, type);
    struct recon_avro_type *made = type_new(parser, kind);
    if (made == NULL)
        return RECON_ERROR_MEMORY;
    made->logical = logical_of(json_string_value(json_object_get(json, "logicalType")), made);
    *type = made;
    return RECON_OK;
}

static int parse(struct parser *parser, json_t *json, const char *space, const struct recon_avro_type **type)
{
    int status;
    if (parser->depth == DEPTH_MAX)
        return refuse(parser, "its schema is nested too deeply", "");
    parser->depth++;
    if (json_is_string(json))
        status = parse_reference(parser, json_string_value(json), space, type);
    else if (json_is_array(json))
        status = parse_container(parser, json, space, RECON_AVRO_UNION, type);
    else if (json_is_object(json))
        status = parse_object(parser, json, space, type);
    else
        status = refuse(parser, "its schema has something that is no type", "");
    parser->depth--;
    return status;
}

int recon_avro_schema_new(const char *json, size_t size, struct recon_avro_schema **schema, char *message,
                          size_t message_size)
{
    struct recon_avro_schema *made = calloc(1, sizeof *made);
    struct parser parser = {.schema = made, .message = message, .message_size = message_size};
    parser.named = json_object();
    int status = RECON_ERROR_MEMORY;
    if (made == NULL || parser.named == NULL)
        goto cleanup;
    json_error_t error;
    made->document = json_loadb(json, size, JSON_DECODE_ANY, &error);
    if (made->document == NULL)
        status = refuse(&parser, "its schema is no JSON:", error.text);
    else
        status = parse(&parser, made->document, "", &made->root);
cleanup:
    json_decref(parser.named);
    free(parser.defined);
    if (status != RECON_OK)
        recon_avro_schema_free(made);
    else
        *schema = made;
    return status;
}

void recon_avro_schema_free(struct recon_avro_schema *schema)
{
    if (schema == NULL)
        return;
    for (struct node *node = schema->nodes; node != NULL;) {
        struct node *next = node->next;
        free(node->type.types);
        free(node->type.names);
        free(node->full_name);
        free(node);
        node = next;
    }
    json_decref(schema->document);
    free(schema);
}

const struct recon_avro_type *recon_avro_schema_root(const struct recon_avro_schema *schema)
{
    return schema->root;
}
