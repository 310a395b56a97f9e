/* Times as texts: what is read, what is refused, and both ways against libc's calendar. */
#define _DEFAULT_SOURCE /* timegm */

#include "codec/time_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "codec/mapping.h"
#include "recon/status.h"

static uint64_t random_state;

static uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static int64_t parse(const char *text, const struct recon_zone *zone)
{
    int64_t time_ms = 0;
    if (!recon_time_parse(text, strlen(text), zone, &time_ms))
        fail_msg("'%s' is refused", text);
    return time_ms;
}

static void refuses(const char *text, const struct recon_zone *zone)
{
    int64_t time_ms = 4711;
    if (recon_time_parse(text, strlen(text), zone, &time_ms))
        fail_msg("'%s' is taken as %lld", text, (long long)time_ms);
    assert_int_equal(time_ms, 4711);
}

static const char *format(int64_t time_ms)
{
    static char text[RECON_TIME_TEXT_SIZE_MAX + 1];
    const size_t size = recon_time_format(time_ms, text);
    assert_true(size <= RECON_TIME_TEXT_SIZE_MAX);
    text[size] = '\0';
    return text;
}

static void known_times_are_formatted(void **state)
{
    (void)state;
    assert_string_equal(format(0), "1970-01-01T00:00:00.000Z");
    assert_string_equal(format(-1), "1969-12-31T23:59:59.999Z");
    assert_string_equal(format(1360321200000), "2013-02-08T11:00:00.000Z");
    assert_string_equal(format(951827696789), "2000-02-29T12:34:56.789Z");
    assert_string_equal(format(253402300799999), "9999-12-31T23:59:59.999Z");
    assert_string_equal(format(253402300800000), "+10000-01-01T00:00:00.000Z");
    assert_string_equal(format(-62167219200000), "0000-01-01T00:00:00.000Z");
    assert_string_equal(format(-62167219200001), "-0001-12-31T23:59:59.999Z");
    assert_string_equal(format(INT64_MAX), "+292278994-08-17T07:12:55.807Z");
    assert_string_equal(format(INT64_MIN), "-292275055-05-16T16:47:04.192Z");
}

/* Seeded values of every size against gmtime_r, and back. */
static void every_time_is_formatted_as_libc_says_and_read_back(void **state)
{
    (void)state;
    random_state = 20130208;
    for (int i = 0; i < 300000; i++) {
        int64_t time_ms = (int64_t)random_next() >> (random_next() % 64);
        if (i == 0)
            time_ms = INT64_MAX;
        if (i == 1)
            time_ms = INT64_MIN;
        const int64_t ms = ((time_ms % 1000) + 1000) % 1000;
        const time_t seconds = time_ms / 1000 - (time_ms % 1000 < 0);
        struct tm tm;
        assert_non_null(gmtime_r(&seconds, &tm));
        const long long year = tm.tm_year + 1900LL;
        char expected[96];
        snprintf(expected, sizeof expected, "%s%04lld-%02d-%02dT%02d:%02d:%02d.%03dZ",
                 year > 9999 ? "+"
                 : year < 0  ? "-"
                             : "",
                 year < 0 ? -year : year, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)ms);
        assert_string_equal(format(time_ms), expected);
        assert_int_equal(parse(expected, NULL), time_ms);
    }
}

/* Every day from 1600 to 2500, as timegm counts them, and every day number that is none. */
static void every_day_of_the_calendar_is_known(void **state)
{
    (void)state;
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (int year = 1600; year < 2500; year++)
        for (int month = 1; month <= 12; month++)
            for (int day = 0; day <= 32; day++) {
                const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
                char text[48];
                snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
                if (day < 1 || day > days[month - 1] + (month == 2 && leap)) {
                    refuses(text, NULL);
                    continue;
                }
                struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
                assert_int_equal(parse(text, NULL), (int64_t)timegm(&tm) * 1000);
            }
}

static void forms_that_mean_a_time_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t time_ms;
    } cases[] = {
        {"2013-02-08T11:00:00Z", 1360321200000},
        {"2013-02-08t11:00:00z", 1360321200000},
        {"2013-02-08 11:00:00Z", 1360321200000},
        {"2013-02-08T11:00:00", 1360321200000},
        {"2013-02-08T11:00Z", 1360321200000},
        {"2013-02-08T11:00", 1360321200000},
        {"2013-02-08", 1360281600000},
        {"2013-02-08T12:00:00+01:00", 1360321200000},
        {"2013-02-08T12:00:00+0100", 1360321200000},
        {"2013-02-08 12:00:00+01", 1360321200000},
        {"2013-02-08T05:30:00-05:30", 1360321200000},
        {"2013-02-08T11:00:00-00:00", 1360321200000},
        {"2013-02-09T10:59:00+23:59", 1360321200000},
        {"2013-02-07T11:01:00-23:59", 1360321200000},
        {"2013-02-08T11:00:00.1Z", 1360321200100},
        {"2013-02-08T11:00:00,12Z", 1360321200120},
        {"2013-02-08T11:00:00.123456789Z", 1360321200123},
        {"2013-02-08T11:00:00.9999999999999999999999999999999999999999Z", 1360321200999},
        {"2013-02-08T11:00:00.0009", 1360321200000},
        {"1969-12-31T23:59:59.9999Z", -1}, /* floored, not cut towards 1970 */
        {"+12013-02-08T00:00:00Z", 316929801600000},
        {"-0001-12-31T23:59:59.999Z", -62167219200001},
        {"+2013-02-08T11:00:00Z", 1360321200000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (parse(cases[i].text, NULL) != cases[i].time_ms)
            fail_msg("'%s' is %lld, not %lld", cases[i].text, (long long)parse(cases[i].text, NULL),
                     (long long)cases[i].time_ms);
}

/* Times with ms and a Z are read by another way than the same ones with an offset of nothing: both agree on each. */
static void the_usual_form_is_read_as_any_other(void **state)
{
    (void)state;
    static const unsigned most[] = {9999, 13, 32, 25, 61, 61, 999};
    random_state = 7;
    for (int i = 0; i < 200000; i++) {
        unsigned part[7];
        for (int j = 0; j < 7; j++)
            part[j] = (unsigned)(random_next() % (most[j] + 1));
        char usual[64], other[64];
        snprintf(usual, sizeof usual, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", part[0], part[1], part[2], part[3],
                 part[4], part[5], part[6]);
        if (i % 4 == 0) /* any byte anywhere */
            usual[random_next() % 23] = (char)random_next();
        memcpy(other, usual, 23);
        memcpy(other + 23, "+00:00", sizeof "+00:00");
        int64_t usual_ms = 0, other_ms = 0;
        const bool is_usual = recon_time_parse(usual, 24, NULL, &usual_ms);
        const bool is_other = recon_time_parse(other, 29, NULL, &other_ms);
        if (is_usual != is_other || usual_ms != other_ms)
            fail_msg("'%s' is not what '%s' is", usual, other);
    }
}

/* Whatever minute was read before: the answer is that of reading the text alone. */
static void a_minute_read_before_changes_nothing(void **state)
{
    (void)state;
    static const char *const offsets[] = {"Z",   "z", "+00",   "+00:00", "+0100", "-05:30", "+23:59",  "5Z",
                                          "5+1", "",  "Zxxxx", "+24",    "7",     "12345",  "+01:000", "\200"};
    struct recon_time_near near = {.size = 0};
    struct recon_zone *paris;
    assert_int_equal(recon_zone_new("Europe/Paris", &paris), RECON_OK);
    random_state = 8;
    unsigned same = 0;
    char text[40] = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0:00.000Z"; /* as a near that holds nothing */
    size_t size = 24;
    for (int i = 0; i < 400000; i++) {
        int64_t alone_ms = 0, near_ms = 0;
        const struct recon_zone *zone = random_next() % 4 == 0 ? paris : NULL;
        const bool is_alone = recon_time_parse(text, size, zone, &alone_ms);
        const bool is_near = recon_time_parse_near(&near, text, size, zone, &near_ms);
        if (is_alone != is_near || alone_ms != near_ms)
            fail_msg("'%.*s' is read in another way behind its like", (int)size, text);
        same += is_alone;
        char minute[32];
        if (i % 8 == 0) {
            snprintf(minute, sizeof minute, "%04u-%02u-28T%02u:%02u", 1960 + (unsigned)(random_next() % 80),
                     1 + (unsigned)(random_next() % 12), (unsigned)(random_next() % 24),
                     (unsigned)(random_next() % 60));
            memcpy(text, minute, 16);
        }
        snprintf(minute, sizeof minute, ":%02u.%03u", (unsigned)(random_next() % 62), (unsigned)(random_next() % 1000));
        memcpy(text + 16, minute, 7);
        const char *offset = offsets[i / 2 % 3 == 0 ? random_next() % (sizeof offsets / sizeof *offsets) : 0];
        memcpy(text + 23, offset, strlen(offset));
        size = 23 + strlen(offset);
        if (i % 32 == 3) /* what is no byte of it */
            text[size++] = '\0';
        if (i % 16 == 1) /* any byte anywhere */
            text[random_next() % size] = (char)random_next();
    }
    assert_in_range(same, 200000, 390000);
    recon_zone_free(paris);
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "x",
        "2013",
        "2013-02",
        "2013-02-0",
        "2013-2-8",
        "20130208",
        "1360321200000",
        "13-02-08T11:00:00Z",
        "2013-02-08T",
        "2013-02-08T1",
        "2013-02-08T11",
        "2013-02-08T11:",
        "2013-02-08T11:0",
        "2013-02-08T11:00:",
        "2013-02-08T11:00:0",
        "2013-02-08T11:00:00.",
        "2013-02-08T11:00:00.Z",
        "2013-02-08T11:00.5Z",
        "2013-02-08Z",
        "2013-02-08+01:00",
        "2013-02-08_11:00:00Z",
        "2013/02/08T11:00:00Z",
        "2013-02-08T11-00-00Z",
        "2013-00-08T11:00:00Z",
        "2013-13-08T11:00:00Z",
        "2013-02-00T11:00:00Z",
        "2013-02-29T11:00:00Z",
        "2013-04-31T11:00:00Z",
        "1900-02-29T11:00:00Z",
        "2013-02-08T24:00:00Z",
        "2013-02-08T25:00:00Z",
        "2013-02-08T11:60:00Z",
        "2013-02-08T11:00:61Z",
        "2013-02-08T11:00:00+24:00",
        "2013-02-08T11:00:00+01:60",
        "2013-02-08T11:00:00+1",
        "2013-02-08T11:00:00+1:00",
        "2013-02-08T11:00:00+01:0",
        "2013-02-08T11:00:00+01:",
        "2013-02-08T11:00:00+",
        "2013-02-08T11:00:00+01:00Z",
        "2013-02-08T11:00:00ZZ",
        "2013-02-08T11:00:00Z ",
        " 2013-02-08T11:00:00Z",
        "2013-02-08T11:00:00 Z",
        "2013-02-08  11:00:00Z",
        "+-2013-02-08T11:00:00Z",
        "-0000-02-08T11:00:00Z",
        "+213-02-08T11:00:00Z",
        "+1234567890-02-08T11:00:00Z",
        "12013-02-08T11:00:00Z",
        "2O13-02-08T11:00:00Z",
        "2013-02-08T1a:00:00Z",
        "2013-02-08T11:00:00.1a",
        "2013-02-08T:1:00:00Z",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        refuses(texts[i], NULL);
    int64_t time_ms;
    assert_false(recon_time_parse("2013-02-08T11:00:00\0Z", 21, NULL, &time_ms));
}

/* No prefix of a good text is read past its end, and every one-byte change is either a time or refused. */
static void texts_are_read_within_their_size(void **state)
{
    (void)state;
    static const char whole[] = "-292275055-05-16T16:47:04.1920000+23:59";
    for (size_t size = 0; size < sizeof whole; size++) {
        char *copy = malloc(size + 1); /* exactly as large, so that a sanitizer sees a byte too far */
        assert_non_null(copy);
        char *end_aligned = copy + 1;
        memcpy(end_aligned, whole, size);
        int64_t time_ms;
        (void)recon_time_parse(end_aligned, size, NULL, &time_ms);
        free(copy);
    }
}

static void the_ends_of_64_bits_are_exact(void **state)
{
    (void)state;
    assert_int_equal(parse("+292278994-08-17T07:12:55.807Z", NULL), INT64_MAX);
    assert_int_equal(parse("+292278994-08-17T07:12:55.8079Z", NULL), INT64_MAX);
    refuses("+292278994-08-17T07:12:55.808Z", NULL);
    refuses("+292278994-08-17T07:12:56Z", NULL);
    refuses("+292278994-08-17T07:12:55.807-00:01", NULL);
    assert_int_equal(parse("-292275055-05-16T16:47:04.192Z", NULL), INT64_MIN);
    refuses("-292275055-05-16T16:47:04.191Z", NULL);
    refuses("-292275055-05-16T16:47:03Z", NULL);
    refuses("-292275055-05-16T16:47:04.192+00:01", NULL);
    refuses("+999999999-12-31T23:59:59Z", NULL);
    refuses("-999999999-01-01T00:00:00Z", NULL);
}

static void a_leap_second_is_the_second_after_59(void **state)
{
    (void)state;
    const int64_t after = parse("2017-01-01T00:00:00Z", NULL);
    assert_int_equal(parse("2016-12-31T23:59:60Z", NULL), after);
    assert_int_equal(parse("2016-12-31T23:59:60.999Z", NULL), after + 999);
    assert_int_equal(parse("2017-01-01T00:59:60+01:00", NULL), after);
    assert_int_equal(parse("1969-12-31T23:59:60Z", NULL), 0);
    refuses("2016-12-31T23:58:60Z", NULL);
    refuses("2016-12-31T23:59:60+01:00", NULL);
    struct recon_zone *tokyo;
    assert_int_equal(recon_zone_new("Asia/Tokyo", &tokyo), RECON_OK);
    assert_int_equal(parse("2017-01-01T08:59:60", tokyo), after);
    refuses("2016-12-31T23:59:60", tokyo);
    recon_zone_free(tokyo);
}

static void a_zone_counts_where_there_is_no_offset(void **state)
{
    (void)state;
    struct recon_zone *paris;
    assert_int_equal(recon_zone_new("Europe/Paris", &paris), RECON_OK);
    assert_int_equal(parse("2013-02-08T12:00:00", paris), 1360321200000);
    assert_int_equal(parse("2013-07-08T12:00:00", paris), parse("2013-07-08T10:00:00Z", NULL));
    assert_int_equal(parse("2013-02-08T11:00:00Z", paris), 1360321200000);
    assert_int_equal(parse("2013-02-08T11:00:00+00:00", paris), 1360321200000);
    assert_int_equal(parse("2013-02-08", paris), parse("2013-02-07T23:00:00Z", NULL));
    assert_int_equal(parse("2513-07-08T12:00:00", paris), parse("2513-07-08T10:00:00Z", NULL));
    refuses("+999999999-12-31T23:59:59", paris);
    refuses("2013-02-30T12:00:00", paris);
    recon_zone_free(paris);
}

static void a_skipped_local_time_moves_on_and_a_repeated_one_is_the_earlier(void **state)
{
    (void)state;
    struct recon_zone *paris;
    assert_int_equal(recon_zone_new("Europe/Paris", &paris), RECON_OK);
    /* 02:00 to 03:00 was skipped on 31 March 2013; 02:30 is read at +01:00. */
    assert_int_equal(parse("2013-03-31T02:30:00", paris), parse("2013-03-31T03:30:00+02:00", NULL));
    assert_int_equal(parse("2013-03-31T01:59:59.999", paris), parse("2013-03-31T00:59:59.999Z", NULL));
    assert_int_equal(parse("2013-03-31T03:00:00", paris), parse("2013-03-31T01:00:00Z", NULL));
    /* 02:00 to 03:00 came twice on 27 October 2013; the first is at +02:00. */
    assert_int_equal(parse("2013-10-27T02:30:00", paris), parse("2013-10-27T02:30:00+02:00", NULL));
    recon_zone_free(paris);
}

static void what_is_no_zone_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"",         "Europe/Nowhere",      "/etc/passwd",    "../zoneinfo/UTC",
                                        "libc:UTC", "file:/etc/localtime", "Europe/Paris\n", "a b"};
    struct recon_zone *zone = NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(recon_zone_new(names[i], &zone), RECON_ERROR_INVALID);
    assert_null(zone);
    assert_int_equal(recon_zone_new("UTC", &zone), RECON_OK);
    recon_zone_free(zone);
    recon_zone_free(NULL);
}

static void integers_are_floored_to_ms(void **state)
{
    (void)state;
    int64_t time_ms = 4711;
    assert_true(recon_time_from_integer(1360321200, RECON_UNIT_S, &time_ms));
    assert_int_equal(time_ms, 1360321200000);
    assert_true(recon_time_from_integer(INT64_MIN, RECON_UNIT_MS, &time_ms));
    assert_int_equal(time_ms, INT64_MIN);
    assert_true(recon_time_from_integer(1999, RECON_UNIT_US, &time_ms));
    assert_int_equal(time_ms, 1);
    assert_true(recon_time_from_integer(-1, RECON_UNIT_US, &time_ms));
    assert_int_equal(time_ms, -1);
    assert_true(recon_time_from_integer(-1000, RECON_UNIT_US, &time_ms));
    assert_int_equal(time_ms, -1);
    assert_true(recon_time_from_integer(-1000001, RECON_UNIT_NS, &time_ms));
    assert_int_equal(time_ms, -2);
    assert_true(recon_time_from_integer(INT64_MIN, RECON_UNIT_NS, &time_ms));
    assert_int_equal(time_ms, -9223372036855);
    assert_true(recon_time_from_integer(INT64_MAX / 1000, RECON_UNIT_S, &time_ms));
    assert_int_equal(time_ms, 9223372036854775000);
    assert_false(recon_time_from_integer(INT64_MAX / 1000 + 1, RECON_UNIT_S, &time_ms));
    assert_false(recon_time_from_integer(INT64_MIN, RECON_UNIT_S, &time_ms));
    assert_int_equal(time_ms, 9223372036854775000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_times_are_formatted),
        cmocka_unit_test(every_time_is_formatted_as_libc_says_and_read_back),
        cmocka_unit_test(every_day_of_the_calendar_is_known),
        cmocka_unit_test(forms_that_mean_a_time_are_read),
        cmocka_unit_test(the_usual_form_is_read_as_any_other),
        cmocka_unit_test(a_minute_read_before_changes_nothing),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(texts_are_read_within_their_size),
        cmocka_unit_test(the_ends_of_64_bits_are_exact),
        cmocka_unit_test(a_leap_second_is_the_second_after_59),
        cmocka_unit_test(a_zone_counts_where_there_is_no_offset),
        cmocka_unit_test(a_skipped_local_time_moves_on_and_a_repeated_one_is_the_earlier),
        cmocka_unit_test(what_is_no_zone_is_refused),
        cmocka_unit_test(integers_are_floored_to_ms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
