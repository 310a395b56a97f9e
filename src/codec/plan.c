/*
 * Mapping plus default names plus format: the plan of one file.
 */
#include "codec/plan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "codec/limits.h"
#include "recon/status.h"

/* ID fields, source, time, emitted, context, the `when`'s header and field, CloudEvents' specversion and type. */
#define PATH_COUNT_MAX_PER_SCHEMA (RECON_ID_FIELD_COUNT_MAX + 8)

struct default_names {
    const char *id;
    const char *source;
    const char *time;
    const char *emitted;
    const char *context;
};

static const struct default_names audit_names = {"id", "source", "event_time", "emitted_time", "context"};
static const struct default_names cloudevents_names = {"id", "source", "time", NULL, NULL};
static const struct default_names plain_names = {"id", NULL, "time", NULL, NULL};

static bool is_json_family(enum recon_format format)
{
    return format == RECON_FORMAT_JSON || format == RECON_FORMAT_CLOUDEVENTS;
}

static bool same_place(enum recon_format format, const struct recon_path *a, const struct recon_path *b)
{
    if (a->kind != b->kind || (a->step_count == 0) != (b->step_count == 0))
        return false;
    if (format == RECON_FORMAT_CSV || a->step_count == 0)
        return strcmp(a->text, b->text) == 0;
    if (a->step_count != b->step_count)
        return false;
    for (size_t i = 0; i < a->step_count; i++)
        if (strcmp(a->steps[i], b->steps[i]) != 0)
            return false;
    return true;
}

/* The index of the path; paths has room, for there are at most PATH_COUNT_MAX_PER_SCHEMA a schema. */
static uint32_t add_path(struct recon_plan *plan, enum recon_format format, struct recon_path path)
{
    for (uint32_t i = 0; i < plan->path_count; i++) {
        if (same_place(format, &plan->paths[i], &path)) {
            plan->paths[i].required |= path.required;
            return i;
        }
    }
    plan->paths[plan->path_count] = path;
    return plan->path_count++;
}

static uint32_t add_field(struct recon_plan *plan, enum recon_format format, const struct recon_field *field,
                          bool required)
{
    return add_path(plan, format,
                    (struct recon_path){.kind = field->kind,
                                        .text = field->text,
                                        .steps = (const char *const *)field->steps,
                                        .step_count = field->step_count,
                                        .required = required && field->kind == RECON_FIELD_VALUE});
}

/* name points into a table that lives as long as the program: a path of one step borrows that place. */
static uint32_t add_name(struct recon_plan *plan, enum recon_format format, const char *const *name, bool required)
{
    if (!*name)
        return RECON_PATH_NONE;
    return add_path(
        plan, format,
        (struct recon_path){
            .kind = RECON_FIELD_VALUE, .text = *name, .steps = name, .step_count = 1, .required = required});
}

static uint32_t add_field_or_name(struct recon_plan *plan, enum recon_format format, const struct recon_field *field,
                                  const char *const *name, bool field_required, bool name_required)
{
    return field->kind == RECON_FIELD_NONE ? add_name(plan, format, name, name_required)
                                           : add_field(plan, format, field, field_required);
}

static void add_when(struct recon_plan *plan, enum recon_format format, struct recon_schema *schema)
{
    static const char *const specversion = "specversion";
    static const char *const type = "type";

    const struct recon_when *when = &schema->mapping->when;
    if (schema->cloudevent_demanded || when->cloudevents_type)
        schema->specversion = add_name(plan, format, &specversion, false);
    if (when->cloudevents_type)
        schema->cloudevents_type = add_name(plan, format, &type, false);
    if (when->header_name)
        schema->when_header =
            add_path(plan, format, (struct recon_path){.kind = RECON_FIELD_HEADER, .text = when->header_name});
    if (when->field.kind != RECON_FIELD_NONE)
        schema->when_field = add_field(plan, format, &when->field, true);
}

static void add_id(struct recon_plan *plan, enum recon_format format, const struct default_names *names, bool demand,
                   struct recon_schema *schema)
{
    const struct recon_mapping *mapping = schema->mapping;
    schema->id_count = mapping->id_count > 0 ? (uint32_t)mapping->id_count : 1;
    for (size_t i = 0; i < mapping->id_count; i++)
        schema->id[i] = add_field(plan, format, &mapping->id[i], demand);
    if (mapping->id_count == 0)
        schema->id[0] = add_name(plan, format, &names->id, demand);
}

static void add_schema(struct recon_plan *plan, enum recon_format format, const struct recon_mapping *mapping,
                       struct recon_schema *schema)
{
    *schema = (struct recon_schema){.mapping = mapping,
                                    .specversion = RECON_PATH_NONE,
                                    .cloudevents_type = RECON_PATH_NONE,
                                    .when_header = RECON_PATH_NONE,
                                    .when_field = RECON_PATH_NONE,
                                    .source = RECON_PATH_NONE,
                                    .time = RECON_PATH_NONE,
                                    .emitted = RECON_PATH_NONE,
                                    .context = RECON_PATH_NONE};

    bool automatic = mapping->format == RECON_FORMAT_AUTO;
    bool same_family = mapping->format == format || (is_json_family(mapping->format) && is_json_family(format));
    schema->never = (!automatic && !same_family) || (mapping->when.avro_record && format != RECON_FORMAT_AVRO) ||
                    (mapping->when.cloudevents_type && !is_json_family(format));
    if (schema->never)
        return;

    bool detected = automatic && format == RECON_FORMAT_CLOUDEVENTS;
    bool cloudevents =
        mapping->format == RECON_FORMAT_CLOUDEVENTS || detected || (automatic && mapping->when.cloudevents_type);
    schema->cloudevent_demanded = mapping->format == RECON_FORMAT_CLOUDEVENTS || (detected && !mapping->has_when);
    add_when(plan, format, schema);
    if (mapping->ignore)
        return;

    bool audit = plan->stream == RECON_STREAM_AUDIT;
    const struct default_names *names = cloudevents ? &cloudevents_names : audit ? &audit_names : &plain_names;
    /* What a file of several kinds of Avro records lacks is seen record by record. */
    bool demand = !mapping->when.avro_record;
    /* The ID's fields first, as most records have them. */
    if (!mapping->heartbeat)
        add_id(plan, format, names, demand, schema);
    schema->time = add_field_or_name(plan, format, &mapping->time, &names->time, demand && !plan->timeless,
                                     demand && !plan->timeless);
    if (mapping->heartbeat)
        return;
    schema->source =
        add_field_or_name(plan, format, &mapping->source, &names->source, demand, demand && plan->source_in_identity);
    if (audit) {
        schema->emitted = add_field_or_name(plan, format, &mapping->emitted, &names->emitted, demand, false);
        schema->context = add_field_or_name(plan, format, &mapping->context, &names->context, demand, false);
    }
}

int recon_plan_new(const struct recon_decoder_options *options, enum recon_format format, struct recon_plan **plan,
                   const char **what)
{
    assert(format != RECON_FORMAT_AUTO);
    size_t schema_count = options->mapping->schema_count;
    int status = RECON_ERROR_MEMORY;
    struct recon_plan *made = calloc(1, sizeof *made);
    if (!made)
        goto cleanup;
    made->stream = options->stream;
    made->partition = options->partition;
    made->source_in_identity = options->source_in_identity;
    made->timeless = options->timeless;
    memcpy(made->seed, options->seed, sizeof made->seed);
    made->record_bytes_max = options->record_bytes_max ? options->record_bytes_max : RECON_RECORD_BYTES_DEFAULT;
    if (made->record_bytes_max > RECON_RECORD_BYTES_MAX)
        made->record_bytes_max = RECON_RECORD_BYTES_MAX;

    /* One more of each, so that no schema at all is not taken for a lack of memory. */
    made->schemas = calloc(schema_count + 1, sizeof *made->schemas);
    made->paths = calloc((schema_count + 1) * PATH_COUNT_MAX_PER_SCHEMA, sizeof *made->paths);
    if (!made->schemas || !made->paths)
        goto cleanup;
    for (size_t i = 0; i < schema_count; i++) {
        const struct recon_mapping *mapping = &options->mapping->schemas[i];
        add_schema(made, format, mapping, &made->schemas[i]);
        made->schema_count++;
        if (!mapping->zone)
            continue;
        int zone_status = recon_zone_new(mapping->zone, &made->schemas[i].zone);
        if (zone_status != RECON_OK) {
            status = zone_status;
            *what = mapping->zone;
            goto cleanup;
        }
    }
    *plan = made;
    return RECON_OK;
cleanup:
    recon_plan_free(made);
    return status;
}

void recon_plan_free(struct recon_plan *plan)
{
    if (!plan)
        return;
    for (size_t i = 0; i < plan->schema_count; i++)
        recon_zone_free(plan->schemas[i].zone);
    free(plan->schemas);
    free(plan->paths);
    free(plan);
}
