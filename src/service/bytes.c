/*
 * See bytes.h.
 */
#include "service/bytes.h"

#include <string.h>

#include "codec/key.h"

void recon_bytes_put(struct recon_buffer *buffer, const void *bytes, size_t size)
{
    if (size > 0)
        memcpy(buffer->bytes + buffer->size, bytes, size);
    buffer->size += size;
}

/* Its least byte first. */
static void word_write(char bytes[8], uint64_t word)
{
    for (int i = 0; i < 8; i++)
        bytes[i] = (char)(unsigned char)(word >> 8 * i);
}

void recon_bytes_put_word(struct recon_buffer *buffer, uint64_t word)
{
    char bytes[8];
    word_write(bytes, word);
    recon_bytes_put(buffer, bytes, sizeof bytes);
}

void recon_bytes_put_number(struct recon_buffer *buffer, int64_t number)
{
    uint64_t bits = (uint64_t)number << 1 ^ (number < 0 ? UINT64_MAX : 0);
    do {
        const unsigned char byte = (unsigned char)((bits & 0x7f) | (bits > 0x7f ? 0x80 : 0));
        recon_bytes_put(buffer, &byte, 1);
        bits >>= 7;
    } while (bits > 0);
}

void recon_bytes_put_text(struct recon_buffer *buffer, struct recon_text text)
{
    recon_bytes_put_number(buffer, text.size);
    recon_bytes_put(buffer, text.bytes, text.size);
}

static void skip(struct recon_text *text, size_t size)
{
    text->bytes += size;
    text->size -= (uint32_t)size;
}

bool recon_bytes_get_word(struct recon_text *from, uint64_t *word)
{
    uint64_t value = 0;
    if (from->size < 8)
        return false;
    for (int i = 0; i < 8; i++)
        value |= (uint64_t)(unsigned char)from->bytes[i] << 8 * i;
    skip(from, 8);
    *word = value;
    return true;
}

bool recon_bytes_get_number(struct recon_text *from, int64_t min, int64_t max, int64_t *number)
{
    uint64_t bits = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (from->size == 0)
            return false;
        const uint64_t byte = (unsigned char)from->bytes[0];
        skip(from, 1);
        if (shift == 63 && byte > 1)
            return false;
        bits |= (byte & 0x7f) << shift;
        if (byte < 0x80) {
            *number = (int64_t)(bits >> 1 ^ (0 - (bits & 1)));
            return *number >= min && *number <= max;
        }
    }
    return false;
}

bool recon_bytes_get_text(struct recon_text *from, struct recon_text *text)
{
    int64_t size = 0;
    if (!recon_bytes_get_number(from, 0, from->size, &size) || size > from->size)
        return false;
    *text = (struct recon_text){from->bytes, (uint32_t)size};
    skip(from, (size_t)size);
    return true;
}

/* So much is hashed at once: what a key's parts come to at the most. */
#define HASHED_WHOLE_MAX 131102
#define HASHED_PIECE 65535

uint64_t recon_bytes_hash(struct recon_text bytes)
{
    static const uint8_t seed[RECON_SEED_SIZE_BYTES] = "recon: a journal";
    if (bytes.size <= HASHED_WHOLE_MAX)
        return recon_key_hash(seed, &bytes, 1).low;
    /* Each piece with the hash of what was before it; before the first, the size. */
    uint64_t hash = bytes.size;
    while (bytes.size > 0) {
        const uint32_t size = bytes.size < HASHED_PIECE ? bytes.size : HASHED_PIECE;
        char before[8];
        word_write(before, hash);
        const struct recon_text parts[] = {{before, sizeof before}, {bytes.bytes, size}};
        hash = recon_key_hash(seed, parts, 2).low;
        skip(&bytes, size);
    }
    return hash;
}
