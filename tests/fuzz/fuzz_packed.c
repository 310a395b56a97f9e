/* Packed records: any bytes in a block; what is read as a record is written as the same bytes again, and the matcher
 * takes it. Topics: any bytes in a state; the numbers of the configuration's topics stay theirs. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "names.h"
#include "packed.h"
#include "recon/matcher.h"
#include "recon/status.h"

#define KEY_GROUP_COUNT 2

static void require(int condition)
{
    if (!condition)
        abort();
}

static void *allocate(void *context, size_t size)
{
    (void)context;
    return aligned_alloc(64, (size + 63) / 64 * 64);
}

static void release(void *context, void *block, size_t size)
{
    (void)context;
    (void)size;
    free(block);
}

static void drain(struct recon_matcher *matcher)
{
    struct recon_result results[4];
    size_t count;
    do
        require(recon_matcher_next(matcher, results, 4, &count) == RECON_OK);
    while (count > 0);
}

/* Records one behind the other, as far as they are some. */
static void read_block(const uint8_t *bytes, size_t size, int stream, uint32_t group, struct recon_matcher *matcher)
{
    while (size > 0) {
        struct recon_record record;
        const size_t taken = packed_read(bytes, size, stream, group, KEY_GROUP_COUNT, &record);
        if (taken == 0)
            return;
        require(taken <= size && packed_size(&record) == taken);
        uint8_t *again = malloc(taken);
        require(again != NULL);
        packed_write(&record, packed_key_group(&record, KEY_GROUP_COUNT), taken, again);
        /* Times and offsets that are not there, and the group of what has no key, are not kept. */
        if (record.has_time && record.has_offset && record.kind == RECON_KIND_RECORD)
            require(memcmp(again, bytes, taken) == 0);
        free(again);
        size_t handled = 0;
        require(recon_matcher_records(matcher, 0, &record, 1, &handled) == RECON_OK && handled == 1);
        drain(matcher);
        bytes += taken;
        size -= taken;
    }
}

static void require_named(const struct names *names, const char *topic)
{
    uint32_t partition = names_wire(topic) << PACKED_PARTITION_BITS | 7;
    require(names_translate(names, &partition, PACKED_PARTITION_BITS));
    require((partition & 7) == 7 && strcmp(names->items[partition >> PACKED_PARTITION_BITS].topic, topic) == 0);
}

static void read_names(const uint8_t *bytes, size_t size)
{
    static const uint8_t configured[] = {2, 0, 0, 0, 1, 0, 0, 0, 'a', 1, 0, 0, 0, 'b'};
    struct cursor cursor = {configured, sizeof configured, false};
    struct names names;
    require(names_init(&names, &cursor) == RECON_OK);
    for (int i = 0; i < 2; i++) { /* another time changes nothing */
        struct cursor state = {bytes, size, false};
        (void)names_restore(&names, &state);
        require_named(&names, "a");
        require_named(&names, "b");
    }
    uint8_t *written = malloc(names_size(&names));
    require(written != NULL && names_write(&names, written) == written + names_size(&names));
    free(written);
    names_deinit(&names);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size == 0)
        return 0;
    if (bytes[0] >= 4) {
        read_names(bytes + 1, size - 1);
        return 0;
    }
    struct recon_settings settings;
    recon_settings_init(&settings);
    settings.interval_ms = 1000;
    settings.report = RECON_REPORT_ALL;
    settings.allocator = (struct recon_allocator){allocate, release, NULL};
    struct recon_matcher *matcher;
    require(recon_matcher_new(&settings, &matcher) == RECON_OK);
    read_block(bytes + 1, size - 1, bytes[0] & 1, bytes[0] >> 1, matcher);
    const struct recon_rise end = {RECON_TIME_MAX, RECON_TIME_MAX, RECON_BASIS_END};
    require(recon_matcher_rise(matcher, &end) == RECON_OK);
    drain(matcher);
    recon_matcher_free(matcher);
    return 0;
}
