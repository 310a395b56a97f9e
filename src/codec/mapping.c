/*
 * Mappings: plain data, their texts on the heap.
 */
#define _POSIX_C_SOURCE 200809L

#include "codec/mapping.h"

#include <stdlib.h>
#include <string.h>

#include "recon/status.h"

void recon_mapping_init(struct recon_mapping *mapping)
{
    memset(mapping, 0, sizeof *mapping);
    mapping->time_unit = RECON_UNIT_MS;
}

void recon_mapping_deinit(struct recon_mapping *mapping)
{
    free(mapping->when.cloudevents_type);
    free(mapping->when.avro_record);
    free(mapping->when.header_name);
    free(mapping->when.header_equals);
    recon_field_deinit(&mapping->when.field);
    free(mapping->when.field_equals);
    for (size_t i = 0; i < mapping->id_count; i++)
        recon_field_deinit(&mapping->id[i]);
    recon_field_deinit(&mapping->time);
    free(mapping->zone);
    recon_field_deinit(&mapping->source);
    recon_field_deinit(&mapping->emitted);
    recon_field_deinit(&mapping->context);
    recon_mapping_init(mapping);
}

void recon_stream_mapping_deinit(struct recon_stream_mapping *mapping)
{
    for (size_t i = 0; i < mapping->schema_count; i++)
        recon_mapping_deinit(&mapping->schemas[i]);
    free(mapping->schemas);
    memset(mapping, 0, sizeof *mapping);
}

void recon_field_deinit(struct recon_field *field)
{
    for (size_t i = 0; i < field->step_count; i++)
        free(field->steps[i]);
    free(field->steps);
    free(field->text);
    memset(field, 0, sizeof *field);
}

/* Undoes a JSON Pointer token's `~1` and `~0` in place; false where a `~` stands for nothing. */
static bool unescape_token(char *token)
{
    char *out = token;
    for (const char *in = token; *in; in++) {
        if (*in != '~') {
            *out++ = *in;
            continue;
        }
        in++;
        if (*in != '0' && *in != '1')
            return false;
        *out++ = *in == '0' ? '~' : '/';
    }
    *out = '\0';
    return true;
}

/* Splits text into field->steps; steps made so far are counted also on failure. */
static int split_steps(const char *text, char separator, struct recon_field *field)
{
    size_t count = 1;
    for (const char *c = text; *c; c++)
        count += *c == separator;
    field->steps = calloc(count, sizeof *field->steps);
    if (!field->steps)
        return RECON_ERROR_MEMORY;
    while (field->step_count < count) {
        const char *end = strchr(text, separator);
        size_t size = end ? (size_t)(end - text) : strlen(text);
        char *step = strndup(text, size);
        if (!step)
            return RECON_ERROR_MEMORY;
        field->steps[field->step_count++] = step;
        if (separator == '/' && !unescape_token(step))
            return RECON_ERROR_INVALID;
        text += size + (end != NULL);
    }
    return RECON_OK;
}

int recon_field_parse(const char *text, bool kafka, struct recon_field *field)
{
    if (*text == '\0')
        return RECON_ERROR_INVALID;

    static const char header_prefix[] = "header.";
    const size_t prefix_size = sizeof header_prefix - 1;
    struct recon_field parsed = {.kind = RECON_FIELD_VALUE};
    if (kafka && strcmp(text, "key") == 0)
        parsed.kind = RECON_FIELD_KEY;
    else if (kafka && strcmp(text, "timestamp") == 0)
        parsed.kind = RECON_FIELD_TIMESTAMP;
    else if (kafka && strncmp(text, header_prefix, prefix_size) == 0 && text[prefix_size] != '\0')
        parsed.kind = RECON_FIELD_HEADER;

    int status = RECON_ERROR_MEMORY;
    parsed.text = strdup(parsed.kind == RECON_FIELD_HEADER ? text + prefix_size : text);
    if (!parsed.text)
        goto cleanup;
    status = RECON_OK;
    if (parsed.kind == RECON_FIELD_VALUE)
        status = *text == '/' ? split_steps(text + 1, '/', &parsed) : split_steps(text, '.', &parsed);
cleanup:
    if (status != RECON_OK)
        recon_field_deinit(&parsed);
    else
        *field = parsed;
    return status;
}
