/*
 * JSON lines and CloudEvents in JSON lines, as a format.
 *
 * Both are the same to read: a CloudEvent in structured mode is an object whose attributes are keys and whose payload
 * is under `data`. What differs, default names and the demand for a specversion, is the plan's.
 */
#include "codec/json.h"

#include <stdlib.h>

#include "codec/format.h"
#include "codec/json_lines.h"
#include "recon/status.h"

/* So many lines are read before records are made of them: it keeps either loop tight, and what is found in the nearest
 * cache. */
#define LINE_COUNT 32

struct json_reader {
    const struct recon_plan *plan;
    struct recon_json_lines *lines;
    struct recon_found *found; /* LINE_COUNT times as many as the plan has paths */
};

static void json_free(void *reader)
{
    struct json_reader *json = reader;
    if (!json)
        return;
    recon_json_lines_free(json->lines);
    free(json->found);
    free(json);
}

static int json_new(const struct recon_plan *plan, struct recon_fault *fault, void **reader)
{
    (void)fault; /* no line spoils the rest */
    struct json_reader *json = calloc(1, sizeof *json);
    if (!json)
        return RECON_ERROR_MEMORY;
    json->plan = plan;
    json->found = calloc(((size_t)plan->path_count + 1) * LINE_COUNT, sizeof *json->found);
    int status = json->found ? recon_json_lines_new(plan->paths, plan->path_count, plan->record_bytes_max, &json->lines)
                             : RECON_ERROR_MEMORY;
    if (status != RECON_OK) {
        json_free(json);
        return status;
    }
    *reader = json;
    return RECON_OK;
}

static int json_feed(void *reader, const char *bytes, size_t size, bool last, size_t *used, struct recon_batch *batch)
{
    struct json_reader *json = reader;
    *used = 0;
    while (batch->count < RECON_BATCH_RECORD_COUNT) {
        const uint32_t room = (uint32_t)(RECON_BATCH_RECORD_COUNT - batch->count);
        int64_t number = 0;
        uint32_t count = 0;
        int line = recon_json_lines_next(json->lines, bytes, size, last, used, room < LINE_COUNT ? room : LINE_COUNT,
                                         json->found, &number, &count);
        if (line < 0)
            return line;
        if (line == RECON_JSON_LINE_NONE)
            break;
        int status = line == RECON_JSON_LINE_OBJECT ? recon_extract_many(json->plan, json->found, count, number, batch)
                                                    : recon_extract_malformed(json->plan, number, batch);
        if (status != RECON_OK)
            return status;
    }
    return RECON_OK;
}

static int json_has_time(const struct recon_plan *plan, const char *bytes, size_t size, bool last)
{
    void *reader;
    int status = json_new(plan, NULL, &reader);
    if (status != RECON_OK)
        return status;
    struct json_reader *json = reader;
    int answer = -1;
    size_t used = 0;
    int line;
    int64_t number;
    uint32_t count;
    while (answer != 1 && (line = recon_json_lines_next(json->lines, bytes, size, last, &used, 1, json->found, &number,
                                                        &count)) != RECON_JSON_LINE_NONE) {
        if (line < 0)
            break;
        if (line == RECON_JSON_LINE_OBJECT) /* others tell nothing of what a record is like */
            answer = recon_extract_sees_time(plan, json->found);
    }
    json_free(json);
    return answer;
}

const struct recon_format_ops recon_format_json = {
    .new = json_new,
    .free = json_free,
    .feed = json_feed,
    .has_time = json_has_time,
};

int recon_json_tell(const char *bytes, size_t size, bool last, size_t line_bytes_max, enum recon_format *format)
{
    /* What CloudEvents 1.0 demands of every event. */
    static const char *const required[] = {"specversion", "type", "source", "id"};
    enum { REQUIRED_COUNT = sizeof required / sizeof required[0] };

    struct recon_path paths[REQUIRED_COUNT];
    struct recon_found found[REQUIRED_COUNT];
    for (size_t i = 0; i < REQUIRED_COUNT; i++)
        paths[i] =
            (struct recon_path){.kind = RECON_FIELD_VALUE, .text = required[i], .steps = &required[i], .step_count = 1};
    struct recon_json_lines *lines;
    int status = recon_json_lines_new(paths, REQUIRED_COUNT, line_bytes_max, &lines);
    if (status != RECON_OK)
        return status;
    size_t used = 0;
    int64_t number;
    uint32_t count;
    int line = recon_json_lines_next(lines, bytes, size, last, &used, 1, found, &number, &count);
    recon_json_lines_free(lines);
    if (line < 0)
        return line;
    if (line == RECON_JSON_LINE_NONE && !last)
        return RECON_OK;
    bool all = line == RECON_JSON_LINE_OBJECT;
    for (size_t i = 0; i < REQUIRED_COUNT && all; i++)
        all = found[i].kind == RECON_FOUND_TEXT;
    *format = all ? RECON_FORMAT_CLOUDEVENTS : RECON_FORMAT_JSON;
    return RECON_OK;
}
