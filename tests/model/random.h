/*
 * Random numbers for tests: a counter stepped by the golden ratio and mixed (the splitmix64 scheme). The same seed
 * gives the same numbers on every machine. No global state.
 */
#ifndef RECON_TESTS_MODEL_RANDOM_H
#define RECON_TESTS_MODEL_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct random {
    uint64_t counter;
};

static inline uint64_t random_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static inline uint64_t random_next(struct random *random)
{
    random->counter += UINT64_C(0x9e3779b97f4a7c15);
    return random_mix(random->counter);
}

/* 0 to bound - 1; 0 where bound is 0. */
static inline uint64_t random_below(struct random *random, uint64_t bound)
{
    return bound == 0 ? 0 : random_next(random) % bound;
}

static inline bool random_one_in(struct random *random, uint64_t n)
{
    return random_below(random, n) == 0;
}

#endif
