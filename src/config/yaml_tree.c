/*
 * libyaml's events to a tree. A stack of open lists and maps takes the place of recursion.
 */
#include "config/yaml_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "recon/status.h"

/* A configuration has some ten levels at most. */
#define DEPTH_MAX 32
/* Values, aliases written out. A configuration has a few hundred; nine levels of ten aliases have 10^9. Keeps the
 * search for keys that are there twice, which compares each with each, below a second. */
#define WEIGHT_MAX 10000

struct recon_yaml_block {
    struct recon_yaml_block *next;
    max_align_t bytes[];
};

struct anchor {
    char *name;
    struct recon_yaml_node *node;
};

struct builder {
    struct recon_yaml *tree;
    struct recon_faults *faults;
    struct recon_yaml_node *open[DEPTH_MAX];
    size_t depth;
    /* The key whose value comes next, in the innermost open map. */
    bool has_key[DEPTH_MAX];
    struct recon_yaml_item pending[DEPTH_MAX];
    struct anchor *anchors;
    size_t anchor_count;
    size_t document_count;
    size_t node_count;
    bool stop;
};

void *recon_yaml_allocate(struct recon_yaml *tree, size_t size)
{
    struct recon_yaml_block *block = malloc(sizeof *block + size);
    if (block == NULL)
        return NULL;
    block->next = tree->blocks;
    tree->blocks = block;
    return block->bytes;
}

void recon_yaml_deinit(struct recon_yaml *tree)
{
    while (tree->blocks != NULL) {
        struct recon_yaml_block *next = tree->blocks->next;
        free(tree->blocks);
        tree->blocks = next;
    }
    *tree = (struct recon_yaml){0};
}

static struct recon_place place_of(yaml_mark_t mark)
{
    return (struct recon_place){.line = (uint32_t)mark.line + 1, .column = (uint32_t)mark.column + 1};
}

/* Faults after which the rest can't be read. */
#define STOP(builder, mark, ...)                                                                                       \
    do {                                                                                                               \
        recon_faults_add((builder)->faults, place_of(mark), __VA_ARGS__);                                              \
        (builder)->stop = true;                                                                                        \
    } while (0)

const struct recon_yaml_item *recon_yaml_find(const struct recon_yaml_node *map, const char *key)
{
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->items[i].key, key) == 0)
            return &map->items[i];
    return NULL;
}

/* ---- building ---- */

static struct recon_yaml_node *node_new(struct builder *builder, const yaml_event_t *event, enum recon_yaml_kind kind)
{
    if (++builder->node_count > WEIGHT_MAX) {
        STOP(builder, event->start_mark, "more than %d values", WEIGHT_MAX);
        return NULL;
    }
    struct recon_yaml_node *node = recon_yaml_allocate(builder->tree, sizeof *node);
    if (node == NULL) {
        builder->faults->no_memory = true;
        builder->stop = true;
        return NULL;
    }
    *node = (struct recon_yaml_node){.kind = kind, .weight = 1};
    return node;
}

static bool item_push(struct builder *builder, struct recon_yaml_node *parent, struct recon_yaml_item item)
{
    if (parent->count == parent->capacity) {
        size_t capacity = parent->capacity == 0 ? 8 : 2 * parent->capacity;
        struct recon_yaml_item *items = recon_yaml_allocate(builder->tree, capacity * sizeof *items);
        if (items == NULL) {
            builder->faults->no_memory = true;
            builder->stop = true;
            return false;
        }
        if (parent->count > 0)
            memcpy(items, parent->items, parent->count * sizeof *items);
        parent->items = items;
        parent->capacity = capacity;
    }
    parent->items[parent->count++] = item;
    return true;
}

/* A scalar where the innermost map waits for a key. */
static void key_take(struct builder *builder, const struct recon_yaml_node *node, yaml_mark_t mark)
{
    size_t level = builder->depth - 1;
    struct recon_place place = place_of(mark);
    const struct recon_yaml_item *first = recon_yaml_find(builder->open[level], node->text);
    if (first != NULL)
        recon_faults_add(builder->faults, place, "the key '%s' is here twice: first in line %u; keep one", node->text,
                         first->key_line);
    builder->pending[level] =
        (struct recon_yaml_item){.key = node->text, .key_line = place.line, .key_column = place.column};
    builder->has_key[level] = true;
}

/* Puts a node where the innermost open list or map, or the document, waits for one. */
static void attach(struct builder *builder, struct recon_yaml_node *node, yaml_mark_t mark)
{
    struct recon_place place = place_of(mark);
    if (builder->depth == 0) {
        builder->tree->root = (struct recon_yaml_item){.node = node, .line = place.line, .column = place.column};
        return;
    }
    size_t level = builder->depth - 1;
    struct recon_yaml_node *parent = builder->open[level];
    struct recon_yaml_item item = {0};
    if (parent->kind == RECON_YAML_MAP) {
        if (!builder->has_key[level]) {
            if (node->kind >= RECON_YAML_LIST)
                STOP(builder, mark, "a key must be a text, not a list or a map");
            else
                key_take(builder, node, mark);
            return;
        }
        item = builder->pending[level];
        builder->has_key[level] = false;
    }
    item.node = node;
    item.line = place.line;
    item.column = place.column;
    item_push(builder, parent, item);
}

static void anchor_add(struct builder *builder, const yaml_char_t *name, struct recon_yaml_node *node)
{
    if (name == NULL || builder->stop)
        return;
    struct anchor *anchors = realloc(builder->anchors, (builder->anchor_count + 1) * sizeof *anchors);
    if (anchors != NULL)
        builder->anchors = anchors;
    size_t size = strlen((const char *)name) + 1;
    char *copy = recon_yaml_allocate(builder->tree, size);
    if (anchors == NULL || copy == NULL) {
        builder->faults->no_memory = true;
        builder->stop = true;
        return;
    }
    memcpy(copy, name, size);
    anchors[builder->anchor_count++] = (struct anchor){.name = copy, .node = node};
}

static void alias_take(struct builder *builder, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    struct recon_yaml_node *node = NULL;
    for (size_t i = builder->anchor_count; i-- > 0 && node == NULL;)
        if (strcmp(builder->anchors[i].name, name) == 0)
            node = builder->anchors[i].node;
    if (node == NULL)
        STOP(builder, event->start_mark, "*%s names no anchor before it: put &%s in front of the value meant", name,
             name);
    else if (!node->complete)
        STOP(builder, event->start_mark, "*%s stands inside the value that it names", name);
    else
        attach(builder, node, event->start_mark);
}

/* What a tag says of a scalar's kind; false: a tag that is not known here. */
static bool tag_judge(const char *tag, bool *is_text, enum recon_yaml_kind *demanded, bool *demands)
{
    static const struct {
        const char *tag;
        enum recon_yaml_kind kind;
    } known[] = {{YAML_NULL_TAG, RECON_YAML_NULL},
                 {YAML_BOOL_TAG, RECON_YAML_BOOLEAN},
                 {YAML_INT_TAG, RECON_YAML_INTEGER},
                 {YAML_FLOAT_TAG, RECON_YAML_FLOAT}};
    *demands = false;
    *is_text = false;
    if (tag == NULL)
        return true;
    if (strcmp(tag, "!") == 0 || strcmp(tag, YAML_STR_TAG) == 0) {
        *is_text = true;
        return true;
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(tag, known[i].tag) == 0) {
            *demanded = known[i].kind;
            *demands = true;
            return true;
        }
    }
    return false;
}

static void scalar_take(struct builder *builder, const yaml_event_t *event)
{
    const char *value = (const char *)event->data.scalar.value;
    size_t size = event->data.scalar.length;
    const char *tag = (const char *)event->data.scalar.tag;
    bool is_text = false;
    bool demands = false;
    enum recon_yaml_kind demanded = RECON_YAML_TEXT;
    struct recon_yaml_node *node = node_new(builder, event, RECON_YAML_TEXT);
    if (node == NULL)
        return;
    char *text = recon_yaml_allocate(builder->tree, size + 1);
    if (text == NULL) {
        builder->faults->no_memory = true;
        builder->stop = true;
        return;
    }
    memcpy(text, value, size);
    text[size] = '\0';
    node->text = text;
    node->complete = true;
    if (memchr(value, '\0', size) != NULL)
        recon_faults_add(builder->faults, place_of(event->start_mark), "a text must not have a NUL byte in it");
    if (!tag_judge(tag, &is_text, &demanded, &demands))
        recon_faults_add(builder->faults, place_of(event->start_mark), "the tag '%s' means nothing here: take it out",
                         tag);
    node->plain = !is_text && (demands || event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE);
    if (node->plain)
        node->kind = recon_yaml_resolve(text);
    if (demands && node->kind != demanded)
        recon_faults_add(builder->faults, place_of(event->start_mark), "'%s' is not what its tag '%s' says", text, tag);
    anchor_add(builder, event->data.scalar.anchor, node);
    if (!builder->stop)
        attach(builder, node, event->start_mark);
}

static void collection_open(struct builder *builder, const yaml_event_t *event, enum recon_yaml_kind kind)
{
    bool is_list = kind == RECON_YAML_LIST;
    const char *tag = (const char *)(is_list ? event->data.sequence_start.tag : event->data.mapping_start.tag);
    if (builder->depth == DEPTH_MAX) {
        STOP(builder, event->start_mark, "more than %d levels of lists and maps", DEPTH_MAX);
        return;
    }
    if (tag != NULL && strcmp(tag, "!") != 0 && strcmp(tag, is_list ? YAML_SEQ_TAG : YAML_MAP_TAG) != 0)
        recon_faults_add(builder->faults, place_of(event->start_mark), "the tag '%s' means nothing here: take it out",
                         tag);
    struct recon_yaml_node *node = node_new(builder, event, kind);
    if (node == NULL)
        return;
    anchor_add(builder, is_list ? event->data.sequence_start.anchor : event->data.mapping_start.anchor, node);
    if (!builder->stop)
        attach(builder, node, event->start_mark);
    if (builder->stop)
        return;
    builder->has_key[builder->depth] = false;
    builder->open[builder->depth++] = node;
}

static void collection_close(struct builder *builder, const yaml_event_t *event)
{
    struct recon_yaml_node *node = builder->open[--builder->depth];
    for (size_t i = 0; i < node->count && node->weight <= WEIGHT_MAX; i++)
        node->weight += node->items[i].node->weight;
    node->complete = true;
    if (node->weight > WEIGHT_MAX)
        STOP(builder, event->start_mark, "more than %d values, with aliases written out", WEIGHT_MAX);
}

static void document_open(struct builder *builder, const yaml_event_t *event)
{
    if (++builder->document_count > 1)
        STOP(builder, event->start_mark,
             "a second document begins here: a configuration is one document, so take out "
             "the '---' or what follows it");
}

/* libyaml's words, and what usually is the matter. */
static const char *syntax_hint(const char *problem)
{
    static const struct {
        const char *problem;
        const char *hint;
    } hints[] = {
        {"mapping values are not allowed in this context", "a ':' followed by a space begins a value: is the line "
                                                           "indented as the one before, or does a text need quotes?"},
        {"could not find expected ':'", "a key needs a ':' and a space behind it, or a text above needs quotes"},
        {"did not find expected key", "is the line indented as the keys before it?"},
        {"did not find expected '-' indicator", "is the line indented as the items before it?"},
        {"did not find expected ',' or ']'", "a list that begins with '[' needs commas and its ']'"},
        {"did not find expected ',' or '}'", "a map that begins with '{' needs commas and its '}'; quote a text that "
                                             "has braces in it"},
        {"found character that cannot start any token", "a text that begins with @, ` or % needs quotes"},
        {"found a tab character that violates indentation", "indent by spaces"},
        {"found a tab character where an indentation space is expected", "indent by spaces"},
        {"found unexpected end of stream", "a quote or a bracket is not closed"},
    };
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++)
        if (strcmp(problem, hints[i].problem) == 0)
            return hints[i].hint;
    return NULL;
}

static void syntax_fault(struct builder *builder, const yaml_parser_t *parser)
{
    if (parser->error == YAML_MEMORY_ERROR) {
        builder->faults->no_memory = true;
        return;
    }
    const char *problem = parser->problem == NULL ? "it can't be read" : parser->problem;
    const char *hint = syntax_hint(problem);
    struct recon_place place = place_of(parser->problem_mark);
    if (parser->error == YAML_READER_ERROR) {
        /* Reader errors have no mark of their own, but the place that was read last. */
        place = place_of(parser->mark);
        hint = "a configuration is UTF-8 text";
    }
    recon_faults_add(builder->faults, place, "not YAML: %s%s%s", problem, hint == NULL ? "" : "; ",
                     hint == NULL ? "" : hint);
}

static void event_take(struct builder *builder, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        document_open(builder, event);
        break;
    case YAML_ALIAS_EVENT:
        alias_take(builder, event);
        break;
    case YAML_SCALAR_EVENT:
        scalar_take(builder, event);
        break;
    case YAML_SEQUENCE_START_EVENT:
        collection_open(builder, event, RECON_YAML_LIST);
        break;
    case YAML_MAPPING_START_EVENT:
        collection_open(builder, event, RECON_YAML_MAP);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        collection_close(builder, event);
        break;
    case YAML_STREAM_END_EVENT:
        builder->tree->whole = true;
        builder->stop = true;
        break;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
}

int recon_yaml_parse(struct recon_yaml *tree, const char *text, size_t size, struct recon_faults *faults)
{
    *tree = (struct recon_yaml){0};
    struct builder builder = {.tree = tree, .faults = faults};
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return RECON_ERROR_MEMORY;
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    while (!builder.stop) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            syntax_fault(&builder, &parser);
            break;
        }
        event_take(&builder, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    free(builder.anchors);
    return faults->no_memory ? RECON_ERROR_MEMORY : RECON_OK;
}
