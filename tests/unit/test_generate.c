/*
 * The generator by itself: same options, same bytes; memory by what is under way; options that can't be met.
 * Whether its truth is true is tested through the command (tests/cli/test_generate.py).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "generate/generator.h"
#include "recon/status.h"

struct digest {
    uint64_t hash[RECON_GENERATE_FILE_COUNT];
    struct recon_generate_counts counts;
};

/* FNV-1a of each file, taken in buffers of the given capacity. */
static struct digest digest_of(const struct recon_generate_options *options, size_t capacity)
{
    struct recon_generator *generator;
    assert_int_equal(recon_generator_new(options, &generator), RECON_OK);
    struct recon_generate_buffer buffers[RECON_GENERATE_FILE_COUNT];
    struct digest digest = {0};
    for (int file = 0; file < RECON_GENERATE_FILE_COUNT; file++) {
        buffers[file] = (struct recon_generate_buffer){.bytes = malloc(capacity), .capacity = capacity};
        assert_non_null(buffers[file].bytes);
        digest.hash[file] = UINT64_C(0xcbf29ce484222325);
    }
    for (bool done = false; !done;) {
        assert_int_equal(recon_generator_next(generator, buffers, &done), RECON_OK);
        for (int file = 0; file < RECON_GENERATE_FILE_COUNT; file++) {
            for (size_t i = 0; i < buffers[file].size; i++)
                digest.hash[file] =
                    (digest.hash[file] ^ (unsigned char)buffers[file].bytes[i]) * UINT64_C(0x100000001b3);
            buffers[file].size = 0;
        }
    }
    recon_generator_counts(generator, &digest.counts);
    recon_generator_free(generator);
    for (int file = 0; file < RECON_GENERATE_FILE_COUNT; file++)
        free(buffers[file].bytes);
    return digest;
}

static struct recon_generate_options small(uint64_t seed)
{
    struct recon_generate_options options;
    recon_generate_options_init(&options);
    options.seed = seed;
    options.id_count = 20000;
    return options;
}

static void test_same_options_make_the_same_bytes_whatever_the_buffers(void **state)
{
    (void)state;
    struct recon_generate_options options = small(7);
    struct digest large = digest_of(&options, 1 << 20);
    struct digest tight = digest_of(&options, RECON_GENERATE_LINE_SIZE_MAX);
    assert_memory_equal(large.hash, tight.hash, sizeof large.hash);
    options.seed = 8;
    struct digest other = digest_of(&options, 1 << 20);
    for (int file = 0; file < RECON_GENERATE_FILE_COUNT; file++)
        assert_int_not_equal(large.hash[file], other.hash[file]);
}

/* These numbers stand for the bytes that seed 7 has always made: who changes the lines on purpose changes them. */
static void test_bytes_are_the_same_on_every_machine(void **state)
{
    (void)state;
    struct recon_generate_options options = small(7);
    struct digest digest = digest_of(&options, 1 << 20);
    assert_int_equal(digest.hash[RECON_GENERATE_AUDIT], UINT64_C(0xc3ff3066aa6d288b));
    assert_int_equal(digest.hash[RECON_GENERATE_EVENTS], UINT64_C(0x36bb693831849eed));
    assert_int_equal(digest.hash[RECON_GENERATE_TRUTH], UINT64_C(0xbeb1915e74783e7d));
}

static void test_counts_add_up(void **state)
{
    (void)state;
    struct recon_generate_options options = small(3);
    struct recon_generate_counts counts = digest_of(&options, 1 << 16).counts;
    assert_int_equal(counts.lines[RECON_GENERATE_AUDIT], options.id_count - counts.unaudited + counts.doubled[0]);
    assert_int_equal(counts.lines[RECON_GENERATE_EVENTS], options.id_count - counts.lost + counts.doubled[1]);
    assert_true(counts.lost > 0 && counts.unaudited > 0 && counts.stalled > 0);
    for (int reach = 0; reach < RECON_REACH_COUNT; reach++)
        assert_true(counts.late[reach] > 0);
}

/* Ten times the IDs at the same rate: ten times the time, and no more under way. */
static void test_memory_does_not_grow_with_the_ids(void **state)
{
    (void)state;
    struct recon_generate_options options = small(5);
    options.rate = 10;
    options.stall_count = 0;
    uint64_t few = digest_of(&options, 1 << 20).counts.under_way_max;
    options.id_count *= 10;
    uint64_t many = digest_of(&options, 1 << 20).counts.under_way_max;
    assert_true(few > 0);
    assert_true(many < 2 * few);
}

static void test_no_ids_and_one_id_are_fine(void **state)
{
    (void)state;
    struct recon_generate_options options = small(1);
    options.id_count = 0;
    struct digest none = digest_of(&options, 1 << 16);
    for (int file = 0; file < RECON_GENERATE_FILE_COUNT; file++)
        assert_int_equal(none.counts.lines[file], 0);
    options.id_count = 1;
    memset(options.share, 0, sizeof options.share);
    struct digest one = digest_of(&options, 1 << 16);
    assert_int_equal(one.counts.lines[RECON_GENERATE_AUDIT], 1);
    assert_int_equal(one.counts.lines[RECON_GENERATE_EVENTS], 1);
    assert_int_equal(one.counts.lines[RECON_GENERATE_TRUTH], 0);
}

static void test_all_shares_whole(void **state)
{
    (void)state;
    for (int fate = 0; fate < RECON_FATE_COUNT; fate++) {
        struct recon_generate_options options = small(2);
        options.stall_count = 0;
        memset(options.share, 0, sizeof options.share);
        options.share[fate] = RECON_GENERATE_WHOLE;
        options.share[RECON_SHARE_DUPLICATES] = RECON_GENERATE_WHOLE;
        struct recon_generate_counts counts = digest_of(&options, 1 << 16).counts;
        assert_int_equal(counts.lost, fate == RECON_SHARE_LOSS ? options.id_count : 0);
        assert_int_equal(counts.unaudited, fate == RECON_SHARE_UNAUDITED ? options.id_count : 0);
        assert_int_equal(counts.doubled[0], fate == RECON_SHARE_UNAUDITED ? 0 : options.id_count);
        assert_int_equal(counts.doubled[1], fate == RECON_SHARE_LOSS ? 0 : options.id_count);
    }
}

static void refuses(const struct recon_generate_options *options, const char *word)
{
    char message[256] = "";
    assert_int_equal(recon_generate_options_check(options, message, sizeof message), RECON_ERROR_INVALID);
    if (strstr(message, word) == NULL)
        fail_msg("'%s' does not name %s", message, word);
    struct recon_generator *generator = NULL;
    assert_int_equal(recon_generator_new(options, &generator), RECON_ERROR_INVALID);
    assert_null(generator);
}

static void test_options_that_cannot_be_met_are_refused(void **state)
{
    (void)state;
    const struct recon_generate_options good = small(1);
    struct recon_generate_options options = good;
    options.id_count = RECON_GENERATE_ID_COUNT_MAX + 1;
    refuses(&options, "--ids");
    options = good;
    options.disorder_ms = options.out_of_orderness_ms + 1;
    refuses(&options, "--disorder");
    options = good;
    options.share[RECON_SHARE_LOSS] = RECON_GENERATE_WHOLE;
    refuses(&options, "--loss");
    options = good;
    options.disorder_ms = options.out_of_orderness_ms;
    refuses(&options, "--late-within-n");
    options = good;
    options.retention_ms = 0;
    refuses(&options, "--late-within-m");
    options = good;
    options.stall_count = 1000;
    refuses(&options, "--stalls");
    options = good;
    options.start_ms = INT64_MAX;
    refuses(&options, "--start");
    options = good;
    options.rate = 1;
    options.id_count = RECON_GENERATE_ID_COUNT_MAX;
    options.start_ms = INT64_C(200000000000000);
    refuses(&options, "--start");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_options_make_the_same_bytes_whatever_the_buffers),
        cmocka_unit_test(test_bytes_are_the_same_on_every_machine),
        cmocka_unit_test(test_counts_add_up),
        cmocka_unit_test(test_memory_does_not_grow_with_the_ids),
        cmocka_unit_test(test_no_ids_and_one_id_are_fine),
        cmocka_unit_test(test_all_shares_whole),
        cmocka_unit_test(test_options_that_cannot_be_met_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
