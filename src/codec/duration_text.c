/*
 * Durations as texts: amounts with units (`250ms`, `5 min`, `1h 30m`, `1.5 hours`) and ISO 8601 (`PT5M`, `P1DT12H`).
 *
 * A value is a sum of parts, the units falling from part to part. An amount may have a fraction as long as the part is
 * a whole number of milliseconds: nothing is rounded in silence. Letter case counts for nothing, but that a lone `M`
 * could as well mean months and is refused outside of ISO 8601, where its place says what it is.
 */
#include <string.h>
#include <strings.h>

#include "codec/time_text.h"
#include "recon/status.h"

#define MS_SECOND INT64_C(1000)
#define MS_MINUTE (60 * MS_SECOND)
#define MS_HOUR (60 * MS_MINUTE)
#define MS_DAY (24 * MS_HOUR)
#define MS_WEEK (7 * MS_DAY)

static const char hint_form[] = "write a number and a unit, as in `250ms`, `30s`, `5m`, `2h` or `7d`";
static const char hint_no_unit[] = "a bare number has no unit: write `30s`, `5m` or `2h`";
static const char hint_unit[] = "the units are ms, s, m (or min), h and d";
static const char hint_order[] = "larger units come first and each once, as in `1h 30m`";
static const char hint_negative[] = "a duration is not negative";
static const char hint_too_long[] = "it is longer than 292 million years";
static const char hint_too_fine[] = "the finest duration is `1ms`";
static const char hint_months[] = "months and years differ in length: say days, as in `30d`";
static const char hint_iso[] =
    "ISO 8601 writes days before a T and hours, minutes and seconds behind it, as in `P1DT2H30M`";

struct unit {
    const char *name;
    int64_t ms; /* 0: months, years; -1: finer than ms */
};

static const struct unit units[] = {
    {"ms", 1},
    {"s", MS_SECOND},
    {"m", MS_MINUTE},
    {"h", MS_HOUR},
    {"d", MS_DAY},
    {"w", MS_WEEK},
    {"milli", 1},
    {"millis", 1},
    {"millisecond", 1},
    {"milliseconds", 1},
    {"sec", MS_SECOND},
    {"secs", MS_SECOND},
    {"second", MS_SECOND},
    {"seconds", MS_SECOND},
    {"min", MS_MINUTE},
    {"mins", MS_MINUTE},
    {"minute", MS_MINUTE},
    {"minutes", MS_MINUTE},
    {"hr", MS_HOUR},
    {"hrs", MS_HOUR},
    {"hour", MS_HOUR},
    {"hours", MS_HOUR},
    {"day", MS_DAY},
    {"days", MS_DAY},
    {"week", MS_WEEK},
    {"weeks", MS_WEEK},
    {"us", -1},
    {"micro", -1},
    {"micros", -1},
    {"microsecond", -1},
    {"microseconds", -1},
    {"ns", -1},
    {"nano", -1},
    {"nanos", -1},
    {"nanosecond", -1},
    {"nanoseconds", -1},
    {"mo", 0},
    {"mon", 0},
    {"month", 0},
    {"months", 0},
    {"y", 0},
    {"yr", 0},
    {"year", 0},
    {"years", 0},
};

/* A text as it is read; hint is set where something is refused. */
struct scan {
    const char *at;
    const char *end;
    const char *hint;
};

/* Digits with or without a fraction. */
struct amount {
    const char *whole;
    size_t whole_count;
    const char *fraction;
    size_t fraction_count;
};

static bool refuse(struct scan *scan, const char *hint)
{
    scan->hint = hint;
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t skip_digits(struct scan *scan)
{
    const char *start = scan->at;
    while (scan->at < scan->end && is_digit(*scan->at))
        scan->at++;
    return (size_t)(scan->at - start);
}

static void skip_spaces(struct scan *scan)
{
    while (scan->at < scan->end && *scan->at == ' ')
        scan->at++;
}

static bool scan_amount(struct scan *scan, struct amount *amount)
{
    amount->whole = scan->at;
    amount->whole_count = skip_digits(scan);
    amount->fraction_count = 0;
    if (amount->whole_count == 0)
        return refuse(scan, scan->at < scan->end && *scan->at == '-' ? hint_negative : hint_form);
    if (scan->at < scan->end && (*scan->at == '.' || *scan->at == ',')) {
        amount->fraction = ++scan->at;
        amount->fraction_count = skip_digits(scan);
        if (amount->fraction_count == 0)
            return refuse(scan, hint_form);
    }
    return true;
}

/* Adds amount times unit_ms to the sum. */
static bool add_amount(struct scan *scan, const struct amount *amount, int64_t unit_ms, int64_t *sum_ms)
{
    int64_t value = 0, part = 0;
    for (size_t i = 0; i < amount->whole_count; i++)
        if (__builtin_mul_overflow(value, INT64_C(10), &value) ||
            __builtin_add_overflow(value, (int64_t)(amount->whole[i] - '0'), &value))
            return refuse(scan, hint_too_long);
    /* From the last digit on: each step must come out even, or the whole part would not be a whole number of ms. */
    for (size_t i = amount->fraction_count; i > 0; i--) {
        part += (amount->fraction[i - 1] - '0') * unit_ms;
        if (part % 10 != 0)
            return refuse(scan, hint_too_fine);
        part /= 10;
    }
    if (__builtin_mul_overflow(value, unit_ms, &value) || __builtin_add_overflow(value, part, &value) ||
        __builtin_add_overflow(*sum_ms, value, sum_ms))
        return refuse(scan, hint_too_long);
    return true;
}

static bool scan_unit(struct scan *scan, int64_t *unit_ms)
{
    const char *name = scan->at;
    while (scan->at < scan->end && is_letter(*scan->at))
        scan->at++;
    const size_t size = (size_t)(scan->at - name);
    if (size == 1 && *name == 'M')
        return refuse(scan, "write `m` for minutes; months differ in length");
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strlen(units[i].name) != size || strncasecmp(units[i].name, name, size) != 0)
            continue;
        if (units[i].ms <= 0)
            return refuse(scan, units[i].ms == 0 ? hint_months : hint_too_fine);
        *unit_ms = units[i].ms;
        return true;
    }
    return refuse(scan, hint_unit);
}

/* Amounts with units; scan->at stands at something that is no space. */
static bool scan_words(struct scan *scan, int64_t *sum_ms)
{
    int64_t last_ms = INT64_MAX;
    while (scan->at < scan->end) {
        struct amount amount;
        int64_t unit_ms;
        if (!scan_amount(scan, &amount))
            return false;
        skip_spaces(scan);
        if (scan->at == scan->end)
            return refuse(scan, hint_no_unit);
        if (!scan_unit(scan, &unit_ms))
            return false;
        if (unit_ms >= last_ms)
            return refuse(scan, hint_order);
        if (!add_amount(scan, &amount, unit_ms, sum_ms))
            return false;
        last_ms = unit_ms;
        skip_spaces(scan);
    }
    return true;
}

/* What follows the P of an ISO 8601 duration. Only the last part may have a fraction. */
static bool scan_iso(struct scan *scan, int64_t *sum_ms)
{
    int64_t last_ms = INT64_MAX;
    bool is_time = false, has_fraction = false, has_part = false;
    while (scan->at < scan->end) {
        if (!is_time && (*scan->at == 'T' || *scan->at == 't')) {
            is_time = true;
            has_part = false; /* something must follow the T */
            scan->at++;
            continue;
        }
        struct amount amount;
        if (has_fraction || !scan_amount(scan, &amount) || scan->at == scan->end)
            return refuse(scan, scan->hint == hint_negative ? hint_negative : hint_iso);
        int64_t unit_ms;
        switch (*scan->at++ | 0x20) {
        case 'y':
            return refuse(scan, hint_months);
        case 'm':
            if (!is_time)
                return refuse(scan, hint_months);
            unit_ms = MS_MINUTE;
            break;
        case 'w':
            unit_ms = is_time ? 0 : MS_WEEK;
            break;
        case 'd':
            unit_ms = is_time ? 0 : MS_DAY;
            break;
        case 'h':
            unit_ms = is_time ? MS_HOUR : 0;
            break;
        case 's':
            unit_ms = is_time ? MS_SECOND : 0;
            break;
        default:
            unit_ms = 0;
        }
        if (unit_ms == 0 || unit_ms >= last_ms)
            return refuse(scan, hint_iso);
        if (!add_amount(scan, &amount, unit_ms, sum_ms))
            return false;
        last_ms = unit_ms;
        has_fraction = amount.fraction_count > 0;
        has_part = true;
    }
    return has_part || refuse(scan, hint_iso);
}

int recon_duration_parse(const char *text, size_t size, int64_t *duration_ms, const char **hint)
{
    struct scan scan = {.at = text, .end = text + size};
    int64_t sum_ms = 0;
    bool is_duration;
    while (scan.at < scan.end && scan.end[-1] == ' ')
        scan.end--;
    skip_spaces(&scan);
    if (scan.at == scan.end)
        is_duration = refuse(&scan, hint_form);
    else if (*scan.at == 'P' || *scan.at == 'p') {
        scan.at++;
        is_duration = scan_iso(&scan, &sum_ms);
    } else
        is_duration = scan_words(&scan, &sum_ms);
    if (!is_duration) {
        if (hint != NULL)
            *hint = scan.hint;
        return RECON_ERROR_INVALID;
    }
    *duration_ms = sum_ms;
    return RECON_OK;
}
