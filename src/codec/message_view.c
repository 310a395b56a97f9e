/*
 * Views: made once for each shape of message that a stream may have.
 */
#define _POSIX_C_SOURCE 200809L

#include "codec/message_view.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "codec/utf8.h"
#include "recon/status.h"

#define ATTRIBUTE_PREFIX "ce_"
#define ATTRIBUTE_PREFIX_SIZE (sizeof ATTRIBUTE_PREFIX - 1)

static const char *const tell_names[RECON_TELL_COUNT] = {"specversion", "type", "source", "id"};

/* The paths of the tree: the plan's, and one for each tell that the plan has none for. */
static int make_tree(struct recon_message_view *view)
{
    const struct recon_plan *plan = view->plan;
    struct recon_path *paths = calloc((size_t)plan->path_count + RECON_TELL_COUNT, sizeof *paths);
    if (paths == NULL)
        return RECON_ERROR_MEMORY;
    uint32_t count = plan->path_count;
    memcpy(paths, plan->paths, count * sizeof *paths);
    for (int i = 0; i < RECON_TELL_COUNT; i++) {
        uint32_t at = 0;
        while (at < plan->path_count && !(paths[at].kind == RECON_FIELD_VALUE && paths[at].step_count == 1 &&
                                          strcmp(paths[at].steps[0], tell_names[i]) == 0))
            at++;
        view->tells[i] = at < plan->path_count ? at : count;
        if (at < plan->path_count)
            continue;
        paths[count++] = (struct recon_path){
            .kind = RECON_FIELD_VALUE, .text = tell_names[i], .steps = &tell_names[i], .step_count = 1};
    }
    const int status = recon_json_tree_new(paths, count, &view->tree);
    free(paths);
    return status;
}

static void add_outer(struct recon_message_view *view, uint32_t index)
{
    const struct recon_path *path = &view->plan->paths[index];
    view->outers[view->outer_count++] = (struct recon_outer){
        .path = index,
        .kind = path->kind,
        .name = path->text,
        .name_size = (uint32_t)strlen(path->text),
        .is_attribute = path->is_attribute,
        .is_caseless = !path->is_attribute &&
                       recon_header_is((struct recon_text){path->text, (uint32_t)strlen(path->text)}, "content-type"),
    };
}

static void judge_early(struct recon_message_view *view)
{
    for (size_t i = 0; i < view->plan->schema_count && !view->may_be_early; i++) {
        const struct recon_schema *schema = &view->plan->schemas[i];
        const bool has_header = schema->mapping->when.header_name != NULL;
        if ((schema->when_needs_value && !has_header) || (!schema->mapping->has_when && schema->reads_value))
            return;
        view->may_be_early = !schema->when_needs_value && !schema->reads_value;
    }
}

int recon_message_view_new(const struct recon_decoder_options *options, const struct recon_message_shape *shape,
                           struct recon_message_view **view, const char **what)
{
    struct recon_message_view *made = calloc(1, sizeof *made);
    if (made == NULL)
        return RECON_ERROR_MEMORY;
    made->whole = RECON_PATH_NONE;
    made->key = RECON_PATH_NONE;
    int status = recon_plan_new_message(options, shape, &made->plan, what);
    if (status != RECON_OK)
        goto cleanup;
    const size_t room = (size_t)made->plan->path_count + RECON_TELL_COUNT;
    made->found = calloc(room, sizeof *made->found);
    made->outers = calloc(room, sizeof *made->outers);
    status = made->found != NULL && made->outers != NULL ? make_tree(made) : RECON_ERROR_MEMORY;
    if (status != RECON_OK)
        goto cleanup;
    for (uint32_t i = 0; i < made->plan->path_count; i++) {
        if (made->plan->paths[i].kind == RECON_FIELD_KEY)
            made->key = i;
        if (made->plan->paths[i].kind != RECON_FIELD_VALUE)
            add_outer(made, i);
        else if (made->plan->paths[i].step_count == 0)
            made->whole = i;
        else
            made->reads_value = true;
    }
    judge_early(made);
    *view = made;
    return RECON_OK;
cleanup:
    recon_message_view_free(made);
    return status;
}

void recon_message_view_free(struct recon_message_view *view)
{
    if (view == NULL)
        return;
    recon_json_tree_free(view->tree);
    recon_json_shapes_free(view->known.shapes);
    recon_plan_free(view->plan);
    free(view->found);
    free(view->outers);
    free(view);
}

int recon_message_view_know(struct recon_message_view *view)
{
    return view->known.shapes == NULL ? recon_json_shapes_new(view->tree->path_count, &view->known.shapes) : RECON_OK;
}

bool recon_header_is(struct recon_text name, const char *other)
{
    return name.size == strlen(other) && strncasecmp(name.bytes, other, name.size) == 0;
}

static bool names(const struct recon_outer *outer, struct recon_text name)
{
    if (outer->is_attribute)
        return name.size == outer->name_size + ATTRIBUTE_PREFIX_SIZE &&
               memcmp(name.bytes, ATTRIBUTE_PREFIX, ATTRIBUTE_PREFIX_SIZE) == 0 &&
               memcmp(name.bytes + ATTRIBUTE_PREFIX_SIZE, outer->name, outer->name_size) == 0;
    if (name.size != outer->name_size)
        return false;
    return outer->is_caseless ? strncasecmp(name.bytes, outer->name, name.size) == 0
                              : memcmp(name.bytes, outer->name, name.size) == 0;
}

/* What bytes are as a field. Those that are no text can't be an ID, a time or a context. */
static struct recon_found found_text(struct recon_text text, enum recon_found_kind kind)
{
    if (text.bytes == NULL)
        return (struct recon_found){.kind = RECON_FOUND_ABSENT};
    if (!recon_utf8_is_valid(text.bytes, text.size))
        return (struct recon_found){.kind = RECON_FOUND_OTHER};
    return (struct recon_found){.kind = kind, .text = text};
}

static struct recon_found find_header(const struct recon_outer *outer, const struct recon_message *message)
{
    struct recon_text value = {0};
    for (size_t i = message->header_count; i > 0; i--) {
        if (names(outer, message->headers[i - 1].name)) {
            value = message->headers[i - 1].value;
            break;
        }
    }
    /* An attribute is of CloudEvents' own types: digits are no time to them. */
    return found_text(value, outer->is_attribute ? RECON_FOUND_TEXT : RECON_FOUND_CELL);
}

static struct recon_found find_timestamp(struct recon_message_view *view, int64_t timestamp_ms)
{
    if (timestamp_ms == RECON_TIMESTAMP_NONE)
        return (struct recon_found){.kind = RECON_FOUND_ABSENT};
    const char *end = recon_integer_write(view->timestamp, timestamp_ms);
    return (struct recon_found){.kind = RECON_FOUND_TIME,
                                .text = {.bytes = view->timestamp, .size = (uint32_t)(end - view->timestamp)},
                                .time_ms = timestamp_ms};
}

void recon_message_view_look(struct recon_message_view *view, const struct recon_message *message)
{
    for (size_t i = 0; i < view->outer_count; i++) {
        const struct recon_outer *outer = &view->outers[i];
        struct recon_found *found = &view->found[outer->path];
        if (outer->kind == RECON_FIELD_HEADER)
            *found = find_header(outer, message);
        else if (outer->kind == RECON_FIELD_KEY)
            *found = found_text(message->key, RECON_FOUND_CELL);
        else if (outer->kind == RECON_FIELD_TIMESTAMP)
            *found = find_timestamp(view, message->timestamp_ms);
    }
}

void recon_message_view_whole(struct recon_message_view *view, struct recon_text value, bool is_text)
{
    if (view->whole != RECON_PATH_NONE)
        view->found[view->whole] = found_text(value, is_text ? RECON_FOUND_TEXT : RECON_FOUND_OTHER);
}

void recon_message_view_clear(struct recon_message_view *view)
{
    for (uint32_t i = 0; i < view->plan->path_count; i++)
        if (view->plan->paths[i].kind == RECON_FIELD_VALUE)
            view->found[i] = (struct recon_found){.kind = RECON_FOUND_ABSENT};
}

bool recon_message_view_tells(const struct recon_message_view *view)
{
    for (int i = 0; i < RECON_TELL_COUNT; i++)
        if (view->found[view->tells[i]].kind != RECON_FOUND_TEXT)
            return false;
    return true;
}
