/*
 * Schemas by ID and GUID.
 *
 * The framing: a byte 0 and the schema's ID, 32-bit big-endian, or a byte 1 and its GUID of 16 bytes; in the header
 * `__value_schema_id` (`__key_schema_id`) or, where there is none, in front of the value (key).
 */
#include "codec/message_schema.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/limits.h"
#include "recon/status.h"

#define MAGIC_ID '\0'
#define MAGIC_GUID '\1'
#define ID_SIZE_BYTES 4
#define GUID_SIZE_BYTES 16
#define SLOT_COUNT_FIRST 64
#define MESSAGE_SIZE 160

struct recon_registry_schema {
    struct recon_schema_wanted key;
    struct recon_avro_schema *schema; /* NULL: absent, or none that can be used */
    struct recon_avro_finder *finders[RECON_REGISTRY_PLAN_COUNT];
    bool is_barren[RECON_REGISTRY_PLAN_COUNT]; /* nothing to look into */
};

/* ---- framing ---- */

static bool id_read(const char *bytes, size_t size, struct recon_schema_wanted *key, size_t *used)
{
    if (size > ID_SIZE_BYTES && bytes[0] == MAGIC_ID) {
        const unsigned char *id = (const unsigned char *)bytes + 1;
        key->is_guid = false;
        key->id = (uint32_t)id[0] << 24 | (uint32_t)id[1] << 16 | (uint32_t)id[2] << 8 | id[3];
        *used = 1 + ID_SIZE_BYTES;
        return true;
    }
    if (size > GUID_SIZE_BYTES && bytes[0] == MAGIC_GUID) {
        key->is_guid = true;
        memcpy(key->guid, bytes + 1, GUID_SIZE_BYTES);
        *used = 1 + GUID_SIZE_BYTES;
        return true;
    }
    return false;
}

bool recon_framing_read(struct recon_text header, struct recon_text value, struct recon_schema_wanted *key,
                        struct recon_text *payload)
{
    size_t used = 0;
    *payload = value;
    if (header.bytes != NULL)
        return id_read(header.bytes, header.size, key, &used) && used == header.size;
    if (!id_read(value.bytes, value.size, key, &used))
        return false;
    payload->bytes += used;
    payload->size -= (uint32_t)used;
    return true;
}

void recon_framing_text(struct recon_schema_wanted *key)
{
    if (!key->is_guid) {
        snprintf(key->text, sizeof key->text, "%lu", (unsigned long)key->id);
        return;
    }
    char *out = key->text;
    for (int i = 0; i < GUID_SIZE_BYTES; i++) {
        const bool is_behind_dash = i == 4 || i == 6 || i == 8 || i == 10;
        out += snprintf(out, 4, "%s%02x", is_behind_dash ? "-" : "", key->guid[i]);
    }
}

/* ---- the table ---- */

static bool same_key(const struct recon_schema_wanted *a, const struct recon_schema_wanted *b)
{
    if (a->is_guid != b->is_guid)
        return false;
    return a->is_guid ? memcmp(a->guid, b->guid, GUID_SIZE_BYTES) == 0 : a->id == b->id;
}

static uint64_t hash_key(const struct recon_schema_wanted *key)
{
    uint64_t value = key->id;
    if (key->is_guid)
        memcpy(&value, key->guid, sizeof value);
    value *= UINT64_C(0x9e3779b97f4a7c15);
    return value ^ value >> 32;
}

/* The slot that holds the key, or the free one where it belongs. */
static struct recon_registry_schema **find_slot(struct recon_registry_schema **slots, size_t slot_count,
                                                const struct recon_schema_wanted *key)
{
    size_t at = hash_key(key) & (slot_count - 1);
    while (slots[at] != NULL && !same_key(&slots[at]->key, key))
        at = (at + 1) & (slot_count - 1);
    return &slots[at];
}

static void schema_free(struct recon_registry_schema *schema)
{
    if (schema == NULL)
        return;
    for (int i = 0; i < RECON_REGISTRY_PLAN_COUNT; i++)
        recon_avro_finder_free(schema->finders[i]);
    recon_avro_schema_free(schema->schema);
    free(schema);
}

void recon_registry_deinit(struct recon_registry *registry)
{
    for (size_t i = 0; i < registry->slot_count; i++)
        schema_free(registry->slots[i]);
    free(registry->slots);
    *registry = (struct recon_registry){0};
}

bool recon_registry_find(struct recon_registry *registry, const struct recon_schema_wanted *key,
                         struct recon_registry_schema **schema)
{
    struct recon_registry_schema *found = registry->latest;
    if (found == NULL || !same_key(&found->key, key)) {
        if (registry->slot_count == 0)
            return false;
        found = *find_slot(registry->slots, registry->slot_count, key);
        if (found == NULL)
            return false;
        registry->latest = found;
    }
    *schema = found->schema != NULL ? found : NULL;
    return true;
}

/* Moves those that are kept to a table of another size. */
static int rebuild(struct recon_registry *registry, size_t slot_count, bool keeps_absent)
{
    struct recon_registry_schema **slots = calloc(slot_count, sizeof(struct recon_registry_schema *));
    if (slots == NULL)
        return RECON_ERROR_MEMORY;
    registry->count = 0;
    registry->latest = NULL;
    for (size_t i = 0; i < registry->slot_count; i++) {
        struct recon_registry_schema *schema = registry->slots[i];
        if (schema == NULL)
            continue;
        if (schema->schema == NULL && !keeps_absent) {
            schema_free(schema);
            continue;
        }
        *find_slot(slots, slot_count, &schema->key) = schema;
        registry->count++;
    }
    free(registry->slots);
    registry->slots = slots;
    registry->slot_count = slot_count;
    return RECON_OK;
}

void recon_registry_forget_absent(struct recon_registry *registry)
{
    if (registry->slot_count > 0 && rebuild(registry, registry->slot_count, false) != RECON_OK)
        recon_registry_deinit(registry); /* they are asked for again, all of them */
}

/* ---- schemas ---- */

/* The text `schema` in the registry's answer. NULL: it is no such answer; *other: it is one of another kind. The text
 * is owned by *answer. */
static const char *answer_schema(const char *json, size_t size, json_t **answer, const char **other)
{
    json_error_t fault;
    *answer = json_loadb(json, size, 0, &fault);
    if (!json_is_object(*answer) || json_object_get(*answer, "type") != NULL)
        return NULL;
    const char *kind = json_string_value(json_object_get(*answer, "schemaType"));
    if (kind != NULL && strcmp(kind, "AVRO") != 0)
        *other = kind;
    return json_string_value(json_object_get(*answer, "schema"));
}

/* *schema stays NULL where it is none, with why in error. RECON_OK or RECON_ERROR_MEMORY. */
static int parse(const struct recon_schema_wanted *key, const char *json, size_t size,
                 struct recon_avro_schema **schema, char *error, size_t error_size)
{
    json_t *answer = NULL;
    const char *other = NULL;
    char message[MESSAGE_SIZE] = "";
    int status = RECON_ERROR_INVALID;
    const char *inner = answer_schema(json, size, &answer, &other);
    if (other != NULL)
        snprintf(message, sizeof message, "it is no Avro schema but one of type %.20s", other);
    else
        status = recon_avro_schema_new(inner != NULL ? inner : json, inner != NULL ? strlen(inner) : size, schema,
                                       message, sizeof message);
    json_decref(answer);
    if (status == RECON_ERROR_INVALID)
        snprintf(error, error_size, "schema %s of the registry: %s", key->text, message);
    return status == RECON_ERROR_INVALID ? RECON_OK : status;
}

int recon_registry_add(struct recon_registry *registry, const struct recon_schema_wanted *key, const char *json,
                       size_t size, char *error, size_t error_size)
{
    struct recon_registry_schema *made = calloc(1, sizeof *made);
    if (made == NULL)
        return RECON_ERROR_MEMORY;
    made->key = *key;
    recon_framing_text(&made->key);
    int status = RECON_OK;
    if (json != NULL)
        status = parse(&made->key, json, size, &made->schema, error, error_size);
    if (status != RECON_OK)
        goto cleanup;
    if (registry->count >= RECON_REGISTRY_SCHEMA_COUNT_MAX)
        recon_registry_deinit(registry);
    if (2 * (registry->count + 1) > registry->slot_count) {
        status = rebuild(registry, registry->slot_count > 0 ? 2 * registry->slot_count : SLOT_COUNT_FIRST, true);
        if (status != RECON_OK)
            goto cleanup;
    }
    struct recon_registry_schema **slot = find_slot(registry->slots, registry->slot_count, key);
    registry->count += *slot == NULL;
    schema_free(*slot);
    *slot = made;
    registry->latest = made;
    return json != NULL && made->schema == NULL ? RECON_ERROR_INVALID : RECON_OK;
cleanup:
    schema_free(made);
    return status;
}

int recon_registry_finder(struct recon_registry_schema *schema, const struct recon_plan *plan, int number,
                          struct recon_avro_finder **finder)
{
    *finder = schema->finders[number];
    if (*finder != NULL || schema->is_barren[number])
        return RECON_OK;
    struct recon_fault fault;
    const int status = recon_avro_finder_new(plan, schema->schema, &fault, &schema->finders[number]);
    if (status == RECON_ERROR_INVALID) {
        schema->is_barren[number] = true;
        return RECON_OK;
    }
    *finder = schema->finders[number];
    return status;
}
