/*
 * Times and durations as texts.
 */
#ifndef RECON_CODEC_TIME_TEXT_H
#define RECON_CODEC_TIME_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/little_endian.h"

#define RECON_TIME_TEXT_SIZE_MAX 40

/* RFC 3339 in UTC with milliseconds, `2013-02-08T11:00:00.000Z`; years past 9999 and before 0 with a sign and at least
 * four digits, as ISO 8601 writes them (`+292278994-08-17T07:12:55.807Z`). Returns the size; no NUL. Any thread. */
size_t recon_time_format(int64_t time_ms, char text[RECON_TIME_TEXT_SIZE_MAX]);

struct recon_zone; /* an IANA time zone; immutable, any thread */
/* RECON_OK, RECON_ERROR_INVALID (no such zone) or RECON_ERROR_MEMORY. */
int recon_zone_new(const char *name, struct recon_zone **zone);
void recon_zone_free(struct recon_zone *zone);

/* RFC 3339 with any offset; without one: the zone, or UTC where zone is NULL; a space (or lower-case t) for the T; a
 * date alone is midnight. Finer than ms is floored; a leap second :60 is the second after :59. False if it is not
 * such a text, or no time of 64-bit ms. */
bool recon_time_parse(const char *text, size_t size, const struct recon_zone *zone, int64_t *time_ms);

/* The minute that was read last: times that come in order, more or less, have most of their text in common. Zeroed:
 * none. One thread's. */
#define RECON_TIME_SECONDS_SIZE 23 /* of `2013-02-08T11:00:12.345` */
struct recon_time_near {
    uint64_t words[2]; /* the text up to the minutes, `2013-02-08T11:00` */
    uint64_t offset;   /* what follows the milliseconds, `Z`, `+00`, `+01:00`; the bytes behind are 0 */
    int64_t minute_ms;
    size_t size; /* of the whole text, 24 to 31: bytes that are 0 may follow it, too; or 0 */
};

/* As recon_time_parse, and what is read is near from then on, if it may be: for recon_time_parse_near. */
bool recon_time_parse_anew(struct recon_time_near *near, const char *text, size_t size, const struct recon_zone *zone,
                           int64_t *time_ms);

/* As recon_time_parse, and faster where the minute is the one read last. */
static inline bool recon_time_parse_near(struct recon_time_near *near, const char *text, size_t size,
                                         const struct recon_zone *zone, int64_t *time_ms)
{
    if (size != near->size || size <= RECON_TIME_SECONDS_SIZE)
        return recon_time_parse_anew(near, text, size, zone, time_ms);
    /* `:12.345` behind the minute: digits as their values, all else 0; what is more carries into its byte's bit 7. */
    const uint64_t digits = (recon_load_le64(text + 16) ^ UINT64_C(0x003030302e30303a)) & UINT64_MAX >> 8;
    const uint64_t over = (digits + UINT64_C(0x007676767f767a7f)) | digits; /* the first one of the seconds: past 5 */
    const uint64_t offset = recon_load_le64(text + size - 8) >> 8 * (8 - (size - RECON_TIME_SECONDS_SIZE));
    const uint64_t other = (recon_load_le64(text) ^ near->words[0]) | (recon_load_le64(text + 8) ^ near->words[1]) |
                           (offset ^ near->offset) | (over & UINT64_C(0x0080808080808080));
    if (other != 0)
        return recon_time_parse_anew(near, text, size, zone, time_ms);
    const uint64_t pairs = digits * 10 + (digits >> 8); /* at each digit's byte it and the next one as a number */
    const uint64_t ms = (pairs >> 8 & 0xff) * 1000 + (pairs >> 32 & 0xff) * 10 + (digits >> 48 & 0xff);
    *time_ms = near->minute_ms + (int64_t)ms;
    return true;
}

/* An integer in the unit to ms, floored; false where it does not fit. */
bool recon_time_from_integer(int64_t value, int unit, int64_t *time_ms);

/* `250ms`, `30s`, `5m`, `2h`, `7d`, `5 min`, `PT5M`, ... RECON_OK; or RECON_ERROR_INVALID, and *hint (static, may be
 * NULL) names the mend, as for a bare number. Not negative. */
int recon_duration_parse(const char *text, size_t size, int64_t *duration_ms, const char **hint);

#endif
