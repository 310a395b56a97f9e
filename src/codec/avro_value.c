/*
 * Reading: beside the tree of wants, all that no path leads to is skipped.
 *
 * 1. Reading takes no memory but for contexts that are records, lists and the like.
 * 2. Every loop over a count read from the bytes uses up bytes: counts of items that have none are not looped over.
 * 3. Recursion is bounded: skipping by DEPTH_MAX, finding by the paths.
 */
#include "codec/avro_value.h"

#include <stdlib.h>
#include <string.h>

#include "codec/avro_binary.h"
#include "codec/avro_json.h"
#include "codec/avro_want.h"
#include "codec/text_form.h"
#include "codec/utf8.h"
#include "recon/status.h"

/* Values within one another: the schema's cycles make any depth legal, but the stack is none. */
#define DEPTH_MAX 500

struct recon_avro_finder {
    const struct recon_plan *plan;
    struct recon_avro_want *root;
    struct recon_found *found;
    char (*texts)[RECON_TIME_TEXT_SIZE_MAX]; /* for each path, of numbers and times */
    struct recon_avro_json *json;            /* for each path, of what is no text */
    const struct recon_avro_type *type;      /* of a datum */
    bool is_text;                            /* as in the datum that is being read */
};

int recon_avro_finder_new(const struct recon_plan *plan, const struct recon_avro_schema *schema,
                          struct recon_fault *fault, struct recon_avro_finder **finder)
{
    struct recon_avro_finder *made = calloc(1, sizeof *made);
    if (made == NULL)
        return RECON_ERROR_MEMORY;
    const size_t room = (size_t)plan->path_count + 1;
    made->plan = plan;
    made->type = recon_avro_schema_root(schema);
    made->found = calloc(room, sizeof *made->found);
    made->texts = calloc(room, sizeof *made->texts);
    made->json = calloc(room, sizeof *made->json);
    int status = RECON_ERROR_MEMORY;
    if (made->found == NULL || made->texts == NULL || made->json == NULL)
        goto cleanup;
    status = recon_avro_want_new(plan, made->type, fault, &made->root);
    if (status != RECON_OK)
        goto cleanup;
    const struct recon_found *expected = recon_avro_finder_expected(made);
    for (uint32_t i = 0; status == RECON_OK && i < plan->path_count; i++)
        if (plan->paths[i].required && expected[i].kind == RECON_FOUND_ABSENT)
            status = recon_avro_want_fault(made->type, &plan->paths[i], fault);
cleanup:
    if (status != RECON_OK)
        recon_avro_finder_free(made);
    else
        *finder = made;
    return status;
}

void recon_avro_finder_free(struct recon_avro_finder *finder)
{
    if (finder == NULL)
        return;
    recon_avro_want_free(finder->root);
    free(finder->found);
    free(finder->texts);
    for (uint32_t i = 0; finder->json != NULL && i < finder->plan->path_count; i++)
        recon_avro_json_deinit(&finder->json[i]);
    free(finder->json);
    free(finder);
}

static void expect(struct recon_avro_finder *finder, const struct recon_avro_want *want)
{
    static const char something[] = "0";
    if (want == NULL)
        return;
    for (size_t i = 0; i < want->end_count && want->type->kind != RECON_AVRO_NULL; i++)
        finder->found[want->paths[i]] =
            (struct recon_found){.kind = RECON_FOUND_TEXT, .text = {.bytes = something, .size = 1}};
    for (size_t i = 0; i < want->child_count; i++)
        expect(finder, want->children[i]);
}

const struct recon_found *recon_avro_finder_expected(struct recon_avro_finder *finder)
{
    memset(finder->found, 0, finder->plan->path_count * sizeof *finder->found);
    expect(finder, finder->root);
    return finder->found;
}

static bool take_long(struct recon_avro_cursor *cursor, int64_t *value)
{
    return recon_avro_take_long(cursor, value) == RECON_AVRO_DONE;
}

static bool take_int(struct recon_avro_cursor *cursor, int64_t *value)
{
    return take_long(cursor, value) && *value >= INT32_MIN && *value <= INT32_MAX;
}

static bool pass(struct recon_avro_cursor *cursor, uint64_t size)
{
    if ((uint64_t)(cursor->end - cursor->at) < size)
        return false;
    cursor->at += size;
    return true;
}

/* A choice among a type's branches or symbols. */
static bool take_choice(struct recon_avro_cursor *cursor, const struct recon_avro_type *type, size_t *choice)
{
    int64_t value;
    if (!take_long(cursor, &value) || value < 0 || (uint64_t)value >= type->count)
        return false;
    *choice = (size_t)value;
    return true;
}

/* How many items of an array or a map come next, 0 at its end. *size_bytes: of all of them, or -1: it isn't said. */
static bool take_items(struct recon_avro_cursor *cursor, int64_t *count, int64_t *size_bytes)
{
    *size_bytes = -1;
    if (!take_long(cursor, count))
        return false;
    if (*count >= 0)
        return true;
    if (*count == INT64_MIN || !take_long(cursor, size_bytes))
        return false;
    *count = -*count;
    return *size_bytes >= 0 && *size_bytes <= cursor->end - cursor->at;
}

static bool skip(const struct recon_avro_type *type, struct recon_avro_cursor *cursor, int depth);

static bool skip_items(const struct recon_avro_type *type, struct recon_avro_cursor *cursor, int depth)
{
    int64_t count, size_bytes;
    for (;;) {
        if (!take_items(cursor, &count, &size_bytes))
            return false;
        if (count == 0)
            return true;
        if (size_bytes >= 0) {
            cursor->at += size_bytes;
            continue;
        }
        if (type->kind == RECON_AVRO_ARRAY && type->types[0]->is_empty)
            continue; /* any number of nothing */
        for (; count > 0; count--) {
            const char *key;
            size_t key_size;
            if (type->kind == RECON_AVRO_MAP && recon_avro_take_bytes(cursor, &key, &key_size) != RECON_AVRO_DONE)
                return false;
            if (!skip(type->types[0], cursor, depth + 1))
                return false;
        }
    }
}

static bool skip(const struct recon_avro_type *type, struct recon_avro_cursor *cursor, int depth)
{
    int64_t value;
    const char *bytes;
    size_t size;
    if (type->is_empty)
        return true;
    if (depth > DEPTH_MAX)
        return false;
    switch (type->kind) {
    case RECON_AVRO_NULL:
        return true;
    case RECON_AVRO_BOOLEAN:
        return pass(cursor, 1);
    case RECON_AVRO_INT:
    case RECON_AVRO_LONG:
        return take_long(cursor, &value);
    case RECON_AVRO_FLOAT:
        return pass(cursor, 4);
    case RECON_AVRO_DOUBLE:
        return pass(cursor, 8);
    case RECON_AVRO_BYTES:
    case RECON_AVRO_STRING:
        return recon_avro_take_bytes(cursor, &bytes, &size) == RECON_AVRO_DONE;
    case RECON_AVRO_RECORD:
        for (size_t i = 0; i < type->count; i++)
            if (!skip(type->types[i], cursor, depth + 1))
                return false;
        return true;
    case RECON_AVRO_ENUM:
        return take_choice(cursor, type, &size);
    case RECON_AVRO_FIXED:
        return pass(cursor, type->size_bytes);
    case RECON_AVRO_ARRAY:
    case RECON_AVRO_MAP:
        return skip_items(type, cursor, depth);
    case RECON_AVRO_UNION:
        return take_choice(cursor, type, &size) && skip(type->types[size], cursor, depth + 1);
    }
    return false;
}

/* A long or an int with what its logical type makes of it. */
static void find_number(const struct recon_avro_type *type, int64_t value, char *text, struct recon_found *found)
{
    static const int units[] = {
        [RECON_AVRO_TIMESTAMP_MS] = RECON_UNIT_MS, [RECON_AVRO_TIMESTAMP_US] = RECON_UNIT_US,
        [RECON_AVRO_TIMESTAMP_NS] = RECON_UNIT_NS, [RECON_AVRO_LOCAL_MS] = RECON_UNIT_MS,
        [RECON_AVRO_LOCAL_US] = RECON_UNIT_US,     [RECON_AVRO_LOCAL_NS] = RECON_UNIT_NS,
    };
    size_t size;
    switch (type->logical) {
    case RECON_AVRO_DATE: /* up to the T */
        size = recon_time_format(value * INT64_C(86400000), text) - sizeof "T00:00:00.000Z" + 1;
        *found = (struct recon_found){.kind = RECON_FOUND_TEXT, .text = {.bytes = text, .size = (uint32_t)size}};
        return;
    case RECON_AVRO_LOCAL_MS:
    case RECON_AVRO_LOCAL_US:
    case RECON_AVRO_LOCAL_NS: /* all but the Z */
        recon_time_from_integer(value, units[type->logical], &value);
        size = recon_time_format(value, text) - 1;
        *found = (struct recon_found){.kind = RECON_FOUND_TEXT, .text = {.bytes = text, .size = (uint32_t)size}};
        return;
    case RECON_AVRO_TIMESTAMP_MS:
    case RECON_AVRO_TIMESTAMP_US:
    case RECON_AVRO_TIMESTAMP_NS:
        found->kind = RECON_FOUND_TIME;
        recon_time_from_integer(value, units[type->logical], &found->time_ms);
        break;
    default:
        found->kind = RECON_FOUND_INTEGER;
    }
    found->text.bytes = text;
    found->text.size = (uint32_t)(recon_integer_write(text, value) - text);
}

static void find_uuid(const char *bytes, char *text, struct recon_found *found)
{
    static const char digits[] = "0123456789abcdef";
    char *to = text;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        *to++ = digits[(unsigned char)bytes[i] >> 4];
        *to++ = digits[(unsigned char)bytes[i] & 15];
    }
    *found = (struct recon_found){.kind = RECON_FOUND_TEXT, .text = {.bytes = text, .size = (uint32_t)(to - text)}};
}

/* One that is no text: neither ID nor time, and as a context JSON. */
static int find_other(struct recon_avro_finder *finder, uint32_t path, const struct recon_avro_type *type,
                      const char *bytes, const char *end)
{
    struct recon_found *found = &finder->found[path];
    *found = (struct recon_found){.kind = RECON_FOUND_OTHER};
    const int status = recon_avro_json_write(&finder->json[path], type, bytes, end, &found->text);
    if (status != RECON_ERROR_FULL)
        return status;
    finder->is_text = false;
    return RECON_OK;
}

static void find_bytes(struct recon_avro_finder *finder, const struct recon_avro_type *type, const char *bytes,
                       size_t size, char *text, struct recon_found *found)
{
    if (type->logical == RECON_AVRO_UUID) {
        find_uuid(bytes, text, found);
    } else if (type->logical != RECON_AVRO_DECIMAL && recon_utf8_is_valid(bytes, size)) {
        *found = (struct recon_found){.kind = RECON_FOUND_TEXT, .text = {.bytes = bytes, .size = (uint32_t)size}};
    } else {
        *found = (struct recon_found){.kind = RECON_FOUND_OTHER};
        finder->is_text = finder->is_text && type->kind != RECON_AVRO_STRING;
    }
}

/* A value at which a path ends and through which none leads. */
static int find_end(struct recon_avro_finder *finder, uint32_t path, const struct recon_avro_type *type,
                    struct recon_avro_cursor *cursor)
{
    struct recon_found *found = &finder->found[path];
    const char *start = cursor->at, *bytes;
    int64_t value;
    size_t size;
    switch (type->kind) {
    case RECON_AVRO_NULL:
        return RECON_OK;
    case RECON_AVRO_INT:
    case RECON_AVRO_LONG:
        if (!(type->kind == RECON_AVRO_INT ? take_int(cursor, &value) : take_long(cursor, &value)))
            return RECON_ERROR_DAMAGED;
        find_number(type, value, finder->texts[path], found);
        return RECON_OK;
    case RECON_AVRO_ENUM:
        if (!take_choice(cursor, type, &size))
            return RECON_ERROR_DAMAGED;
        found->kind = RECON_FOUND_TEXT;
        found->text.bytes = type->names[size];
        found->text.size = (uint32_t)strlen(type->names[size]);
        return RECON_OK;
    case RECON_AVRO_STRING:
    case RECON_AVRO_BYTES:
        if (recon_avro_take_bytes(cursor, &bytes, &size) != RECON_AVRO_DONE)
            return RECON_ERROR_DAMAGED;
        find_bytes(finder, type, bytes, size, finder->texts[path], found);
        return RECON_OK;
    case RECON_AVRO_FIXED:
        if (!pass(cursor, type->size_bytes))
            return RECON_ERROR_DAMAGED;
        find_bytes(finder, type, start, (size_t)(cursor->at - start), finder->texts[path], found);
        return RECON_OK;
    default:
        return skip(type, cursor, 0) ? find_other(finder, path, type, start, cursor->at) : RECON_ERROR_DAMAGED;
    }
}

static int find(struct recon_avro_finder *finder, const struct recon_avro_want *want, struct recon_avro_cursor *cursor);

static int find_or_skip(struct recon_avro_finder *finder, const struct recon_avro_want *want,
                        const struct recon_avro_type *type, struct recon_avro_cursor *cursor)
{
    if (want != NULL)
        return find(finder, want, cursor);
    return skip(type, cursor, 0) ? RECON_OK : RECON_ERROR_DAMAGED;
}

/* Several paths may go through one key, each with a want of its own. */
static int find_in_entry(struct recon_avro_finder *finder, const struct recon_avro_want *want,
                         struct recon_avro_cursor *cursor)
{
    const char *key;
    size_t key_size;
    if (recon_avro_take_bytes(cursor, &key, &key_size) != RECON_AVRO_DONE)
        return RECON_ERROR_DAMAGED;
    const char *start = cursor->at;
    bool is_read = false;
    for (size_t i = 0; i < want->child_count; i++) {
        if (strlen(want->children[i]->key) != key_size || memcmp(want->children[i]->key, key, key_size) != 0)
            continue;
        cursor->at = start;
        const int status = find(finder, want->children[i], cursor);
        if (status != RECON_OK)
            return status;
        is_read = true;
    }
    return is_read ? RECON_OK : find_or_skip(finder, NULL, want->type->types[0], cursor);
}

static int find_in_map(struct recon_avro_finder *finder, const struct recon_avro_want *want,
                       struct recon_avro_cursor *cursor)
{
    int64_t count, size_bytes;
    for (;;) {
        if (!take_items(cursor, &count, &size_bytes))
            return RECON_ERROR_DAMAGED;
        if (count == 0)
            return RECON_OK;
        for (; count > 0; count--) {
            const int status = find_in_entry(finder, want, cursor);
            if (status != RECON_OK)
                return status;
        }
    }
}

static int find_in_record(struct recon_avro_finder *finder, const struct recon_avro_want *want,
                          struct recon_avro_cursor *cursor)
{
    for (size_t i = 0; i < want->child_count; i++) {
        const int status = find_or_skip(finder, want->children[i], want->type->types[i], cursor);
        if (status != RECON_OK)
            return status;
    }
    return RECON_OK;
}

static int find(struct recon_avro_finder *finder, const struct recon_avro_want *want, struct recon_avro_cursor *cursor)
{
    const struct recon_avro_type *type = want->type;
    const char *start = cursor->at;
    int status = RECON_OK;
    if (type->kind == RECON_AVRO_UNION) {
        size_t choice;
        if (!take_choice(cursor, type, &choice))
            return RECON_ERROR_DAMAGED;
        return find_or_skip(finder, want->children[choice], type->types[choice], cursor);
    }
    if (want->child_count == 0) {
        if (want->end_count == 0)
            return find_or_skip(finder, NULL, type, cursor);
        for (size_t i = 0; status == RECON_OK && i < want->end_count; i++) {
            cursor->at = start;
            status = find_end(finder, want->paths[i], type, cursor);
        }
        return status;
    }
    status = type->kind == RECON_AVRO_RECORD ? find_in_record(finder, want, cursor) : find_in_map(finder, want, cursor);
    for (size_t i = 0; status == RECON_OK && i < want->end_count; i++)
        status = find_other(finder, want->paths[i], type, start, cursor->at);
    return status;
}

int recon_avro_finder_read(struct recon_avro_finder *finder, const char *bytes, size_t size, size_t *used,
                           struct recon_avro_datum *datum)
{
    struct recon_avro_cursor cursor = {.at = bytes, .end = bytes + size};
    const struct recon_avro_type *type = finder->type;
    const struct recon_avro_want *want = finder->root;
    memset(finder->found, 0, finder->plan->path_count * sizeof *finder->found);
    finder->is_text = true;
    if (type->kind == RECON_AVRO_UNION) {
        size_t choice;
        if (!take_choice(&cursor, type, &choice))
            return RECON_ERROR_DAMAGED;
        type = type->types[choice];
        want = want == NULL ? NULL : want->children[choice];
    }
    const int status = find_or_skip(finder, want, type, &cursor);
    if (status != RECON_OK)
        return status;
    *used = (size_t)(cursor.at - bytes);
    *datum = (struct recon_avro_datum){
        .found = finder->found,
        .record = type->kind == RECON_AVRO_RECORD ? type->name : NULL,
        .is_text = finder->is_text,
    };
    return RECON_OK;
}
