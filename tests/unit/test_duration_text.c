/* Durations as texts: the forms, and the mend that each refusal names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "codec/time_text.h"
#include "recon/status.h"

static void durations_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"250ms", 250},
        {"30s", 30000},
        {"5m", 300000},
        {"2h", 7200000},
        {"7d", 604800000},
        {"2w", 1209600000},
        {"0s", 0},
        {"5 min", 300000},
        {"5 minutes", 300000},
        {"1 day", 86400000},
        {"2 hours", 7200000},
        {"30 sec", 30000},
        {"30 SEC", 30000},
        {"1 Millisecond", 1},
        {"  5m  ", 300000},
        {"1h30m", 5400000},
        {"1d 2h 3m 4s 5ms", 93784005},
        {"1.5h", 5400000},
        {"0,25 s", 250},
        {"0.001s", 1},
        {"1.50000000000000000000000000000000s", 1500},
        {"0.1w", 60480000},
        {"PT5M", 300000},
        {"pt5m", 300000},
        {"PT0S", 0},
        {"P1D", 86400000},
        {"P2W", 1209600000},
        {"P1DT12H", 129600000},
        {"P1DT2H3M4.005S", 93784005},
        {"PT0.5H", 1800000},
        {"PT1,5S", 1500},
        {"PT36H", 129600000},
        {"9223372036854775807ms", INT64_MAX},
        {"PT9223372036854775.807S", INT64_MAX},
        {"00000000000000000000000000000005m", 300000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t ms = -1;
        const char *hint = "none";
        if (recon_duration_parse(cases[i].text, strlen(cases[i].text), &ms, &hint) != RECON_OK || ms != cases[i].ms)
            fail_msg("'%s' is %lld (%s)", cases[i].text, (long long)ms, hint);
        assert_int_equal(recon_duration_parse(cases[i].text, strlen(cases[i].text), &ms, NULL), RECON_OK);
    }
}

static void what_is_no_duration_is_refused_with_the_mend(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *word; /* that the hint must have */
    } cases[] = {
        {"", "number"},
        {"   ", "number"},
        {"m", "number"},
        {"abc", "number"},
        {"5", "unit"},
        {"0", "unit"},
        {"1.5", "unit"},
        {"1h 30", "unit"},
        {"5x", "units are"},
        {"5mm", "units are"},
        {"5 m s", "number"},
        {"5m,", "number"},
        {"5m\n", "number"},
        {"5.m", "number"},
        {".5m", "number"},
        {"-5m", "negative"},
        {"1h -5m", "negative"},
        {"PT-5M", "negative"},
        {"5M", "`m`"},
        {"1 month", "days"},
        {"2 years", "days"},
        {"P1M", "days"},
        {"P1Y", "days"},
        {"30m 1h", "larger"},
        {"1m 1m", "larger"},
        {"0.5ms", "finest"},
        {"0.0001s", "finest"},
        {"5us", "finest"},
        {"5 nanos", "finest"},
        {"PT0.0005S", "finest"},
        {"9223372036854775808ms", "longer"},
        {"9223372036854775807s", "longer"},
        {"99999999999999999999999999d", "longer"},
        {"106751991167d 8h", "longer"},
        {"PT9223372036854775.808S", "longer"},
        {"P", "ISO"},
        {"PT", "ISO"},
        {"P1DT", "ISO"},
        {"P1", "ISO"},
        {"P1H", "ISO"},
        {"PT1D", "ISO"},
        {"PT1S2M", "ISO"},
        {"PT1M1M", "ISO"},
        {"PT0.5H1M", "ISO"},
        {"P1DT1HT1M", "ISO"},
        {"P1D ", NULL}, /* a space at an end is no fault */
        {"P 1D", "ISO"},
        {"PT.5S", "ISO"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t ms = 4711;
        const char *hint = NULL;
        const int status = recon_duration_parse(cases[i].text, strlen(cases[i].text), &ms, &hint);
        if (cases[i].word == NULL) {
            assert_int_equal(status, RECON_OK);
            continue;
        }
        if (status != RECON_ERROR_INVALID || ms != 4711)
            fail_msg("'%s' is taken as %lld", cases[i].text, (long long)ms);
        if (hint == NULL || strstr(hint, cases[i].word) == NULL)
            fail_msg("'%s': the hint is '%s'", cases[i].text, hint ? hint : "");
    }
    int64_t ms;
    assert_int_equal(recon_duration_parse("5m\0", 3, &ms, NULL), RECON_ERROR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_read),
        cmocka_unit_test(what_is_no_duration_is_refused_with_the_mend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
