/*
 * Where in a schema the fields of a plan are: the tree is made once, and guards its own size.
 */
#include "codec/avro_want.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/nearest.h"
#include "recon/status.h"

/* Unions of records in unions of records multiply the places that a path leads to. */
#define PLACE_COUNT_MAX 1000000

void recon_avro_want_free(struct recon_avro_want *want)
{
    if (want == NULL)
        return;
    for (size_t i = 0; i < want->child_count; i++)
        recon_avro_want_free(want->children[i]);
    free(want->children);
    free(want->paths);
    free(want);
}

struct builder {
    const struct recon_plan *plan;
    size_t place_count;
};

/* The want of those of the paths whose step at depth is name (NULL: of all) for a type one step further in. *want stays
 * NULL where there is none of them. RECON_ERROR_FULL: too many. */
static int want_new(struct builder *builder, const struct recon_avro_type *type, const uint32_t *paths,
                    size_t path_count, size_t depth, const char *name, struct recon_avro_want **want);

static int make_children(struct builder *builder, struct recon_avro_want *want, size_t depth)
{
    const struct recon_avro_type *type = want->type;
    const uint32_t *going_on = want->paths + want->end_count;
    const size_t going_on_count = want->path_count - want->end_count;
    size_t count = 0;
    if (type->kind == RECON_AVRO_UNION || (type->kind == RECON_AVRO_RECORD && going_on_count > 0))
        count = type->count;
    else if (type->kind == RECON_AVRO_MAP)
        count = going_on_count;
    if (count == 0)
        return RECON_OK;
    builder->place_count += count;
    if (builder->place_count > PLACE_COUNT_MAX)
        return RECON_ERROR_FULL;
    want->children = calloc(count, sizeof(struct recon_avro_want *));
    if (want->children == NULL)
        return RECON_ERROR_MEMORY;
    want->child_count = count;
    int status = RECON_OK;
    for (size_t i = 0; status == RECON_OK && i < count; i++) {
        struct recon_avro_want **child = &want->children[i];
        if (type->kind == RECON_AVRO_UNION) {
            status = want_new(builder, type->types[i], want->paths, want->path_count, depth, NULL, child);
        } else if (type->kind == RECON_AVRO_RECORD) {
            status = want_new(builder, type->types[i], going_on, going_on_count, depth, type->names[i], child);
        } else {
            const char *key = builder->plan->paths[going_on[i]].steps[depth];
            status = want_new(builder, type->types[0], &going_on[i], 1, depth, key, child);
            if (status == RECON_OK)
                (*child)->key = key;
        }
    }
    return status;
}

static int want_new(struct builder *builder, const struct recon_avro_type *type, const uint32_t *paths,
                    size_t path_count, size_t depth, const char *name, struct recon_avro_want **want)
{
    const size_t next_depth = depth + (name != NULL);
    size_t kept_count = 0;
    for (size_t i = 0; i < path_count; i++)
        kept_count += name == NULL || strcmp(builder->plan->paths[paths[i]].steps[depth], name) == 0;
    if (kept_count == 0)
        return RECON_OK;
    struct recon_avro_want *made = calloc(1, sizeof *made);
    if (made == NULL)
        return RECON_ERROR_MEMORY;
    *want = made; /* freed with its parent */
    made->type = type;
    made->paths = calloc(kept_count, sizeof *made->paths);
    if (made->paths == NULL)
        return RECON_ERROR_MEMORY;
    for (int pass = 0; pass < 2; pass++) { /* those that end here first */
        for (size_t i = 0; i < path_count; i++) {
            const struct recon_path *path = &builder->plan->paths[paths[i]];
            const bool ends = path->step_count == next_depth;
            if ((name == NULL || strcmp(path->steps[depth], name) == 0) && ends == (pass == 0))
                made->paths[made->path_count++] = paths[i];
        }
        if (pass == 0)
            made->end_count = made->path_count;
    }
    return make_children(builder, made, next_depth);
}

/* The type itself where it is a record, a union's first record, or NULL. */
static const struct recon_avro_type *record_of(const struct recon_avro_type *type)
{
    for (size_t i = 0; type->kind == RECON_AVRO_UNION && i < type->count; i++)
        if (type->types[i]->kind == RECON_AVRO_RECORD)
            return type->types[i];
    return type->kind == RECON_AVRO_RECORD ? type : NULL;
}

int recon_avro_want_new(const struct recon_plan *plan, const struct recon_avro_type *type, struct recon_fault *fault,
                        struct recon_avro_want **want)
{
    bool wants_fields = plan->path_count == 0;
    for (uint32_t i = 0; i < plan->path_count; i++)
        wants_fields |= plan->paths[i].kind != RECON_FIELD_VALUE || plan->paths[i].step_count > 0;
    if (wants_fields && (record_of(type) == NULL || type->is_empty))
        return recon_fault_set(fault, "the values are no records with fields");
    uint32_t *paths = calloc((size_t)plan->path_count + 1, sizeof *paths);
    if (paths == NULL)
        return RECON_ERROR_MEMORY;
    size_t path_count = 0;
    for (uint32_t i = 0; i < plan->path_count; i++)
        if (plan->paths[i].kind == RECON_FIELD_VALUE)
            paths[path_count++] = i;
    struct builder builder = {.plan = plan};
    struct recon_avro_want *made = NULL;
    const int status = want_new(&builder, type, paths, path_count, 0, NULL, &made);
    free(paths);
    if (status == RECON_OK) {
        *want = made;
        return RECON_OK;
    }
    recon_avro_want_free(made);
    if (status == RECON_ERROR_FULL)
        return recon_fault_set(fault, "the schema has too many places where the fields could be");
    return status;
}

/* Follows the first record of every union. */
int recon_avro_want_fault(const struct recon_avro_type *root, const struct recon_path *path, struct recon_fault *fault)
{
    const struct recon_avro_type *record = record_of(root);
    size_t depth = 0, field = 0;
    for (; record != NULL && depth < path->step_count; depth++) {
        for (field = 0; field < record->count; field++)
            if (strcmp(record->names[field], path->steps[depth]) == 0)
                break;
        if (field == record->count)
            break;
        record = record_of(record->types[field]);
    }
    if (record == NULL || depth == path->step_count)
        return recon_fault_set(fault, "no field `%.60s`: what it lies in is no record", path->text);
    const char *nearest = recon_word_nearest(path->steps[depth], record->names, record->count);
    if (nearest != NULL)
        return recon_fault_set(fault, "no field `%.60s`: the record `%.60s` has no `%.60s`, did you mean `%.60s`?",
                               path->text, record->name, path->steps[depth], nearest);
    char list[120] = "";
    size_t used = 0;
    for (size_t i = 0; i < record->count && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s`%.40s`", i == 0 ? "" : ", ", record->names[i]);
    return recon_fault_set(fault, "no field `%.60s`: the record `%.60s` has %s%s", path->text, record->name, list,
                           used < sizeof list ? "" : "...");
}
