/*
 * The command line's keys, over the file's.
 */
#include "config_help.h"

static void set(struct recon_config *config, const char *option, const char *value)
{
    struct recon_config_errors errors = {0};
    int status = recon_config_option(config, option, value, &errors);
    assert_lines(&errors, "");
    assert_int_equal(status, RECON_OK);
    recon_config_errors_deinit(&errors);
}

static void refused(struct recon_config *config, const char *option, const char *value, const char *line)
{
    struct recon_config_errors errors = {0};
    assert_int_equal(recon_config_option(config, option, value, &errors), RECON_ERROR_INVALID);
    assert_lines(&errors, line);
    recon_config_errors_deinit(&errors);
}

static void options_set_what_keys_set(void **state)
{
    (void)state;
    struct recon_config config;
    recon_config_init(&config);
    set(&config, "name", "orders");
    set(&config, "interval", "1h");
    set(&config, "out-of-orderness", "30m");
    set(&config, "retention", "1d");
    set(&config, "idle-timeout", "5s");
    set(&config, "max-future-skew", "any");
    set(&config, "from", "2013-02-08");
    set(&config, "to", "2013-02-09");
    set(&config, "identity", "source,id");
    set(&config, "report", "missing,audited");
    set(&config, "id", "carrier,flight,date");
    set(&config, "time", "ts");
    set(&config, "source", "shop");
    set(&config, "format", "csv");
    set(&config, "time-unit", "s");
    set(&config, "zone", "America/New_York");
    set(&config, "audit-id", "key");
    set(&config, "audit-time", "at");
    set(&config, "audit-source", "system");
    set(&config, "audit-format", "json");
    set(&config, "audit-time-unit", "us");
    set(&config, "audit-zone", "UTC");
    set(&config, "audit-emitted", "sent");
    set(&config, "audit-context", "note");
    struct recon_config_errors errors = {0};
    assert_int_equal(recon_config_finish(&config, RECON_HOME_CHECK, &errors), RECON_OK);

    assert_string_equal(config.name, "orders");
    assert_int_equal(config.settings.interval_ms, 3600000);
    assert_int_equal(config.settings.out_of_orderness_ms, 1800000);
    assert_int_equal(config.settings.retention_ms, 86400000);
    assert_int_equal(config.settings.idle_timeout_ms, 5000);
    assert_int_equal(config.settings.max_future_skew_ms, RECON_DURATION_UNSET);
    assert_int_equal(config.settings.from_ms, INT64_C(1360281600000));
    assert_int_equal(config.settings.to_ms, INT64_C(1360368000000));
    assert_true(config.source_in_identity);
    assert_int_equal(config.settings.report, RECON_REPORT(RECON_RESULT_MISSING) | RECON_REPORT(RECON_RESULT_AUDITED));
    const struct recon_mapping *audit = config.streams[RECON_STREAM_AUDIT].mapping.schemas;
    const struct recon_mapping *events = config.streams[RECON_STREAM_EVENTS].mapping.schemas;
    assert_int_equal(events->id_count, 3);
    assert_string_equal(events->id[2].text, "date");
    assert_string_equal(events->time.text, "ts");
    assert_string_equal(events->source.text, "shop");
    assert_int_equal(events->format, RECON_FORMAT_CSV);
    assert_int_equal(events->time_unit, RECON_UNIT_S);
    assert_string_equal(events->zone, "America/New_York");
    assert_int_equal(audit->id_count, 1);
    assert_string_equal(audit->id[0].text, "key");
    assert_string_equal(audit->time.text, "at");
    assert_string_equal(audit->source.text, "system");
    assert_int_equal(audit->format, RECON_FORMAT_JSON);
    assert_int_equal(audit->time_unit, RECON_UNIT_US);
    assert_string_equal(audit->zone, "UTC");
    assert_string_equal(audit->emitted.text, "sent");
    assert_string_equal(audit->context.text, "note");
    recon_config_deinit(&config);
}

static void options_override_the_file(void **state)
{
    (void)state;
    struct recon_config config;
    struct recon_config_errors errors = {0};
    recon_config_init(&config);
    assert_int_equal(parse(&config, "interval: 5m\nid: a\nreport: [missing]\nto: 2013-02-08\n", &errors), RECON_OK);
    set(&config, "interval", "1m");
    set(&config, "events-id", "b,c");
    set(&config, "report", "");
    assert_int_equal(recon_config_finish(&config, RECON_HOME_CHECK, &errors), RECON_OK);
    assert_int_equal(config.settings.interval_ms, 60000);
    assert_int_equal(config.settings.report, 0);
    assert_string_equal(config.streams[RECON_STREAM_AUDIT].mapping.schemas[0].id[0].text, "a");
    assert_int_equal(config.streams[RECON_STREAM_EVENTS].mapping.schemas[0].id_count, 2);
    recon_config_deinit(&config);
}

static void a_bad_value_names_its_option(void **state)
{
    (void)state;
    struct recon_config config;
    recon_config_init(&config);
    refused(&config, "interval", "60",
            "--interval: '60' is not a duration: a bare number has no unit: write `30s`, `5m` or `2h`\n");
    refused(&config, "interval", "0ms", "--interval: '0ms' is too short: at least 1 ms\n");
    refused(&config, "audit-id", "", "--audit-id: an ID has 1 to 8 fields, here are 0\n");
    refused(&config, "id", "a,b,c,d,e,f,g,h,i", "--id: an ID has 1 to 8 fields, here are 9\n");
    refused(&config, "events-format", "xml",
            "--events-format: 'xml' is not one of auto, json, csv, cloudevents, avro, raw\n");
    refused(&config, "report", "missing,fund,metrik",
            "--report: 'fund' is not one of missing, found, unaudited, audited, duplicate, too_late, rejected; did you "
            "mean 'found'?\n"
            "--report: 'metrik' is not one of missing, found, unaudited, audited, duplicate, too_late, rejected; did "
            "you mean 'metric'?\n");
    refused(&config, "intervall", "5m", "--intervall: unknown option; did you mean --interval?\n");
    recon_config_deinit(&config);
}

static void an_option_for_both_streams_names_its_fault_once(void **state)
{
    (void)state;
    struct recon_config config;
    recon_config_init(&config);
    refused(&config, "zone", "Mars", "--zone: 'Mars' is no time zone known here: write it like Europe/Paris or UTC\n");
    recon_config_deinit(&config);
}

static void mappings_of_schemas_are_left_to_the_file(void **state)
{
    (void)state;
    struct recon_config config;
    struct recon_config_errors errors = {0};
    recon_config_init(&config);
    assert_int_equal(parse(&config, "events:\n  schemas:\n    - id: a\n", &errors), RECON_OK);
    refused(&config, "events-id", "b",
            "--events-id: events has schemas in c.yaml, each with its own fields: change "
            "them there\n");
    refused(&config, "id", "b", "--id: events has schemas in c.yaml, each with its own fields: change them there\n");
    set(&config, "audit-id", "b");
    set(&config, "interval", "5m");
    recon_config_deinit(&config);
}

static void contradictions_name_the_option_that_made_them(void **state)
{
    (void)state;
    struct recon_config config;
    struct recon_config_errors errors = {0};
    recon_config_init(&config);
    set(&config, "from", "2013-02-09");
    set(&config, "to", "2013-02-08");
    set(&config, "identity", "source,id");
    set(&config, "events-format", "csv");
    assert_int_equal(recon_config_finish(&config, RECON_HOME_CHECK, &errors), RECON_ERROR_INVALID);
    assert_lines(&errors, "--to: 'from' must lie before 'to': nothing lies between them\n"
                          "--identity: source,id needs a source in both streams, and events has none: map one "
                          "(events.source in the file, --events-source), or set identity to id\n");
    recon_config_errors_deinit(&errors);
    recon_config_deinit(&config);
}

static void a_faulty_option_is_not_called_missing(void **state)
{
    (void)state;
    struct recon_config config;
    struct recon_config_errors errors = {0};
    recon_config_init(&config);
    refused(&config, "interval", "5",
            "--interval: '5' is not a duration: a bare number has no unit: write `30s`, `5m` or `2h`\n");
    recon_config_finish(&config, RECON_HOME_REPLAY, &errors);
    assert_lines(&errors, "");
    recon_config_deinit(&config);
}

static void known_options_are_known_and_others_have_a_nearest(void **state)
{
    (void)state;
    const char *nearest = "";
    assert_true(recon_config_option_known("audit-time-unit", NULL));
    assert_false(recon_config_option_known("events-emitted", NULL));
    assert_false(recon_config_option_known("audit-tiem", &nearest));
    assert_string_equal(nearest, "audit-time");
    assert_false(recon_config_option_known("xyzzy", &nearest));
    assert_null(nearest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_set_what_keys_set),
        cmocka_unit_test(options_override_the_file),
        cmocka_unit_test(a_bad_value_names_its_option),
        cmocka_unit_test(an_option_for_both_streams_names_its_fault_once),
        cmocka_unit_test(mappings_of_schemas_are_left_to_the_file),
        cmocka_unit_test(contradictions_name_the_option_that_made_them),
        cmocka_unit_test(a_faulty_option_is_not_called_missing),
        cmocka_unit_test(known_options_are_known_and_others_have_a_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
