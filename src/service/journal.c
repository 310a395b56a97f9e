/*
 * See journal.h.
 */
#include "service/journal.h"

#include <string.h>

#include "recon/status.h"

#define HEAD_SIZE_BYTES 38
#define VARINT_SIZE_MAX 10
#define STEP_NUMBER_COUNT_MAX 8

static const char magic[4] = {'R', 'C', 'N', 'J'};

/* --- writing ----------------------------------------------------------------------------------------------------- */

/* Room was made. */
static void put(struct recon_buffer *buffer, const void *bytes, size_t size)
{
    if (size > 0)
        memcpy(buffer->bytes + buffer->size, bytes, size);
    buffer->size += size;
}

static void put_u64(struct recon_buffer *buffer, uint64_t value)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(value >> 8 * i);
    put(buffer, bytes, sizeof bytes);
}

static void put_number(struct recon_buffer *buffer, int64_t number)
{
    uint64_t bits = (uint64_t)number << 1 ^ (number < 0 ? UINT64_MAX : 0);
    do {
        const unsigned char byte = (unsigned char)((bits & 0x7f) | (bits > 0x7f ? 0x80 : 0));
        put(buffer, &byte, 1);
        bits >>= 7;
    } while (bits > 0);
}

int recon_journal_step_write(const struct recon_journal_step *step, struct recon_buffer *buffer)
{
    const size_t size = 1 + STEP_NUMBER_COUNT_MAX * VARINT_SIZE_MAX + step->topic.size;
    const int status = recon_buffer_reserve(buffer, size);
    if (status != RECON_OK)
        return status;
    put(buffer, &step->kind, 1);
    if (step->kind == RECON_STEP_CLOCK) {
        put_number(buffer, step->at);
        return RECON_OK;
    }
    put_number(buffer, step->stream);
    if (step->kind == RECON_STEP_PARTITION) {
        put_number(buffer, step->topic.size);
        put(buffer, step->topic.bytes, step->topic.size);
        put_number(buffer, step->topic_partition);
        put_number(buffer, step->first);
        return RECON_OK;
    }
    put_number(buffer, step->partition);
    if (step->kind == RECON_STEP_RANGE) {
        put_number(buffer, step->first);
        put_number(buffer, step->end - step->first);
        put_number(buffer, step->count);
    }
    return RECON_OK;
}

int recon_journal_entry_write(const struct recon_journal_entry *entry, struct recon_buffer *buffer)
{
    const unsigned char version[2] = {RECON_JOURNAL_VERSION, 0};
    const size_t size = HEAD_SIZE_BYTES + VARINT_SIZE_MAX + entry->settings.size + entry->steps.size;
    const int status = recon_buffer_reserve(buffer, size);
    if (status != RECON_OK)
        return status;
    put(buffer, magic, sizeof magic);
    put(buffer, version, sizeof version);
    put_u64(buffer, entry->number);
    put_u64(buffer, entry->record_count);
    put_u64(buffer, entry->hash);
    put_u64(buffer, entry->result_count);
    put_number(buffer, entry->settings.size);
    put(buffer, entry->settings.bytes, entry->settings.size);
    put(buffer, entry->steps.bytes, entry->steps.size);
    return RECON_OK;
}

/* --- reading ----------------------------------------------------------------------------------------------------- */

static void skip(struct recon_text *text, size_t size)
{
    text->bytes += size;
    text->size -= (uint32_t)size;
}

static uint64_t get_u64(struct recon_text *text)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value |= (uint64_t)(unsigned char)text->bytes[i] << 8 * i;
    skip(text, 8);
    return value;
}

static bool get_number(struct recon_text *text, int64_t min, int64_t max, int64_t *number)
{
    uint64_t bits = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (text->size == 0)
            return false;
        const uint64_t byte = (unsigned char)text->bytes[0];
        skip(text, 1);
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

static bool get_text(struct recon_text *text, struct recon_text *part)
{
    int64_t size = 0;
    if (!get_number(text, 0, text->size, &size) || size > text->size)
        return false;
    *part = (struct recon_text){text->bytes, (uint32_t)size};
    skip(text, (size_t)size);
    return true;
}

int recon_journal_entry_read(struct recon_text bytes, struct recon_journal_entry *entry)
{
    struct recon_journal_entry found = {0};
    if (bytes.bytes == NULL || bytes.size < HEAD_SIZE_BYTES || memcmp(bytes.bytes, magic, sizeof magic) != 0)
        return RECON_ERROR_DAMAGED;
    if ((unsigned char)bytes.bytes[4] != RECON_JOURNAL_VERSION || bytes.bytes[5] != 0)
        return RECON_ERROR_VERSION;
    skip(&bytes, 6);
    found.number = get_u64(&bytes);
    found.record_count = get_u64(&bytes);
    found.hash = get_u64(&bytes);
    found.result_count = get_u64(&bytes);
    if (!get_text(&bytes, &found.settings))
        return RECON_ERROR_DAMAGED;
    found.steps = bytes;
    *entry = found;
    return RECON_OK;
}

static bool get_step(struct recon_text *steps, struct recon_journal_step *step)
{
    int64_t number = 0;
    step->kind = (uint8_t)steps->bytes[0];
    skip(steps, 1);
    if (step->kind < RECON_STEP_PARTITION || step->kind > RECON_STEP_END)
        return false;
    if (step->kind == RECON_STEP_CLOCK)
        return get_number(steps, INT64_MIN, INT64_MAX, &step->at);
    if (!get_number(steps, 0, RECON_STREAM_COUNT - 1, &number))
        return false;
    step->stream = (uint8_t)number;
    if (step->kind == RECON_STEP_PARTITION) {
        if (!get_text(steps, &step->topic) || step->topic.size == 0 || !get_number(steps, 0, INT32_MAX, &number))
            return false;
        step->topic_partition = (int32_t)number;
        return get_number(steps, 0, INT64_MAX, &step->first);
    }
    if (!get_number(steps, 0, UINT32_MAX, &number))
        return false;
    step->partition = (uint32_t)number;
    if (step->kind != RECON_STEP_RANGE)
        return true;
    if (!get_number(steps, 0, INT64_MAX, &step->first) || !get_number(steps, 1, INT64_MAX - step->first, &number))
        return false;
    step->end = step->first + number;
    if (!get_number(steps, 1, UINT32_MAX, &number))
        return false;
    step->count = (uint32_t)number;
    return true;
}

int recon_journal_step_read(struct recon_text *steps, struct recon_journal_step *step)
{
    struct recon_text rest = *steps;
    struct recon_journal_step found = {0};
    if (rest.size > 0 && !get_step(&rest, &found))
        return RECON_ERROR_DAMAGED;
    *steps = rest;
    *step = found;
    return RECON_OK;
}
