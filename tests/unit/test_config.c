/*
 * What a good configuration becomes.
 */
#include "config_help.h"

#define MS_MINUTE INT64_C(60000)

static const char whole[] = "name: orders\n"
                            "interval: 5m\n"
                            "out_of_orderness: 1m\n"
                            "retention: 1h\n"
                            "idle_timeout: 2m\n"
                            "max_future_skew: 10m\n"
                            "from: 2013-02-08\n"
                            "to: 2013-02-09T00:00:00+01:00\n"
                            "start: latest\n"
                            "report: [missing, audited]\n"
                            "kafka:\n"
                            "  bootstrap.servers: ${KAFKA_BROKERS:localhost:9092}\n"
                            "  enable.something: True\n"
                            "  linger.ms: 0x10\n"
                            "librdkafka: {ssl.ca.location: /etc/ca.pem}\n"
                            "flink:\n"
                            "audit:\n"
                            "  topics: orders.audit\n"
                            "  format: avro\n"
                            "  emitted: sent_at\n"
                            "  context: note\n"
                            "events:\n"
                            "  topics: [orders, orders.retry]\n"
                            "  zone: Europe/Paris\n"
                            "  schemas:\n"
                            "    - when: {cloudevents_type: com.example.order.placed}\n"
                            "    - when: {header: {name: schema, equals: legacy}, field: {name: v, equals: 2}}\n"
                            "      format: json\n"
                            "      id: order.id\n"
                            "      time: {field: order.ts, unit: s}\n"
                            "    - when: {avro_record: com.example.Tick}\n"
                            "      heartbeat: true\n"
                            "    - ignore: true\n"
                            "state: {directory: /var/lib/recon, snapshot_interval: 30s}\n"
                            "http: {listen: '[::1]:9000'}\n"
                            "output:\n"
                            "  topics: {metrics: m, breaks: b}\n";

static void every_key_arrives(void **state)
{
    (void)state;
    struct recon_config config;
    load(&config, whole, RECON_HOME_RUN);
    assert_string_equal(config.name, "orders");
    assert_true(config.has_interval);
    assert_int_equal(config.settings.interval_ms, 5 * MS_MINUTE);
    assert_int_equal(config.settings.out_of_orderness_ms, MS_MINUTE);
    assert_int_equal(config.settings.retention_ms, 60 * MS_MINUTE);
    assert_int_equal(config.settings.idle_timeout_ms, 2 * MS_MINUTE);
    assert_int_equal(config.settings.max_future_skew_ms, 10 * MS_MINUTE);
    assert_int_equal(config.settings.from_ms, INT64_C(1360281600000));
    assert_int_equal(config.settings.to_ms, INT64_C(1360364400000));
    assert_int_equal(config.start, RECON_START_LATEST);
    assert_int_equal(config.settings.report, RECON_REPORT(RECON_RESULT_MISSING) | RECON_REPORT(RECON_RESULT_AUDITED));
    assert_int_equal(config.kafka.count, 3);
    assert_string_equal(config.kafka.items[0].name, "bootstrap.servers");
    assert_string_equal(config.kafka.items[0].value, "localhost:9092");
    assert_string_equal(config.kafka.items[1].value, "true");
    assert_string_equal(config.kafka.items[2].value, "0x10");
    assert_int_equal(config.librdkafka.count, 1);
    assert_string_equal(config.librdkafka.items[0].value, "/etc/ca.pem");
    assert_int_equal(config.flink.count, 0);
    assert_string_equal(config.state_directory, "/var/lib/recon");
    assert_int_equal(config.snapshot_interval_ms, MS_MINUTE / 2);
    assert_string_equal(config.http_host, "::1");
    assert_int_equal(config.http_port, 9000);
    assert_string_equal(config.metrics_topic, "m");
    assert_string_equal(config.breaks_topic, "b");

    const struct recon_stream_config *audit = &config.streams[RECON_STREAM_AUDIT];
    assert_int_equal(audit->topic_count, 1);
    assert_string_equal(audit->topics[0], "orders.audit");
    assert_int_equal(audit->mapping.schema_count, 1);
    assert_false(audit->mapping.schemas[0].has_when);
    assert_int_equal(audit->mapping.schemas[0].format, RECON_FORMAT_AVRO);
    assert_string_equal(audit->mapping.schemas[0].emitted.text, "sent_at");
    assert_string_equal(audit->mapping.schemas[0].context.text, "note");

    const struct recon_stream_config *events = &config.streams[RECON_STREAM_EVENTS];
    const struct recon_mapping *schemas = events->mapping.schemas;
    assert_int_equal(events->topic_count, 2);
    assert_string_equal(events->topics[1], "orders.retry");
    assert_int_equal(events->mapping.schema_count, 4);
    assert_true(schemas[0].has_when);
    assert_string_equal(schemas[0].when.cloudevents_type, "com.example.order.placed");
    assert_string_equal(schemas[0].zone, "Europe/Paris");
    assert_string_equal(schemas[1].when.header_name, "schema");
    assert_string_equal(schemas[1].when.header_equals, "legacy");
    assert_string_equal(schemas[1].when.field.text, "v");
    assert_string_equal(schemas[1].when.field_equals, "2");
    assert_int_equal(schemas[1].format, RECON_FORMAT_JSON);
    assert_int_equal(schemas[1].id_count, 1);
    assert_string_equal(schemas[1].id[0].text, "order.id");
    assert_int_equal(schemas[1].id[0].step_count, 2);
    assert_string_equal(schemas[1].time.text, "order.ts");
    assert_int_equal(schemas[1].time_unit, RECON_UNIT_S);
    assert_string_equal(schemas[2].when.avro_record, "com.example.Tick");
    assert_true(schemas[2].heartbeat);
    assert_true(schemas[3].ignore);
    assert_false(schemas[3].has_when);
    recon_config_deinit(&config);
}

static void the_homes_have_their_defaults(void **state)
{
    (void)state;
    struct recon_config config;
    load(&config, "", RECON_HOME_CHECK);
    assert_int_equal(config.settings.interval_ms, 60 * MS_MINUTE);
    assert_int_equal(config.settings.max_future_skew_ms, 24 * 60 * MS_MINUTE);
    assert_int_equal(config.settings.out_of_orderness_ms, RECON_DURATION_UNSET);
    assert_int_equal(config.settings.retention_ms, RECON_DURATION_UNSET);
    assert_int_equal(config.settings.idle_timeout_ms, RECON_DURATION_UNSET);
    assert_int_equal(config.settings.report, RECON_REPORT_DEFAULT);
    assert_int_equal(config.settings.from_ms, RECON_TIME_MIN);
    assert_int_equal(config.settings.to_ms, RECON_TIME_MAX);
    assert_false(config.source_in_identity);
    assert_int_equal(config.streams[RECON_STREAM_AUDIT].mapping.schema_count, 1);
    assert_int_equal(config.streams[RECON_STREAM_EVENTS].mapping.schema_count, 1);
    recon_config_deinit(&config);

    load(&config, "interval: 10ms\n", RECON_HOME_REPLAY);
    assert_int_equal(config.settings.interval_ms, 10);
    assert_int_equal(config.settings.max_future_skew_ms, RECON_DURATION_UNSET);
    assert_int_equal(config.settings.idle_timeout_ms, RECON_DURATION_UNSET);
    recon_config_deinit(&config);

    load(&config,
         "name: a\ninterval: 1m\nout_of_orderness: 0s\nretention: 0s\nkafka: {bootstrap.servers: 'a:1'}\n"
         "audit: {topics: a}\nevents: {topics: b}\n",
         RECON_HOME_FLINK);
    assert_int_equal(config.settings.idle_timeout_ms, MS_MINUTE);
    assert_int_equal(config.settings.max_future_skew_ms, 10 * MS_MINUTE);
    assert_int_equal(config.start, RECON_START_EARLIEST);
    assert_string_equal(config.state_directory, "recon-state");
    assert_int_equal(config.snapshot_interval_ms, MS_MINUTE);
    assert_string_equal(config.http_host, "127.0.0.1");
    assert_int_equal(config.http_port, 7326);
    assert_string_equal(config.metrics_topic, "recon.metrics");
    assert_string_equal(config.breaks_topic, "recon.breaks");
    recon_config_deinit(&config);
}

static void never_and_any_take_a_default_back(void **state)
{
    (void)state;
    struct recon_config config;
    load(&config, "max_future_skew: any\n", RECON_HOME_CHECK);
    assert_int_equal(config.settings.max_future_skew_ms, RECON_DURATION_UNSET);
    recon_config_deinit(&config);
    load(&config,
         "name: a\ninterval: 1m\nout_of_orderness: 0s\nretention: 0s\nkafka: {bootstrap.servers: 'a:1'}\n"
         "audit: {topics: a}\nevents: {topics: b}\nidle_timeout: never\n",
         RECON_HOME_RUN);
    assert_int_equal(config.settings.idle_timeout_ms, RECON_DURATION_UNSET);
    recon_config_deinit(&config);
}

static void mappings_inherit_from_stream_and_file(void **state)
{
    (void)state;
    struct recon_config config;
    load(&config,
         "id: [a, b]\ntime: ts\ntime_unit: us\nformat: json\n"
         "audit: {id: 'x, y,z', time: {field: at, unit: ns}}\n"
         "events:\n  zone: UTC\n  schemas:\n    - when: {field: {name: k, equals: true}}\n      time: t2\n    - id: "
         "only\n",
         RECON_HOME_CHECK);
    const struct recon_mapping *audit = &config.streams[RECON_STREAM_AUDIT].mapping.schemas[0];
    const struct recon_mapping *events = config.streams[RECON_STREAM_EVENTS].mapping.schemas;
    assert_int_equal(audit->id_count, 3);
    assert_string_equal(audit->id[1].text, "y");
    assert_string_equal(audit->time.text, "at");
    assert_int_equal(audit->time_unit, RECON_UNIT_NS);
    assert_int_equal(audit->format, RECON_FORMAT_JSON);
    assert_null(audit->zone);
    assert_int_equal(events[0].id_count, 2);
    assert_string_equal(events[0].time.text, "t2");
    assert_int_equal(events[0].time_unit, RECON_UNIT_US);
    assert_string_equal(events[0].when.field_equals, "true");
    assert_string_equal(events[1].time.text, "ts");
    assert_int_equal(events[1].id_count, 1);
    assert_string_equal(events[1].zone, "UTC");
    recon_config_deinit(&config);
}

static void key_header_and_timestamp_are_kafkas_on_kafka_alone(void **state)
{
    (void)state;
    static const char text[] = "name: a\ninterval: 1m\nout_of_orderness: 0s\nretention: 0s\n"
                               "kafka: {bootstrap.servers: 'a:1'}\naudit: {topics: a}\n"
                               "events: {topics: b, id: [key, header.x], time: timestamp, source: /timestamp}\n";
    struct recon_config config;
    load(&config, text, RECON_HOME_CHECK);
    const struct recon_mapping *events = config.streams[RECON_STREAM_EVENTS].mapping.schemas;
    assert_int_equal(events->id[0].kind, RECON_FIELD_VALUE);
    assert_int_equal(events->id[1].step_count, 2);
    assert_int_equal(events->time.kind, RECON_FIELD_VALUE);
    recon_config_deinit(&config);
    load(&config, text, RECON_HOME_RUN);
    events = config.streams[RECON_STREAM_EVENTS].mapping.schemas;
    assert_int_equal(events->id[0].kind, RECON_FIELD_KEY);
    assert_int_equal(events->id[1].kind, RECON_FIELD_HEADER);
    assert_string_equal(events->id[1].text, "x");
    assert_int_equal(events->time.kind, RECON_FIELD_TIMESTAMP);
    assert_int_equal(events->source.kind, RECON_FIELD_VALUE);
    recon_config_deinit(&config);
}

static void variables_are_filled_after_parsing(void **state)
{
    (void)state;
    struct recon_config config;
    load(&config,
         "interval: ${DURATION}\n"
         "retention: ${NOPE:2h}\n"
         "name: a-${EMPTY}-${NUMBER}-${NOPE:}-$${NUMBER}-$5$\n"
         "kafka:\n"
         "  servers: ${SERVERS}\n"
         "  text: ${YAML}\n"
         "  again: ${AGAIN}\n"
         "  colon: ${NOPE:a:b}\n"
         "  once: &once $${NOPE}\n"
         "  twice: *once\n"
         "audit:\n"
         "  schemas:\n"
         "    - ignore: ${TRUE}\n",
         RECON_HOME_CHECK);
    assert_int_equal(config.settings.interval_ms, 5 * MS_MINUTE);
    assert_int_equal(config.settings.retention_ms, 120 * MS_MINUTE);
    assert_string_equal(config.name, "a--7--${NUMBER}-$5$");
    assert_string_equal(config.kafka.items[0].value, "a:9092,b:9092");
    assert_string_equal(config.kafka.items[1].value, "{a: b}");
    assert_string_equal(config.kafka.items[2].value, "${DURATION}");
    assert_string_equal(config.kafka.items[3].value, "a:b");
    assert_string_equal(config.kafka.items[4].value, "${NOPE}");
    assert_string_equal(config.kafka.items[5].value, "${NOPE}");
    assert_true(config.streams[RECON_STREAM_AUDIT].mapping.schemas[0].ignore);
    recon_config_deinit(&config);
}

static void reports_may_be_text_or_list_and_nothing(void **state)
{
    (void)state;
    struct recon_config config;
    load(&config, "report: missing, duplicate\n", RECON_HOME_CHECK);
    assert_int_equal(config.settings.report, RECON_REPORT(RECON_RESULT_MISSING) | RECON_REPORT(RECON_RESULT_DUPLICATE));
    recon_config_deinit(&config);
    load(&config, "report: []\n", RECON_HOME_CHECK);
    assert_int_equal(config.settings.report, 0);
    recon_config_deinit(&config);
    load(&config, "report: [metric]\n", RECON_HOME_CHECK);
    assert_int_equal(config.settings.report, 0);
    recon_config_deinit(&config);
}

static void starts_may_be_times(void **state)
{
    (void)state;
    struct recon_config config;
    load(&config, "start: 2013-02-08T01:00:00+01:00\n", RECON_HOME_CHECK);
    assert_int_equal(config.start, RECON_START_TIME);
    assert_int_equal(config.start_time_ms, INT64_C(1360281600000));
    recon_config_deinit(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_arrives),
        cmocka_unit_test(the_homes_have_their_defaults),
        cmocka_unit_test(never_and_any_take_a_default_back),
        cmocka_unit_test(mappings_inherit_from_stream_and_file),
        cmocka_unit_test(key_header_and_timestamp_are_kafkas_on_kafka_alone),
        cmocka_unit_test(variables_are_filled_after_parsing),
        cmocka_unit_test(reports_may_be_text_or_list_and_nothing),
        cmocka_unit_test(starts_may_be_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
