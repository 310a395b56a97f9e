/*
 * What the kinds of sources share: the file's raw bytes and the decompressors on top of them.
 *
 * A decompressor takes bytes from an input buffer that the source owns and fills; it never reads by itself. It says by
 * its status that the data is damaged; that data ends too early is the source's to see, by asking `is_between`.
 */
#ifndef RECON_IO_SOURCE_PRIVATE_H
#define RECON_IO_SOURCE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One step from compressed to plain bytes. Both sizes are in-out: what there is, then what was taken or made.
 * RECON_OK, RECON_ERROR_DAMAGED or RECON_ERROR_MEMORY; *why then names the fault (static). */
struct recon_inflater {
    const char *name; /* of the format, for messages */
    int (*step)(void *state, const unsigned char *in, size_t *in_size, unsigned char *out, size_t *out_size,
                const char **why);
    /* True where the data may end: no member or frame is half done. */
    bool (*is_between)(const void *state);
    void (*free)(void *state);
    void *state;
};

/* RECON_OK or RECON_ERROR_MEMORY. */
int recon_gzip_new(struct recon_inflater *inflater);
int recon_zstd_new(struct recon_inflater *inflater);

bool recon_gzip_is_magic(const unsigned char *bytes, size_t size);
bool recon_zstd_is_magic(const unsigned char *bytes, size_t size);

#endif
