/*
 * Every kind of fault of a configuration, with its line and column.
 */
#include "config_help.h"

static void unknown_keys_come_with_what_was_likely_meant(void **state)
{
    (void)state;
    assert_faults("intervall: 5m\n", "c.yaml:1:1: unknown key 'intervall'; did you mean 'interval'?\n");
    assert_faults("audit:\n  tiem: x\n", "c.yaml:2:3: unknown key 'tiem'; did you mean 'time'?\n");
    assert_faults("events:\n  schemas:\n    - wen: {field: {name: a, equals: b}}\n",
                  "c.yaml:3:7: unknown key 'wen'; did you mean 'when'?\n");
    assert_faults("output: {topics: {metric: a}}\n", "c.yaml:1:19: unknown key 'metric'; did you mean 'metrics'?\n");
    assert_faults("state: {snapshot-interval: 1m}\n",
                  "c.yaml:1:9: unknown key 'snapshot-interval'; did you mean 'snapshot_interval'?\n");
    assert_faults("xyzzy: 1\n", "c.yaml:1:1: unknown key 'xyzzy'\n");
    assert_faults("base: &b {id: x}\naudit:\n  <<: *b\n",
                  "c.yaml:1:1: unknown key 'base'; did you mean 'name'?\n"
                  "c.yaml:3:3: '<<' merges nothing in YAML 1.2: write the keys, or name the whole value by *\n");
}

static void all_faults_are_named_at_once_in_order_of_place(void **state)
{
    (void)state;
    assert_faults(
        "retention: [1h]\nintervall: 5m\nevents:\n  format: jsn\naudit:\n  zone: Mars/Base\nfrom: 2013-02-09\n"
        "to: 2013-02-08\n",
        "c.yaml:1:12: retention: expected a duration such as 30s or 5m, found a list\n"
        "c.yaml:2:1: unknown key 'intervall'; did you mean 'interval'?\n"
        "c.yaml:4:11: format: 'jsn' is not one of auto, json, csv, cloudevents, avro, raw; did you mean "
        "'json'?\n"
        "c.yaml:6:9: zone: 'Mars/Base' is no time zone known here: write it like Europe/Paris or UTC\n"
        "c.yaml:7:7: from: 'from' must lie before 'to': nothing lies between them\n");
}

static void faults_in_one_line_come_in_order_of_column(void **state)
{
    (void)state;
    assert_faults("{events: {format: x}, xyzzy: 1}\n",
                  "c.yaml:1:19: format: 'x' is not one of auto, json, csv, cloudevents, avro, raw\n"
                  "c.yaml:1:23: unknown key 'xyzzy'\n");
}

static void what_a_fault_may_cause_is_no_fault_of_its_own(void **state)
{
    (void)state;
    assert_faults("identity: source,id\nevents: {format: json, source: 5}\n",
                  "c.yaml:2:32: source: expected a field, found the number 5; where the text is meant, write '5'\n");
}

static void columns_count_characters_not_bytes(void **state)
{
    (void)state;
    assert_faults("kafka: {größe: ü, b: [1]}\n",
                  "c.yaml:1:22: b: expected a text, a number or a truth value, found a list\n");
}

static void durations_need_a_unit_and_a_sense(void **state)
{
    (void)state;
    assert_faults("interval: 300\n",
                  "c.yaml:1:11: interval: '300' is not a duration: a bare number has no unit: write `30s`, `5m` or "
                  "`2h`\n");
    assert_faults("interval: 0s\n", "c.yaml:1:11: interval: '0s' is too short: at least 1 ms\n");
    assert_faults("idle_timeout: 0ms\n", "c.yaml:1:15: idle_timeout: '0ms' is too short: at least 1 ms\n");
    assert_faults("retention: -1h\n", "c.yaml:1:12: retention: '-1h' is not a duration: a duration is not negative\n");
    assert_faults("out_of_orderness: soon\n",
                  "c.yaml:1:19: out_of_orderness: 'soon' is not a duration: write a number and a unit, as in `250ms`, "
                  "`30s`, `5m`, `2h` or `7d`\n");
    assert_faults("max_future_skew:\n",
                  "c.yaml:1:17: max_future_skew: expected a duration such as 30s or 5m, found nothing\n");
    assert_faults("state: {snapshot_interval: 0s}\n",
                  "c.yaml:1:28: snapshot_interval: '0s' is too short: at least 1 ms\n");
    assert_faults("out_of_orderness: 0s\nretention: 0s\nmax_future_skew: 0s\n", "");
}

static void where_http_listens_must_be_an_address(void **state)
{
    (void)state;
    assert_faults("http: {listen: localhost:0}\n", "");
    assert_faults("http: {listen: none}\n", "");
    assert_faults("http: {listen: '0.0.0.0:80'}\n", "");
    static const char *const bad[] = {"7326",         "example.org:80", "127.0.0.1",      "127.0.0.1:65536",
                                      "127.0.0.1:-1", "::1:80",         "[127.0.0.1]:80", "127.0.0.1:8a",
                                      ":80",          "[]:80"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[64];
        char fault[256];
        snprintf(text, sizeof text, "http: {listen: '%s'}\n", bad[i]);
        snprintf(fault, sizeof fault,
                 "c.yaml:1:16: listen: '%s' is no address to listen on: write it like 127.0.0.1:7326, [::1]:7326, or "
                 "none\n",
                 bad[i]);
        assert_faults(text, fault);
    }
}

static void times_and_starts_must_be_times(void **state)
{
    (void)state;
    assert_faults("from: yesterday\n",
                  "c.yaml:1:7: from: 'yesterday' is not a time: write it like 2013-02-08T11:00:00Z or 2013-02-08\n");
    assert_faults("to: 1360281600000\n",
                  "c.yaml:1:5: to: '1360281600000' is not a time: write it like 2013-02-08T11:00:00Z or 2013-02-08\n");
    assert_faults("start: earlyest\n", "c.yaml:1:8: start: 'earlyest' is not one of earliest, latest or a time like "
                                       "2013-02-08T11:00:00Z; did you mean 'earliest'?\n");
    assert_faults("from: 2013-02-08\nto: 2013-02-08T00:00:00Z\n",
                  "c.yaml:1:7: from: 'from' must lie before 'to': nothing lies between them\n");
}

static void reports_and_identities_have_known_names(void **state)
{
    (void)state;
    assert_faults("report: [missing, fuond]\n",
                  "c.yaml:1:19: report: 'fuond' is not one of missing, found, unaudited, audited, duplicate, too_late, "
                  "rejected; did you mean 'found'?\n");
    assert_faults("report: missing,to_late\n",
                  "c.yaml:1:9: report: 'to_late' is not one of missing, found, unaudited, audited, duplicate, "
                  "too_late, rejected; did you mean 'too_late'?\n");
    assert_faults("report: {missing: true}\n",
                  "c.yaml:1:9: report: expected a list of result types, found a map of keys\n");
    assert_faults("identity: [id, source]\n", "c.yaml:1:11: identity: an identity is 'id' or 'source,id'; an ID of "
                                              "several fields is set as id: [a, b]\n");
    assert_faults("identity: key\n", "c.yaml:1:11: identity: an identity is 'id' or 'source,id'\n");
}

#define LIVE                                                                                                           \
    "name: a\ninterval: 1m\nout_of_orderness: 1m\nretention: 1h\nkafka: {bootstrap.servers: 'a:1'}\n"                  \
    "audit: {topics: a}\n"

static void a_source_must_be_in_both_streams_for_source_and_id(void **state)
{
    (void)state;
    assert_faults("identity: source,id\nevents: {format: json}\n",
                  "c.yaml:1:11: identity: source,id needs a source in both streams, and events has none: map one "
                  "(events.source in the file, --events-source), or set identity to id\n");
    assert_faults("identity: source,id\nevents: {format: json, source: shop}\naudit: {format: csv}\n", "");
    assert_faults("identity: source,id\nevents: {format: cloudevents}\n", "");
    assert_faults("identity: source,id\nsource: shop\nformat: csv\n", "");
    /* auto may be CloudEvents */
    assert_faults("identity: source,id\n", "");
    assert_faults("identity: source,id\nevents: {schemas: [{when: {cloudevents_type: a}}, {when: {avro_record: b}}]}\n",
                  "c.yaml:1:11: identity: source,id needs a source in both streams, and events has none: map one "
                  "(events.source in the file, --events-source), or set identity to id\n");
    assert_faults("identity: source,id\nevents: {schemas: [{when: {cloudevents_type: a}}, {format: json, ignore: "
                  "true}]}\n",
                  "");
    assert_faults_for(RECON_HOME_RUN, LIVE "events: {topics: b}\nidentity: source,id\nformat: raw\n",
                      "c.yaml:8:11: identity: source,id needs a source, which neither stream has: map one in both, or "
                      "set identity to id\n");
    /* A trace has its own fields. */
    assert_faults_for(RECON_HOME_REPLAY, "interval: 1m\nidentity: source,id\nformat: raw\n", "");
}

static void values_must_have_their_type(void **state)
{
    (void)state;
    assert_faults("name: 42\n",
                  "c.yaml:1:7: name: expected a name, found the number 42; where the text is meant, write '42'\n");
    assert_faults("audit: [a]\n", "c.yaml:1:8: audit: expected a map of keys such as topics, id, found a list\n");
    assert_faults("audit: {topics: {a: b}}\n",
                  "c.yaml:1:17: topics: expected the name of a topic, found a map of keys\n");
    assert_faults("events:\n  id: true\n",
                  "c.yaml:2:7: id: expected a field or a list of fields, found the truth value true; where the text is "
                  "meant, write 'true'\n");
    assert_faults("events:\n  time: {field: 1.5}\n",
                  "c.yaml:2:17: field: expected a field, found the number 1.5; where the text is meant, write '1.5'\n");
    assert_faults("events: {schemas: {id: a}}\n",
                  "c.yaml:1:19: schemas: expected a list of mappings, each '- when: ...', found a map of keys\n");
    assert_faults("events: {schemas: [a]}\n", "c.yaml:1:20: expected a mapping, '- when: ...', found the text 'a'\n");
    assert_faults("events: {schemas: [{ignore: yes}]}\n",
                  "c.yaml:1:29: ignore: 'yes' is a text in YAML 1.2: write true or false\n");
    assert_faults("events: {schemas: [{heartbeat: 1}]}\n",
                  "c.yaml:1:32: heartbeat: expected true or false, found the number 1\n");
    assert_faults("- a\n- b\n", "c.yaml:1:1: expected keys and values, such as 'interval: 5m', found a list\n");
    assert_faults("kafka: a\n", "c.yaml:1:8: kafka: expected the client's properties, NAME: VALUE, found the text "
                                "'a'\n");
    assert_faults("state: 1\n", "c.yaml:1:8: state: expected directory and snapshot_interval, found the number 1\n");
    assert_faults("output: [a]\n", "c.yaml:1:9: output: expected topics, found a list\n");
}

static void properties_are_scalars_with_names_of_their_own(void **state)
{
    (void)state;
    assert_faults("kafka:\n  ssl: {ca: x}\n", "c.yaml:2:8: ssl: properties are not nested: write ssl.ca as one name\n");
    assert_faults("flink:\n  a: [1]\n", "c.yaml:2:6: a: expected a text, a number or a truth value, found a list\n");
    assert_faults("librdkafka:\n  a:\n", "c.yaml:2:5: a: there is no value; an empty one is ''\n");
    assert_faults("kafka: {'': a}\n", "c.yaml:1:9: a property needs a name\n");
}

static void mappings_are_judged_field_by_field(void **state)
{
    (void)state;
    assert_faults("id: ''\n", "c.yaml:1:5: id: an ID has 1 to 8 fields, here are 0\n");
    assert_faults("id: []\n", "c.yaml:1:5: id: an ID has 1 to 8 fields, here are 0\n");
    assert_faults("id: a,,b\n",
                  "c.yaml:1:5: id: '' is no field: write it like order.id, or as a JSON Pointer like /order/id\n");
    assert_faults("audit: {id: [a,b,c,d,e,f,g,h,i]}\n", "c.yaml:1:13: id: an ID has 1 to 8 fields, here are 9\n");
    assert_faults("time: /a/~2\n",
                  "c.yaml:1:7: time: '/a/~2' is no field: write it like order.id, or as a JSON Pointer "
                  "like /order/id\n");
    assert_faults("time: {unit: s}\n", "c.yaml:1:7: time: the field is missing: {field: NAME, unit: s}\n");
    assert_faults("audit:\n  time: {field: t, unit: h}\n",
                  "c.yaml:2:26: unit: 'h' is not one of s, ms, us, ns; did you mean 's'?\n");
    assert_faults("time: {field: t, unit: s}\ntime_unit: ms\n",
                  "c.yaml:2:1: the unit is set twice, by time_unit and in time: keep one\n");
    assert_faults("events:\n  emitted: e\n  context: c\n",
                  "c.yaml:2:3: 'emitted' is the audit stream's alone: take it out\n"
                  "c.yaml:3:3: 'context' is the audit stream's alone: take it out\n");
    assert_faults("format: raw\n", "c.yaml: audit: the format raw is a Kafka message's, and files have none: set "
                                   "another format\n"
                                   "c.yaml: events: the format raw is a Kafka message's, and files have none: set "
                                   "another format\n");
}

static void schemas_must_make_sense_together(void **state)
{
    (void)state;
    assert_faults("events: {schemas: []}\n", "c.yaml:1:19: schemas: here are 0 mappings: 1 to 256 may be\n");
    assert_faults("events:\n  schemas:\n    - id: a\n    - ignore: true\n",
                  "c.yaml:3:7: without 'when' this fits every record, so that what follows never counts: add one, or "
                  "put it last\n");
    assert_faults("events:\n  schemas:\n    - ignore: true\n      id: a\n",
                  "c.yaml:4:7: 'id' says nothing where 'ignore' is true: take one of them out\n");
    assert_faults("events:\n  schemas:\n    - when: {}\n",
                  "c.yaml:3:13: when: the condition is empty: give cloudevents_type, header, field or avro_record, or "
                  "take it out\n");
    assert_faults("events:\n  schemas:\n    - when: {header: {name: a}}\n",
                  "c.yaml:3:22: header: 'equals' is missing: {name: ..., equals: ...}\n");
    assert_faults("events:\n  schemas:\n    - when: {field: {equals: a}}\n",
                  "c.yaml:3:21: field: 'name' is missing: {name: ..., equals: ...}\n");
    assert_faults("events:\n  schemas:\n    - when: {header: a}\n",
                  "c.yaml:3:22: header: expected {name: ..., equals: ...}, found the text 'a'\n");
    assert_faults("events:\n  schemas:\n    - when: {cloudevents_type: ''}\n",
                  "c.yaml:3:32: cloudevents_type: the text is empty\n");
}

static void a_fault_of_all_schemas_is_named_once(void **state)
{
    (void)state;
    assert_faults("zone: Mars\nevents:\n  schemas:\n    - when: {avro_record: a}\n    - when: {avro_record: b}\n",
                  "c.yaml:1:7: zone: 'Mars' is no time zone known here: write it like Europe/Paris or UTC\n");
}

static void topics_and_names_are_what_kafka_takes(void **state)
{
    (void)state;
    assert_faults("audit:\n  topics: [a, 'b c', a]\n",
                  "c.yaml:2:15: topics: 'b c' is no topic's name: 1 to 249 of the characters A-Z a-z 0-9 . _ -\n"
                  "c.yaml:2:22: topics: 'a' is there twice: keep one\n");
    assert_faults("audit: {topics: []}\n", "c.yaml:1:17: topics: the list is empty: name a topic, or take it out\n");
    assert_faults("audit: {topics: ..}\n",
                  "c.yaml:1:17: topics: '..' is no topic's name: 1 to 249 of the characters A-Z a-z 0-9 . _ -\n");
    assert_faults("name: ' a'\n", "c.yaml:1:7: name: a name has 1 to 200 bytes, no spaces around it and no control "
                                  "characters, such as orders\n");
}

static void a_variable_that_is_not_set_is_named(void **state)
{
    (void)state;
    assert_faults("interval: ${NOPE}\n", "c.yaml:1:11: interval: the environment variable NOPE is not set: set it, or "
                                         "give a default: ${NOPE:...}\n");
    assert_faults("id: [a, '${NOPE}']\n", "c.yaml:1:9: id: the environment variable NOPE is not set: set it, or give a "
                                          "default: ${NOPE:...}\n");
    assert_faults("interval: ${5}\n",
                  "c.yaml:1:11: interval: '${' begins a variable, ${NAME} or ${NAME:default}; where "
                  "it is meant as it is, write $${\n");
    assert_faults("interval: ${A\n", "c.yaml:1:11: interval: '${' begins a variable, ${NAME} or ${NAME:default}; where "
                                     "it is meant as it is, write $${\n");
    assert_faults("interval: ${NUMBER}\n", "c.yaml:1:11: interval: '7' is not a duration: a bare number has no unit: "
                                           "write `30s`, `5m` or `2h`\n");
}

static void a_variable_is_missed_only_by_the_homes_that_need_it(void **state)
{
    (void)state;
    const char *text = "name: a\ninterval: 1m\nout_of_orderness: 1m\nretention: 1h\n"
                       "audit: {topics: a}\nevents: {topics: '${NOPE}'}\n"
                       "kafka: {bootstrap.servers: 'a:1'}\n"
                       "librdkafka: {sasl.password: '${NOPE}'}\nflink: {x: '${NOPE}'}\n";
    assert_faults_for(RECON_HOME_CHECK, text, "");
    assert_faults_for(RECON_HOME_REPLAY, text, "");
    assert_faults_for(RECON_HOME_RUN, text,
                      "c.yaml:6:18: topics: the environment variable NOPE is not set: set it, or give a default: "
                      "${NOPE:...}\n"
                      "c.yaml:8:29: sasl.password: the environment variable NOPE is not set: set it, or give a "
                      "default: ${NOPE:...}\n");
    assert_faults_for(RECON_HOME_FLINK, text,
                      "c.yaml:6:18: topics: the environment variable NOPE is not set: set it, or give a default: "
                      "${NOPE:...}\n"
                      "c.yaml:9:12: x: the environment variable NOPE is not set: set it, or give a default: "
                      "${NOPE:...}\n");
}

static void what_a_home_needs_is_asked_for(void **state)
{
    (void)state;
    assert_faults_for(RECON_HOME_REPLAY, "name: a\n",
                      "c.yaml: replay needs the length of a window: --interval 5m, or 'interval: 5m'\n");
    assert_faults_for(RECON_HOME_RUN, "interval: 5\nevents: {id: x}\n",
                      "c.yaml:1:11: interval: '5' is not a duration: a bare number has no unit: write `30s`, `5m` or "
                      "`2h`\n"
                      "c.yaml:2:1: run needs the topics of events: 'events: {topics: [NAME]}'\n"
                      "c.yaml: run needs a name, which names its group and its results: 'name: orders'\n"
                      "c.yaml: run needs to know how late is on time: 'out_of_orderness: 1m'\n"
                      "c.yaml: run needs to know how long to remember an ID: 'retention: 1h'\n"
                      "c.yaml: run needs the topics of audit: 'audit: {topics: [NAME]}'\n"
                      "c.yaml: run needs a broker: 'kafka: {bootstrap.servers: \"localhost:9092\"}'\n");
}

static void results_must_not_go_where_records_are_read(void **state)
{
    (void)state;
    assert_faults_for(RECON_HOME_FLINK, LIVE "events: {topics: b}\noutput:\n  topics: {metrics: b, breaks: c}\n",
                      "c.yaml:9:11: results would go to 'b', which is read as events: choose another topic\n");
    assert_faults_for(RECON_HOME_RUN, LIVE "events: {topics: recon.breaks}\n",
                      "c.yaml: results would go to 'recon.breaks', which is read as events: choose another topic\n");
}

static void raw_records_have_no_fields_in_their_value(void **state)
{
    (void)state;
    assert_faults_for(RECON_HOME_RUN, LIVE "events: {topics: b, format: raw, id: order.id, time: timestamp}\n",
                      "c.yaml:7:1: events: the value of a raw record has no fields: use key, header.NAME or timestamp, "
                      "or another format\n");
    assert_faults_for(RECON_HOME_RUN, LIVE "events: {topics: b, format: raw, id: header.x, time: timestamp}\n", "");
    assert_faults_for(RECON_HOME_FLINK,
                      LIVE "events: {topics: b, format: raw, schemas: [{when: {field: {name: v, equals: 1}}}]}\n",
                      "c.yaml:7:1: events: the value of a raw record has no fields: use key, header.NAME or timestamp, "
                      "or another format\n");
    assert_faults_for(RECON_HOME_FLINK,
                      LIVE "events: {topics: b, format: raw, schemas: [{when: {field: {name: key, equals: 1}}}]}\n",
                      "");
    assert_faults_for(
        RECON_HOME_FLINK,
        LIVE "events: {topics: b, format: raw, schemas: [{when: {avro_record: R}}, {when: "
             "{cloudevents_type: t}}]}\n",
        "c.yaml:7:1: events: 'when' can't ask a raw record for its Avro record: ask for a header, or set "
        "another format\n"
        "c.yaml:7:1: events: 'when' can't ask a raw record for its CloudEvents type: ask for a header, or "
        "set another format\n");
}

static void csv_is_for_files_alone(void **state)
{
    (void)state;
    static const char expected[] =
        "c.yaml:7:1: events: the format csv is a file's, for a message has no header line to "
        "name its columns: use json, cloudevents, avro or raw\n";
    assert_faults_for(RECON_HOME_RUN, LIVE "events: {topics: b, format: csv}\n", expected);
    assert_faults_for(RECON_HOME_FLINK, LIVE "events: {topics: b, format: csv}\n", expected);
    assert_faults_for(RECON_HOME_CHECK, LIVE "events: {topics: b, format: csv}\n", "");
}

static void hostile_texts_do_not_reach_the_terminal(void **state)
{
    (void)state;
    assert_faults("interval: \"\\e[31m\\x9b\"\n",
                  "c.yaml:1:11: interval: '?[31m?\x9b' is not a duration: write a number and a unit, as in `250ms`, "
                  "`30s`, `5m`, `2h` or `7d`\n");
    assert_faults("name: \"a\\0b\"\n", "c.yaml:1:7: a text must not have a NUL byte in it\n");
}

static void a_fault_is_one_line_of_bounded_length(void **state)
{
    (void)state;
    static char text[20000];
    memcpy(text, "interval: ", 10);
    memset(text + 10, 'x', sizeof text - 12);
    text[sizeof text - 2] = '\n';
    struct recon_config config;
    struct recon_config_errors errors = {0};
    recon_config_init(&config);
    assert_int_equal(parse(&config, text, &errors), RECON_ERROR_INVALID);
    assert_int_equal(errors.count, 1);
    assert_true(strlen(errors.lines[0]) < 700);
    recon_config_errors_deinit(&errors);
    recon_config_deinit(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_keys_come_with_what_was_likely_meant),
        cmocka_unit_test(all_faults_are_named_at_once_in_order_of_place),
        cmocka_unit_test(faults_in_one_line_come_in_order_of_column),
        cmocka_unit_test(what_a_fault_may_cause_is_no_fault_of_its_own),
        cmocka_unit_test(columns_count_characters_not_bytes),
        cmocka_unit_test(durations_need_a_unit_and_a_sense),
        cmocka_unit_test(where_http_listens_must_be_an_address),
        cmocka_unit_test(times_and_starts_must_be_times),
        cmocka_unit_test(reports_and_identities_have_known_names),
        cmocka_unit_test(a_source_must_be_in_both_streams_for_source_and_id),
        cmocka_unit_test(values_must_have_their_type),
        cmocka_unit_test(properties_are_scalars_with_names_of_their_own),
        cmocka_unit_test(mappings_are_judged_field_by_field),
        cmocka_unit_test(schemas_must_make_sense_together),
        cmocka_unit_test(a_fault_of_all_schemas_is_named_once),
        cmocka_unit_test(topics_and_names_are_what_kafka_takes),
        cmocka_unit_test(a_variable_that_is_not_set_is_named),
        cmocka_unit_test(a_variable_is_missed_only_by_the_homes_that_need_it),
        cmocka_unit_test(what_a_home_needs_is_asked_for),
        cmocka_unit_test(results_must_not_go_where_records_are_read),
        cmocka_unit_test(raw_records_have_no_fields_in_their_value),
        cmocka_unit_test(csv_is_for_files_alone),
        cmocka_unit_test(hostile_texts_do_not_reach_the_terminal),
        cmocka_unit_test(a_fault_is_one_line_of_bounded_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
