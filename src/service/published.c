/*
 * See published.h.
 *
 * An open hash table; a thing's place is its hash, or one behind it. Nothing is removed but by building it anew.
 */
#include "service/published.h"

#include <stdlib.h>
#include <string.h>

#include "codec/id_text.h"
#include "codec/key.h"
#include "codec/time_text.h"
#include "recon/status.h"
#include "service/bytes.h"

#define CAPACITY_FIRST 1024
#define ENTRY_BYTES_MAX 64

enum kind { NOTHING, WINDOW, PRESENCE, AUDIT, PLACE };

struct thing {
    uint64_t hash;
    int64_t time;      /* of a window its start; RECON_TIME_MAX: none is known */
    uint64_t revision; /* of a window: the last one */
    uint64_t counts;   /* of that: their hash */
    uint8_t kind;
    bool is_closed;  /* PRESENCE, AUDIT: what was missing was found */
    bool is_known;   /* ... the engine knows of it by itself */
    uint32_t source; /* ... where the audit record's or event's source is among the texts */
    uint32_t source_size;
};

struct recon_published {
    struct recon_buffer name; /* as keys begin: percent-encoded, and a slash */
    bool source_in_identity;
    struct thing *things;
    size_t capacity; /* a power of two */
    size_t count;
    struct recon_buffer texts;
    struct recon_buffer scratch;
    int64_t watermark; /* the largest with basis `watermark` */
    int64_t watermark_any;
};

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

/* What is known by a hash; made if it is not. NULL when memory is out. */
static struct thing *have(struct recon_published *published, uint64_t hash, enum kind kind)
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

static uint64_t hash_of(enum kind kind, const struct recon_text *parts, size_t count)
{
    static const uint8_t seeds[][RECON_SEED_SIZE_BYTES] = {"", "window", "presence", "audit", "place"};
    return recon_key_hash(seeds[kind], parts, count).low;
}

static uint64_t window_hash(int64_t start)
{
    const struct recon_text part = {(const char *)&start, sizeof start};
    return hash_of(WINDOW, &part, 1);
}

static uint64_t identity_hash(const struct recon_published *published, enum kind kind, struct recon_text source,
                              struct recon_text id)
{
    const struct recon_text parts[] = {source, id};
    return published->source_in_identity ? hash_of(kind, parts, 2) : hash_of(kind, parts + 1, 1);
}

static uint64_t counts_hash(const struct recon_counts *counts)
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

/* --- reading back ------------------------------------------------------------------------------------------------ */

/* What follows `"name":` in an object that this program wrote: texts in it have their quotes escaped, so that this is
 * the field itself. */
static bool field_find(struct recon_text value, const char *name, struct recon_text *found)
{
    const size_t size = strlen(name);
    for (uint32_t at = 0; at + size + 3 <= value.size; at++)
        if (value.bytes[at] == '"' && memcmp(value.bytes + at + 1, name, size) == 0 &&
            value.bytes[at + 1 + size] == '"' && value.bytes[at + 2 + size] == ':') {
            const uint32_t from = at + (uint32_t)size + 3;
            *found = (struct recon_text){value.bytes + from, value.size - from};
            return true;
        }
    return false;
}

static bool text_field(struct recon_text value, const char *name, struct recon_text *text)
{
    if (!field_find(value, name, text) || text->size == 0 || text->bytes[0] != '"')
        return false;
    const char *end = memchr(text->bytes + 1, '"', text->size - 1);
    if (end == NULL)
        return false;
    *text = (struct recon_text){text->bytes + 1, (uint32_t)(end - text->bytes - 1)};
    return true;
}

static bool time_field(struct recon_text value, const char *name, int64_t *time)
{
    struct recon_text text;
    return text_field(value, name, &text) && recon_time_parse(text.bytes, text.size, NULL, time);
}

static uint64_t number_field(struct recon_text value, const char *name)
{
    struct recon_text text;
    uint64_t number = 0;
    if (!field_find(value, name, &text))
        return 0;
    for (uint32_t i = 0; i < text.size && text.bytes[i] >= '0' && text.bytes[i] <= '9'; i++)
        number = number * 10 + (uint64_t)(text.bytes[i] - '0');
    return number;
}

static bool text_is(struct recon_text text, const char *string)
{
    return text.size == strlen(string) && memcmp(text.bytes, string, text.size) == 0;
}

static void watermark_read(struct recon_published *published, struct recon_text value)
{
    int64_t watermark = RECON_TIME_MIN;
    struct recon_text basis = {0};
    if (!time_field(value, "watermark", &watermark))
        return;
    if (watermark > published->watermark_any)
        published->watermark_any = watermark;
    if (text_field(value, "basis", &basis) && text_is(basis, "watermark") && watermark > published->watermark)
        published->watermark = watermark;
}

static int window_read(struct recon_published *published, struct recon_text value)
{
    int64_t start = 0;
    if (!time_field(value, "start", &start))
        return RECON_OK;
    const struct recon_counts counts = {
        .expected = number_field(value, "expected"),
        .matched = number_field(value, "matched"),
        .duplicate_audits = number_field(value, "duplicate_audits"),
        .duplicate_events = number_field(value, "duplicate_events"),
        .unaudited = number_field(value, "unaudited"),
        .unjudged_audits = number_field(value, "unjudged_audits"),
    };
    struct thing *one = have(published, window_hash(start), WINDOW);
    if (one == NULL)
        return RECON_ERROR_MEMORY;
    one->time = start;
    one->revision = number_field(value, "revision");
    one->counts = counts_hash(&counts);
    return RECON_OK;
}

static bool is_hex(char digit)
{
    return (digit >= '0' && digit <= '9') || (digit >= 'A' && digit <= 'F');
}

static unsigned hex(char digit)
{
    return (unsigned)(digit <= '9' ? digit - '0' : digit - 'A' + 10);
}

/* The next part of a key, decoded at the scratch's end; its place there. */
static int part_read(struct recon_published *published, struct recon_text *key, size_t *at, size_t *size)
{
    struct recon_buffer *out = &published->scratch;
    const int status = recon_buffer_reserve(out, key->size);
    if (status != RECON_OK)
        return status;
    *at = out->size;
    while (key->size > 0 && key->bytes[0] != '/') {
        const bool is_code = key->bytes[0] == '%' && key->size >= 3 && is_hex(key->bytes[1]) && is_hex(key->bytes[2]);
        char byte = key->bytes[0] == '|' ? (char)RECON_ID_JOINT : key->bytes[0];
        if (is_code)
            byte = (char)(hex(key->bytes[1]) << 4 | hex(key->bytes[2]));
        out->bytes[out->size++] = byte;
        key->bytes += is_code ? 3 : 1;
        key->size -= is_code ? 3 : 1;
    }
    *size = out->size - *at;
    if (key->size > 0) {
        key->bytes++;
        key->size--;
    }
    return RECON_OK;
}

/* key: from the source on. */
static int identity_read(struct recon_published *published, enum kind kind, struct recon_text key, bool is_closed,
                         struct recon_text value)
{
    size_t source_at = 0;
    size_t source_size = 0;
    size_t id_at = 0;
    size_t id_size = 0;
    published->scratch.size = 0;
    int status = part_read(published, &key, &source_at, &source_size);
    if (status == RECON_OK)
        status = part_read(published, &key, &id_at, &id_size);
    if (status != RECON_OK)
        return status;
    const struct recon_text source = {published->scratch.bytes + source_at, (uint32_t)source_size};
    const struct recon_text id = {published->scratch.bytes + id_at, (uint32_t)id_size};
    struct thing *one = have(published, identity_hash(published, kind, source, id), kind);
    if (one == NULL)
        return RECON_ERROR_MEMORY;
    one->is_closed = is_closed;
    time_field(value, "time", &one->time);
    if (source_size > 0 && one->source_size == 0 && !is_closed) {
        status = recon_buffer_reserve(&published->texts, source_size);
        if (status != RECON_OK)
            return status;
        one->source = (uint32_t)published->texts.size;
        one->source_size = (uint32_t)source_size;
        recon_bytes_put(&published->texts, source.bytes, source_size);
    }
    return RECON_OK;
}

static int place_read(struct recon_published *published, struct recon_text key, struct recon_text value)
{
    struct thing *one = have(published, hash_of(PLACE, &key, 1), PLACE);
    if (one == NULL)
        return RECON_ERROR_MEMORY;
    time_field(value, "time", &one->time);
    return RECON_OK;
}

static bool begins(struct recon_text *key, const char *with)
{
    const size_t size = strlen(with);
    if (key->size < size || memcmp(key->bytes, with, size) != 0)
        return false;
    key->bytes += size;
    key->size -= (uint32_t)size;
    return true;
}

int recon_published_read(struct recon_published *published, struct recon_text key, struct recon_text value)
{
    const struct recon_text whole = key;
    struct recon_text type;
    if (key.size < published->name.size || memcmp(key.bytes, published->name.bytes, published->name.size) != 0 ||
        value.bytes == NULL || !text_field(value, "type", &type))
        return RECON_OK;
    key.bytes += published->name.size;
    key.size -= (uint32_t)published->name.size;
    watermark_read(published, value);
    if (begins(&key, "metric/"))
        return window_read(published, value);
    if (begins(&key, "presence/"))
        return identity_read(published, PRESENCE, key, text_is(type, "found"), value);
    if (begins(&key, "audit/"))
        return identity_read(published, AUDIT, key, text_is(type, "audited"), value);
    return place_read(published, whole, value);
}

int64_t recon_published_watermark(const struct recon_published *published)
{
    return published->watermark != RECON_TIME_MIN ? published->watermark : published->watermark_any;
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
    struct thing *one = find(published, window_hash(result->start));
    const uint64_t counts = counts_hash(&result->counts);
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
    struct thing *one = find(published, identity_hash(published, kind, result->source, result->id));
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
        return find(published, hash_of(PLACE, &key, 1))->kind == NOTHING;
    }
}

bool recon_published_arrived(struct recon_published *published, const struct recon_record *record, int64_t over,
                             struct recon_result *result)
{
    const bool is_event = record->stream == RECON_STREAM_EVENTS;
    const enum kind kind = is_event ? PRESENCE : AUDIT;
    if (record->kind != RECON_KIND_RECORD)
        return false;
    struct thing *one = find(published, identity_hash(published, kind, record->source, record->id));
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
    struct thing *one = have(published, read.hash, (enum kind)read.kind);
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
