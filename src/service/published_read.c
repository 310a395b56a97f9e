/*
 * Reading back what was published, from the messages of the results' topics. Those of other names, and what is none of
 * ours, are passed over.
 */
#include <stdlib.h>
#include <string.h>

#include "codec/id_text.h"
#include "codec/time_text.h"
#include "recon/status.h"
#include "service/bytes.h"
#include "service/published_state.h"

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
    struct thing *one = published_have(published, published_window_hash(start), WINDOW);
    if (one == NULL)
        return RECON_ERROR_MEMORY;
    one->time = start;
    one->revision = number_field(value, "revision");
    one->counts = published_counts_hash(&counts);
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
    struct thing *one = published_have(published, published_identity_hash(published, kind, source, id), kind);
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
    struct thing *one = published_have(published, published_hash(PLACE, &key, 1), PLACE);
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
