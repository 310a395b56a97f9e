/*
 * Decoders: the bytes of one input file to records. No I/O: bytes are fed as they are read and decompressed.
 *
 * One decoder reads one file from its start. It is single-threaded; different decoders may run on different threads
 * at once (no globals). Every record that can't be read becomes a RECON_KIND_REJECTED record with its offset (in
 * files the line from 1, a CSV record's first line; in an Avro file the record, from 1): nothing is dropped.
 */
#ifndef RECON_CODEC_DECODER_H
#define RECON_CODEC_DECODER_H

#include "codec/batch.h"
#include "codec/key.h"
#include "codec/mapping.h"

struct recon_decoder_options {
    const struct recon_stream_mapping *mapping; /* borrowed for the decoder's life */
    int stream;                                 /* enum recon_stream */
    uint32_t partition;                         /* given to every record */
    bool source_in_identity;
    bool timeless;         /* only IDs are compared: every record gets time 0 and a missing time is no fault */
    const char *file_name; /* for `auto` and for messages; borrowed */
    uint8_t seed[RECON_SEED_SIZE_BYTES];
    size_t record_bytes_max; /* a longer line or CSV record is rejected as malformed; 0: the default of limits.h */
};

struct recon_decoder;

/* The format is found out from the file's name and its first bytes where it is `auto`. */
int recon_decoder_new(const struct recon_decoder_options *options, struct recon_decoder **decoder);
void recon_decoder_free(struct recon_decoder *decoder);

/*
 * Decodes from bytes into the batch until the bytes are used up or the batch holds RECON_BATCH_RECORD_COUNT records.
 * *used says how many bytes were taken; the rest must be fed again, with more behind it, once the batch was emptied:
 * where the batch did not fill, all were taken or the rest is the start of a record that needs more bytes (the
 * decoder keeps no copy: the caller's buffer grows up to record_bytes_max plus slack). last: the file ends with these
 * bytes. A fault that no further byte can mend (a CSV header without the mapped column, an Avro file with a broken
 * header or block) returns RECON_ERROR_INVALID, and recon_decoder_error says what and where.
 */
int recon_decoder_feed(struct recon_decoder *decoder, const char *bytes, size_t size, bool last, size_t *used,
                       struct recon_batch *batch);

/* The fault's text, naming line or column and the mend; without the file's name. Empty if there was none. */
const char *recon_decoder_error(const struct recon_decoder *decoder);

/* What the file turned out to be; RECON_FORMAT_AUTO until enough bytes were fed. */
enum recon_format recon_decoder_format(const struct recon_decoder *decoder);

/* Looks at the first bytes of an input and says whether the mapping finds a time there: 1 yes, 0 no, -1 can't tell
 * (empty). For `check`, which compares IDs alone where there is none. A mapped time always counts as yes. */
int recon_decoder_has_time(const struct recon_decoder_options *options, const char *bytes, size_t size, bool last);

#endif
