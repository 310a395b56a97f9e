/*
 * The rules that make a record of what a format found; see extract.h.
 */
#include "codec/extract.h"

#include <string.h>

#include "codec/id_text.h"
#include "codec/little_endian.h"
#include "core/limits.h"
#include "recon/status.h"

static const struct recon_found absent;

static const struct recon_found *at(const struct recon_found *found, uint32_t path)
{
    return path == RECON_PATH_NONE ? &absent : &found[path];
}

static bool is_text(const struct recon_found *found)
{
    return found->kind == RECON_FOUND_TEXT || found->kind == RECON_FOUND_CELL;
}

static bool text_equals(const struct recon_text text, const char *other)
{
    size_t size = strlen(other);
    return text.size == size && memcmp(text.bytes, other, size) == 0;
}

/* A `when` compares texts, and the digits of integers; `true` and the like as they are written. */
static bool found_equals(const struct recon_found *found, const char *other)
{
    return found->kind != RECON_FOUND_ABSENT && text_equals(found->text, other);
}

/* CloudEvents 1.0 and what later 1.x there may be. */
static bool is_cloudevent(const struct recon_found *specversion)
{
    return specversion->kind == RECON_FOUND_TEXT && specversion->text.size > 2 &&
           memcmp(specversion->text.bytes, "1.", 2) == 0;
}

/* An Avro record's full name, or its last part. */
static bool record_name_fits(const char *name, const char *wanted)
{
    const char *last = strrchr(name, '.');
    return strcmp(name, wanted) == 0 || (last && strcmp(last + 1, wanted) == 0);
}

/* A condition on a header does not hold: the schema does not fit, whatever the value. */
static bool header_excludes(const struct recon_schema *schema, const struct recon_found *found)
{
    const struct recon_when *when = &schema->mapping->when;
    return when->header_name &&
           !(when->header_equals && found_equals(at(found, schema->when_header), when->header_equals));
}

static bool schema_fits(const struct recon_schema *schema, const struct recon_found *found, const char *avro_record)
{
    if (schema->never)
        return false;
    if (!schema->mapping->has_when)
        return true;
    const struct recon_when *when = &schema->mapping->when;
    if (when->cloudevents_type && !(is_cloudevent(at(found, schema->specversion)) &&
                                    at(found, schema->cloudevents_type)->kind == RECON_FOUND_TEXT &&
                                    found_equals(at(found, schema->cloudevents_type), when->cloudevents_type)))
        return false;
    if (when->avro_record && !(avro_record && record_name_fits(avro_record, when->avro_record)))
        return false;
    if (header_excludes(schema, found))
        return false;
    if (when->field.kind != RECON_FIELD_NONE &&
        !(when->field_equals && found_equals(at(found, schema->when_field), when->field_equals)))
        return false;
    return true;
}

static const struct recon_schema *find_schema(const struct recon_plan *plan, const struct recon_found *found,
                                              const char *avro_record)
{
    for (size_t i = 0; i < plan->schema_count; i++)
        if (schema_fits(&plan->schemas[i], found, avro_record))
            return &plan->schemas[i];
    return NULL;
}

/* Decimal digits, perhaps with a sign, to 64 bits; false where they are none or too many. */
static bool parse_integer(const struct recon_text text, int64_t *value)
{
    bool negative = text.size > 0 && text.bytes[0] == '-';
    if (text.size == (uint32_t)negative)
        return false;
    int64_t sum = 0;
    for (uint32_t i = negative; i < text.size; i++) {
        int digit = text.bytes[i] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(sum, 10, &sum) ||
            __builtin_add_overflow(sum, negative ? -digit : digit, &sum))
            return false;
    }
    *value = sum;
    return true;
}

static bool looks_integer(const struct recon_text text)
{
    uint32_t i = text.size > 0 && text.bytes[0] == '-';
    if (i == text.size)
        return false;
    while (i < text.size && text.bytes[i] >= '0' && text.bytes[i] <= '9')
        i++;
    return i == text.size;
}

/* A time that is no text, or digits alone. */
static __attribute__((noinline)) bool read_number_time(const struct recon_schema *schema,
                                                       const struct recon_found *found, int64_t *time_ms)
{
    int64_t value;
    if (found->kind == RECON_FOUND_TIME) {
        *time_ms = found->time_ms;
        return true;
    }
    return (found->kind == RECON_FOUND_INTEGER || (found->kind == RECON_FOUND_CELL && looks_integer(found->text))) &&
           parse_integer(found->text, &value) &&
           recon_time_from_integer(value, (int)schema->mapping->time_unit, time_ms);
}

static inline bool read_time(const struct recon_schema *schema, const struct recon_found *found,
                             struct recon_time_near *near, int64_t *time_ms)
{
    /* A text that is digits alone is no time of that form: a fifth one stands where a `-` must. */
    return (is_text(found) &&
            recon_time_parse_near(near, found->text.bytes, found->text.size, schema->zone, time_ms)) ||
           (found->kind != RECON_FOUND_TEXT && read_number_time(schema, found, time_ms));
}

/* MALFORMED, otherwise (what a missing one is called), or NONE where the text may be an ID or a source. */
static enum recon_reason judge_name(const struct recon_found *found, enum recon_reason missing)
{
    if (found->kind == RECON_FOUND_OTHER)
        return RECON_REASON_MALFORMED;
    return found->kind == RECON_FOUND_ABSENT || found->text.size == 0 ? missing : RECON_REASON_NONE;
}

/* The texts that a record keeps, still where the format found them. */
struct parts {
    struct recon_text key[1 + RECON_ID_FIELD_COUNT_MAX]; /* the source, where it is part of the identity, and the ID */
    size_t key_count;
    const struct recon_text *id; /* the last id_count of key; NULL: no readable ID */
    size_t id_count;
    uint64_t id_size_bytes; /* with the bars between */
    struct recon_text source;
    struct recon_text context;
};

static enum recon_reason read_id(const struct recon_schema *schema, const struct recon_found *found,
                                 struct parts *parts)
{
    enum recon_reason reason = RECON_REASON_NONE;
    uint64_t size = schema->id_count - 1;
    struct recon_text *id = &parts->key[parts->key_count];
    for (uint32_t i = 0; i < schema->id_count; i++) {
        const struct recon_found *field = at(found, schema->id[i]);
        enum recon_reason judged = judge_name(field, RECON_REASON_NO_ID);
        if (reason == RECON_REASON_NONE || judged == RECON_REASON_MALFORMED)
            reason = judged;
        id[i] = field->text;
        size += field->text.size;
    }
    if (reason == RECON_REASON_NONE && size > RECON_ID_SIZE_BYTES_MAX)
        reason = RECON_REASON_MALFORMED;
    if (reason != RECON_REASON_NONE)
        return reason;
    parts->id = id;
    parts->id_count = schema->id_count;
    parts->id_size_bytes = size;
    parts->key_count += schema->id_count;
    return RECON_REASON_NONE;
}

static enum recon_reason read_source(const struct recon_plan *plan, const struct recon_schema *schema,
                                     const struct recon_found *found, struct parts *parts)
{
    const struct recon_found *field = at(found, schema->source);
    enum recon_reason reason = judge_name(field, RECON_REASON_NO_SOURCE);
    if (reason == RECON_REASON_NONE && field->text.size > RECON_SOURCE_SIZE_BYTES_MAX)
        return RECON_REASON_MALFORMED;
    if (reason == RECON_REASON_NONE) {
        parts->source = field->text;
        if (plan->source_in_identity)
            parts->key[parts->key_count++] = field->text;
    }
    return plan->source_in_identity ? reason : RECON_REASON_NONE;
}

static enum recon_reason read_context(const struct recon_schema *schema, const struct recon_found *found,
                                      struct parts *parts)
{
    const struct recon_found *field = at(found, schema->context);
    if (field->kind == RECON_FOUND_ABSENT || field->text.size == 0)
        return RECON_REASON_NONE;
    if (field->text.size > RECON_CONTEXT_SIZE_BYTES_MAX)
        return RECON_REASON_MALFORMED;
    parts->context = field->text;
    return RECON_REASON_NONE;
}

static char *append(char *to, const struct recon_text text)
{
    memcpy(to, text.bytes, text.size);
    return to + text.size;
}

/* Copies the texts into the batch; with room for the size before the ID, as recon_extract_keys wants it. */
static int keep_texts(const struct parts *parts, struct recon_batch *batch, struct recon_record *record)
{
    size_t size = (size_t)parts->id_size_bytes + parts->source.size + parts->context.size;
    if (size == 0)
        return RECON_OK;
    char *to = recon_batch_bytes(batch, size + RECON_KEY_SIZE_PREFIX_BYTES);
    if (!to)
        return RECON_ERROR_MEMORY;
    to += RECON_KEY_SIZE_PREFIX_BYTES;
    if (parts->id) {
        recon_store_le32(to - RECON_KEY_SIZE_PREFIX_BYTES, (uint32_t)parts->id_size_bytes);
        record->id = (struct recon_text){.bytes = to, .size = (uint32_t)parts->id_size_bytes};
        const char joint = recon_id_joint(parts->id, parts->id_count);
        for (size_t i = 0; i < parts->id_count; i++) {
            if (i > 0)
                *to++ = joint;
            to = append(to, parts->id[i]);
        }
    }
    if (parts->source.size > 0) {
        record->source = (struct recon_text){.bytes = to, .size = parts->source.size};
        to = append(to, parts->source);
    }
    if (parts->context.size > 0) {
        record->context = (struct recon_text){.bytes = to, .size = parts->context.size};
        append(to, parts->context);
    }
    return RECON_OK;
}

static void reject(struct recon_record *record, enum recon_reason reason)
{
    record->kind = RECON_KIND_REJECTED;
    record->reason = (uint8_t)reason;
}

static enum recon_reason first_of(enum recon_reason a, enum recon_reason b)
{
    /* The enum's order is the order in which reasons apply. */
    if (a == RECON_REASON_NONE || b == RECON_REASON_NONE)
        return a == RECON_REASON_NONE ? b : a;
    return a < b ? a : b;
}

static int fill_record(const struct recon_plan *plan, const struct recon_schema *schema,
                       const struct recon_found *found, struct recon_batch *batch, struct recon_record *record)
{
    bool audit = plan->stream == RECON_STREAM_AUDIT;
    struct parts parts;
    parts.key_count = 0;
    parts.id = NULL;
    parts.id_size_bytes = 0;
    parts.source = (struct recon_text){0};
    parts.context = (struct recon_text){0};
    enum recon_reason reason = RECON_REASON_NONE;
    if (schema->cloudevent_demanded && !is_cloudevent(at(found, schema->specversion)))
        reason = RECON_REASON_MALFORMED;
    reason = first_of(reason, read_source(plan, schema, found, &parts));
    reason = first_of(reason, read_id(schema, found, &parts));
    if (audit)
        reason = first_of(reason, read_context(schema, found, &parts));

    int64_t time = 0;
    record->has_time = read_time(schema, at(found, schema->time), &batch->near, &time);
    if (plan->timeless)
        batch->timed += record->has_time;
    else if (record->has_time)
        record->time = time;
    record->has_time &= !plan->timeless;
    if (audit && !plan->timeless) {
        record->has_emitted_time = read_time(schema, at(found, schema->emitted), &batch->near, &record->emitted_time);
        if (!record->has_time)
            reason = first_of(reason, RECON_REASON_NO_TIME);
    }
    int status = keep_texts(&parts, batch, record);
    if (status != RECON_OK)
        return status;
    if (reason != RECON_REASON_NONE) {
        reject(record, reason);
        return RECON_OK;
    }
    record->has_time |= plan->timeless;
    if (!plan->keys_later)
        record->key = recon_key_hash(plan->seed, parts.key, parts.key_count);
    return RECON_OK;
}

/* Makes keys of records that have none yet; not of the last few where they are fewer than count_min. */
static void make_keys(const struct recon_plan *plan, struct recon_batch *batch, size_t count_min)
{
    struct recon_text inputs[RECON_KEY_COUNT_AT_ONCE];
    struct recon_key keys[RECON_KEY_COUNT_AT_ONCE];
    struct recon_record *records[RECON_KEY_COUNT_AT_ONCE];
    size_t count = 0;
    for (size_t i = batch->keyed_count; i < batch->count;) {
        struct recon_record *record = &batch->records[i++];
        if (record->kind == RECON_KIND_RECORD) {
            inputs[count].bytes = record->id.bytes - RECON_KEY_SIZE_PREFIX_BYTES;
            inputs[count].size = record->id.size + RECON_KEY_SIZE_PREFIX_BYTES;
            records[count++] = record;
        }
        if (count < RECON_KEY_COUNT_AT_ONCE && (i < batch->count || count < count_min))
            continue;
        recon_key_hash_many(plan->seed, inputs, count, keys);
        for (size_t k = 0; k < count; k++)
            records[k]->key = keys[k];
        count = 0;
        batch->keyed_count = i;
    }
}

void recon_extract_keys(const struct recon_plan *plan, struct recon_batch *batch)
{
    make_keys(plan, batch, 0);
    batch->keyed_count = batch->count;
}

static void fill_heartbeat(const struct recon_plan *plan, const struct recon_schema *schema,
                           const struct recon_found *found, struct recon_time_near *near, struct recon_record *record)
{
    record->kind = RECON_KIND_HEARTBEAT;
    record->has_time = plan->timeless || read_time(schema, at(found, schema->time), near, &record->time);
    if (schema->cloudevent_demanded && !is_cloudevent(at(found, schema->specversion)))
        reject(record, RECON_REASON_MALFORMED);
    else if (!record->has_time)
        reject(record, RECON_REASON_NO_TIME);
}

static struct recon_record *next_record(const struct recon_plan *plan, int64_t offset, struct recon_batch *batch)
{
    struct recon_record *record = recon_batch_next(batch);
    if (!record)
        return NULL;
    record->stream = (uint8_t)plan->stream;
    record->partition = plan->partition;
    record->offset = offset;
    record->has_offset = true;
    return record;
}

/* As memcpy, in place of a call where the text is of the size of most IDs and sources. */
static inline char *append_short(char *to, const struct recon_text text)
{
    const char *from = text.bytes;
    const size_t size = text.size;
    if (size >= 32 && size <= 64) {
        memcpy(to, from, 32);
        memcpy(to + size - 32, from + size - 32, 32);
    } else if (size >= 16 && size < 32) {
        memcpy(to, from, 16);
        memcpy(to + size - 16, from + size - 16, 16);
    } else if (size >= 8 && size < 16) {
        memcpy(to, from, 8);
        memcpy(to + size - 8, from + size - 8, 8);
    } else {
        memcpy(to, from, size);
    }
    return to + size;
}

/* The size of what is there and a name; more than any: it is judged elsewhere. */
static inline uint32_t size_of(const struct recon_found *found)
{
    return found->kind == RECON_FOUND_ABSENT ? 0 : found->kind == RECON_FOUND_OTHER ? UINT32_MAX : found->text.size;
}

/* What nearly all records are: one with an ID of one field and a time, and nothing that is rejected or left out. What
 * it does is what fill_record does. False: nothing was done, and that is to be called. */
static inline bool push_usual(const struct recon_plan *plan, const struct recon_schema *schema,
                              const struct recon_found *found, int64_t offset, struct recon_batch *batch)
{
    const bool is_audit = plan->stream == RECON_STREAM_AUDIT;
    const struct recon_found *id = &found[schema->id[0]];
    const struct recon_found *source = at(found, schema->source);
    const struct recon_found *time = at(found, schema->time);
    const struct recon_found *emitted = at(found, schema->emitted);
    const struct recon_found *context = is_audit ? at(found, schema->context) : &absent;
    const uint32_t id_size = size_of(id);
    const uint32_t source_size = size_of(source);
    const uint32_t context_size = context->kind == RECON_FOUND_ABSENT ? 0 : context->text.size;
    int64_t time_ms, emitted_ms = 0;
    if (id_size - 1 >= RECON_ID_SIZE_BYTES_MAX || source_size > RECON_SOURCE_SIZE_BYTES_MAX ||
        context_size > RECON_CONTEXT_SIZE_BYTES_MAX || !read_time(schema, time, &batch->near, &time_ms) ||
        (schema->cloudevent_demanded && !is_cloudevent(at(found, schema->specversion))))
        return false;
    struct recon_record *record = recon_batch_room(batch);
    char *to = recon_batch_bytes(batch, RECON_KEY_SIZE_PREFIX_BYTES + (size_t)id_size + source_size + context_size);
    if (!record || !to)
        return false;
    recon_store_le32(to, id_size);
    to += RECON_KEY_SIZE_PREFIX_BYTES;
    /* One by one: put together first, it would be written in pieces and read whole. */
    record->key.high = record->key.low = 0;
    record->time = time_ms;
    record->emitted_time = 0;
    record->offset = offset;
    record->partition = plan->partition;
    record->place = 0;
    record->stream = (uint8_t)plan->stream;
    record->kind = RECON_KIND_RECORD;
    record->reason = RECON_REASON_NONE;
    record->has_time = true;
    record->has_emitted_time = false;
    record->has_offset = true;
    record->id.bytes = to;
    record->id.size = id_size;
    record->source.bytes = source_size > 0 ? to + id_size : NULL;
    record->source.size = source_size;
    record->context.bytes = context_size > 0 ? to + id_size + source_size : NULL;
    record->context.size = context_size;
    to = append_short(to, id->text);
    if (source_size > 0)
        to = append_short(to, source->text);
    if (context_size > 0)
        memcpy(to, context->text.bytes, context_size);
    if (is_audit && read_time(schema, emitted, &batch->near, &emitted_ms)) {
        record->has_emitted_time = true;
        record->emitted_time = emitted_ms;
    }
    recon_batch_push(batch);
    return true;
}

/* schema NULL: none fits. */
static int extract_as(const struct recon_plan *plan, const struct recon_schema *schema, const struct recon_found *found,
                      int64_t offset, struct recon_batch *batch)
{
    if (schema && schema->mapping->ignore) {
        batch->ignored++;
        return RECON_OK;
    }
    struct recon_record *record = next_record(plan, offset, batch);
    if (!record)
        return RECON_ERROR_MEMORY;
    int status = RECON_OK;
    if (!schema)
        reject(record, RECON_REASON_UNMAPPED);
    else if (schema->mapping->heartbeat)
        fill_heartbeat(plan, schema, found, &batch->near, record);
    else
        status = fill_record(plan, schema, found, batch, record);
    if (status == RECON_OK)
        recon_batch_push(batch);
    return status;
}

static inline int extract_one(const struct recon_plan *plan, const struct recon_schema *schema,
                              const struct recon_found *found, int64_t offset, struct recon_batch *batch)
{
    const bool may_be_usual = plan->keys_later && !plan->timeless && schema && schema->has_plain_id;
    return may_be_usual && push_usual(plan, schema, found, offset, batch)
               ? RECON_OK
               : extract_as(plan, schema, found, offset, batch);
}

int recon_extract(const struct recon_plan *plan, const struct recon_found *found, const char *avro_record,
                  int64_t offset, struct recon_batch *batch)
{
    return extract_one(plan, find_schema(plan, found, avro_record), found, offset, batch);
}

int recon_extract_many(const struct recon_plan *plan, const struct recon_found *found, uint32_t count, int64_t offset,
                       struct recon_batch *batch)
{
    int status = RECON_OK;
    for (uint32_t i = 0; i < count && status == RECON_OK; i++, found += plan->path_count)
        status = extract_one(plan, find_schema(plan, found, NULL), found, offset + i, batch);
    if (plan->keys_later) /* while the texts are in the nearest cache */
        make_keys(plan, batch, RECON_KEY_COUNT_AT_ONCE);
    return status;
}

int recon_extract_early(const struct recon_plan *plan, const struct recon_found *found, bool has_value, int64_t offset,
                        struct recon_batch *batch, bool *is_done)
{
    *is_done = false;
    for (size_t i = 0; i < plan->schema_count; i++) {
        const struct recon_schema *schema = &plan->schemas[i];
        if (header_excludes(schema, found))
            continue;
        if (has_value && schema->when_needs_value)
            return RECON_OK;
        if (!schema_fits(schema, found, NULL))
            continue;
        if (has_value ? schema->reads_value : schema->needs_value)
            return RECON_OK;
        *is_done = true;
        return extract_as(plan, schema, found, offset, batch);
    }
    return RECON_OK;
}

int recon_extract_malformed(const struct recon_plan *plan, int64_t offset, struct recon_batch *batch)
{
    struct recon_record *record = next_record(plan, offset, batch);
    if (!record)
        return RECON_ERROR_MEMORY;
    reject(record, RECON_REASON_MALFORMED);
    recon_batch_push(batch);
    return RECON_OK;
}

bool recon_extract_sees_time(const struct recon_plan *plan, const struct recon_found *found)
{
    for (size_t i = 0; i < plan->schema_count; i++) {
        const struct recon_schema *schema = &plan->schemas[i];
        const struct recon_found *time = at(found, schema->time);
        if (!schema->never && time->kind != RECON_FOUND_ABSENT && !(is_text(time) && time->text.size == 0))
            return true;
    }
    return false;
}
