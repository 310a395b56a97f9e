/*
 * Mapping plus default names plus format: the plan of one file, or of messages of one shape.
 *
 * A CloudEvent in binary mode has its attributes in headers and its data as the value. So that one mapping does for
 * both modes, a path `a` becomes the header `ce_a` there, and `data.b` the value's own `b`.
 */
#include "codec/plan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "codec/limits.h"
#include "recon/status.h"

/* ID fields, source, time, emitted, context, the `when`'s header and field, CloudEvents' specversion and type. */
#define PATH_COUNT_MAX_PER_SCHEMA (RECON_ID_FIELD_COUNT_MAX + 8)

/* Of fields in the value, or in a CloudEvent's envelope. */
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
static const struct default_names no_names = {NULL, NULL, NULL, NULL, NULL};

/* What a plan is made for. */
struct builder {
    struct recon_plan *plan;
    enum recon_format format;
    bool is_message;
    bool is_binary;
    bool is_told;
};

static bool is_json_family(enum recon_format format)
{
    return format == RECON_FORMAT_JSON || format == RECON_FORMAT_CLOUDEVENTS;
}

static bool same_place(enum recon_format format, const struct recon_path *a, const struct recon_path *b)
{
    if (a->kind != b->kind || (a->step_count == 0) != (b->step_count == 0) || a->is_attribute != b->is_attribute)
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
static uint32_t add_path(const struct builder *builder, struct recon_path path)
{
    struct recon_plan *plan = builder->plan;
    path.required &= path.kind == RECON_FIELD_VALUE && !builder->is_message;
    for (uint32_t i = 0; i < plan->path_count; i++) {
        if (same_place(builder->format, &plan->paths[i], &path)) {
            plan->paths[i].required |= path.required;
            return i;
        }
    }
    plan->paths[plan->path_count] = path;
    return plan->path_count++;
}

/* Where a path into a CloudEvent leads in binary mode. */
static struct recon_path binary_path(struct recon_path path)
{
    if (path.kind != RECON_FIELD_VALUE || path.step_count == 0)
        return path;
    if (strcmp(path.steps[0], "data") == 0) {
        path.steps++;
        path.step_count--;
        return path;
    }
    /* An attribute has no parts: a header of that name is nowhere. */
    const char *name = path.step_count == 1 ? path.steps[0] : path.text;
    if (strcmp(name, "datacontenttype") == 0)
        return (struct recon_path){.kind = RECON_FIELD_HEADER, .text = "content-type"};
    return (struct recon_path){.kind = RECON_FIELD_HEADER, .text = name, .is_attribute = true};
}

/* in_event: the path is one into a CloudEvent. */
static uint32_t add_field(const struct builder *builder, const struct recon_field *field, bool in_event, bool required)
{
    const struct recon_path path = {.kind = field->kind,
                                    .text = field->text,
                                    .steps = (const char *const *)field->steps,
                                    .step_count = field->step_count,
                                    .required = required};
    return add_path(builder, in_event && builder->is_binary ? binary_path(path) : path);
}

/* name points into a table that lives as long as the program: a path of one step borrows that place. */
static uint32_t add_name(const struct builder *builder, const char *const *name, bool in_event, bool required)
{
    if (!*name)
        return RECON_PATH_NONE;
    const struct recon_path path = {
        .kind = RECON_FIELD_VALUE, .text = *name, .steps = name, .step_count = 1, .required = required};
    return add_path(builder, in_event && builder->is_binary ? binary_path(path) : path);
}

/* text: as it is configured. */
static uint32_t add_kafka(const struct builder *builder, enum recon_field_kind kind, const char *text)
{
    return add_path(builder, (struct recon_path){.kind = kind, .text = text});
}

static void add_when(const struct builder *builder, bool in_event, struct recon_schema *schema)
{
    static const char *const specversion = "specversion";
    static const char *const type = "type";

    const struct recon_when *when = &schema->mapping->when;
    if (schema->cloudevent_demanded || when->cloudevents_type)
        schema->specversion = add_name(builder, &specversion, true, false);
    if (when->cloudevents_type)
        schema->cloudevents_type = add_name(builder, &type, true, false);
    if (when->header_name)
        schema->when_header =
            add_path(builder, (struct recon_path){.kind = RECON_FIELD_HEADER, .text = when->header_name});
    if (when->field.kind != RECON_FIELD_NONE)
        schema->when_field = add_field(builder, &when->field, in_event, true);
}

/* What the fields of one schema have in common. */
struct naming {
    const struct default_names *names;
    bool in_event;
    bool is_raw;
    /* What a file of several kinds of Avro records lacks is seen record by record. */
    bool demand;
};

static uint32_t add_field_or_name(const struct builder *builder, const struct naming *naming,
                                  const struct recon_field *field, const char *const *name, bool field_required,
                                  bool name_required)
{
    return field->kind == RECON_FIELD_NONE
               ? add_name(builder, name, naming->in_event, naming->demand && name_required)
               : add_field(builder, field, naming->in_event, naming->demand && field_required);
}

static void add_id(const struct builder *builder, const struct naming *naming, struct recon_schema *schema)
{
    const struct recon_mapping *mapping = schema->mapping;
    schema->id_count = mapping->id_count > 0 ? (uint32_t)mapping->id_count : 1;
    for (size_t i = 0; i < mapping->id_count; i++)
        schema->id[i] = add_field(builder, &mapping->id[i], naming->in_event, naming->demand);
    if (mapping->id_count == 0)
        schema->id[0] = naming->is_raw ? add_kafka(builder, RECON_FIELD_KEY, "key")
                                       : add_name(builder, &naming->names->id, naming->in_event, naming->demand);
}

static void add_fields(const struct builder *builder, const struct naming *naming, struct recon_schema *schema)
{
    const struct recon_mapping *mapping = schema->mapping;
    const struct default_names *names = naming->names;
    const bool timed = !builder->plan->timeless;
    /* The ID's fields first, as most records have them. */
    if (!mapping->heartbeat)
        add_id(builder, naming, schema);
    schema->time = naming->is_raw && mapping->time.kind == RECON_FIELD_NONE
                       ? add_kafka(builder, RECON_FIELD_TIMESTAMP, "timestamp")
                       : add_field_or_name(builder, naming, &mapping->time, &names->time, timed, timed);
    if (mapping->heartbeat)
        return;
    schema->source =
        add_field_or_name(builder, naming, &mapping->source, &names->source, true, builder->plan->source_in_identity);
    if (builder->plan->stream == RECON_STREAM_AUDIT) {
        schema->emitted = add_field_or_name(builder, naming, &mapping->emitted, &names->emitted, true, false);
        schema->context = add_field_or_name(builder, naming, &mapping->context, &names->context, true, false);
    }
}

static bool in_value(const struct recon_plan *plan, uint32_t path)
{
    return path != RECON_PATH_NONE && plan->paths[path].kind == RECON_FIELD_VALUE;
}

bool recon_mapping_ignores_all(const struct recon_mapping *mapping)
{
    return mapping->ignore && mapping->when.field.kind == RECON_FIELD_NONE;
}

/* What the schema needs the value for, once its paths are known. */
static void judge_need(const struct builder *builder, struct recon_schema *schema)
{
    const struct recon_plan *plan = builder->plan;
    const struct recon_mapping *mapping = schema->mapping;
    const bool is_other = mapping->format != RECON_FORMAT_AUTO && mapping->format != RECON_FORMAT_RAW &&
                          !(builder->is_binary && mapping->format == RECON_FORMAT_CLOUDEVENTS) &&
                          !recon_mapping_ignores_all(mapping);
    schema->when_needs_value = (is_other && !builder->is_told) || mapping->when.avro_record ||
                               in_value(plan, schema->cloudevents_type) || in_value(plan, schema->when_field);
    if (mapping->ignore)
        return;
    bool needs = schema->cloudevent_demanded && in_value(plan, schema->specversion);
    for (uint32_t i = 0; i < schema->id_count; i++)
        needs |= in_value(plan, schema->id[i]);
    needs |= in_value(plan, schema->time);
    needs |= in_value(plan, schema->source) && (plan->source_in_identity || mapping->source.kind != RECON_FIELD_NONE);
    /* A value whose fields are mapped is no tombstone; but an event in binary mode may be without data. */
    needs |= !builder->is_binary && ((in_value(plan, schema->emitted) && mapping->emitted.kind != RECON_FIELD_NONE) ||
                                     (in_value(plan, schema->context) && mapping->context.kind != RECON_FIELD_NONE));
    schema->needs_value = needs;
    schema->reads_value =
        needs || in_value(plan, schema->source) || in_value(plan, schema->emitted) || in_value(plan, schema->context);
}

/* The schema is for values of another format than the builder's. */
static bool fits_never(const struct builder *builder, const struct recon_mapping *mapping)
{
    const enum recon_format format = builder->format;
    /* Nothing is known of the value, or nothing there. */
    if (builder->is_message && format == RECON_FORMAT_RAW)
        return false;
    bool same = mapping->format == RECON_FORMAT_AUTO || mapping->format == format ||
                (is_json_family(mapping->format) && is_json_family(format));
    same |= builder->is_message && (mapping->format == RECON_FORMAT_RAW || recon_mapping_ignores_all(mapping));
    same |= builder->is_binary && mapping->format == RECON_FORMAT_CLOUDEVENTS;
    return !same || (mapping->when.avro_record && format != RECON_FORMAT_AVRO) ||
           (mapping->when.cloudevents_type && !is_json_family(format) && !builder->is_binary);
}

static void add_schema(const struct builder *builder, const struct recon_mapping *mapping, struct recon_schema *schema)
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
    schema->never = fits_never(builder, mapping);
    if (schema->never)
        return;

    const bool automatic = mapping->format == RECON_FORMAT_AUTO;
    const bool detected = automatic && (builder->format == RECON_FORMAT_CLOUDEVENTS || builder->is_binary);
    const bool in_event =
        mapping->format == RECON_FORMAT_CLOUDEVENTS || detected || (automatic && mapping->when.cloudevents_type);
    schema->cloudevent_demanded = mapping->format == RECON_FORMAT_CLOUDEVENTS || (detected && !mapping->has_when);
    add_when(builder, in_event, schema);
    if (!mapping->ignore) {
        const bool audit = builder->plan->stream == RECON_STREAM_AUDIT;
        struct naming naming = {.names = in_event ? &cloudevents_names
                                         : audit  ? &audit_names
                                                  : &plain_names,
                                .in_event = in_event,
                                .is_raw = mapping->format == RECON_FORMAT_RAW,
                                .demand = !mapping->when.avro_record};
        if (naming.is_raw)
            naming.names = &no_names;
        add_fields(builder, &naming, schema);
        schema->has_plain_id = !mapping->heartbeat && schema->id_count == 1 && schema->id[0] != RECON_PATH_NONE;
    }
    judge_need(builder, schema);
}

/* builder without its plan. */
static int plan_new(const struct recon_decoder_options *options, struct builder *builder, struct recon_plan **plan,
                    const char **what)
{
    assert(builder->format != RECON_FORMAT_AUTO);
    size_t schema_count = options->mapping->schema_count;
    int status = RECON_ERROR_MEMORY;
    struct recon_plan *made = calloc(1, sizeof *made);
    if (!made)
        goto cleanup;
    builder->plan = made;
    made->stream = options->stream;
    made->partition = options->partition;
    made->source_in_identity = options->source_in_identity;
    made->timeless = options->timeless;
    made->is_id_alone = !options->source_in_identity;
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
        add_schema(builder, mapping, &made->schemas[i]);
        made->schema_count++;
        made->is_id_alone &= made->schemas[i].id_count <= 1;
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

int recon_plan_new(const struct recon_decoder_options *options, enum recon_format format, struct recon_plan **plan,
                   const char **what)
{
    struct builder builder = {.format = format};
    return plan_new(options, &builder, plan, what);
}

int recon_plan_new_message(const struct recon_decoder_options *options, const struct recon_message_shape *shape,
                           struct recon_plan **plan, const char **what)
{
    struct builder builder = {
        .format = shape->value, .is_message = true, .is_binary = shape->is_binary, .is_told = shape->is_told};
    return plan_new(options, &builder, plan, what);
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
