/*
 * See published.h.
 *
 * An open hash table; a thing's place is its hash, or one behind it. Nothing is removed but by building it anew.
 */
#include <stdlib.h>
#include <string.h>

#include "codec/key.h"
#include "recon/status.h"
#include "service/bytes.h"
#include "service/published_state.h"

#define CAPACITY_FIRST 1024
#define ENTRY_BYTES_MAX 64

/* --- the table --------------------------------------------------------------------------------------------------- */

static struct thing *find(const struct recon_published *published, uint64_t hash)
{
    for (size_t at = (size_t)hash & (published->capacity - 1);; at = (at + 1) & (published->capacity - 1)) {
        struct thing *one = &published->things[at];
        if (one->kind == NOTHING || one->hash == hash)
            return one;
    }
}

static int grow(struct recon_published *published)
{
    struct thing *const old = published->things;
    const size_t old_capacity = published->capacity;
    if (published->count * 2 < old_capacity)
        return RECON_OK;
    published->things = calloc(old_capacity * 2, sizeof *published->things);
    if (published->things == NULL) {
        published->things = old;
        return RECON_ERROR_MEMORY;
    }
    published->capacity = old_capacity * 2;
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].kind != NOTHING)
            *find(published, old[i].hash) = old[i];
    free(old);
    return RECON_OK;
}

struct thing *published_have(struct recon_published *published, uint64_t hash, enum kind kind)
{
    if (grow(published) != RECON_OK)
        return NULL;
    struct thing *one = find(published, hash);
    if (one->kind == NOTHING) {
        *one = (struct thing){.hash = hash, .kind = (uint8_t)kind, .time = RECON_TIME_MAX};
        published->count++;
    }
    return one;
}

uint64_t published_hash(enum kind kind, const struct recon_text *parts, size_t count)
{
    static const uint8_t seeds[][RECON_SEED_SIZE_BYTES] = {"", "window", "presence", "audit", "place"};
    return recon_key_hash(seeds[kind], parts, count).low;
}

uint64_t published_window_hash(int64_t start)
{
    const struct recon_text part = {(const char *)&start, sizeof start};
    return published_hash(WINDOW, &part, 1);
}

uint64_t published_identity_hash(const struct recon_published *published, enum kind kind, struct recon_text source,
                                 struct recon_text id)
{
    const struct recon_text parts[] = {source, id};
    return published->source_in_identity ? published_hash(kind, parts, 2) : published_hash(kind, parts + 1, 1);
}

uint64_t published_counts_hash(const struct recon_counts *counts)
{
    const uint64_t all[] = {counts->expected,         counts->matched,   counts->duplicate_audits,
                            counts->duplicate_events, counts->unaudited, counts->unjudged_audits};
    return recon_bytes_hash((struct recon_text){(const char *)all, sizeof all});
}

/* --- a life ------------------------------------------------------------------------------------------------------ */

static int name_write(struct recon_buffer *buffer, const char *name)
{
    static const char digits[] = "0123456789ABCDEF";
    const int status = recon_buffer_reserve(buffer, 3 * strlen(name) + 1);
    for (; status == RECON_OK && *name != '\0'; name++) {
        const unsigned char byte = (unsigned char)*name;
        if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
            byte == '-' || byte == '.' || byte == '_' || byte == '~') {
            buffer->bytes[buffer->size++] = *name;
            continue;
        }
        buffer->bytes[buffer->size++] = '%';
        buffer->bytes[buffer->size++] = digits[byte >> 4];
        buffer->bytes[buffer->size++] = digits[byte & 15];
    }
    if (status == RECON_OK)
        buffer->bytes[buffer->size++] = '/';
    return status;
}

int recon_published_new(const char *name, bool source_in_identity, struct recon_published **published)
{
    struct recon_published *made = calloc(1, sizeof *made);
    if (made == NULL)
        return RECON_ERROR_MEMORY;
    recon_buffer_init(&made->name);
    recon_buffer_init(&made->texts);
    recon_buffer_init(&made->scratch);
    made->source_in_identity = source_in_identity;
    made->watermark = RECON_TIME_MIN;
    made->watermark_any = RECON_TIME_MIN;
    made->things = calloc(CAPACITY_FIRST, sizeof *made->things);
    made->capacity = CAPACITY_FIRST;
    if (made->things == NULL || name_write(&made->name, name) != RECON_OK) {
        recon_published_free(made);
        return RECON_ERROR_MEMORY;
    }
    *published = made;
    return RECON_OK;
}

void recon_published_free(struct recon_published *published)
{
    if (published == NULL)
        return;
    recon_buffer_deinit(&published->name);
    recon_buffer_deinit(&published->texts);
    recon_buffer_deinit(&published->scratch);
    free(published->things);
    free(published);
}

/* --- what is left of it ------------------------------------------------------------------------------------------ */

void recon_published_trim(struct recon_published *published, int64_t before, int64_t over)
{
    struct thing *const old = published->things;
    struct thing *fresh = calloc(published->capacity, sizeof *fresh);
    if (fresh == NULL) /* all stays known for longer */
        return;
    published->things = fresh;
    published->count = 0;
    for (size_t i = 0; i < published->capacity; i++) {
        struct thing *one = &old[i];
        if (one->kind == NOTHING || one->time < before)
            continue;
        one->is_known = one->is_known || one->time < over;
        *find(published, one->hash) = *one;
        published->count++;
    }
    free(old);
}

size_t recon_published_count(const struct recon_published *published)
{
    return published->count;
}

static bool is_open(const struct thing *one)
{
    return (one->kind == PRESENCE || one->kind == AUDIT) && !one->is_closed;
}

size_t recon_published_open_count(const struct recon_published *published)
{
    size_t count = 0;
    for (size_t i = 0; i < published->capacity; i++)
        count += is_open(&published->things[i]);
    return count;
}

/* --- going on ---------------------------------------------------------------------------------------------------- */

static bool judge_window(struct recon_published *published, struct recon_result *result)
{
    struct thing *one = find(published, published_window_hash(result->start));
    const uint64_t counts = published_counts_hash(&result->counts);
    if (one->kind == NOTHING)
        return true;
    if (one->counts == counts)
        return false;
    one->counts = counts;
    result->revision = ++one->revision;
    return true;
}

static bool judge_identity(struct recon_published *published, enum kind kind, const struct recon_result *result,
                           bool closes)
{
    struct thing *one = find(published, published_identity_hash(published, kind, result->source, result->id));
    if (one->kind == NOTHING)
        return true;
    if (!closes) {
        one->is_known = true;
        return false;
    }
    const bool was_closed = one->is_closed;
    one->is_closed = true;
    return !was_closed;
}

bool recon_published_judge(struct recon_published *published, struct recon_result *result, struct recon_text key)
{
    switch (result->type) {
    case RECON_RESULT_METRIC:
        return judge_window(published, result);
    case RECON_RESULT_MISSING:
    case RECON_RESULT_FOUND:
        return judge_identity(published, PRESENCE, result, result->type == RECON_RESULT_FOUND);
    case RECON_RESULT_UNAUDITED:
    case RECON_RESULT_AUDITED:
        return judge_identity(published, AUDIT, result, result->type == RECON_RESULT_AUDITED);
    default:
        return find(published, published_hash(PLACE, &key, 1))->kind == NOTHING;
    }
}

bool recon_published_arrived(struct recon_published *published, const struct recon_record *record, int64_t over,
                             struct recon_result *result)
{
    const bool is_event = record->stream == RECON_STREAM_EVENTS;
    const enum kind kind = is_event ? PRESENCE : AUDIT;
    if (record->kind != RECON_KIND_RECORD)
        return false;
    struct thing *one = find(published, published_identity_hash(published, kind, record->source, record->id));
    if (!is_open(one) || one->is_known || one->time < over)
        return false;
    one->is_closed = true;
    *result = (struct recon_result){
        .type = is_event ? RECON_RESULT_FOUND : RECON_RESULT_AUDITED,
        .stream = RECON_STREAM_EVENTS,
        .has_time = one->time != RECON_TIME_MAX,
        .time = one->time,
        .id = record->id,
        .source = {published->texts.bytes + one->source, one->source_size},
        .has_event_time = is_event && record->has_time,
        .event_time = record->time,
    };
    return true;
}

/* --- as bytes ---------------------------------------------------------------------------------------------------- */

int recon_published_write(const struct recon_published *published, struct recon_buffer *buffer)
{
    int status = recon_buffer_reserve(buffer, published->count * ENTRY_BYTES_MAX + published->texts.size + 16);
    if (status != RECON_OK)
        return status;
    recon_bytes_put_text(buffer, (struct recon_text){published->texts.bytes, (uint32_t)published->texts.size});
    for (size_t i = 0; i < published->capacity; i++) {
        const struct thing *one = &published->things[i];
        if (one->kind == NOTHING)
            continue;
        recon_bytes_put_number(buffer, one->kind | one->is_closed << 4 | one->is_known << 5);
        recon_bytes_put_word(buffer, one->hash);
        recon_bytes_put_number(buffer, one->time);
        recon_bytes_put_number(buffer, (int64_t)one->revision);
        recon_bytes_put_word(buffer, one->counts);
        recon_bytes_put_number(buffer, one->source);
        recon_bytes_put_number(buffer, one->source_size);
    }
    return RECON_OK;
}

static int thing_read(struct recon_published *published, struct recon_text *bytes)
{
    struct thing read = {0};
    int64_t flags = 0;
    int64_t revision = 0;
    int64_t source = 0;
    int64_t source_size = 0;
    if (!recon_bytes_get_number(bytes, WINDOW, 63, &flags) || (flags & 15) < WINDOW || (flags & 15) > PLACE ||
        !recon_bytes_get_word(bytes, &read.hash) || !recon_bytes_get_number(bytes, INT64_MIN, INT64_MAX, &read.time) ||
        !recon_bytes_get_number(bytes, 0, INT64_MAX, &revision) || !recon_bytes_get_word(bytes, &read.counts) ||
        !recon_bytes_get_number(bytes, 0, (int64_t)published->texts.size, &source) ||
        !recon_bytes_get_number(bytes, 0, (int64_t)published->texts.size - source, &source_size))
        return RECON_ERROR_DAMAGED;
    read.kind = (uint8_t)(flags & 15);
    read.is_closed = (flags & 16) != 0;
    read.is_known = (flags & 32) != 0;
    read.revision = (uint64_t)revision;
    read.source = (uint32_t)source;
    read.source_size = (uint32_t)source_size;
    struct thing *one = published_have(published, read.hash, (enum kind)read.kind);
    if (one == NULL)
        return RECON_ERROR_MEMORY;
    *one = read;
    return RECON_OK;
}

int recon_published_load(struct recon_published *published, struct recon_text bytes)
{
    struct recon_text texts;
    if (!recon_bytes_get_text(&bytes, &texts))
        return RECON_ERROR_DAMAGED;
    int status = recon_buffer_reserve(&published->texts, texts.size + 1);
    if (status == RECON_OK)
        recon_bytes_put(&published->texts, texts.bytes, texts.size);
    while (status == RECON_OK && bytes.size > 0)
        status = thing_read(published, &bytes);
    return status;
}
