/*
 * The engine as a whole: the worked example, back-pressure, and what it holds.
 */
#include "engine_kit.h"

static void assert_metric(const struct recon_result *metric, int64_t start, uint64_t expected, uint64_t matched,
                          uint64_t revision)
{
    assert_int_equal(metric->type, RECON_RESULT_METRIC);
    assert_int_equal(metric->start, start);
    assert_int_equal(metric->end, start + 10);
    assert_int_equal(metric->counts.expected, expected);
    assert_int_equal(metric->counts.matched, matched);
    assert_int_equal(metric->counts.missing, expected - matched);
    assert_int_equal(metric->revision, revision);
}

static void the_worked_example_gives_what_the_documentation_says(void **state)
{
    (void)state;
    struct recon_settings settings = kit_settings(10, 2, 100);
    struct recon_engine *engine;
    struct kit_taken taken = {.count = 0};
    assert_int_equal(recon_engine_new(&settings, &engine), RECON_OK);
    kit_say(engine, 0, kit_record(RECON_STREAM_AUDIT, "a", 0), &taken);
    kit_say(engine, 1, kit_record(RECON_STREAM_EVENTS, "a", 0), &taken);
    kit_say(engine, 2, kit_record(RECON_STREAM_AUDIT, "b", 5), &taken);
    kit_say(engine, 3, kit_record(RECON_STREAM_AUDIT, "c", 30), &taken);
    assert_int_equal(taken.count, 0);
    kit_say(engine, 3, kit_record(RECON_STREAM_EVENTS, "c", 30), &taken);
    assert_int_equal(taken.count, 3);
    assert_int_equal(taken.results[0].type, RECON_RESULT_MISSING);
    assert_string_equal(taken.ids[0], "b");
    assert_int_equal(taken.results[0].watermark, 27);
    assert_metric(&taken.results[1], 0, 2, 1, 0);
    assert_metric(&taken.results[2], 10, 0, 0, 0);
    kit_say(engine, 4, kit_record(RECON_STREAM_EVENTS, "b", 5), &taken);
    assert_int_equal(taken.count, 4);
    assert_int_equal(taken.results[3].type, RECON_RESULT_FOUND);
    assert_string_equal(taken.ids[3], "b");
    assert_int_equal(recon_engine_clock(engine, 5), RECON_OK);
    assert_int_equal(recon_engine_partition_end(engine, RECON_STREAM_EVENTS, 0), RECON_OK);
    kit_drain(engine, &taken);
    assert_int_equal(taken.count, 4);
    assert_int_equal(recon_engine_partition_end(engine, RECON_STREAM_AUDIT, 0), RECON_OK);
    kit_drain(engine, &taken);
    assert_int_equal(taken.count, 6);
    assert_metric(&taken.results[4], 0, 2, 2, 1);
    assert_metric(&taken.results[5], 30, 1, 1, 0);
    assert_int_equal(taken.results[5].basis, RECON_BASIS_END);
    assert_int_equal(recon_engine_memory_bytes(engine), held_bytes);
    recon_engine_free(engine);
    assert_int_equal(held_bytes, 0);
}

static void a_call_before_results_are_taken_is_refused_and_does_nothing(void **state)
{
    (void)state;
    struct recon_settings settings = kit_settings(10, 0, 100);
    struct recon_engine *engine;
    size_t handled;
    assert_int_equal(recon_engine_new(&settings, &engine), RECON_OK);
    assert_int_equal(recon_engine_clock(engine, 0), RECON_OK);
    struct recon_record records[3] = {kit_record(RECON_STREAM_AUDIT, "a", 0), kit_record(RECON_STREAM_AUDIT, "b", 50),
                                      kit_record(RECON_STREAM_EVENTS, "b", 50)};
    assert_int_equal(recon_engine_records(engine, records, 3, &handled), RECON_OK);
    assert_int_equal(handled, 3);
    assert_int_equal(recon_engine_records(engine, records, 3, &handled), RECON_ERROR_UNDRAINED);
    assert_int_equal(handled, 0);
    assert_int_equal(recon_engine_clock(engine, 1), RECON_ERROR_UNDRAINED);
    assert_int_equal(recon_engine_partition_end(engine, 0, 0), RECON_ERROR_UNDRAINED);
    struct kit_taken taken = {.count = 0};
    kit_drain(engine, &taken);
    assert_int_equal(taken.results[0].type, RECON_RESULT_MISSING);
    assert_int_equal(recon_engine_clock(engine, 1), RECON_OK);
    recon_engine_free(engine);
}

static void the_memory_limit_stops_a_record_that_can_then_be_handed_in_again(void **state)
{
    (void)state;
    struct recon_settings settings = kit_settings(1000, RECON_DURATION_UNSET, RECON_DURATION_UNSET);
    struct recon_engine *engine;
    assert_int_equal(recon_engine_new(&settings, &engine), RECON_OK);
    assert_int_equal(recon_engine_clock(engine, 0), RECON_OK);
    uint64_t limit_bytes = recon_engine_memory_bytes(engine) + 200000;
    recon_engine_memory_limit(engine, limit_bytes);
    int status = RECON_OK;
    uint64_t said = 0;
    struct recon_record record;
    for (uint64_t i = 0; status == RECON_OK && i < 100000; i++) {
        record = kit_record(RECON_STREAM_AUDIT, "an-id-of-some-length", 0);
        record.key.high ^= i * UINT64_C(0x9E3779B97F4A7C15);
        size_t handled;
        status = recon_engine_records(engine, &record, 1, &handled);
        said += handled;
        assert_true(recon_engine_memory_bytes(engine) <= limit_bytes);
        assert_int_equal(recon_engine_memory_bytes(engine), held_bytes);
    }
    assert_int_equal(status, RECON_ERROR_MEMORY);
    assert_true(said > 300);
    struct recon_matcher_stats stats;
    recon_engine_stats(engine, &stats);
    assert_int_equal(stats.accepted[RECON_STREAM_AUDIT], said);
    recon_engine_memory_limit(engine, UINT64_MAX);
    size_t handled;
    assert_int_equal(recon_engine_records(engine, &record, 1, &handled), RECON_OK);
    recon_engine_stats(engine, &stats);
    assert_int_equal(stats.accepted[RECON_STREAM_AUDIT], said + 1);
    assert_int_equal(stats.identities, said + 1);
    recon_engine_free(engine);
    assert_int_equal(held_bytes, 0);
}

static void illegal_settings_are_refused_by_name(void **state)
{
    (void)state;
    struct recon_settings settings = kit_settings(0, 0, 0);
    struct recon_engine *engine = NULL;
    const char *what = NULL;
    assert_int_equal(recon_engine_new(&settings, &engine), RECON_ERROR_INVALID);
    assert_int_equal(recon_settings_check(&settings, &what), RECON_ERROR_INVALID);
    assert_string_equal(what, "interval");
    assert_null(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worked_example_gives_what_the_documentation_says),
        cmocka_unit_test(a_call_before_results_are_taken_is_refused_and_does_nothing),
        cmocka_unit_test(the_memory_limit_stops_a_record_that_can_then_be_handed_in_again),
        cmocka_unit_test(illegal_settings_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
