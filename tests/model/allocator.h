/*
 * An allocator that counts what is held, checks every release, fills memory with what nobody should rely on, and
 * fails on demand.
 */
#ifndef RECON_TESTS_MODEL_ALLOCATOR_H
#define RECON_TESTS_MODEL_ALLOCATOR_H

#include "random.h"
#include "recon/settings.h"

struct test_allocator {
    uint64_t held_bytes;
    uint64_t held_count;
    uint64_t failures;    /* so far */
    uint64_t fail_one_in; /* 0: never */
    struct random random;
    bool is_corrupted; /* a release named a size or a block that was not handed out */
};

/* The allocator must live as long as what uses it. */
struct recon_allocator test_allocator_of(struct test_allocator *allocator);

#endif
