/*
 * What writing and reading share.
 */
#include "core/snapshot_format.h"

#include <assert.h>

#include "recon/matcher.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t snapshot_checksum(const void *bytes, size_t size)
{
    assert(bytes != NULL);
    return XXH64(bytes, size, 0);
}

uint32_t snapshot_stats_list(struct recon_matcher_stats *stats, uint64_t *list[SNAPSHOT_STATS_COUNT_MAX])
{
    uint32_t count = 0;
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++) {
        list[count++] = &stats->forgotten_matched[stream];
        list[count++] = &stats->forgotten_unmatched[stream];
        list[count++] = &stats->duplicates[stream];
        list[count++] = &stats->too_late[stream];
        list[count++] = &stats->heartbeats[stream];
        for (int reason = 0; reason < RECON_REASON_COUNT; reason++)
            list[count++] = &stats->rejected[stream][reason];
    }
    list[count++] = &stats->outside;
    list[count++] = &stats->missing;
    list[count++] = &stats->found;
    list[count++] = &stats->unaudited;
    list[count++] = &stats->audited;
    list[count++] = &stats->times_apart;
    list[count++] = &stats->times_apart_max_ms;
    return count;
}
