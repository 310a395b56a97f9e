/*
 * Values and maps of the tree.
 */
#include "config/read.h"

#include <stdlib.h>
#include <string.h>

#include "codec/nearest.h"

struct recon_place recon_read_place(const struct recon_yaml_item *item)
{
    return (struct recon_place){.key = item->key, .line = item->line, .column = item->column};
}

static void refuse_key(struct recon_faults *faults, const struct recon_yaml_item *item,
                       const struct recon_read_key *keys, size_t key_count)
{
    const struct recon_place place = {.line = item->key_line, .column = item->key_column};
    if (strcmp(item->key, "<<") == 0) {
        recon_faults_add(faults, place,
                         "'<<' merges nothing in YAML 1.2: write the keys, or name the whole value by *");
        return;
    }
    const char **names = calloc(key_count + 1, sizeof *names);
    if (names == NULL) {
        faults->no_memory = true;
        return;
    }
    for (size_t i = 0; i < key_count; i++)
        names[i] = keys[i].name;
    const char *nearest = recon_word_nearest(item->key, names, key_count);
    if (nearest != NULL)
        recon_faults_add(faults, place, "unknown key '%s'; did you mean '%s'?", item->key, nearest);
    else
        recon_faults_add(faults, place, "unknown key '%s'", item->key);
    free(names);
}

void recon_read_map(struct recon_faults *faults, const struct recon_yaml_node *map, const struct recon_read_key *keys,
                    size_t key_count, void *context)
{
    for (size_t i = 0; i < map->count; i++) {
        const struct recon_yaml_item *item = &map->items[i];
        size_t k = 0;
        while (k < key_count && strcmp(keys[k].name, item->key) != 0)
            k++;
        if (k == key_count)
            refuse_key(faults, item, keys, key_count);
        else if (keys[k].read != NULL)
            keys[k].read(context, item);
    }
}

void recon_read_refuse(struct recon_faults *faults, const struct recon_yaml_item *item, const char *what)
{
    char found[RECON_YAML_DESCRIPTION_SIZE];
    if (item->node->kind != RECON_YAML_UNFILLED)
        recon_faults_add(faults, recon_read_place(item), "expected %s, found %s", what,
                         recon_yaml_describe(item->node, found));
}

bool recon_read_is_map(struct recon_faults *faults, const struct recon_yaml_item *item, const char *what)
{
    if (item->node->kind == RECON_YAML_MAP)
        return true;
    recon_read_refuse(faults, item, what);
    return false;
}

const char *recon_read_scalar(struct recon_faults *faults, const struct recon_yaml_item *item, const char *what)
{
    switch (item->node->kind) {
    case RECON_YAML_BOOLEAN:
    case RECON_YAML_INTEGER:
    case RECON_YAML_FLOAT:
    case RECON_YAML_TEXT:
        return item->node->text;
    case RECON_YAML_NULL:
    case RECON_YAML_LIST:
    case RECON_YAML_MAP:
    case RECON_YAML_UNFILLED:
        break;
    }
    recon_read_refuse(faults, item, what);
    return NULL;
}

const char *recon_read_text(struct recon_faults *faults, const struct recon_yaml_item *item, const char *what)
{
    char found[RECON_YAML_DESCRIPTION_SIZE];
    switch (item->node->kind) {
    case RECON_YAML_TEXT:
        return item->node->text;
    case RECON_YAML_BOOLEAN:
    case RECON_YAML_INTEGER:
    case RECON_YAML_FLOAT:
        recon_faults_add(faults, recon_read_place(item), "expected %s, found %s; where the text is meant, write '%s'",
                         what, recon_yaml_describe(item->node, found), item->node->text);
        return NULL;
    case RECON_YAML_NULL:
    case RECON_YAML_LIST:
    case RECON_YAML_MAP:
    case RECON_YAML_UNFILLED:
        break;
    }
    recon_read_refuse(faults, item, what);
    return NULL;
}

void recon_read_boolean(struct recon_faults *faults, const struct recon_yaml_item *item, bool *target)
{
    static const char *const others[] = {"yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF"};
    if (item->node->kind == RECON_YAML_BOOLEAN) {
        *target = item->node->text[0] == 't' || item->node->text[0] == 'T';
        return;
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0] && item->node->kind == RECON_YAML_TEXT; i++) {
        if (strcmp(item->node->text, others[i]) == 0) {
            recon_faults_add(faults, recon_read_place(item), "'%s' is a text in YAML 1.2: write true or false",
                             others[i]);
            return;
        }
    }
    recon_read_refuse(faults, item, "true or false");
}
