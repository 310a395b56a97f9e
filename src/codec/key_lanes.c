/*
 * Many identities hashed at once: SipHash-2-4 with 128 bits (Aumasson and Bernstein, "SipHash: a fast short-input PRF",
 * 2012; the longer output is that of its authors' reference), eight inputs side by side in a vector's lanes.
 *
 * One input alone is a chain of some 200 additions, rotations and exclusive ors, each of which waits for the one
 * before; eight of them fill the time. Which vectors there are is found out when it runs; without wide ones the
 * compiler's generic code does the same in pieces. libsodium's answer for each input is what the tests compare with.
 */
#include <assert.h>

#include "codec/key.h"
#include "codec/little_endian.h"

#define LANE_COUNT 8
/* Longer inputs are hashed one by one; few IDs are. */
#define WORD_COUNT_MAX 33
#define INPUT_SIZE_BYTES_MAX ((WORD_COUNT_MAX - 1) * 8 + 7)
/* From fewer on one by one is as fast. */
#define INPUT_COUNT_MIN 3

typedef uint64_t lanes __attribute__((vector_size(LANE_COUNT * 8)));

struct group {
    union {
        uint64_t lane[LANE_COUNT];
        lanes all;
    } words[WORD_COUNT_MAX], high, low;
    uint64_t word_counts[LANE_COUNT];
    uint64_t word_count_max;
    bool is_even; /* all lanes have as many words */
};

#define INLINE static inline __attribute__((always_inline))

#define ROTATE(v, bits) ((v) << (bits) | (v) >> (64 - (bits)))

INLINE void sip_round(lanes v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = ROTATE(v[1], 13) ^ v[0];
    v[3] = ROTATE(v[3], 16) ^ v[2];
    v[0] = ROTATE(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = ROTATE(v[1], 17) ^ v[2];
    v[3] = ROTATE(v[3], 21) ^ v[0];
    v[2] = ROTATE(v[2], 32);
}

/* The group's words to its two halves. */
INLINE void hash_group(const uint8_t *seed, struct group *group)
{
    const lanes none = {0};
    uint64_t key_low = recon_load_le64(seed);
    uint64_t key_high = recon_load_le64(seed + 8);
    lanes v[4] = {
        none + (key_low ^ UINT64_C(0x736f6d6570736575)),
        none + (key_high ^ UINT64_C(0x646f72616e646f6d) ^ 0xee),
        none + (key_low ^ UINT64_C(0x6c7967656e657261)),
        none + (key_high ^ UINT64_C(0x7465646279746573)),
    };
    lanes counts;
    memcpy(&counts, group->word_counts, sizeof counts);
    for (uint64_t i = 0; i < group->word_count_max; i++) {
        lanes before[4] = {v[0], v[1], v[2], v[3]};
        lanes word = group->words[i].all;
        v[3] ^= word;
        sip_round(v);
        sip_round(v);
        v[0] ^= word;
        if (group->is_even)
            continue;
        lanes is_in = (lanes)(counts > none + i); /* all ones where the lane has this word */
        for (int k = 0; k < 4; k++)
            v[k] = (v[k] & is_in) | (before[k] & ~is_in);
    }
    v[2] ^= none + 0xee;
    for (int i = 0; i < 4; i++)
        sip_round(v);
    group->high.all = v[0] ^ v[1] ^ v[2] ^ v[3];
    v[1] ^= none + 0xdd;
    for (int i = 0; i < 4; i++)
        sip_round(v);
    group->low.all = v[0] ^ v[1] ^ v[2] ^ v[3];
}

static void hash_group_anywhere(const uint8_t *seed, struct group *group)
{
    hash_group(seed, group);
}

typedef void (*group_hasher)(const uint8_t *seed, struct group *group);

#if defined(__x86_64__) && !defined(RECON_PORTABLE)
__attribute__((target("avx2"))) static void hash_group_avx2(const uint8_t *seed, struct group *group)
{
    hash_group(seed, group);
}

__attribute__((target("avx512f"))) static void hash_group_avx512(const uint8_t *seed, struct group *group)
{
    hash_group(seed, group);
}

static group_hasher choose(void)
{
    if (__builtin_cpu_supports("avx512f"))
        return hash_group_avx512;
    return __builtin_cpu_supports("avx2") ? hash_group_avx2 : hash_group_anywhere;
}
#else
static group_hasher choose(void)
{
    return hash_group_anywhere;
}
#endif

/* The input's bytes behind its last whole word, and its size on top. */
static uint64_t last_word(const unsigned char *bytes, size_t size)
{
    size_t rest = size % 8;
    uint64_t word = 0;
    if (rest > 0 && size >= 8)
        word = recon_load_le64(bytes + size - 8) >> (8 * (8 - rest));
    else
        for (size_t i = 0; i < rest; i++)
            word |= (uint64_t)bytes[i] << (8 * i);
    return word | (uint64_t)size << 56;
}

static void lane_set(struct group *group, size_t lane, const struct recon_text *input)
{
    const unsigned char *bytes = (const unsigned char *)input->bytes;
    size_t whole = input->size / 8;
    for (size_t i = 0; i < whole; i++)
        group->words[i].lane[lane] = recon_load_le64(bytes + 8 * i);
    group->words[whole].lane[lane] = last_word(bytes, input->size);
    group->word_counts[lane] = whole + 1;
    if (whole + 1 > group->word_count_max)
        group->word_count_max = whole + 1;
}

/* What a lane has no words for must still be something. */
static void lane_fill(struct group *group, size_t lane)
{
    for (uint64_t i = group->word_counts[lane]; i < group->word_count_max; i++)
        group->words[i].lane[lane] = 0;
    group->is_even &= group->word_counts[lane] == group->word_count_max;
}

void recon_key_hash_many(const uint8_t seed[RECON_SEED_SIZE_BYTES], const struct recon_text *inputs, size_t count,
                         struct recon_key *keys)
{
    assert(count <= LANE_COUNT);
    struct group group;
    group.word_count_max = 0;
    group.is_even = true;
    bool is_short = count >= INPUT_COUNT_MIN;
    for (size_t i = 0; i < count; i++)
        is_short &= inputs[i].size <= INPUT_SIZE_BYTES_MAX;
    if (!is_short) {
        for (size_t i = 0; i < count; i++)
            keys[i] = recon_key_hash_input(seed, &inputs[i]);
        return;
    }
    for (size_t lane = 0; lane < LANE_COUNT; lane++)
        lane_set(&group, lane, &inputs[lane < count ? lane : 0]);
    for (size_t lane = 0; lane < LANE_COUNT; lane++)
        lane_fill(&group, lane);
    choose()(seed, &group);
    for (size_t i = 0; i < count; i++)
        keys[i] = (struct recon_key){.high = group.high.lane[i], .low = group.low.lane[i]};
}
