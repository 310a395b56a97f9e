#include "pieces.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "recon/status.h"

#define MUST(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition);                              \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* All that came out, as bytes. */
struct outcome {
    char *bytes;
    size_t size;
    size_t capacity;
};

static void put(struct outcome *outcome, const void *bytes, size_t size)
{
    if (outcome->capacity - outcome->size < size) {
        outcome->capacity = 2 * (outcome->capacity + size);
        outcome->bytes = realloc(outcome->bytes, outcome->capacity);
        MUST(outcome->bytes != NULL);
    }
    if (size > 0)
        memcpy(outcome->bytes + outcome->size, bytes, size);
    outcome->size += size;
}

static void put_number(struct outcome *outcome, uint64_t number)
{
    put(outcome, &number, sizeof number);
}

static void put_text(struct outcome *outcome, struct recon_text text)
{
    put_number(outcome, text.bytes ? text.size : UINT64_MAX);
    put(outcome, text.bytes, text.size);
}

static void put_record(struct outcome *outcome, const struct recon_decoder_options *options,
                       const struct recon_record *record)
{
    MUST(record->stream == options->stream && record->partition == options->partition && record->has_offset);
    MUST(record->id.size <= RECON_ID_SIZE_BYTES_MAX && record->source.size <= RECON_SOURCE_SIZE_BYTES_MAX &&
         record->context.size <= RECON_CONTEXT_SIZE_BYTES_MAX);
    MUST((record->kind == RECON_KIND_REJECTED) == (record->reason != RECON_REASON_NONE));
    if (record->kind == RECON_KIND_RECORD) {
        MUST(record->id.size > 0);
        MUST(!options->source_in_identity || record->source.size > 0);
        MUST(record->has_time || record->stream == RECON_STREAM_EVENTS);
    }
    MUST(record->kind != RECON_KIND_HEARTBEAT || record->has_time);

    put_number(outcome, record->key.high);
    put_number(outcome, record->key.low);
    put_number(outcome, (uint64_t)record->offset);
    put_number(outcome, record->kind);
    put_number(outcome, record->reason);
    put_number(outcome, record->has_time ? (uint64_t)record->time : 0);
    put_number(outcome, record->has_time);
    put_number(outcome, record->has_emitted_time ? (uint64_t)record->emitted_time : 0);
    put_text(outcome, record->id);
    put_text(outcome, record->source);
    put_text(outcome, record->context);
}

/* pattern 0: as a whole. */
static void decode(const struct recon_decoder_options *options, const uint8_t *bytes, size_t size, uint32_t pattern,
                   struct outcome *outcome)
{
    struct recon_decoder *decoder;
    MUST(recon_decoder_new(options, &decoder) == RECON_OK);
    struct recon_batch batch;
    recon_batch_init(&batch);
    uint64_t ignored = 0;
    int64_t offset = 0;
    size_t start = 0;
    size_t end = 0;
    bool full = false;
    int status = RECON_OK;
    for (;;) {
        if (!full) {
            /* xorshift: sizes from 1 to 64, but one byte at a time for some patterns */
            pattern ^= pattern << 13;
            pattern ^= pattern >> 17;
            pattern ^= pattern << 5;
            size_t more = pattern == 0 ? size : pattern % 8 == 0 ? 1 : pattern % 64 + 1;
            end = size - end < more ? size : end + more;
        }
        /* A block of just these bytes: a sanitizer sees a read past them, and what is kept of an earlier one. */
        char *piece = malloc(end - start + (end == start));
        MUST(piece != NULL);
        memcpy(piece, bytes + start, end - start);
        size_t used = SIZE_MAX;
        status = recon_decoder_feed(decoder, piece, end - start, end == size, &used, &batch);
        free(piece);
        MUST(status == RECON_OK || status == RECON_ERROR_INVALID);
        MUST(used <= end - start && batch.count <= RECON_BATCH_RECORD_COUNT);
        full = batch.count == RECON_BATCH_RECORD_COUNT;
        for (size_t i = 0; i < batch.count; i++) {
            MUST(batch.records[i].offset > offset);
            offset = batch.records[i].offset;
            put_record(outcome, options, &batch.records[i]);
        }
        ignored += batch.ignored;
        recon_batch_clear(&batch);
        start += used;
        if (status != RECON_OK)
            break;
        if (!full && end == size) {
            MUST(start == size);
            break;
        }
    }
    put_number(outcome, ignored);
    put_number(outcome, (uint64_t)status);
    put_number(outcome, recon_decoder_format(decoder));
    const char *error = recon_decoder_error(decoder);
    MUST((status == RECON_OK) == (error[0] == '\0'));
    put(outcome, error, strlen(error));
    recon_batch_deinit(&batch);
    recon_decoder_free(decoder);
}

void pieces_check(const struct recon_decoder_options *options, const uint8_t *bytes, size_t size, uint32_t pattern)
{
    struct outcome whole = {.size = 0};
    struct outcome pieces = {.size = 0};
    decode(options, bytes, size, 0, &whole);
    decode(options, bytes, size, pattern | 1, &pieces);
    MUST(whole.size == pieces.size && memcmp(whole.bytes, pieces.bytes, whole.size) == 0);
    free(whole.bytes);
    free(pieces.bytes);
}
