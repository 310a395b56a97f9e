/*
 * The keyed hash of identities.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/key.h"
#include "core/limits.h"

static const uint8_t seed[RECON_SEED_SIZE_BYTES] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static struct recon_text text(const char *bytes)
{
    return (struct recon_text){.bytes = bytes, .size = (uint32_t)strlen(bytes)};
}

static bool same(struct recon_key a, struct recon_key b)
{
    return a.high == b.high && a.low == b.low;
}

/* Reckoned by another implementation of SipHash-2-4-128: states that are kept depend on these staying as they are. */
static void keys_are_siphash_of_sizes_and_bytes(void **state)
{
    (void)state;
    struct recon_text parts[] = {text("shop"), text("a-1")};
    struct recon_key key = recon_key_hash(seed, &parts[1], 1);
    assert_int_equal(key.high, UINT64_C(0xa7839f48778eb6b6));
    assert_int_equal(key.low, UINT64_C(0x47e1e63ba46bfd14));
    key = recon_key_hash(seed, parts, 2);
    assert_int_equal(key.high, UINT64_C(0xc66b9860cbb3f429));
    assert_int_equal(key.low, UINT64_C(0xa9b5fcd0f2dab4f0));
}

static void parts_do_not_run_together(void **state)
{
    (void)state;
    struct recon_text a[] = {text("a|b"), text("c")};
    struct recon_text b[] = {text("a"), text("b|c")};
    struct recon_text c[] = {text("a|b|c")};
    struct recon_text d[] = {text("ab"), text("")};
    struct recon_text e[] = {text("a"), text("b")};
    assert_false(same(recon_key_hash(seed, a, 2), recon_key_hash(seed, b, 2)));
    assert_false(same(recon_key_hash(seed, a, 2), recon_key_hash(seed, c, 1)));
    assert_false(same(recon_key_hash(seed, d, 2), recon_key_hash(seed, e, 2)));
}

/* Inputs of all lengths side by side, few and many: each has the key that it has alone. */
static void keys_made_many_at_once_are_those_made_one_by_one(void **state)
{
    (void)state;
    enum { SIZE_MAX_TRIED = 300 };
    static char bytes[RECON_KEY_COUNT_AT_ONCE][SIZE_MAX_TRIED];
    uint32_t random = 12345;
    for (int turn = 0; turn < 20000; turn++) {
        struct recon_text inputs[RECON_KEY_COUNT_AT_ONCE];
        struct recon_key keys[RECON_KEY_COUNT_AT_ONCE];
        size_t count = (size_t)turn % (RECON_KEY_COUNT_AT_ONCE + 1);
        random = random * 1664525 + 1013904223;
        uint32_t same_size = turn % 3 == 0 ? 0 : (random >> 16) % SIZE_MAX_TRIED;
        for (size_t i = 0; i < count; i++) {
            random = random * 1664525 + 1013904223;
            uint32_t size = same_size > 0 ? same_size : (random >> 16) % SIZE_MAX_TRIED;
            for (uint32_t k = 0; k < size; k++)
                bytes[i][k] = (char)((random >> (k % 24)) + k * 7);
            inputs[i] = (struct recon_text){bytes[i], size};
        }
        recon_key_hash_many(seed, inputs, count, keys);
        for (size_t i = 0; i < count; i++)
            assert_true(same(keys[i], recon_key_hash_input(seed, &inputs[i])));
    }
}

static void the_longest_identity_has_a_key(void **state)
{
    (void)state;
    char *bytes = calloc(1, RECON_ID_SIZE_BYTES_MAX);
    assert_non_null(bytes);
    struct recon_text parts[2] = {{.bytes = bytes, .size = RECON_SOURCE_SIZE_BYTES_MAX},
                                  {.bytes = bytes, .size = RECON_ID_SIZE_BYTES_MAX}};
    struct recon_key key = recon_key_hash(seed, parts, 2);
    parts[1].size--;
    assert_false(same(key, recon_key_hash(seed, parts, 2)));
    /* On both sides of where the small frame ends. */
    for (uint32_t size = 500; size < 520; size++) {
        parts[0].size = size;
        key = recon_key_hash(seed, parts, 1);
        parts[0].size = size + 1;
        assert_false(same(key, recon_key_hash(seed, parts, 1)));
    }
    free(bytes);
}

static void the_fingerprint_tells_seeds_and_identities_apart(void **state)
{
    (void)state;
    uint8_t other[RECON_SEED_SIZE_BYTES];
    memcpy(other, seed, sizeof other);
    other[15] ^= 1;
    assert_int_equal(recon_key_fingerprint(seed, false), recon_key_fingerprint(seed, false));
    assert_int_not_equal(recon_key_fingerprint(seed, false), recon_key_fingerprint(seed, true));
    assert_int_not_equal(recon_key_fingerprint(seed, false), recon_key_fingerprint(other, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_siphash_of_sizes_and_bytes),
        cmocka_unit_test(parts_do_not_run_together),
        cmocka_unit_test(keys_made_many_at_once_are_those_made_one_by_one),
        cmocka_unit_test(the_longest_identity_has_a_key),
        cmocka_unit_test(the_fingerprint_tells_seeds_and_identities_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
