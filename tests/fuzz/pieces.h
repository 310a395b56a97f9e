/*
 * For fuzzers of decoders: the same bytes, fed as a whole and in pieces, must decode to the same.
 */
#ifndef RECON_TESTS_PIECES_H
#define RECON_TESTS_PIECES_H

#include "codec/decoder.h"

/* Decodes bytes once as a whole and once in pieces whose sizes follow from pattern, and aborts unless both give the
 * same records, count of ignored ones, format and fault, and every record keeps what batches and records promise. */
void pieces_check(const struct recon_decoder_options *options, const uint8_t *bytes, size_t size, uint32_t pattern);

#endif
