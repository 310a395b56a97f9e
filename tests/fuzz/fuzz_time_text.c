/* Times and durations: any bytes; what is read as a time is written and read again as the same one. */
#include <stdlib.h>
#include <string.h>

#include "codec/mapping.h"
#include "codec/time_text.h"
#include "fuzz.h"
#include "recon/status.h"

static void require(int condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct recon_zone *zone;
    if (zone == NULL)
        require(recon_zone_new("Europe/Paris", &zone) == RECON_OK);
    const struct recon_zone *const zones[] = {NULL, zone};
    const char *text = (const char *)bytes;
    char again[RECON_TIME_TEXT_SIZE_MAX];
    int64_t time_ms, read_ms;

    for (size_t i = 0; i < 2; i++) {
        if (!recon_time_parse(text, size, zones[i], &time_ms))
            continue;
        const size_t again_size = recon_time_format(time_ms, again);
        require(again_size <= sizeof again);
        require(recon_time_parse(again, again_size, zones[i], &read_ms) && read_ms == time_ms);
    }
    if (size >= sizeof time_ms) {
        memcpy(&time_ms, bytes, sizeof time_ms);
        const size_t again_size = recon_time_format(time_ms, again);
        require(recon_time_parse(again, again_size, NULL, &read_ms) && read_ms == time_ms);
        for (int unit = RECON_UNIT_S; unit <= RECON_UNIT_NS; unit++)
            (void)recon_time_from_integer(time_ms, unit, &read_ms);
    }

    const char *hint = NULL;
    if (recon_duration_parse(text, size, &time_ms, &hint) == RECON_OK)
        require(time_ms >= 0);
    else
        require(hint != NULL);
    return 0;
}
