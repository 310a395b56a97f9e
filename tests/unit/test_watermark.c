/*
 * The watermark: each of its rules.
 */
#include "engine_kit.h"

static struct recon_watermark *make(int64_t out_of_orderness, int64_t idle_timeout, uint32_t audits, uint32_t events)
{
    struct recon_settings settings = kit_settings(10, out_of_orderness, 100);
    settings.idle_timeout_ms = idle_timeout;
    settings.partition_count[RECON_STREAM_AUDIT] = audits;
    settings.partition_count[RECON_STREAM_EVENTS] = events;
    struct recon_watermark *watermark;
    assert_int_equal(recon_watermark_new(&settings, &watermark), RECON_OK);
    assert_int_equal(recon_watermark_clock(watermark, 0), RECON_OK);
    struct recon_rise rise;
    assert_false(recon_watermark_rise(watermark, &rise));
    return watermark;
}

static void saw(struct recon_watermark *watermark, int stream, uint32_t partition, int64_t time)
{
    assert_int_equal(recon_watermark_partition_check(watermark, stream, partition), RECON_OK);
    recon_watermark_saw(watermark, stream, partition, time);
}

#define NO_RISE INT64_MIN
static void assert_rise(struct recon_watermark *watermark, int64_t w, int64_t r, int basis)
{
    struct recon_rise rise;
    if (w == NO_RISE) {
        assert_false(recon_watermark_rise(watermark, &rise));
        return;
    }
    assert_true(recon_watermark_rise(watermark, &rise));
    assert_int_equal(rise.watermark, w);
    assert_int_equal(rise.retention_bound, r);
    assert_int_equal(rise.basis, basis);
    assert_false(recon_watermark_rise(watermark, &rise));
}

static void move_clock(struct recon_watermark *watermark, int64_t now)
{
    assert_int_equal(recon_watermark_clock(watermark, now), RECON_OK);
}

static void the_slowest_partition_of_both_streams_holds_the_watermark(void **state)
{
    (void)state;
    struct recon_watermark *watermark = make(5, RECON_DURATION_UNSET, 1, 2);
    int stream;
    uint32_t partition;
    saw(watermark, RECON_STREAM_AUDIT, 0, 100);
    saw(watermark, RECON_STREAM_EVENTS, 1, 50);
    assert_rise(watermark, NO_RISE, 0, 0);
    saw(watermark, RECON_STREAM_EVENTS, 0, 70);
    assert_rise(watermark, 44, 44, RECON_BASIS_WATERMARK);
    assert_true(recon_watermark_holder(watermark, &stream, &partition));
    assert_int_equal(stream, RECON_STREAM_EVENTS);
    assert_int_equal(partition, 1);
    saw(watermark, RECON_STREAM_EVENTS, 1, 90);
    assert_rise(watermark, 64, 64, RECON_BASIS_WATERMARK);
    saw(watermark, RECON_STREAM_EVENTS, 0, 10); /* late: nothing falls */
    assert_rise(watermark, NO_RISE, 0, 0);
    recon_watermark_free(watermark);
}

static void an_ended_partition_counts_no_more_and_the_last_one_is_the_end(void **state)
{
    (void)state;
    struct recon_watermark *watermark = make(0, RECON_DURATION_UNSET, 1, 1);
    saw(watermark, RECON_STREAM_AUDIT, 0, 100);
    assert_int_equal(recon_watermark_end(watermark, RECON_STREAM_EVENTS, 0), RECON_OK);
    assert_rise(watermark, 99, 99, RECON_BASIS_WATERMARK);
    assert_int_equal(recon_watermark_end(watermark, RECON_STREAM_EVENTS, 0), RECON_ERROR_ENDED);
    assert_int_equal(recon_watermark_end(watermark, RECON_STREAM_AUDIT, 1), RECON_ERROR_PARTITION);
    assert_int_equal(recon_watermark_end(watermark, RECON_STREAM_AUDIT, 0), RECON_OK);
    assert_rise(watermark, RECON_TIME_MAX, RECON_TIME_MAX, RECON_BASIS_END);
    assert_int_equal(recon_watermark_add(watermark, RECON_STREAM_AUDIT, NULL), RECON_OK);
    saw(watermark, RECON_STREAM_AUDIT, 1, 1000);
    assert_rise(watermark, NO_RISE, 0, 0);
    recon_watermark_free(watermark);
}

static void an_idle_partition_is_left_out_from_z_on_until_its_max_rises(void **state)
{
    (void)state;
    struct recon_watermark *watermark = make(0, 1000, 1, 1);
    saw(watermark, RECON_STREAM_AUDIT, 0, 500);
    move_clock(watermark, 900);
    saw(watermark, RECON_STREAM_AUDIT, 0, 600);
    move_clock(watermark, 999);
    assert_rise(watermark, NO_RISE, 0, 0);
    move_clock(watermark, 1000);
    assert_rise(watermark, 599, 599, RECON_BASIS_TIMEOUT);
    saw(watermark, RECON_STREAM_EVENTS, 0, 700);
    assert_rise(watermark, NO_RISE, 0, 0);
    saw(watermark, RECON_STREAM_AUDIT, 0, 800);
    assert_rise(watermark, 699, 699, RECON_BASIS_WATERMARK);
    recon_watermark_free(watermark);
}

static void in_silence_the_clock_drives_w_while_r_stands_still_until_z_after_it(void **state)
{
    (void)state;
    struct recon_watermark *watermark = make(10, 1000, 1, 1);
    saw(watermark, RECON_STREAM_AUDIT, 0, 500);
    saw(watermark, RECON_STREAM_EVENTS, 0, 500);
    assert_rise(watermark, 489, 489, RECON_BASIS_WATERMARK);
    move_clock(watermark, 1000);
    assert_rise(watermark, 1489, 489, RECON_BASIS_TIMEOUT); /* 500 + 1000 - 10 - 1 */
    move_clock(watermark, 1500);
    assert_rise(watermark, 1989, 489, RECON_BASIS_TIMEOUT);
    saw(watermark, RECON_STREAM_AUDIT, 0, 800);
    assert_rise(watermark, NO_RISE, 0, 0); /* the candidate is 789, and R does not follow yet */
    assert_int_equal(recon_watermark_alive(watermark, RECON_STREAM_EVENTS, 0), RECON_OK);
    saw(watermark, RECON_STREAM_EVENTS, 0, 801);
    move_clock(watermark, 2499);
    assert_rise(watermark, NO_RISE, 0, 0);
    saw(watermark, RECON_STREAM_AUDIT, 0, 810);
    saw(watermark, RECON_STREAM_EVENTS, 0, 811);
    assert_rise(watermark, NO_RISE, 0, 0);
    move_clock(watermark, 2500);
    assert_rise(watermark, 1989, 799, RECON_BASIS_WATERMARK); /* R alone */
    recon_watermark_free(watermark);
}

static void an_input_that_is_said_to_be_alive_is_not_idle(void **state)
{
    (void)state;
    struct recon_watermark *watermark = make(0, 1000, 1, 1);
    saw(watermark, RECON_STREAM_AUDIT, 0, 500);
    move_clock(watermark, 999);
    assert_int_equal(recon_watermark_alive(watermark, RECON_STREAM_EVENTS, 0), RECON_OK);
    saw(watermark, RECON_STREAM_AUDIT, 0, 501);
    move_clock(watermark, 1998);
    assert_rise(watermark, NO_RISE, 0, 0);
    saw(watermark, RECON_STREAM_AUDIT, 0, 502);
    move_clock(watermark, 1999);
    assert_rise(watermark, 501, 501, RECON_BASIS_TIMEOUT);
    recon_watermark_free(watermark);
}

static void an_input_that_has_waited_z_elsewhere_is_idle_at_once(void **state)
{
    (void)state;
    struct recon_watermark *watermark = make(0, 50, 1, 1);
    saw(watermark, RECON_STREAM_AUDIT, 0, 100);
    saw(watermark, RECON_STREAM_EVENTS, 0, 200);
    assert_rise(watermark, 99, 99, RECON_BASIS_WATERMARK);
    assert_int_equal(recon_watermark_waited(watermark, RECON_STREAM_AUDIT, 0, 0), RECON_OK);
    assert_rise(watermark, 199, 199, RECON_BASIS_TIMEOUT);
    /* All idle: what was waited counts, from the largest time on. */
    assert_int_equal(recon_watermark_waited(watermark, RECON_STREAM_EVENTS, 0, 0), RECON_OK);
    assert_rise(watermark, 249, 199, RECON_BASIS_TIMEOUT);
    move_clock(watermark, 7);
    assert_rise(watermark, 256, 199, RECON_BASIS_TIMEOUT);
    assert_int_equal(recon_watermark_alive(watermark, RECON_STREAM_EVENTS, 0), RECON_OK);
    assert_rise(watermark, NO_RISE, 0, 0);
    /* It was no waking: silent since -50, as before. */
    assert_int_equal(recon_watermark_waited(watermark, RECON_STREAM_EVENTS, 0, -50), RECON_OK);
    assert_rise(watermark, NO_RISE, 0, 0);
    move_clock(watermark, 8);
    assert_rise(watermark, 257, 199, RECON_BASIS_TIMEOUT);
    assert_int_equal(recon_watermark_end(watermark, RECON_STREAM_AUDIT, 0), RECON_OK);
    assert_int_equal(recon_watermark_waited(watermark, RECON_STREAM_AUDIT, 0, 0), RECON_ERROR_ENDED);
    recon_watermark_free(watermark);
    struct recon_watermark *without = make(0, RECON_DURATION_UNSET, 1, 1);
    saw(without, RECON_STREAM_AUDIT, 0, 100);
    assert_int_equal(recon_watermark_waited(without, RECON_STREAM_EVENTS, 0, 0), RECON_OK);
    assert_rise(without, NO_RISE, 0, 0);
    recon_watermark_free(without);
}

static void without_z_silence_changes_nothing_and_without_n_only_the_end_rises(void **state)
{
    (void)state;
    struct recon_watermark *watermark = make(RECON_DURATION_UNSET, RECON_DURATION_UNSET, 1, 1);
    saw(watermark, RECON_STREAM_AUDIT, 0, INT64_MAX);
    saw(watermark, RECON_STREAM_EVENTS, 0, INT64_MAX);
    move_clock(watermark, INT64_MAX);
    assert_rise(watermark, NO_RISE, 0, 0);
    assert_int_equal(recon_watermark_end(watermark, 0, 0), RECON_OK);
    assert_rise(watermark, NO_RISE, 0, 0);
    assert_int_equal(recon_watermark_end(watermark, 1, 0), RECON_OK);
    assert_rise(watermark, RECON_TIME_MAX, RECON_TIME_MAX, RECON_BASIS_END);
    recon_watermark_free(watermark);
}

static void no_sum_passes_the_ends_of_64_bits(void **state)
{
    (void)state;
    struct recon_watermark *watermark = make(INT64_MAX - 1, 1, 1, 0);
    saw(watermark, RECON_STREAM_AUDIT, 0, INT64_MIN);
    assert_rise(watermark, NO_RISE, 0, 0);
    move_clock(watermark, INT64_MAX);
    assert_rise(watermark, NO_RISE, 0, 0); /* MIN + MAX - (MAX - 1) - 1 = MIN */
    recon_watermark_free(watermark);
    watermark = make(0, 1, 1, 0);
    saw(watermark, RECON_STREAM_AUDIT, 0, INT64_MAX);
    assert_rise(watermark, INT64_MAX - 1, INT64_MAX - 1, RECON_BASIS_WATERMARK);
    move_clock(watermark, INT64_MAX);
    assert_rise(watermark, NO_RISE, 0, 0); /* the clock alone is no end */
    recon_watermark_free(watermark);
    watermark = make(10, 1, 1, 1);
    saw(watermark, RECON_STREAM_AUDIT, 0, INT64_MAX);
    move_clock(watermark, 11);
    assert_rise(watermark, INT64_MAX - 1, INT64_MIN, RECON_BASIS_TIMEOUT); /* MAX + 11 - 10 - 1 would be the end */
    recon_watermark_free(watermark);
    assert_int_equal(held_bytes, 0);
}

static void a_falling_clock_is_refused_and_a_far_time_is_poisoned(void **state)
{
    (void)state;
    struct recon_settings settings = kit_settings(10, 0, 100);
    settings.max_future_skew_ms = 10;
    struct recon_watermark *watermark;
    assert_int_equal(recon_watermark_new(&settings, &watermark), RECON_OK);
    assert_int_equal(recon_watermark_clock(watermark, 5), RECON_OK);
    assert_int_equal(recon_watermark_clock(watermark, 4), RECON_ERROR_CLOCK);
    assert_int_equal(recon_watermark_now(watermark), 5);
    assert_false(recon_watermark_is_poisoned(watermark, 15));
    assert_true(recon_watermark_is_poisoned(watermark, 16));
    recon_watermark_free(watermark);
}

static void without_any_partition_there_is_no_end(void **state)
{
    (void)state;
    struct recon_watermark *watermark = make(0, 1000, 0, 0);
    move_clock(watermark, 5000);
    assert_rise(watermark, NO_RISE, 0, 0);
    recon_watermark_free(watermark);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_slowest_partition_of_both_streams_holds_the_watermark),
        cmocka_unit_test(an_ended_partition_counts_no_more_and_the_last_one_is_the_end),
        cmocka_unit_test(an_idle_partition_is_left_out_from_z_on_until_its_max_rises),
        cmocka_unit_test(in_silence_the_clock_drives_w_while_r_stands_still_until_z_after_it),
        cmocka_unit_test(an_input_that_is_said_to_be_alive_is_not_idle),
        cmocka_unit_test(an_input_that_has_waited_z_elsewhere_is_idle_at_once),
        cmocka_unit_test(without_z_silence_changes_nothing_and_without_n_only_the_end_rises),
        cmocka_unit_test(no_sum_passes_the_ends_of_64_bits),
        cmocka_unit_test(a_falling_clock_is_refused_and_a_far_time_is_poisoned),
        cmocka_unit_test(without_any_partition_there_is_no_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
