/*
 * The windows: what is emitted when, revisions, empty windows, forgetting.
 */
#include "engine_kit.h"

static struct recon_windows *make(int64_t interval, int64_t retention, int64_t from, int64_t to)
{
    struct recon_settings settings = kit_settings(interval, 0, retention);
    settings.from_ms = from;
    settings.to_ms = to;
    struct recon_windows *windows;
    assert_int_equal(recon_windows_new(&settings, &windows), RECON_OK);
    return windows;
}

static void add(struct recon_windows *windows, int64_t index, uint64_t expected, uint64_t matched, uint64_t missing)
{
    struct recon_counts counts = {.expected = expected, .matched = matched, .missing = missing};
    assert_int_equal(recon_windows_add(windows, index, &counts), RECON_OK);
}

#define METRIC_MAX 4096
static struct recon_result metrics[METRIC_MAX];

static size_t rise(struct recon_windows *windows, int64_t w, int64_t r)
{
    struct recon_rise rise = {w, r, RECON_BASIS_WATERMARK};
    size_t all = 0;
    size_t count;
    assert_int_equal(recon_windows_rise(windows, &rise), RECON_OK);
    do {
        assert_true(all + 3 <= METRIC_MAX);
        assert_int_equal(recon_windows_next(windows, metrics + all, 3, &count), RECON_OK);
        all += count;
    } while (count > 0);
    return all;
}

static void assert_metric(size_t at, int64_t start, uint64_t expected, uint64_t matched, uint64_t revision)
{
    assert_int_equal(metrics[at].start, start);
    assert_int_equal(metrics[at].counts.expected, expected);
    assert_int_equal(metrics[at].counts.matched, matched);
    assert_int_equal(metrics[at].revision, revision);
}

static void a_window_is_emitted_when_its_end_is_passed_and_again_when_it_changed(void **state)
{
    (void)state;
    struct recon_windows *windows = make(10, 1000, RECON_TIME_MIN, RECON_TIME_MAX);
    add(windows, 0, 2, 1, 1);
    assert_int_equal(rise(windows, 8, 8), 0);
    assert_int_equal(rise(windows, 9, 9), 1);
    assert_metric(0, 0, 2, 1, 0);
    add(windows, 0, 0, 1, UINT64_MAX);
    assert_int_equal(rise(windows, 18, 18), 0); /* no end was passed */
    assert_int_equal(rise(windows, 19, 19), 2);
    assert_metric(0, 0, 2, 2, 1);
    assert_int_equal(metrics[0].counts.missing, 0);
    assert_metric(1, 10, 0, 0, 0); /* an empty one */
    add(windows, 0, 1, 0, 1);
    add(windows, 0, UINT64_MAX, 0, UINT64_MAX);
    assert_int_equal(rise(windows, 29, 29), 1); /* changed and changed back: not again */
    assert_metric(0, 20, 0, 0, 0);
    add(windows, 1, 1, 1, 0);
    assert_int_equal(rise(windows, RECON_TIME_MAX, RECON_TIME_MAX), 1);
    assert_metric(0, 10, 1, 1, 1); /* the empty one was revision 0 */
    recon_windows_free(windows);
    assert_int_equal(held_bytes, 0);
}

static void a_leap_over_a_million_windows_emits_only_what_is_within_the_retention(void **state)
{
    (void)state;
    struct recon_windows *windows = make(10, 100, RECON_TIME_MIN, RECON_TIME_MAX);
    add(windows, 0, 1, 1, 0);
    /* end > W - m: ends 10000000 - 99 = 9999901 and later, so those that start at 9999900 to 9999990 */
    assert_int_equal(rise(windows, 10000000, 10000000), 11);
    assert_metric(0, 0, 1, 1, 0);
    assert_metric(1, 9999900, 0, 0, 0);
    assert_metric(10, 9999990, 0, 0, 0);
    recon_windows_free(windows);
}

static void a_leap_with_r_behind_makes_windows_skipped_then_new_ones_later(void **state)
{
    (void)state;
    struct recon_windows *windows = make(10, 30, RECON_TIME_MIN, RECON_TIME_MAX);
    add(windows, 0, 1, 1, 0);
    assert_int_equal(rise(windows, 100, 5), 4); /* 0, and 70, 80, 90 */
    assert_metric(1, 70, 0, 0, 0);
    add(windows, 5, 1, 1, 0); /* skipped before: its first revision */
    add(windows, 8, 1, 1, 0); /* emitted empty before: its second */
    assert_int_equal(rise(windows, 109, 5), 3);
    assert_metric(0, 50, 1, 1, 0);
    assert_metric(1, 80, 1, 1, 1);
    assert_metric(2, 100, 0, 0, 0);
    recon_windows_free(windows);
}

static void a_window_that_changed_is_emitted_before_it_is_forgotten_and_then_is_new(void **state)
{
    (void)state;
    struct recon_windows *windows = make(10, 10, RECON_TIME_MIN, RECON_TIME_MAX);
    add(windows, 0, 1, 0, 1);
    assert_int_equal(rise(windows, 12, 12), 1);
    add(windows, 0, 0, 1, UINT64_MAX);
    assert_int_equal(rise(windows, 18, 18), 0);
    uint64_t before = recon_windows_memory_bytes(windows);
    assert_int_equal(rise(windows, 19, 19), 2); /* R = 19 = 9 + m: and the end of [10, 20) was passed */
    assert_metric(0, 0, 1, 1, 1);
    add(windows, 0, 1, 1, 0);
    assert_int_equal(rise(windows, 29, 20), 2);
    assert_metric(0, 0, 1, 1, 0); /* nothing is known of the one before */
    assert_true(recon_windows_memory_bytes(windows) <= before + 4096);
    recon_windows_free(windows);
}

static void empty_windows_are_within_from_and_to(void **state)
{
    (void)state;
    struct recon_windows *windows = make(10, 1000, 25, 55);
    add(windows, 0, 0, 0, 0);
    add(windows, 3, 1, 1, 0);
    assert_int_equal(rise(windows, 99, 99), 5);
    assert_metric(0, 0, 0, 0, 0); /* exists: it was added */
    assert_metric(1, 20, 0, 0, 0);
    assert_metric(2, 30, 1, 1, 0);
    assert_metric(3, 40, 0, 0, 0);
    assert_metric(4, 50, 0, 0, 0);
    recon_windows_free(windows);
}

static void windows_before_1970_and_at_the_ends_of_64_bits_are_whole(void **state)
{
    (void)state;
    struct recon_windows *windows = make(10, 1, RECON_TIME_MIN, RECON_TIME_MAX);
    int64_t first = INT64_MIN / 10 - 1;
    int64_t last = INT64_MAX / 10;
    add(windows, -1, 1, 1, 0);
    assert_int_equal(rise(windows, -2, -2), 0);
    assert_int_equal(rise(windows, -1, -1), 1);
    assert_metric(0, -10, 1, 1, 0);
    assert_int_equal(metrics[0].end, 0);
    recon_windows_free(windows);
    windows = make(10, RECON_DURATION_UNSET, RECON_TIME_MIN, RECON_TIME_MAX);
    add(windows, first, 1, 1, 0);
    assert_int_equal(rise(windows, INT64_MIN + 7, INT64_MIN + 7), 1);
    assert_int_equal(metrics[0].start, INT64_MIN); /* clamped: it begins 2 ms before */
    assert_int_equal(metrics[0].end, INT64_MIN + 8);
    recon_windows_free(windows);
    windows = make(10, 5, RECON_TIME_MIN, RECON_TIME_MAX);
    add(windows, last, 1, 1, 0);
    assert_int_equal(rise(windows, INT64_MAX - 1, INT64_MAX - 1), 0);
    assert_int_equal(rise(windows, RECON_TIME_MAX, RECON_TIME_MAX), 1);
    assert_int_equal(metrics[0].end, INT64_MAX);
    recon_windows_free(windows);
    assert_int_equal(held_bytes, 0);
}

static void without_memory_nothing_is_lost(void **state)
{
    (void)state;
    struct recon_windows *windows = make(10, RECON_DURATION_UNSET, RECON_TIME_MIN, RECON_TIME_MAX);
    struct recon_counts one = {.expected = 1, .matched = 1};
    recon_windows_memory_limit(windows, 8192);
    int64_t index = 0;
    while (recon_windows_add(windows, index * 2, &one) == RECON_OK)
        index++;
    assert_true(index > 10);
    assert_true(recon_windows_memory_bytes(windows) <= 8192);
    struct recon_rise target = {index * 20, index * 20, RECON_BASIS_WATERMARK};
    assert_int_equal(recon_windows_rise(windows, &target), RECON_OK);
    size_t all = 0;
    size_t count;
    int status;
    while ((status = recon_windows_next(windows, metrics + all, 100, &count)) == RECON_OK && count > 0)
        all += count;
    if (status == RECON_ERROR_MEMORY) {
        recon_windows_memory_limit(windows, UINT64_MAX);
        while (recon_windows_next(windows, metrics + all, 100, &count) == RECON_OK && count > 0)
            all += count;
    }
    assert_int_equal(all, index * 2); /* each with one, and the empty ones behind them */
    for (int64_t i = 0; i < index * 2; i++)
        assert_metric((size_t)i, i * 10, i % 2 == 0, i % 2 == 0, 0);
    recon_windows_free(windows);
    assert_int_equal(held_bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_is_emitted_when_its_end_is_passed_and_again_when_it_changed),
        cmocka_unit_test(a_leap_over_a_million_windows_emits_only_what_is_within_the_retention),
        cmocka_unit_test(a_leap_with_r_behind_makes_windows_skipped_then_new_ones_later),
        cmocka_unit_test(a_window_that_changed_is_emitted_before_it_is_forgotten_and_then_is_new),
        cmocka_unit_test(empty_windows_are_within_from_and_to),
        cmocka_unit_test(windows_before_1970_and_at_the_ends_of_64_bits_are_whole),
        cmocka_unit_test(without_memory_nothing_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
