/*
 * What a fuzzer defines: takes any bytes, must neither crash nor break an invariant. Returns 0.
 */
#ifndef RECON_TESTS_FUZZ_H
#define RECON_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#endif
