/*
 * Times as texts, both ways. In the hot path of decoding and of writing results: no allocation, no locale, no global
 * but a table of digits. The calendar is the proleptic Gregorian one, UTC without leap seconds.
 *
 * What is a time beyond RFC 3339: a date alone; minutes without seconds; no offset; an offset as `+hh` or `+hhmm`; a
 * comma before the fraction; a signed year of 4 to 9 digits. Not a time: hour 24, second 60 elsewhere than at the end
 * of a UTC day, the year -0, anything before or behind.
 */
#include "codec/time_text.h"

#include <assert.h>
#include <string.h>

#include "codec/little_endian.h"
#include "codec/mapping.h"
#include "codec/zone.h"

#define MS_PER_DAY INT64_C(86400000)
#define SECONDS_PER_DAY 86400

static const char digit_pairs[201] = "00010203040506070809101112131415161718192021222324"
                                     "25262728293031323334353637383940414243444546474849"
                                     "50515253545556575859606162636465666768697071727374"
                                     "75767778798081828384858687888990919293949596979899";

/* Days from 1970-01-01 to a civil date, and back. Years are counted from March, so that the leap day is a year's last;
 * 400 of them (an era) have 146097 days, and 719468 days lie between 0000-03-01 and the epoch. */
#define DAYS_PER_ERA 146097
#define DAYS_TO_EPOCH 719468

static int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    const int64_t era = (year >= 0 ? year : year - 399) / 400;
    const unsigned year_of_era = (unsigned)(year - era * 400);
    const unsigned month_from_march = month > 2 ? month - 3 : month + 9;
    const unsigned day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    const unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + (int64_t)day_of_era - DAYS_TO_EPOCH;
}

static void civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    days += DAYS_TO_EPOCH;
    int64_t era = 0;
    if (days < 0 || days >= 25 * DAYS_PER_ERA) {
        era = (days >= 0 ? days : days - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
        days -= era * DAYS_PER_ERA;
    }
    /* Four times the days, and three quarters, are divided by the quarter days of a century and of four years. */
    const unsigned quarters = (unsigned)days * 4 + 3;
    const unsigned century = quarters / DAYS_PER_ERA;
    const unsigned quarters_of_century = quarters % DAYS_PER_ERA | 3;
    const unsigned year_of_century = quarters_of_century / 1461;
    const unsigned day_of_year = quarters_of_century % 1461 / 4;
    const unsigned month_from_march = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    *month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    *year = (int64_t)(century * 100 + year_of_century) + era * 400 + (*month <= 2);
}

static void put_two(char *text, unsigned value)
{
    memcpy(text, digit_pairs + (size_t)value * 2, 2);
}

/* A sign and at least four digits, or four digits alone where they do; returns the end. */
static char *put_year(char *text, int64_t year)
{
    if (year >= 0 && year <= 9999) {
        put_two(text, (unsigned)year / 100);
        put_two(text + 2, (unsigned)year % 100);
        return text + 4;
    }
    char digits[20];
    size_t count = 0;
    uint64_t rest = year < 0 ? (uint64_t)-year : (uint64_t)year;
    for (; rest != 0 || count < 4; rest /= 10)
        digits[count++] = (char)('0' + rest % 10);
    *text++ = year < 0 ? '-' : '+';
    while (count > 0)
        *text++ = digits[--count];
    return text;
}

size_t recon_time_format(int64_t time_ms, char text[RECON_TIME_TEXT_SIZE_MAX])
{
    int64_t days = time_ms / MS_PER_DAY;
    int64_t rest = time_ms % MS_PER_DAY;
    if (rest < 0) {
        rest += MS_PER_DAY;
        days--;
    }
    int64_t year;
    unsigned month, day;
    civil_from_days(days, &year, &month, &day);
    const unsigned ms_of_day = (unsigned)rest;
    const unsigned ms = ms_of_day % 1000, seconds = ms_of_day / 1000;

    char *at = put_year(text, year);
    memcpy(at, "-00-00T00:00:00.000Z", 20);
    put_two(at + 1, month);
    put_two(at + 4, day);
    put_two(at + 7, seconds / 3600);
    put_two(at + 10, seconds / 60 % 60);
    put_two(at + 13, seconds % 60);
    at[16] = (char)('0' + ms / 100);
    put_two(at + 17, ms % 100);
    return (size_t)(at - text) + 20;
}

static inline bool is_digit(char c)
{
    return (unsigned)c - '0' <= 9;
}

/* Two digits' value; anything above 99 where they are none. */
static inline unsigned two_digits(const char *text)
{
    const unsigned tens = (unsigned char)text[0] - (unsigned)'0';
    const unsigned ones = (unsigned char)text[1] - (unsigned)'0';
    return tens <= 9 && ones <= 9 ? tens * 10 + ones : 1000;
}

static unsigned days_in_month(int64_t year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && is_leap ? 29 : days[month - 1];
}

/* Each of the next two takes its part at *at and moves it; false: it is not there. */
static inline bool parse_date(const char **at, const char *end, struct recon_civil *civil)
{
    const char *text = *at;
    int64_t year = 0;
    if (end - text < 10)
        return false;
    if (is_digit(*text)) {
        const unsigned century = two_digits(text), rest = two_digits(text + 2);
        if (century > 99 || rest > 99)
            return false;
        year = century * 100 + rest;
        text += 4;
    } else {
        const char sign = *text++;
        if (sign != '+' && sign != '-')
            return false;
        const char *digits = text;
        for (; text < end && text - digits < 9 && is_digit(*text); text++)
            year = year * 10 + (*text - '0');
        if (text - digits < 4 || (sign == '-' && year == 0))
            return false;
        year = sign == '-' ? -year : year;
    }
    if (end - text < 6 || text[0] != '-' || text[3] != '-')
        return false;
    const unsigned month = two_digits(text + 1), day = two_digits(text + 4);
    if (month - 1 > 11 || day - 1 > 30 || (day > 28 && day > days_in_month(year, month)))
        return false;
    civil->year = year;
    civil->month = month;
    civil->day = day;
    *at = text + 6;
    return true;
}

/* `hh:mm`, `hh:mm:ss`, `hh:mm:ss.fraction`; ms is floored. */
static inline bool parse_clock(const char **at, const char *end, struct recon_civil *civil, unsigned *ms)
{
    const char *text = *at;
    if (end - text < 5 || text[2] != ':')
        return false;
    civil->hour = two_digits(text);
    civil->minute = two_digits(text + 3);
    if (civil->hour > 23 || civil->minute > 59)
        return false;
    text += 5;
    if (end - text >= 3 && text[0] == ':') {
        civil->second = two_digits(text + 1);
        if (civil->second > 60)
            return false;
        text += 3;
        if (end - text >= 2 && (text[0] == '.' || text[0] == ',') && is_digit(text[1])) {
            unsigned weight = 100;
            for (text++; text < end && is_digit(*text); text++) {
                *ms += weight * (unsigned)(*text - '0');
                weight /= 10;
            }
        }
    }
    *at = text;
    return true;
}

/* `+hh:mm`, `+hhmm`, `+hh`: what follows the sign, up to the end of the text. */
static bool parse_offset(const char *text, const char *end, int64_t *offset_seconds)
{
    const char sign = *text++;
    if (sign != '+' && sign != '-')
        return false;
    const ptrdiff_t size = end - text;
    unsigned minutes = 0;
    if (size == 5 && text[2] == ':')
        minutes = two_digits(text + 3);
    else if (size == 4)
        minutes = two_digits(text + 2);
    else if (size != 2)
        return false;
    const unsigned hours = two_digits(text);
    if (hours > 23 || minutes > 59)
        return false;
    const int64_t offset = (int64_t)hours * 3600 + (int64_t)minutes * 60;
    *offset_seconds = sign == '-' ? -offset : offset;
    return true;
}

/* The largest times have whole seconds that fit only together with their ms, so a negative one is built from above. */
static bool join_seconds(int64_t seconds, unsigned ms, int64_t *time_ms)
{
    int64_t whole, part = (int64_t)ms;
    if (seconds < 0) {
        seconds++;
        part -= 1000;
    }
    if (__builtin_mul_overflow(seconds, INT64_C(1000), &whole) || __builtin_add_overflow(whole, part, &whole))
        return false;
    *time_ms = whole;
    return true;
}

#define USUAL_SIZE 24

/* Eight bytes against a form in which 0 stands for any digit: returns them with digits as their values and all else 0.
 * A byte that is not of the form sets its uppermost bit in *wrong. */
static uint64_t match_form(const char *text, const char *form, const char *carries, uint64_t *wrong)
{
    const uint64_t digits = recon_load_le64(text) ^ recon_load_le64(form);
    *wrong |= (digits + recon_load_le64(carries)) | digits; /* a digit past 9, or a difference, carries into bit 7 */
    return digits;
}

/* The number at a place of match_form's digits and the one after it, which this has for all places at once. */
static uint64_t pair_up(uint64_t digits)
{
    return digits * 10 + (digits >> 8);
}

static unsigned at_place(uint64_t pairs, unsigned place)
{
    return pairs >> 8 * place & 0xff;
}

static const char usual_form[] = "0000-00-00T00:00:00.000Z";
static const char usual_carries[] = "vvvv\177vv\177vv\177vv\177vv\177vv\177vvv\177"; /* v: 128 - 10 */
#define WRONG_BITS UINT64_C(0x8080808080808080)

/* `:56.789` and a byte of any kind, in ms; false: it is not of that form. */
static inline bool parse_seconds(const char *text, unsigned *ms)
{
    uint64_t wrong = 0;
    const uint64_t digits = match_form(text, usual_form + 16, usual_carries + 16, &wrong);
    const uint64_t pairs = pair_up(digits & UINT64_MAX >> 8);
    const unsigned second = at_place(pairs, 1);
    *ms = second * 1000 + at_place(pairs, 4) * 10 + at_place(pairs, 6) / 10;
    return (wrong & WRONG_BITS >> 8) == 0 && second <= 59;
}

/* The form that nearly all times have, `2024-02-29T12:34:56.789Z`, read a word at a time; false: to be read with more
 * care. */
static bool parse_usual(const char text[USUAL_SIZE], int64_t *time_ms)
{
    uint64_t wrong = 0;
    const uint64_t date = pair_up(match_form(text, usual_form, usual_carries, &wrong));
    const uint64_t clock = pair_up(match_form(text + 8, usual_form + 8, usual_carries + 8, &wrong));
    const unsigned year = at_place(date, 0) * 100 + at_place(date, 2);
    const unsigned month = at_place(date, 5);
    const unsigned day = at_place(clock, 0);
    const unsigned hour = at_place(clock, 3);
    const unsigned minute = at_place(clock, 6);
    unsigned ms;
    if (!parse_seconds(text + 16, &ms) || text[USUAL_SIZE - 1] != 'Z' || (wrong & WRONG_BITS) != 0 || month - 1 > 11 ||
        day - 1 > 30 || hour > 23 || minute > 59 || (day > 28 && day > days_in_month(year, month)))
        return false;
    *time_ms = days_from_civil(year, month, day) * MS_PER_DAY + (hour * 3600 + minute * 60) * INT64_C(1000) + ms;
    return true;
}

#define MINUTE_SIZE 16 /* of `2024-02-29T12:34` */

bool recon_time_parse_anew(struct recon_time_near *near, const char *text, size_t size, const struct recon_zone *zone,
                           int64_t *time_ms)
{
    if (!recon_time_parse(text, size, zone, time_ms))
        return false;
    unsigned ms;
    /* Without an offset the zone would have its say, and within a minute it might change its mind. */
    if (size <= RECON_TIME_SECONDS_SIZE || size > RECON_TIME_SECONDS_SIZE + sizeof near->offset ||
        is_digit(text[RECON_TIME_SECONDS_SIZE]) || !parse_seconds(text + MINUTE_SIZE, &ms))
        return true;
    near->words[0] = recon_load_le64(text);
    near->words[1] = recon_load_le64(text + 8);
    near->offset = recon_load_le64(text + size - 8) >> 8 * (8 - (size - RECON_TIME_SECONDS_SIZE));
    near->minute_ms = *time_ms - ms;
    near->size = size;
    return true;
}

bool recon_time_parse(const char *text, size_t size, const struct recon_zone *zone, int64_t *time_ms)
{
    if (size == USUAL_SIZE && parse_usual(text, time_ms))
        return true;

    const char *at = text, *end = text + size;
    struct recon_civil civil = {.hour = 0};
    unsigned ms = 0;
    bool has_offset = false;
    int64_t offset_seconds = 0;

    if (!parse_date(&at, end, &civil))
        return false;
    if (at < end) {
        if (*at != 'T' && *at != 't' && *at != ' ')
            return false;
        at++;
        if (!parse_clock(&at, end, &civil, &ms))
            return false;
        if (at < end) {
            has_offset = true;
            if ((*at == 'Z' || *at == 'z') ? end - at != 1 : !parse_offset(at, end, &offset_seconds))
                return false;
        }
    }

    const bool is_leap_second = civil.second == 60;
    civil.second -= is_leap_second;
    int64_t seconds;
    if (has_offset || zone == NULL)
        seconds = days_from_civil(civil.year, civil.month, civil.day) * SECONDS_PER_DAY + (int64_t)civil.hour * 3600 +
                  (int64_t)civil.minute * 60 + (int64_t)civil.second - offset_seconds;
    else if (!recon_zone_seconds(zone, &civil, &seconds))
        return false;
    if (is_leap_second && ++seconds % SECONDS_PER_DAY != 0)
        return false;
    return join_seconds(seconds, ms, time_ms);
}

bool recon_time_from_integer(int64_t value, int unit, int64_t *time_ms)
{
    int64_t divisor;
    switch ((enum recon_time_unit)unit) {
    case RECON_UNIT_S:
        return join_seconds(value, 0, time_ms);
    case RECON_UNIT_US:
        divisor = 1000;
        break;
    case RECON_UNIT_NS:
        divisor = 1000000;
        break;
    case RECON_UNIT_MS:
        divisor = 1;
        break;
    default:
        assert(false);
        return false;
    }
    *time_ms = value / divisor - (value % divisor < 0);
    return true;
}
