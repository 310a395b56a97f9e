/*
 * IANA time zones, by cctz (its types stay in zone.cpp). recon_zone_new and recon_zone_free are in time_text.h.
 */
#ifndef RECON_CODEC_ZONE_H
#define RECON_CODEC_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct recon_zone;

struct recon_civil {
    int64_t year;
    unsigned month; /* 1 to 12 */
    unsigned day;   /* 1 to 31, one that the month has */
    unsigned hour;
    unsigned minute;
    unsigned second; /* up to 59 */
};

/* Seconds since the epoch of a local time. One that exists twice (clocks set back) is the earlier of the two; one that
 * doesn't exist (clocks set forward) is read with the offset before the change, so 02:30 becomes 03:30. Java and
 * JavaScript's Temporal do the same. False where it doesn't fit. Any thread. */
bool recon_zone_seconds(const struct recon_zone *zone, const struct recon_civil *civil, int64_t *seconds);

#ifdef __cplusplus
}
#endif
#endif
