#define _POSIX_C_SOURCE 200809L

#include "decode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "print_record.h"
#include "recon/status.h"

void decode_init(struct decode *decode, int stream)
{
    memset(decode, 0, sizeof *decode);
    decode->options.mapping = &decode->mapping;
    decode->options.stream = stream;
    for (int i = 0; i < RECON_SEED_SIZE_BYTES; i++)
        decode->options.seed[i] = (uint8_t)i;
    decode_add_schema(decode);
}

void decode_deinit(struct decode *decode)
{
    recon_stream_mapping_deinit(&decode->mapping);
}

struct recon_mapping *decode_add_schema(struct decode *decode)
{
    struct recon_stream_mapping *mapping = &decode->mapping;
    mapping->schemas = realloc(mapping->schemas, (mapping->schema_count + 1) * sizeof *mapping->schemas);
    assert_non_null(mapping->schemas);
    struct recon_mapping *schema = &mapping->schemas[mapping->schema_count++];
    recon_mapping_init(schema);
    return schema;
}

void decode_field(struct recon_field *field, const char *text)
{
    assert_int_equal(recon_field_parse(text, false, field), RECON_OK);
}

char *decode_copy(const char *text)
{
    char *copy = strdup(text);
    assert_non_null(copy);
    return copy;
}

void decoded_deinit(struct decoded *decoded)
{
    free(decoded->text);
    free(decoded->keys);
}

void decode_run(const struct decode *decode, const char *bytes, size_t size, size_t piece_size, struct decoded *decoded)
{
    memset(decoded, 0, sizeof *decoded);
    size_t text_size;
    FILE *out = open_memstream(&decoded->text, &text_size);
    assert_non_null(out);
    struct recon_decoder *decoder;
    assert_int_equal(recon_decoder_new(&decode->options, &decoder), RECON_OK);
    struct recon_batch batch;
    recon_batch_init(&batch);

    uint64_t ignored = 0;
    size_t start = 0;
    size_t end = piece_size == 0 || piece_size > size ? size : piece_size;
    for (;;) {
        /* A block of just these bytes, so that a sanitizer sees a read past them. */
        char *piece = malloc(end > start ? end - start : 1);
        assert_non_null(piece);
        memcpy(piece, bytes + start, end - start);
        size_t used = 0;
        int status = recon_decoder_feed(decoder, piece, end - start, end == size, &used, &batch);
        free(piece);
        if (status != RECON_OK) {
            assert_int_equal(status, RECON_ERROR_INVALID);
            assert_true(recon_decoder_error(decoder)[0] != '\0');
        }
        assert_true(used <= end - start);
        assert_true(batch.count <= RECON_BATCH_RECORD_COUNT);
        bool full = batch.count == RECON_BATCH_RECORD_COUNT;
        for (size_t i = 0; i < batch.count; i++) {
            const struct recon_record *record = &batch.records[i];
            assert_true(record->has_offset);
            assert_int_equal(record->stream, decode->options.stream);
            assert_int_equal(record->partition, decode->options.partition);
            print_record(out, record);
            decoded->keys = realloc(decoded->keys, (decoded->count + 1) * sizeof *decoded->keys);
            assert_non_null(decoded->keys);
            decoded->keys[decoded->count++] = record->key;
        }
        ignored += batch.ignored;
        recon_batch_clear(&batch);
        start += used;
        if (status != RECON_OK) {
            fprintf(out, "fault %s\n", recon_decoder_error(decoder));
            break;
        }
        if (full)
            continue;
        if (end == size) {
            assert_int_equal(start, end); /* last, and the batch did not fill: all must be taken */
            break;
        }
        end = piece_size == 0 || size - end < piece_size ? size : end + piece_size;
    }
    if (ignored > 0)
        fprintf(out, "ignored %llu\n", (unsigned long long)ignored);
    decoded->format = recon_decoder_format(decoder);
    fclose(out);
    recon_batch_deinit(&batch);
    recon_decoder_free(decoder);
}

void decode_expect(const struct decode *decode, const char *bytes, size_t size, const char *expected)
{
    static const size_t piece_sizes[] = {0, 1, 7, 64};
    for (size_t i = 0; i < sizeof piece_sizes / sizeof piece_sizes[0]; i++) {
        struct decoded decoded;
        decode_run(decode, bytes, size, piece_sizes[i], &decoded);
        if (strcmp(decoded.text, expected) != 0)
            print_error("in pieces of %zu bytes (0: all at once):\n", piece_sizes[i]);
        assert_string_equal(decoded.text, expected);
        decoded_deinit(&decoded);
    }
}
