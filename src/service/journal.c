/*
 * See journal.h.
 */
#include "service/journal.h"

#include <string.h>

#include "recon/status.h"
#include "service/bytes.h"

#define HEAD_SIZE_BYTES 38
#define STEP_NUMBER_COUNT_MAX 8

static const char magic[4] = {'R', 'C', 'N', 'J'};

/* --- writing ----------------------------------------------------------------------------------------------------- */

int recon_journal_step_write(const struct recon_journal_step *step, struct recon_buffer *buffer)
{
    const size_t size = 1 + STEP_NUMBER_COUNT_MAX * RECON_BYTES_NUMBER_SIZE_MAX + step->topic.size;
    const int status = recon_buffer_reserve(buffer, size);
    if (status != RECON_OK)
        return status;
    recon_bytes_put(buffer, &step->kind, 1);
    if (step->kind == RECON_STEP_CLOCK) {
        recon_bytes_put_number(buffer, step->at);
        return RECON_OK;
    }
    if (step->kind == RECON_STEP_ANEW)
        return RECON_OK;
    recon_bytes_put_number(buffer, step->stream);
    if (step->kind == RECON_STEP_ABSENT) {
        recon_bytes_put_text(buffer, step->topic);
        return RECON_OK;
    }
    if (step->kind == RECON_STEP_PARTITION) {
        recon_bytes_put_text(buffer, step->topic);
        recon_bytes_put_number(buffer, step->topic_partition);
        recon_bytes_put_number(buffer, step->first);
        return RECON_OK;
    }
    recon_bytes_put_number(buffer, step->partition);
    if (step->kind == RECON_STEP_RANGE) {
        recon_bytes_put_number(buffer, step->first);
        recon_bytes_put_number(buffer, step->end - step->first);
        recon_bytes_put_number(buffer, step->count);
    }
    return RECON_OK;
}

int recon_journal_entry_write(const struct recon_journal_entry *entry, struct recon_buffer *buffer)
{
    const unsigned char version[2] = {RECON_JOURNAL_VERSION, 0};
    const size_t size = HEAD_SIZE_BYTES + RECON_BYTES_NUMBER_SIZE_MAX + entry->settings.size + entry->steps.size;
    const int status = recon_buffer_reserve(buffer, size);
    if (status != RECON_OK)
        return status;
    recon_bytes_put(buffer, magic, sizeof magic);
    recon_bytes_put(buffer, version, sizeof version);
    recon_bytes_put_word(buffer, entry->number);
    recon_bytes_put_word(buffer, entry->record_count);
    recon_bytes_put_word(buffer, entry->hash);
    recon_bytes_put_word(buffer, entry->result_count);
    recon_bytes_put_text(buffer, entry->settings);
    recon_bytes_put(buffer, entry->steps.bytes, entry->steps.size);
    return RECON_OK;
}

/* --- reading ----------------------------------------------------------------------------------------------------- */

int recon_journal_entry_read(struct recon_text bytes, struct recon_journal_entry *entry)
{
    struct recon_journal_entry found = {0};
    if (bytes.bytes == NULL || bytes.size < HEAD_SIZE_BYTES || memcmp(bytes.bytes, magic, sizeof magic) != 0)
        return RECON_ERROR_DAMAGED;
    if ((unsigned char)bytes.bytes[4] != RECON_JOURNAL_VERSION || bytes.bytes[5] != 0)
        return RECON_ERROR_VERSION;
    bytes.bytes += 6;
    bytes.size -= 6;
    if (!recon_bytes_get_word(&bytes, &found.number) || !recon_bytes_get_word(&bytes, &found.record_count) ||
        !recon_bytes_get_word(&bytes, &found.hash) || !recon_bytes_get_word(&bytes, &found.result_count) ||
        !recon_bytes_get_text(&bytes, &found.settings))
        return RECON_ERROR_DAMAGED;
    found.steps = bytes;
    *entry = found;
    return RECON_OK;
}

static bool get_step(struct recon_text *steps, struct recon_journal_step *step)
{
    int64_t number = 0;
    step->kind = (uint8_t)steps->bytes[0];
    steps->bytes++;
    steps->size--;
    if (step->kind < RECON_STEP_PARTITION || step->kind > RECON_STEP_ANEW)
        return false;
    if (step->kind == RECON_STEP_ANEW)
        return true;
    if (step->kind == RECON_STEP_CLOCK)
        return recon_bytes_get_number(steps, INT64_MIN, INT64_MAX, &step->at);
    if (!recon_bytes_get_number(steps, 0, RECON_STREAM_COUNT - 1, &number))
        return false;
    step->stream = (uint8_t)number;
    if (step->kind == RECON_STEP_ABSENT)
        return recon_bytes_get_text(steps, &step->topic) && step->topic.size > 0;
    if (step->kind == RECON_STEP_PARTITION) {
        if (!recon_bytes_get_text(steps, &step->topic) || step->topic.size == 0 ||
            !recon_bytes_get_number(steps, 0, INT32_MAX, &number))
            return false;
        step->topic_partition = (int32_t)number;
        return recon_bytes_get_number(steps, 0, INT64_MAX, &step->first);
    }
    if (!recon_bytes_get_number(steps, 0, UINT32_MAX, &number))
        return false;
    step->partition = (uint32_t)number;
    if (step->kind != RECON_STEP_RANGE)
        return true;
    if (!recon_bytes_get_number(steps, 0, INT64_MAX, &step->first) ||
        !recon_bytes_get_number(steps, 1, INT64_MAX - step->first, &number))
        return false;
    step->end = step->first + number;
    if (!recon_bytes_get_number(steps, 1, UINT32_MAX, &number))
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
