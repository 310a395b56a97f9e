/*
 * Variables in values.
 */
#include "config/variables.h"

#include <stdlib.h>
#include <string.h>

#include "recon/status.h"

/* Of a value with its variables, bytes: certificates in PEM fit. */
#define VALUE_SIZE_MAX (1 << 20)
#define NAME_SIZE_MAX 255

struct filling {
    struct recon_yaml *tree;
    const char *(*environment)(const char *name);
    struct recon_faults *faults;
    char *bytes; /* the value so far */
    size_t size;
    size_t capacity;
    bool too_long;
};

static int append(struct filling *filling, const char *bytes, size_t size)
{
    if (filling->too_long || size > VALUE_SIZE_MAX - filling->size) {
        filling->too_long = true;
        return RECON_OK;
    }
    if (filling->capacity - filling->size <= size) {
        size_t capacity = 2 * (filling->size + size) + 64;
        char *larger = realloc(filling->bytes, capacity);
        if (larger == NULL)
            return RECON_ERROR_MEMORY;
        filling->bytes = larger;
        filling->capacity = capacity;
    }
    memcpy(filling->bytes + filling->size, bytes, size);
    filling->size += size;
    filling->bytes[filling->size] = '\0';
    return RECON_OK;
}

static size_t name_size(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    size_t size = strspn(text, letters);
    return text[0] >= '0' && text[0] <= '9' ? 0 : size;
}

/* The variable whose name begins at *at, behind `${`; *at moves behind its `}`. Returns false where it has no value:
 * then a fault is noted. */
static bool variable(struct filling *filling, const struct recon_yaml_item *item, uint32_t homes, const char **at,
                     int *status)
{
    struct recon_place place = {.key = item->key, .line = item->line, .column = item->column};
    const char *begin = *at;
    size_t size = name_size(begin);
    const char *close = strchr(begin, '}');
    if (close == NULL || size == 0 || size > NAME_SIZE_MAX || (begin[size] != '}' && begin[size] != ':')) {
        recon_faults_add(filling->faults, place,
                         "'${' begins a variable, ${NAME} or ${NAME:default}; where it is meant as it is, write $${");
        return false;
    }
    char name[NAME_SIZE_MAX + 1];
    memcpy(name, begin, size);
    name[size] = '\0';
    *at = close + 1;
    const char *value = filling->environment(name);
    if (value != NULL) {
        *status = append(filling, value, strlen(value));
        return true;
    }
    if (begin[size] == ':') {
        *status = append(filling, begin + size + 1, (size_t)(close - begin) - size - 1);
        return true;
    }
    recon_faults_add_for(filling->faults, homes, place,
                         "the environment variable %s is not set: set it, or give a default: ${%s:...}", name, name);
    return false;
}

static int fill_scalar(struct filling *filling, const struct recon_yaml_item *item, uint32_t homes)
{
    struct recon_yaml_node *node = item->node;
    if (strstr(node->text, "${") == NULL)
        return RECON_OK;
    /* A value that an alias names again: its fault may be another home's there. */
    if (node->filled && node->kind != RECON_YAML_UNFILLED)
        return RECON_OK;
    node->filled = true;
    filling->size = 0;
    filling->too_long = false;
    bool has_value = true;
    int status = append(filling, "", 0);
    for (const char *at = node->text; *at != '\0' && status == RECON_OK;) {
        if (strncmp(at, "$${", 3) == 0) {
            status = append(filling, "${", 2);
            at += 3;
        } else if (strncmp(at, "${", 2) == 0) {
            const char *begin = at;
            at += 2;
            has_value = variable(filling, item, homes, &at, &status) && has_value;
            if (at == begin + 2) /* no variable: one fault is enough */
                break;
        } else {
            status = append(filling, at, 1);
            at++;
        }
    }
    if (status != RECON_OK)
        return status;
    if (filling->too_long) {
        struct recon_place place = {.key = item->key, .line = item->line, .column = item->column};
        recon_faults_add(filling->faults, place, "with its variables the value is longer than %d bytes",
                         VALUE_SIZE_MAX);
        has_value = false;
    }
    if (!has_value) {
        node->kind = RECON_YAML_UNFILLED;
        return RECON_OK;
    }
    char *text = recon_yaml_allocate(filling->tree, filling->size + 1);
    if (text == NULL)
        return RECON_ERROR_MEMORY;
    memcpy(text, filling->bytes, filling->size + 1);
    node->text = text;
    if (node->plain)
        node->kind = recon_yaml_resolve(text);
    return RECON_OK;
}

static int fill(struct filling *filling, const struct recon_yaml_item *item, uint32_t homes)
{
    if (item->node->text != NULL)
        return fill_scalar(filling, item, homes);
    int status = RECON_OK;
    for (size_t i = 0; i < item->node->count && status == RECON_OK; i++) {
        struct recon_yaml_item part = item->node->items[i];
        if (part.key == NULL)
            part.key = item->key;
        status = fill(filling, &part, homes);
    }
    return status;
}

int recon_variables_fill(struct recon_yaml *tree, const struct recon_yaml_item *item, uint32_t homes,
                         const char *(*environment)(const char *name), struct recon_faults *faults)
{
    struct filling filling = {.tree = tree, .environment = environment, .faults = faults};
    int status = fill(&filling, item, homes);
    free(filling.bytes);
    return status;
}
