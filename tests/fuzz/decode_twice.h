/*
 * For fuzzers of formats: decodes bytes at once and cut in pieces. What comes out must be the same, each record in its
 * place, and nothing may be left over. The caller fills in the options but for the seed.
 */
#ifndef RECON_TESTS_FUZZ_DECODE_TWICE_H
#define RECON_TESTS_FUZZ_DECODE_TWICE_H

#include "codec/decoder.h"

void decode_twice(const struct recon_decoder_options *options, const char *bytes, size_t size, size_t piece);

#endif
