/*
 * Bytes to a snapshot that is damaged: it is refused with a status, and what is not refused is safe to go on with.
 *
 * The first byte says how:
 *   raw      the rest is the snapshot
 *   damaged  8 bytes choose a random trace, whose snapshot is made; 2 cut it short; the rest are changes, each a place
 *            (2 bytes) and what to add to the byte there. Any change must be refused
 *   forged   the same, with the checksums made right again: what then is not refused must not break the engine
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "core/snapshot_format.h"
#include "random_trace.h"
#include "snapshots.h"
#include "subject.h"

#define STEP_COUNT 60
#define RESULT_COUNT_MAX 2000

static int drain(struct recon_engine *engine)
{
    size_t taken = 0;
    for (;;) {
        struct recon_result results[16];
        size_t count = 0;
        int status = recon_engine_next(engine, results, 16, &count);
        taken += count;
        if (status != RECON_OK || count == 0)
            return status;
        if (taken > RESULT_COUNT_MAX) /* a forged window far away: there is no end to the empty ones before it */
            return RECON_ERROR_UNDRAINED;
    }
}

/* Tells the engine what the trace has; false if it can't go on. */
static bool tell(struct recon_engine *engine, const struct trace *trace)
{
    for (size_t i = 0; i < trace->op_count; i++) {
        const struct op *op = &trace->ops[i];
        size_t handled;
        uint32_t added;
        int status = recon_engine_clock(engine, op->at);
        if (status == RECON_OK && drain(engine) != RECON_OK)
            return false;
        if (status != RECON_OK)
            continue;
        if (op->kind == OP_RECORD)
            status = recon_engine_records(engine, &op->record, 1, &handled);
        else if (op->kind == OP_ALIVE)
            status = recon_engine_alive(engine, op->stream, op->partition);
        else if (op->kind == OP_ADD)
            status = recon_engine_partition_add(engine, op->stream, &added);
        else if (op->kind == OP_END)
            status = recon_engine_partition_end(engine, op->stream, op->partition);
        if (drain(engine) != RECON_OK)
            return false;
    }
    return true;
}

/* Reads the bytes as each of the targets; *is_accepted: as an engine. What comes out goes on with the trace. */
static void read_all(const struct recon_settings *settings, const uint8_t *bytes, size_t size, struct random *random,
                     const struct trace *trace, bool *is_accepted)
{
    bool is_whole = !random_one_in(random, 3);
    struct recon_engine *engine = NULL;
    *is_accepted = snapshot_read_engine(settings, random, bytes, size, is_whole, &engine) == RECON_OK;
    if (*is_accepted)
        (void)tell(engine, trace);
    recon_engine_free(engine);

    struct recon_snapshot_reader *reader;
    struct recon_matcher *matcher = NULL;
    if (recon_snapshot_reader_new(settings, RECON_SNAPSHOT_MATCHER, &reader) != RECON_OK)
        abort();
    int status = snapshot_feed(reader, random, bytes, size);
    if (status != RECON_OK || recon_snapshot_reader_finish_matcher(reader, &matcher) != RECON_OK)
        recon_snapshot_reader_free(reader);
    recon_matcher_free(matcher);

    struct recon_windows *windows = NULL;
    if (recon_snapshot_reader_new(settings, RECON_SNAPSHOT_WINDOWS, &reader) != RECON_OK)
        abort();
    status = snapshot_feed(reader, random, bytes, size);
    if (status != RECON_OK || recon_snapshot_reader_finish_windows(reader, &windows) != RECON_OK)
        recon_snapshot_reader_free(reader);
    recon_windows_free(windows);
}

/* Makes the checksum of each frame that can be told right. */
static void forge(uint8_t *bytes, size_t size)
{
    for (size_t at = 0; size - at >= SNAPSHOT_FRAME_HEAD_BYTES + SNAPSHOT_CHECKSUM_BYTES;) {
        uint32_t payload;
        memcpy(&payload, bytes + at + SNAPSHOT_FRAME_HEAD_BYTES - 4, sizeof payload);
        if (payload > size - at - SNAPSHOT_FRAME_HEAD_BYTES - SNAPSHOT_CHECKSUM_BYTES)
            return;
        uint64_t checksum = XXH64(bytes + at, SNAPSHOT_FRAME_HEAD_BYTES + payload, 0);
        for (int i = 0; i < SNAPSHOT_CHECKSUM_BYTES; i++)
            bytes[at + SNAPSHOT_FRAME_HEAD_BYTES + payload + (size_t)i] = (uint8_t)(checksum >> (8 * i));
        at += SNAPSHOT_FRAME_HEAD_BYTES + payload + SNAPSHOT_CHECKSUM_BYTES;
    }
}

static uint64_t number_at(const uint8_t *bytes, size_t size)
{
    uint64_t number = 0;
    memcpy(&number, bytes, size);
    return number;
}

/* Changes the snapshot as the input says; true if it is another one then. */
static bool damage(struct bytes *snapshot, const uint8_t *bytes, size_t size)
{
    bool is_changed = false;
    size_t cut = number_at(bytes, 2);
    if (cut > 0 && cut < snapshot->size) {
        snapshot->size = cut;
        is_changed = true;
    }
    for (size_t i = 2; i + 3 <= size; i += 3) {
        size_t place = number_at(bytes + i, 2);
        if (place >= snapshot->size || bytes[i + 2] == 0)
            continue;
        snapshot->at[place] = (uint8_t)(snapshot->at[place] ^ bytes[i + 2]);
        is_changed = true;
    }
    return is_changed;
}

static void check_damaged(struct recon_settings *settings, const uint8_t *bytes, size_t size, bool is_forged,
                          struct random *random, struct test_allocator *allocator)
{
    struct trace trace;
    random_trace(&trace, number_at(bytes, 8), STEP_COUNT);
    *settings = trace.settings;
    settings->allocator = test_allocator_of(allocator);
    settings->memory_limit_bytes = 64 << 20;
    struct recon_engine *engine;
    if (recon_engine_new(settings, &engine) != RECON_OK)
        abort();
    struct bytes snapshot = {0};
    bool is_whole, is_accepted;
    if (tell(engine, &trace)) {
        if (snapshot_write_engine(engine, RECON_KEY_GROUP_COUNT_MAX, random, &snapshot, &is_whole) != RECON_OK)
            abort();
        struct bytes whole = {0};
        bytes_append(&whole, snapshot.at, snapshot.size);
        (void)damage(&snapshot, bytes + 8, size - 8);
        if (is_forged)
            forge(snapshot.at, snapshot.size);
        bool is_changed = snapshot.size != whole.size || memcmp(snapshot.at, whole.at, whole.size) != 0;
        read_all(settings, snapshot.at, snapshot.size, random, &trace, &is_accepted);
        if (!is_forged && snapshot.size == whole.size && is_accepted == is_changed)
            abort(); /* whole ones are read, changed ones refused; a cut between sections may be part of one */
        bytes_deinit(&whole);
    }
    bytes_deinit(&snapshot);
    recon_engine_free(engine);
    trace_deinit(&trace);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct test_allocator allocator = {0};
    struct recon_settings settings;
    recon_settings_init(&settings);
    settings.interval_ms = 10;
    settings.memory_limit_bytes = 64 << 20;
    settings.allocator = test_allocator_of(&allocator);
    struct random random = {size};
    if (size < 11)
        return 0;
    uint8_t flavour = bytes[0] % 3;
    if (flavour == 0) {
        bool is_accepted;
        struct trace none = {0};
        uint8_t *copy = malloc(size);
        if (copy == NULL)
            abort();
        memcpy(copy, bytes + 1, size - 1);
        forge(copy, size - 1);
        read_all(&settings, copy, size - 1, &random, &none, &is_accepted);
        free(copy);
    } else {
        check_damaged(&settings, bytes + 1, size - 1, flavour == 2, &random, &allocator);
    }
    if (allocator.held_bytes != 0 || allocator.held_count != 0 || allocator.is_corrupted)
        abort();
    return 0;
}
