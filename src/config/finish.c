/*
 * What a home adds (defaults) and demands, once file and command line are read.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <string.h>

#include "config/origin.h"
#include "recon/status.h"

#define HTTP_PORT 7326
#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

static const struct recon_place nowhere = {0};

static bool on_kafka(enum recon_home home)
{
    return home == RECON_HOME_RUN || home == RECON_HOME_FLINK;
}

static const char *home_name(enum recon_home home)
{
    static const char *const names[] = {"check", "replay", "run", "the Flink job"};
    return names[home];
}

/* ---- defaults ---- */

static bool text_default(char **target, const char *text)
{
    if (*target != NULL)
        return true;
    *target = strdup(text);
    return *target != NULL;
}

/* False: out of memory. */
static bool defaults_fill(struct recon_config *config, enum recon_home home)
{
    if (home == RECON_HOME_CHECK) {
        if (!config->has_interval)
            config->settings.interval_ms = HOUR_MS;
        if (!config->has_max_future_skew)
            config->settings.max_future_skew_ms = DAY_MS;
    }
    if (on_kafka(home)) {
        if (!config->has_idle_timeout)
            config->settings.idle_timeout_ms = MINUTE_MS;
        if (!config->has_max_future_skew)
            config->settings.max_future_skew_ms = 10 * MINUTE_MS;
    }
    if (config->snapshot_interval_ms == RECON_DURATION_UNSET)
        config->snapshot_interval_ms = MINUTE_MS;
    if (!config->origin->has_http) {
        config->http_port = HTTP_PORT;
        if (!text_default(&config->http_host, "127.0.0.1"))
            return false;
    }
    bool good = text_default(&config->state_directory, "recon-state") &&
                text_default(&config->metrics_topic, "recon.metrics") &&
                text_default(&config->breaks_topic, "recon.breaks");
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        good = good && recon_config_mapping_get(config, stream) != NULL;
    return good;
}

/* ---- fields of Kafka ---- */

static void field_to_kafka(struct recon_faults *faults, struct recon_field *field)
{
    struct recon_field parsed = {0};
    if (field->kind != RECON_FIELD_VALUE)
        return;
    if (recon_field_parse(field->text, true, &parsed) != RECON_OK) { /* it was a good field before */
        faults->no_memory = true;
        return;
    }
    recon_field_deinit(field);
    *field = parsed;
}

static void mapping_to_kafka(struct recon_faults *faults, struct recon_mapping *mapping)
{
    for (size_t i = 0; i < mapping->id_count; i++)
        field_to_kafka(faults, &mapping->id[i]);
    field_to_kafka(faults, &mapping->time);
    field_to_kafka(faults, &mapping->source);
    field_to_kafka(faults, &mapping->emitted);
    field_to_kafka(faults, &mapping->context);
    field_to_kafka(faults, &mapping->when.field);
}

/* ---- what must hold together ---- */

static void range_judge(struct recon_config *config, struct recon_faults *faults)
{
    if (config->settings.from_ms < config->settings.to_ms)
        return;
    bool is_option = config->origin->to.line == 0 && config->origin->to.key != NULL;
    struct recon_place place = is_option ? config->origin->to : config->origin->from;
    if (place.line != 0)
        place.key = "from";
    recon_faults_add(faults, place, "'from' must lie before 'to': nothing lies between them");
}

enum source { SOURCE_NONE, SOURCE_LIKELY, SOURCE_THERE };

/* Whether records of a mapping have a source: one that is mapped, or the format's own. */
static enum source mapping_source(const struct recon_mapping *mapping, int stream)
{
    if (mapping->source.kind != RECON_FIELD_NONE || mapping->format == RECON_FORMAT_CLOUDEVENTS ||
        mapping->when.cloudevents_type != NULL)
        return SOURCE_THERE;
    if (mapping->format == RECON_FORMAT_RAW)
        return SOURCE_NONE;
    /* The audit record's own schema has the field `source`. */
    if (stream == RECON_STREAM_AUDIT)
        return SOURCE_THERE;
    /* `auto` may turn out to be CloudEvents; where not, every record is rejected as having no source. */
    return mapping->format == RECON_FORMAT_AUTO && mapping->when.avro_record == NULL ? SOURCE_LIKELY : SOURCE_NONE;
}

static void identity_judge(struct recon_config *config, struct recon_faults *faults)
{
    static const int others[] = {RECON_STREAM_EVENTS, RECON_STREAM_AUDIT};
    if (!config->source_in_identity)
        return;
    bool lacks[RECON_STREAM_COUNT] = {false, false};
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++) {
        const struct recon_stream_mapping *mapping = &config->streams[stream].mapping;
        for (size_t i = 0; i < mapping->schema_count; i++) {
            const struct recon_mapping *schema = &mapping->schemas[i];
            if (!schema->ignore && !schema->heartbeat && mapping_source(schema, stream) == SOURCE_NONE)
                lacks[stream] = true;
        }
    }
    struct recon_place place = config->origin->identity;
    if (place.line != 0)
        place.key = "identity";
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++) {
        const char *name = recon_stream_name(stream);
        if (lacks[stream] && lacks[others[stream]]) {
            recon_faults_add(faults, place,
                             "source,id needs a source, which neither stream has: map one in both, or "
                             "set identity to id");
            return;
        }
        if (lacks[stream])
            recon_faults_add(faults, place,
                             "source,id needs a source in both streams, and %s has none: map one (%s.source in the "
                             "file, --%s-source), or set identity to id",
                             name, name, name);
    }
}

static bool field_is_raw(const struct recon_field *field)
{
    return field->kind != RECON_FIELD_VALUE;
}

static bool mapping_is_raw(const struct recon_mapping *mapping)
{
    bool good = field_is_raw(&mapping->time) && field_is_raw(&mapping->source) && field_is_raw(&mapping->emitted) &&
                field_is_raw(&mapping->context) && field_is_raw(&mapping->when.field);
    for (size_t i = 0; i < mapping->id_count; i++)
        good = good && field_is_raw(&mapping->id[i]);
    return good;
}

/* What a mapping's format can't be, by home. */
static void format_judge(struct recon_config *config, struct recon_faults *faults, enum recon_home home, int stream)
{
    const struct recon_stream_mapping *mapping = &config->streams[stream].mapping;
    struct recon_place place = config->origin->streams[stream];
    const char *name = recon_stream_name(stream);
    for (size_t i = 0; i < mapping->schema_count; i++) {
        const struct recon_mapping *schema = &mapping->schemas[i];
        const bool is_raw = schema->format == RECON_FORMAT_RAW;
        if (is_raw && home == RECON_HOME_CHECK && mapping->schema_count == 1)
            recon_faults_add(faults, place,
                             "%s: the format raw is a Kafka message's, and files have none: set another format", name);
        if (!on_kafka(home))
            continue;
        if (schema->format == RECON_FORMAT_CSV)
            recon_faults_add(faults, place,
                             "%s: the format csv is a file's, for a message has no header line to name its columns: "
                             "use json, cloudevents, avro or raw",
                             name);
        if (is_raw && !mapping_is_raw(schema))
            recon_faults_add(faults, place,
                             "%s: the value of a raw record has no fields: use key, header.NAME or timestamp, or "
                             "another format",
                             name);
        if (is_raw && (schema->when.avro_record || schema->when.cloudevents_type))
            recon_faults_add(faults, place,
                             "%s: 'when' can't ask a raw record for its %s: ask for a header, or set another format",
                             name, schema->when.avro_record ? "Avro record" : "CloudEvents type");
    }
}

static void output_judge(struct recon_config *config, struct recon_faults *faults)
{
    const char *const outputs[] = {config->metrics_topic, config->breaks_topic};
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        for (size_t i = 0; i < config->streams[stream].topic_count; i++)
            for (size_t k = 0; k < 2; k++)
                if (strcmp(config->streams[stream].topics[i], outputs[k]) == 0)
                    recon_faults_add(faults, config->origin->output,
                                     "results would go to '%s', which is read as %s: choose another topic", outputs[k],
                                     recon_stream_name(stream));
}

static void kafka_judge(struct recon_config *config, struct recon_faults *faults, enum recon_home home)
{
    const char *who = home_name(home);
    unsigned seen = config->origin->seen;
    if ((seen & RECON_SEEN_NAME) == 0)
        recon_faults_add(faults, nowhere, "%s needs a name, which names its group and its results: 'name: orders'",
                         who);
    if ((seen & RECON_SEEN_INTERVAL) == 0)
        recon_faults_add(faults, nowhere, "%s needs the length of a window: 'interval: 5m'", who);
    if ((seen & RECON_SEEN_OUT_OF_ORDERNESS) == 0)
        recon_faults_add(faults, nowhere, "%s needs to know how late is on time: 'out_of_orderness: 1m'", who);
    if ((seen & RECON_SEEN_RETENTION) == 0)
        recon_faults_add(faults, nowhere, "%s needs to know how long to remember an ID: 'retention: 1h'", who);
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        if ((seen & ((unsigned)RECON_SEEN_TOPICS << stream)) == 0)
            recon_faults_add(faults, config->origin->streams[stream],
                             "%s needs the topics of %s: '%s: {topics: [NAME]}'", who, recon_stream_name(stream),
                             recon_stream_name(stream));
    if ((seen & RECON_SEEN_SERVERS) == 0)
        recon_faults_add(faults, nowhere, "%s needs a broker: 'kafka: {bootstrap.servers: \"localhost:9092\"}'", who);
    output_judge(config, faults);
}

int recon_config_finish(struct recon_config *config, enum recon_home home, struct recon_config_errors *errors)
{
    struct recon_config_origin *origin = recon_config_origin_get(config);
    if (origin == NULL)
        return RECON_ERROR_MEMORY;
    struct recon_faults *faults = &origin->deferred;
    if (origin->unreadable)
        return RECON_ERROR_INVALID;
    if (!defaults_fill(config, home))
        return RECON_ERROR_MEMORY;
    for (int stream = 0; stream < RECON_STREAM_COUNT && on_kafka(home); stream++)
        for (size_t i = 0; i < config->streams[stream].mapping.schema_count; i++)
            mapping_to_kafka(faults, &config->streams[stream].mapping.schemas[i]);
    range_judge(config, faults);
    /* A trace's records have a form of their own. */
    if (!origin->faulty && home != RECON_HOME_REPLAY)
        identity_judge(config, faults);
    for (int stream = 0; stream < RECON_STREAM_COUNT && !origin->faulty; stream++)
        format_judge(config, faults, home, stream);
    if (home == RECON_HOME_REPLAY && (origin->seen & RECON_SEEN_INTERVAL) == 0)
        recon_faults_add(faults, nowhere, "replay needs the length of a window: --interval 5m, or 'interval: 5m'");
    if (on_kafka(home))
        kafka_judge(config, faults, home);
    return recon_faults_move(faults, RECON_HOME_BIT(home), origin->file_name, errors);
}
