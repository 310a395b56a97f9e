/*
 * Times and durations as texts.
 */
#ifndef RECON_CODEC_TIME_TEXT_H
#define RECON_CODEC_TIME_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
struct recon_time_near {
    uint64_t words[2]; /* the text up to the minutes, `2013-02-08T11:00` */
    uint64_t offset;   /* what follows the milliseconds, `Z`, `+00`, `+01:00`; the bytes behind are 0 */
    int64_t minute_ms;
    size_t size; /* of the whole text: bytes that are 0 may follow it, too */
};

/* As recon_time_parse, and faster where the minute is the one read last. */
bool recon_time_parse_near(struct recon_time_near *near, const char *text, size_t size, const struct recon_zone *zone,
                           int64_t *time_ms);

/* An integer in the unit to ms, floored; false where it does not fit. */
bool recon_time_from_integer(int64_t value, int unit, int64_t *time_ms);

/* `250ms`, `30s`, `5m`, `2h`, `7d`, `5 min`, `PT5M`, ... RECON_OK; or RECON_ERROR_INVALID, and *hint (static, may be
 * NULL) names the mend, as for a bare number. Not negative. */
int recon_duration_parse(const char *text, size_t size, int64_t *duration_ms, const char **hint);

#endif
