#include "decode_lines.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/decoder.h"
#include "recon/status.h"

#define BUFFER_SIZE ((size_t)256 << 10) /* as the command feeds files */

static void die(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(2);
}

size_t bench_decode_lines(const char *bytes, size_t size, int stream, enum recon_format format)
{
    struct recon_mapping mapping;
    recon_mapping_init(&mapping);
    mapping.format = format;
    struct recon_stream_mapping mappings = {&mapping, 1};
    struct recon_decoder_options options = {.mapping = &mappings, .stream = stream};
    struct recon_decoder *decoder;
    struct recon_batch batch;
    if (recon_decoder_new(&options, &decoder) != RECON_OK)
        die("out of memory");
    recon_batch_init(&batch);
    size_t records = 0;
    size_t start = 0;
    while (start < size) {
        const size_t end = size - start < BUFFER_SIZE ? size : start + BUFFER_SIZE;
        bool full = true;
        while (full) {
            size_t used = 0;
            if (recon_decoder_feed(decoder, bytes + start, end - start, end == size, &used, &batch))
                die(recon_decoder_error(decoder));
            start += used;
            full = batch.count == RECON_BATCH_RECORD_COUNT;
            for (size_t i = 0; i < batch.count; i++)
                records += batch.records[i].kind == RECON_KIND_RECORD;
            recon_batch_clear(&batch);
        }
    }
    recon_batch_deinit(&batch);
    recon_decoder_free(decoder);
    return records;
}
