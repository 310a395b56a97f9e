/*
 * Every bound of the engine, with its reason.
 */
#ifndef RECON_CORE_LIMITS_H
#define RECON_CORE_LIMITS_H

#include <stdint.h>

/* Key groups: Flink's own maximum parallelism, 2^15. */
#define RECON_KEY_GROUP_COUNT_MAX 32768

/* Identities in one matcher: 88 bits of a key are kept, and fewer than 2^28 times 2^-88 is below 2^-60 (matcher.h). */
#define RECON_IDENTITY_COUNT_MAX ((UINT64_C(1) << 28) - 1)

/* Partitions of one stream. Kafka clusters have some 10^5 in all; a bound keeps a wrong number from taking memory. */
#define RECON_PARTITION_COUNT_MAX 65536

/* Texts of one record. An ID or a source is at most 64 KiB - 1, a context 16 MiB - 1: what is kept of a pending record
 * must fit the fields that hold its sizes. Decoders reject longer ones as malformed. */
#define RECON_ID_SIZE_BYTES_MAX 65535
#define RECON_SOURCE_SIZE_BYTES_MAX 65535
#define RECON_CONTEXT_SIZE_BYTES_MAX ((UINT32_C(1) << 24) - 1)

#endif
