#include "decode_twice.h"

#include <stdlib.h>
#include <string.h>

#include "recon/status.h"

/* All that came of one run, folded into a number, and its end. */
struct outcome {
    uint64_t sum;
    uint64_t record_count;
    uint64_t ignored;
    int status;
    char fault[256];
};

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void fold(struct outcome *outcome, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        outcome->sum = (outcome->sum ^ ((const unsigned char *)bytes)[i]) * UINT64_C(0x100000001b3);
}

static void fold_text(struct outcome *outcome, struct recon_text text)
{
    require(text.bytes != NULL || text.size == 0);
    fold(outcome, &text.size, sizeof text.size);
    fold(outcome, text.bytes, text.size);
}

static void fold_batch(struct outcome *outcome, const struct recon_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct recon_record *record = &batch->records[i];
        require(record->has_offset && record->offset > 0);
        require(record->kind != RECON_KIND_RECORD || record->id.size > 0);
        require((record->kind == RECON_KIND_REJECTED) == (record->reason != RECON_REASON_NONE));
        fold(outcome, &record->offset, sizeof record->offset);
        fold(outcome, &record->kind, sizeof record->kind);
        fold(outcome, &record->reason, sizeof record->reason);
        if (record->has_time)
            fold(outcome, &record->time, sizeof record->time);
        if (record->has_emitted_time)
            fold(outcome, &record->emitted_time, sizeof record->emitted_time);
        fold(outcome, &record->key, sizeof record->key);
        fold_text(outcome, record->id);
        fold_text(outcome, record->source);
        fold_text(outcome, record->context);
    }
    outcome->record_count += batch->count;
    outcome->ignored += batch->ignored;
}

static void decode(const struct recon_decoder_options *options, const char *bytes, size_t size, size_t piece,
                   struct outcome *outcome)
{
    struct recon_decoder *decoder;
    struct recon_batch batch;
    require(recon_decoder_new(options, &decoder) == RECON_OK);
    recon_batch_init(&batch);
    size_t start = 0, end = piece < size ? piece : size;
    for (;;) {
        char *copy = malloc(end > start ? end - start : 1); /* of just that size, for the sanitizer */
        require(copy != NULL);
        memcpy(copy, bytes + start, end - start);
        size_t used = 0;
        outcome->status = recon_decoder_feed(decoder, copy, end - start, end == size, &used, &batch);
        free(copy);
        const bool is_full = batch.count == RECON_BATCH_RECORD_COUNT;
        require(used <= end - start && batch.count <= RECON_BATCH_RECORD_COUNT);
        fold_batch(outcome, &batch);
        recon_batch_clear(&batch);
        start += used;
        if (outcome->status != RECON_OK)
            break;
        if (is_full)
            continue;
        require(end < size || start == end);
        if (end == size)
            break;
        end = size - end < piece ? size : end + piece;
    }
    require(outcome->status == RECON_OK || outcome->status == RECON_ERROR_INVALID);
    memcpy(outcome->fault, recon_decoder_error(decoder), strlen(recon_decoder_error(decoder)) + 1);
    require((outcome->status == RECON_OK) == (outcome->fault[0] == '\0'));
    recon_batch_deinit(&batch);
    recon_decoder_free(decoder);
}

void decode_twice(const struct recon_decoder_options *options, const char *bytes, size_t size, size_t piece)
{
    struct outcome whole = {.sum = 1}, cut = {.sum = 1};
    decode(options, bytes, size, size, &whole);
    decode(options, bytes, size, piece > 0 ? piece : 1, &cut);
    require(memcmp(&whole, &cut, sizeof whole) == 0);
    (void)recon_decoder_has_time(options, bytes, size, true);
}
