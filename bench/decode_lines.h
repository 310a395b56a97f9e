/*
 * Lines to records by the file decoder, as the command does it; for the programs that measure beside it.
 */
#ifndef RECON_BENCH_DECODE_LINES_H
#define RECON_BENCH_DECODE_LINES_H

#include "codec/mapping.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How many records the bytes hold (rejected ones left out), by the default mapping of the stream. Ends the program with
 * a message on a fault. */
size_t bench_decode_lines(const char *bytes, size_t size, int stream, enum recon_format format);

#ifdef __cplusplus
}
#endif
#endif
