/*
 * See record_digest.h.
 *
 * What is absent is left out and the flags say so, so that no two records are told by the same words.
 */
#define _DEFAULT_SOURCE /* endian.h */

#include "service/record_digest.h"

#include <endian.h>
#include <string.h>

static uint64_t mix(uint64_t hash, uint64_t word)
{
    uint64_t value = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    value ^= value >> 32;
    return value * UINT64_C(0xd6e8feb86659fd93);
}

static uint64_t mix_text(uint64_t hash, struct recon_text text)
{
    uint64_t word = 0;
    uint32_t i = 0;
    hash = mix(hash, text.size);
    for (; text.size - i >= sizeof word; i += (uint32_t)sizeof word) {
        memcpy(&word, text.bytes + i, sizeof word);
        hash = mix(hash, be64toh(word));
    }
    for (word = 0; i < text.size; i++)
        word = word << 8 | (unsigned char)text.bytes[i];
    return mix(hash, word);
}

uint64_t recon_digest_chain(uint64_t hash, uint64_t digest)
{
    return mix(hash, digest);
}

uint64_t recon_record_digest(const struct recon_record *record)
{
    const bool is_known = record->kind == RECON_KIND_RECORD;
    uint64_t hash =
        mix(0, (uint64_t)record->stream | (uint64_t)record->kind << 8 | (uint64_t)record->reason << 16 |
                   (uint64_t)record->has_time << 24 | (uint64_t)record->has_emitted_time << 25 |
                   (uint64_t)record->has_offset << 26 | (uint64_t)(record->id.bytes != NULL) << 27 |
                   (uint64_t)(record->source.bytes != NULL) << 28 | (uint64_t)(record->context.bytes != NULL) << 29 |
                   (uint64_t)(record->place != 0) << 30 | (uint64_t)record->partition << 32);
    if (is_known) {
        hash = mix(hash, record->key.high);
        hash = mix(hash, record->key.low);
    } else if (record->id.bytes != NULL) {
        hash = mix_text(hash, record->id);
    }
    if (record->has_time)
        hash = mix(hash, (uint64_t)record->time);
    if (record->has_emitted_time)
        hash = mix(hash, (uint64_t)record->emitted_time);
    if (record->has_offset)
        hash = mix(hash, (uint64_t)record->offset);
    if (record->place != 0)
        hash = mix(hash, record->place);
    if (record->source.bytes != NULL)
        hash = mix_text(hash, record->source);
    if (record->context.bytes != NULL)
        hash = mix_text(hash, record->context);
    return hash;
}
