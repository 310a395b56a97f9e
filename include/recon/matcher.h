/*
 * The matcher: one side of each identity waits for the other.
 *
 * A keyed join with deadlines. It holds an identity from its first record until R >= time + m, says what is missing,
 * found, unaudited, audited, a duplicate or too late, and counts by window. It keeps the texts (ID, source,
 * context) only while one side waits and only for types that are reported.
 *
 * Mistaken identity. Two identities are one to the matcher if 88 bits of their keyed hashes agree. With N identities
 * remembered, the chance that a look-up of an identity that is not there takes another one for it is N * 2^-88 at
 * most: 2^-61.4 at N = 10^8, and below 2^-60 up to N = 2^28 - 1, the most that one matcher takes (RECON_ERROR_FULL past
 * that).
 * Over a year at 10^6 look-ups a second (2^44.8) at N = 10^8 the expected number of mistakes is 10^-5. Whoever does
 * not know the seed can't do better than chance as long as the hash is a pseudo-random function (SipHash is meant
 * to be one).
 *
 * Order of calls: records (any number), then, when the watermark rises, recon_matcher_rise; after each of the two
 * recon_matcher_next until it gives nothing more. recon_matcher_rise and recon_matcher_records while results wait
 * return RECON_ERROR_UNDRAINED. After RECON_ERROR_MEMORY nothing has changed: raise the limit and call again, or
 * give up.
 *
 * Single-threaded. Several matchers may share the identities of a stream among them, by key: then one windows
 * object adds up their counts.
 */
#ifndef RECON_MATCHER_H
#define RECON_MATCHER_H

#include "recon/settings.h"
#include "recon/watermark.h"

#ifdef __cplusplus
extern "C" {
#endif

struct recon_matcher;

/* Sums since the start, by stream, snapshots included. accepted = matched + waiting + forgotten_unmatched +
 * forgotten_matched, where matched counts those that are remembered. */
struct recon_matcher_stats {
    uint64_t accepted[RECON_STREAM_COUNT];
    uint64_t matched[RECON_STREAM_COUNT]; /* remembered with both sides */
    uint64_t waiting[RECON_STREAM_COUNT]; /* remembered with this side only, reported or not */
    uint64_t forgotten_matched[RECON_STREAM_COUNT];
    uint64_t forgotten_unmatched[RECON_STREAM_COUNT];
    uint64_t duplicates[RECON_STREAM_COUNT];
    uint64_t too_late[RECON_STREAM_COUNT];
    uint64_t outside;
    uint64_t heartbeats[RECON_STREAM_COUNT];
    uint64_t rejected[RECON_STREAM_COUNT][RECON_REASON_COUNT];
    uint64_t missing; /* reported missing, found again or not */
    uint64_t found;
    uint64_t unaudited; /* likewise */
    uint64_t audited;
    uint64_t times_apart; /* pairs whose two times differ */
    uint64_t times_apart_max_ms;
    uint64_t identities; /* remembered */
    uint64_t pending;    /* audit side only, not reported yet */
};

int recon_matcher_new(const struct recon_settings *settings, struct recon_matcher **matcher);
void recon_matcher_free(struct recon_matcher *matcher);

/* Handles records under the present W and R, from the first on, until all are handled or one has caused results;
 * *handled says how many were, also when a status is returned (then the one at that place was not). now_ms is the
 * processing clock (for max_future_skew). Batches of 32 to 64 hide the memory's latency. */
int recon_matcher_records(struct recon_matcher *matcher, int64_t now_ms, const struct recon_record *records,
                          size_t count, size_t *handled);

/* W, R or both rise. What falls due is then given by recon_matcher_next: first what arrived behind the W before, in
 * order of arrival, then the rest in order of time and then of arrival. */
int recon_matcher_rise(struct recon_matcher *matcher, const struct recon_rise *rise);

/* Takes up to capacity results; *count = 0: none wait. Texts live until the next call. */
int recon_matcher_next(struct recon_matcher *matcher, struct recon_result *results, size_t capacity, size_t *count);

/* Takes one window's counts since they were last taken. False: no more. window_index is floor(time / o). A window
 * may come with all counts 0: it exists. */
bool recon_matcher_counts_take(struct recon_matcher *matcher, int64_t *window_index, struct recon_counts *counts);

void recon_matcher_stats(const struct recon_matcher *matcher, struct recon_matcher_stats *stats);
/* All that it holds from the allocator. */
uint64_t recon_matcher_memory_bytes(const struct recon_matcher *matcher);
void recon_matcher_memory_limit(struct recon_matcher *matcher, uint64_t limit_bytes);

/* Which key group a key belongs to: 0 to key_group_count - 1. */
uint32_t recon_key_group(struct recon_key key, uint32_t key_group_count);

#ifdef __cplusplus
}
#endif
#endif
