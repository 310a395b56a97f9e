#include "results.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void results_init(struct results *results)
{
    *results = (struct results){0};
}

void results_deinit(struct results *results)
{
    results_clear(results);
    free(results->at);
    *results = (struct results){0};
}

static void free_text(struct recon_text text)
{
    free((void *)(uintptr_t)text.bytes);
}

void results_clear(struct results *results)
{
    for (size_t i = 0; i < results->count; i++) {
        free_text(results->at[i].id);
        free_text(results->at[i].source);
        free_text(results->at[i].context);
    }
    results->count = 0;
}

static struct recon_text copied(struct recon_text text)
{
    if (text.bytes == NULL)
        return text;
    char *bytes = malloc((size_t)text.size + 1);
    if (bytes == NULL)
        abort();
    memcpy(bytes, text.bytes, text.size);
    bytes[text.size] = '\0';
    return (struct recon_text){bytes, text.size};
}

void results_append(struct results *results, const struct recon_result *from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (results->count == results->capacity) {
            results->capacity = results->capacity == 0 ? 16 : results->capacity * 2;
            results->at = realloc(results->at, results->capacity * sizeof *results->at);
            if (results->at == NULL)
                abort();
        }
        struct recon_result *result = &results->at[results->count++];
        *result = from[i];
        result->id = copied(from[i].id);
        result->source = copied(from[i].source);
        result->context = copied(from[i].context);
    }
}

/* --- comparing -------------------------------------------------------------------------------------------------- */

static int compare_signed(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_unsigned(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_text(struct recon_text a, struct recon_text b)
{
    if ((a.bytes == NULL) != (b.bytes == NULL))
        return a.bytes == NULL ? -1 : 1;
    if (a.size != b.size)
        return a.size < b.size ? -1 : 1;
    return a.size == 0 ? 0 : memcmp(a.bytes, b.bytes, a.size);
}

int result_compare(const struct recon_result *a, const struct recon_result *b)
{
    const int orders[] = {
        compare_unsigned(a->type, b->type),
        compare_unsigned(a->stream, b->stream),
        compare_signed(a->start, b->start),
        compare_signed(a->end, b->end),
        compare_unsigned(a->has_time, b->has_time),
        compare_signed(a->time, b->time),
        compare_text(a->id, b->id),
        compare_unsigned(a->basis, b->basis),
        compare_unsigned(a->reason, b->reason),
        compare_unsigned(a->has_event_time, b->has_event_time),
        compare_unsigned(a->has_emitted_time, b->has_emitted_time),
        compare_unsigned(a->has_offset, b->has_offset),
        compare_unsigned(a->partition, b->partition),
        compare_signed(a->offset, b->offset),
        compare_signed(a->event_time, b->event_time),
        compare_signed(a->emitted_time, b->emitted_time),
        compare_signed(a->watermark, b->watermark),
        compare_text(a->source, b->source),
        compare_text(a->context, b->context),
        compare_unsigned(a->revision, b->revision),
        compare_unsigned(a->counts.expected, b->counts.expected),
        compare_unsigned(a->counts.matched, b->counts.matched),
        compare_unsigned(a->counts.missing, b->counts.missing),
        compare_unsigned(a->counts.duplicate_audits, b->counts.duplicate_audits),
        compare_unsigned(a->counts.duplicate_events, b->counts.duplicate_events),
        compare_unsigned(a->counts.unaudited, b->counts.unaudited),
        compare_unsigned(a->counts.unjudged_audits, b->counts.unjudged_audits),
    };
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
        if (orders[i] != 0)
            return orders[i];
    return 0;
}

static int compare_entries(const void *a, const void *b)
{
    return result_compare(a, b);
}

void results_sort(struct results *results)
{
    if (results->count > 1)
        qsort(results->at, results->count, sizeof *results->at, compare_entries);
}

/* --- describing ------------------------------------------------------------------------------------------------- */

static int describe_text(const char *name, struct recon_text text, char *out, size_t size)
{
    if (text.bytes == NULL)
        return 0;
    int shown = text.size > 20 ? 20 : (int)text.size;
    return snprintf(out, size, " %s=\"%.*s\"(%" PRIu32 ")", name, shown, text.bytes, text.size);
}

static int describe_time(const char *name, bool has, int64_t time, char *out, size_t size)
{
    if (!has)
        return 0;
    return snprintf(out, size, " %s=%" PRId64, name, time);
}

void result_describe(const struct recon_result *r, char *text, size_t size)
{
    static const char *const types[] = {"metric",  "missing",   "found",    "unaudited",
                                        "audited", "duplicate", "too_late", "rejected"};
    char *at = text, *end = text + size;
#define ROOM (size_t)(end - at)
    at += snprintf(at, ROOM, "%s", types[r->type % RECON_RESULT_TYPE_COUNT]);
    if (r->type == RECON_RESULT_METRIC)
        at += snprintf(at, ROOM,
                       " [%" PRId64 ",%" PRId64 ") revision=%" PRIu64 " expected=%" PRIu64 " matched=%" PRIu64
                       " missing=%" PRIu64 " dup=%" PRIu64 "/%" PRIu64 " unaudited=%" PRIu64 " unjudged=%" PRIu64,
                       r->start, r->end, r->revision, r->counts.expected, r->counts.matched, r->counts.missing,
                       r->counts.duplicate_audits, r->counts.duplicate_events, r->counts.unaudited,
                       r->counts.unjudged_audits);
    at += describe_text("id", r->id, at, ROOM);
    at += describe_text("source", r->source, at, ROOM);
    at += describe_text("context", r->context, at, ROOM);
    at += describe_time("time", r->has_time, r->time, at, ROOM);
    at += describe_time("event_time", r->has_event_time, r->event_time, at, ROOM);
    at += describe_time("emitted", r->has_emitted_time, r->emitted_time, at, ROOM);
    at += describe_time("offset", r->has_offset, r->offset, at, ROOM);
    snprintf(at, ROOM, " stream=%d partition=%" PRIu32 " reason=%d watermark=%" PRId64 " basis=%d", r->stream,
             r->partition, r->reason, r->watermark, r->basis);
#undef ROOM
}
