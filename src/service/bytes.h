/*
 * Numbers and texts as bytes, for what the service keeps: its journal and the heads of its snapshots. No I/O.
 *
 * A number is a zigzag varint, a word 8 bytes, little-endian; a text its size as a number, and its bytes.
 */
#ifndef RECON_SERVICE_BYTES_H
#define RECON_SERVICE_BYTES_H

#include <stdbool.h>

#include "codec/result_writer.h"
#include "recon/record.h"

#define RECON_BYTES_NUMBER_SIZE_MAX 10

/* Appended to where room was made (recon_buffer_reserve). */
void recon_bytes_put(struct recon_buffer *buffer, const void *bytes, size_t size);
void recon_bytes_put_word(struct recon_buffer *buffer, uint64_t word);
void recon_bytes_put_number(struct recon_buffer *buffer, int64_t number);
void recon_bytes_put_text(struct recon_buffer *buffer, struct recon_text text);

/* Taken off the front. False: it ends before, or the number is not within [min, max]. */
bool recon_bytes_get_word(struct recon_text *from, uint64_t *word);
bool recon_bytes_get_number(struct recon_text *from, int64_t min, int64_t max, int64_t *number);
bool recon_bytes_get_text(struct recon_text *from, struct recon_text *text); /* a part of from */

/* By which bytes, of any size, are known again; not keyed. */
uint64_t recon_bytes_hash(struct recon_text bytes);

#endif
