/*
 * Snapshots: what is written comes back, in one or dealt out; what is not whole and sound is refused.
 */
#include "engine_kit.h"

#include <stdio.h>

#include "core/snapshot_format.h"
#include "recon/snapshot.h"

struct bytes {
    unsigned char *bytes;
    size_t size;
};

static struct bytes take_all(struct recon_snapshot_writer *writer, size_t piece)
{
    struct bytes all = {malloc(piece), 0};
    size_t size;
    for (;;) {
        all.bytes = realloc(all.bytes, all.size + piece);
        assert_non_null(all.bytes);
        assert_int_equal(recon_snapshot_writer_next(writer, all.bytes + all.size, piece, &size), RECON_OK);
        if (size == 0)
            break;
        all.size += size;
    }
    recon_snapshot_writer_free(writer);
    return all;
}

static struct bytes snapshot_of(struct recon_engine *engine, int part, size_t piece)
{
    struct recon_snapshot_writer *writer;
    assert_int_equal(recon_snapshot_writer_new(engine, part, &writer), RECON_OK);
    return take_all(writer, piece);
}

static int restore(const struct recon_settings *settings, struct bytes all, size_t piece, struct recon_engine **engine)
{
    struct recon_snapshot_reader *reader;
    int status = recon_snapshot_reader_new(settings, RECON_SNAPSHOT_ENGINE, &reader);
    assert_int_equal(status, RECON_OK);
    for (size_t at = 0; at < all.size && status == RECON_OK; at += piece)
        status = recon_snapshot_reader_feed(reader, all.bytes + at, all.size - at < piece ? all.size - at : piece);
    if (status == RECON_OK)
        status = recon_snapshot_reader_finish_engine(reader, true, engine);
    if (status != RECON_OK)
        recon_snapshot_reader_free(reader);
    return status;
}

/* Audit records 0 to count - 1, a third of them matched, a third missing, at 1 ms each; some have long texts. */
static struct recon_engine *engine_with(const struct recon_settings *settings, uint64_t count)
{
    static const char context[40000];
    struct recon_engine *engine;
    assert_int_equal(recon_engine_new(settings, &engine), RECON_OK);
    assert_int_equal(recon_engine_clock(engine, 0), RECON_OK);
    for (uint64_t i = 0; i < count; i++) {
        char id[24];
        struct recon_record record = {.stream = RECON_STREAM_AUDIT, .time = (int64_t)i, .has_time = true};
        record.key = kit_key(i);
        record.id = (struct recon_text){id, (uint32_t)snprintf(id, sizeof(id), "id-%llu", (unsigned long long)i)};
        if (i % 1000 == 7)
            record.context = (struct recon_text){context, sizeof(context)};
        for (int stream = 0; stream < (i % 3 == 0 ? 2 : 1); stream++) {
            size_t handled;
            size_t taken;
            struct recon_result results[16];
            record.stream = (uint8_t)stream;
            assert_int_equal(recon_engine_records(engine, &record, 1, &handled), RECON_OK);
            do
                assert_int_equal(recon_engine_next(engine, results, 16, &taken), RECON_OK);
            while (taken > 0);
        }
    }
    return engine;
}

static void assert_same_stats(struct recon_engine *one, struct recon_engine *other)
{
    struct recon_matcher_stats stats[2];
    recon_engine_stats(one, &stats[0]);
    recon_engine_stats(other, &stats[1]);
    assert_memory_equal(&stats[0], &stats[1], sizeof(stats[0]));
}

static void what_is_written_comes_back_whatever_the_pieces(void **state)
{
    (void)state;
    static const uint64_t counts[] = {0, 1, 13, 3000, 100000};
    static const uint32_t groups[] = {1, 128, 32768};
    for (unsigned i = 0; i < 5; i++)
        for (unsigned j = 0; j < 3; j++) {
            struct recon_settings settings = kit_settings(1000, 500, 1000000);
            settings.key_group_count = groups[j];
            struct recon_engine *engine = engine_with(&settings, counts[i]);
            struct bytes all = snapshot_of(engine, RECON_SNAPSHOT_ALL, i % 2 == 0 ? 65536 : 777);
            struct recon_engine *again = NULL;
            assert_int_equal(restore(&settings, all, i % 2 == 0 ? 333 : 100000, &again), RECON_OK);
            assert_same_stats(engine, again);
            struct recon_matcher_stats stats;
            recon_engine_stats(again, &stats);
            assert_int_equal(stats.identities, counts[i]);
            recon_engine_free(again);
            recon_engine_free(engine);
            free(all.bytes);
            assert_int_equal(held_bytes, 0);
        }
}

static void what_is_restored_takes_no_more_memory_than_it_did(void **state)
{
    (void)state;
    static const uint64_t counts[] = {3000, 30000, 100000, 700000};
    static const uint32_t groups[] = {1, 128, 32768};
    for (unsigned i = 0; i < 4; i++)
        for (unsigned j = 0; j < 3; j++) {
            struct recon_settings settings = kit_settings(1000, 1000000, 1000000);
            settings.key_group_count = groups[j];
            settings.report = RECON_REPORT(RECON_RESULT_METRIC);
            struct recon_engine *engine = engine_with(&settings, counts[i]);
            struct recon_engine *again = NULL;
            struct bytes all = snapshot_of(engine, RECON_SNAPSHOT_ALL, 1 << 20);
            assert_int_equal(restore(&settings, all, 1 << 20, &again), RECON_OK);
            uint64_t before = recon_engine_memory_bytes(engine);
            assert_true(recon_engine_memory_bytes(again) < before / 10 * 11 + 65536);
            recon_engine_free(again);
            recon_engine_free(engine);
            free(all.bytes);
        }
}

static void groups_dealt_out_to_two_engines_hold_everything_once(void **state)
{
    (void)state;
    struct recon_settings settings = kit_settings(1000, 500, 1000000);
    settings.key_group_count = 100;
    struct recon_engine *engine = engine_with(&settings, 20000);
    struct recon_snapshot_reader *readers[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(recon_snapshot_reader_new(&settings, RECON_SNAPSHOT_ENGINE, &readers[i]), RECON_OK);
        struct bytes head = snapshot_of(engine, RECON_SNAPSHOT_HEAD, 4096);
        assert_int_equal(recon_snapshot_reader_feed(readers[i], head.bytes, head.size), RECON_OK);
        free(head.bytes);
    }
    for (int group = 0; group < 100; group++) {
        struct bytes bytes = snapshot_of(engine, group, 4096);
        assert_int_equal(recon_snapshot_reader_feed(readers[group % 3 == 0], bytes.bytes, bytes.size), RECON_OK);
        free(bytes.bytes);
    }
    struct bytes counts = snapshot_of(engine, RECON_SNAPSHOT_COUNTS, 4096);
    assert_int_equal(recon_snapshot_reader_feed(readers[0], counts.bytes, counts.size), RECON_OK);
    free(counts.bytes);
    uint64_t identities = 0;
    for (int i = 0; i < 2; i++) {
        struct recon_engine *part;
        struct recon_matcher_stats stats;
        assert_int_equal(recon_snapshot_reader_finish_engine(readers[i], false, &part), RECON_OK);
        recon_engine_stats(part, &stats);
        assert_in_range(stats.identities, 5000, 15000);
        identities += stats.identities;
        recon_engine_free(part);
    }
    assert_int_equal(identities, 20000);
    recon_engine_free(engine);
    assert_int_equal(held_bytes, 0);
}

static void every_flipped_byte_and_every_cut_is_refused(void **state)
{
    (void)state;
    struct recon_settings settings = kit_settings(10, 5, 1000);
    struct recon_engine *engine = engine_with(&settings, 40);
    struct bytes all = snapshot_of(engine, RECON_SNAPSHOT_ALL, 4096);
    struct recon_engine *again = NULL;
    for (size_t at = 0; at < all.size; at++) {
        all.bytes[at] ^= 0x20;
        int status = restore(&settings, all, 4096, &again);
        assert_true(status == RECON_ERROR_DAMAGED || status == RECON_ERROR_TRUNCATED);
        all.bytes[at] ^= 0x20;
        struct bytes cut = {all.bytes, at};
        assert_int_equal(restore(&settings, cut, 100, &again), RECON_ERROR_TRUNCATED);
    }
    assert_null(again);
    recon_engine_free(engine);
    free(all.bytes);
    assert_int_equal(held_bytes, 0);
}

static void a_snapshot_of_another_version_is_refused_as_such(void **state)
{
    (void)state;
    struct recon_settings settings = kit_settings(10, 5, 1000);
    struct recon_engine *engine = engine_with(&settings, 40);
    struct bytes all = snapshot_of(engine, RECON_SNAPSHOT_ALL, 4096);
    struct recon_engine *again = NULL;
    const size_t size = SNAPSHOT_FRAME_HEAD_BYTES + get_u32(all.bytes + 16);
    const uint16_t versions[] = {SNAPSHOT_VERSION_MIN - 1, SNAPSHOT_VERSION + 1, UINT16_MAX, SNAPSHOT_VERSION};
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        put_u16(all.bytes + 4, versions[i]);
        put_u64(all.bytes + size, snapshot_checksum(all.bytes, size));
        int status = restore(&settings, all, 4096, &again);
        assert_int_equal(status, versions[i] == SNAPSHOT_VERSION ? RECON_OK : RECON_ERROR_VERSION);
    }
    recon_engine_free(again);
    recon_engine_free(engine);
    free(all.bytes);
    assert_int_equal(held_bytes, 0);
}

static void a_snapshot_of_other_settings_is_refused(void **state)
{
    (void)state;
    struct recon_settings settings = kit_settings(10, 5, 1000);
    struct recon_engine *engine = engine_with(&settings, 40);
    struct bytes all = snapshot_of(engine, RECON_SNAPSHOT_ALL, 4096);
    struct recon_engine *again = NULL;
    struct recon_settings other = settings;
    other.interval_ms = 11;
    assert_int_equal(restore(&other, all, 4096, &again), RECON_ERROR_MISMATCH);
    other = settings;
    other.key_fingerprint = 1;
    assert_int_equal(restore(&other, all, 4096, &again), RECON_ERROR_MISMATCH);
    other = settings;
    other.key_group_count = 64;
    assert_int_equal(restore(&other, all, 4096, &again), RECON_ERROR_MISMATCH);
    other = settings;
    other.retention_ms = 5;
    other.out_of_orderness_ms = 0;
    other.report = 0;
    assert_int_equal(restore(&other, all, 4096, &again), RECON_OK);
    recon_engine_free(again);
    recon_engine_free(engine);
    free(all.bytes);
}

static void a_snapshot_is_refused_while_results_wait(void **state)
{
    (void)state;
    struct recon_settings settings = kit_settings(10, 0, 1000);
    struct recon_engine *engine = engine_with(&settings, 3);
    struct recon_record record = kit_record(RECON_STREAM_AUDIT, "x", 50);
    struct recon_record event = kit_record(RECON_STREAM_EVENTS, "x", 50);
    struct recon_snapshot_writer *writer;
    size_t handled;
    assert_int_equal(recon_engine_records(engine, &record, 1, &handled), RECON_OK);
    assert_int_equal(recon_engine_records(engine, &event, 1, &handled), RECON_OK);
    assert_int_equal(recon_snapshot_writer_new(engine, RECON_SNAPSHOT_ALL, &writer), RECON_ERROR_UNDRAINED);
    recon_engine_free(engine);
}

static int restore_watermark(const struct recon_settings *settings, const struct bytes *heads, size_t count,
                             struct recon_watermark **watermark)
{
    struct recon_snapshot_reader *reader;
    assert_int_equal(recon_snapshot_reader_new(settings, RECON_SNAPSHOT_WATERMARK, &reader), RECON_OK);
    int status = RECON_OK;
    for (size_t i = 0; i < count && status == RECON_OK; i++)
        status = recon_snapshot_reader_feed(reader, heads[i].bytes, heads[i].size);
    if (status == RECON_OK)
        status = recon_snapshot_reader_finish_watermark(reader, watermark);
    if (status != RECON_OK)
        recon_snapshot_reader_free(reader);
    return status;
}

/* One that has shown these times, then fell silent for a while: W passes R. */
static struct bytes head_of(const struct recon_settings *settings, int64_t audit, int64_t event, int64_t silence_ms)
{
    struct recon_watermark *watermark;
    struct recon_snapshot_writer *writer;
    struct recon_rise rise;
    assert_int_equal(recon_watermark_new(settings, &watermark), RECON_OK);
    assert_int_equal(recon_watermark_clock(watermark, 0), RECON_OK);
    recon_watermark_saw(watermark, RECON_STREAM_AUDIT, 0, audit);
    recon_watermark_saw(watermark, RECON_STREAM_EVENTS, 0, event);
    assert_true(recon_watermark_rise(watermark, &rise));
    assert_int_equal(recon_watermark_clock(watermark, silence_ms), RECON_OK);
    (void)recon_watermark_rise(watermark, &rise);
    assert_int_equal(recon_snapshot_writer_new_watermark(watermark, settings, &writer), RECON_OK);
    const struct bytes head = take_all(writer, 100);
    recon_watermark_free(watermark);
    return head;
}

static void a_watermark_goes_on_from_the_lowest_of_several_heads(void **state)
{
    (void)state;
    struct recon_settings settings = kit_settings(10, 0, 1000);
    settings.idle_timeout_ms = 50;
    struct bytes heads[] = {
        head_of(&settings, 101, 111, 60), /* silent: W = 111 + 60 - 1, R = 100 */
        head_of(&settings, 121, 131, 0),  /* W = R = 120 */
        head_of(&settings, 121, 131, 0),
    };
    struct recon_watermark *watermark;
    struct recon_rise current;
    assert_int_equal(restore_watermark(&settings, heads, 3, &watermark), RECON_OK);
    recon_watermark_resume(watermark, 10); /* another clock, behind */
    recon_watermark_current(watermark, &current);
    assert_int_equal(current.watermark, 120);
    assert_int_equal(current.retention_bound, 100);
    assert_false(recon_watermark_rise(watermark, &current));
    /* All are alive and R stands still until z after that. */
    recon_watermark_saw(watermark, RECON_STREAM_AUDIT, 0, 300);
    recon_watermark_saw(watermark, RECON_STREAM_EVENTS, 0, 300);
    assert_true(recon_watermark_rise(watermark, &current));
    assert_int_equal(current.watermark, 299);
    assert_int_equal(current.retention_bound, 100);
    recon_watermark_saw(watermark, RECON_STREAM_AUDIT, 0, 301);
    recon_watermark_saw(watermark, RECON_STREAM_EVENTS, 0, 301);
    assert_int_equal(recon_watermark_clock(watermark, 60), RECON_OK);
    recon_watermark_saw(watermark, RECON_STREAM_AUDIT, 0, 302);
    recon_watermark_saw(watermark, RECON_STREAM_EVENTS, 0, 302);
    assert_true(recon_watermark_rise(watermark, &current));
    assert_int_equal(current.retention_bound, 301);
    recon_watermark_free(watermark);

    /* In silence again, it goes on from the lowest of the largest times. */
    assert_int_equal(restore_watermark(&settings, heads, 1, &watermark), RECON_OK);
    recon_watermark_resume(watermark, 1000);
    assert_int_equal(recon_watermark_clock(watermark, 1100), RECON_OK);
    assert_true(recon_watermark_rise(watermark, &current));
    assert_int_equal(current.watermark, 111 + 100 - 1);
    assert_int_equal(current.retention_bound, 100);
    recon_watermark_free(watermark);

    struct recon_settings two = settings;
    two.partition_count[RECON_STREAM_AUDIT] = 2;
    assert_int_equal(restore_watermark(&settings, heads, 0, &watermark), RECON_ERROR_TRUNCATED);
    const struct bytes other = {heads[1].bytes, heads[1].size};
    free(heads[2].bytes);
    struct recon_watermark *wide;
    struct recon_snapshot_writer *writer;
    assert_int_equal(recon_watermark_new(&two, &wide), RECON_OK);
    assert_int_equal(recon_snapshot_writer_new_watermark(wide, &two, &writer), RECON_OK);
    heads[2] = take_all(writer, 100);
    recon_watermark_free(wide);
    const struct bytes mixed[] = {other, heads[2]}, turned[] = {heads[2], other};
    assert_int_equal(restore_watermark(&settings, mixed, 2, &watermark), RECON_ERROR_MISMATCH);
    assert_int_equal(restore_watermark(&settings, turned, 2, &watermark), RECON_ERROR_MISMATCH);
    for (size_t i = 0; i < 3; i++)
        free(heads[i].bytes);
}

static bool is_refusing;

static void *allocate_unless_refusing(void *context, size_t size_bytes)
{
    return is_refusing ? NULL : kit_allocate(context, size_bytes);
}

static void what_had_no_memory_at_the_end_can_be_ended_again(void **state)
{
    (void)state;
    struct recon_settings settings = kit_settings(1000, 1000000, 1000000);
    settings.allocator.allocate = allocate_unless_refusing;
    struct recon_engine *engine = engine_with(&settings, 3000);
    struct bytes all = snapshot_of(engine, RECON_SNAPSHOT_ALL, 65536);
    struct recon_snapshot_reader *reader;
    struct recon_engine *again = NULL;
    assert_int_equal(recon_snapshot_reader_new(&settings, RECON_SNAPSHOT_ENGINE, &reader), RECON_OK);
    assert_int_equal(recon_snapshot_reader_feed(reader, all.bytes, all.size), RECON_OK);
    is_refusing = true;
    assert_int_equal(recon_snapshot_reader_finish_engine(reader, true, &again), RECON_ERROR_MEMORY);
    is_refusing = false;
    assert_int_equal(recon_snapshot_reader_finish_engine(reader, true, &again), RECON_OK);
    uint64_t missing = 0;
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++) {
        struct recon_result results[16];
        size_t taken;
        assert_int_equal(recon_engine_partition_end(again, stream, 0), RECON_OK);
        do {
            assert_int_equal(recon_engine_next(again, results, 16, &taken), RECON_OK);
            for (size_t i = 0; i < taken; i++)
                missing += results[i].type == RECON_RESULT_MISSING;
        } while (taken > 0);
    }
    assert_int_equal(missing, 2000);
    recon_engine_free(again);
    recon_engine_free(engine);
    free(all.bytes);
    assert_int_equal(held_bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_comes_back_whatever_the_pieces),
        cmocka_unit_test(what_is_restored_takes_no_more_memory_than_it_did),
        cmocka_unit_test(groups_dealt_out_to_two_engines_hold_everything_once),
        cmocka_unit_test(every_flipped_byte_and_every_cut_is_refused),
        cmocka_unit_test(a_snapshot_of_another_version_is_refused_as_such),
        cmocka_unit_test(a_snapshot_of_other_settings_is_refused),
        cmocka_unit_test(a_snapshot_is_refused_while_results_wait),
        cmocka_unit_test(a_watermark_goes_on_from_the_lowest_of_several_heads),
        cmocka_unit_test(what_had_no_memory_at_the_end_can_be_ended_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
