/*
 * The paths that are wanted, as a tree.
 */
#include "codec/json_tree.h"

#include <stdlib.h>
#include <string.h>

#include "recon/status.h"

static uint32_t item_of(const char *key)
{
    /* RFC 6901: digits without leading zeros. Nine of them are more than any list here has items. */
    size_t size = strlen(key);
    if (size == 0 || size > 9 || (key[0] == '0' && size > 1) || strspn(key, "0123456789") != size)
        return RECON_JSON_NO_ITEM;
    return (uint32_t)strtoul(key, NULL, 10);
}

/* Adds the nodes under parent, which stands for the first depth steps of stem: of the paths that begin with these. */
static void add_nodes(struct recon_json_tree *tree, const struct recon_path *paths, uint32_t path_count,
                      uint32_t parent, const struct recon_path *stem, size_t depth)
{
    for (uint32_t i = 0; i < path_count; i++) {
        const struct recon_path *path = &paths[i];
        if (path->kind != RECON_FIELD_VALUE || path->step_count <= depth)
            continue;
        bool ours = true;
        for (size_t step = 0; step < depth && ours; step++)
            ours = strcmp(path->steps[step], stem->steps[step]) == 0;
        /* The first path with this step at this depth makes the node, for all of them. */
        for (uint32_t before = 0; before < i && ours; before++) {
            const struct recon_path *other = &paths[before];
            bool same = other->kind == RECON_FIELD_VALUE && other->step_count > depth;
            for (size_t step = 0; step <= depth && same; step++)
                same = strcmp(other->steps[step], path->steps[step]) == 0;
            ours = !same;
        }
        if (!ours)
            continue;
        struct recon_json_node *node = &tree->nodes[tree->count++];
        const char *key = path->steps[depth];
        *node = (struct recon_json_node){.key = key,
                                         .key_size = (uint32_t)strlen(key),
                                         .parent = parent,
                                         .path = RECON_PATH_NONE,
                                         .item = item_of(key)};
        for (uint32_t j = i; j < path_count; j++) {
            bool same = paths[j].kind == RECON_FIELD_VALUE && paths[j].step_count == depth + 1;
            for (size_t step = 0; step <= depth && same; step++)
                same = strcmp(paths[j].steps[step], path->steps[step]) == 0;
            if (same)
                node->path = j;
        }
        tree->nodes[parent].key_sizes |= UINT64_C(1) << node->key_size % 64;
        add_nodes(tree, paths, path_count, (uint32_t)(node - tree->nodes), path, depth + 1);
        node->end = tree->count;
    }
}

int recon_json_tree_new(const struct recon_path *paths, uint32_t path_count, struct recon_json_tree **tree)
{
    size_t node_count = RECON_JSON_ROOT + 1;
    for (uint32_t i = 0; i < path_count; i++)
        node_count += paths[i].step_count;
    struct recon_json_tree *made = calloc(1, sizeof *made + node_count * sizeof made->nodes[0]);
    if (!made)
        return RECON_ERROR_MEMORY;
    const struct recon_json_node empty = {
        .key = "", .end = RECON_JSON_NOBODY + 1, .path = RECON_PATH_NONE, .item = RECON_JSON_NO_ITEM};
    made->nodes[RECON_JSON_NOBODY] = empty;
    made->nodes[RECON_JSON_ROOT] = empty;
    made->path_count = path_count;
    made->count = RECON_JSON_ROOT + 1;
    add_nodes(made, paths, path_count, RECON_JSON_ROOT, NULL, 0);
    made->nodes[RECON_JSON_ROOT].end = made->count;
    *tree = made;
    return RECON_OK;
}

void recon_json_tree_free(struct recon_json_tree *tree)
{
    free(tree);
}
