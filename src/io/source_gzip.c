/*
 * gzip: any number of members one after the other, and zero bytes behind the last (as tapes and block devices leave
 * them). Other bytes behind a member are damage: they may be the rest of a member whose head was lost.
 */
#include "io/source_private.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#include "recon/status.h"

struct gzip {
    z_stream stream;
    bool is_between; /* members: the next byte begins one, or is padding */
    bool is_padding; /* only zero bytes may follow */
};

bool recon_gzip_is_magic(const unsigned char *bytes, size_t size)
{
    return size >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

/* The zero bytes behind the last member. */
static int pad(struct gzip *gzip, const unsigned char *in, size_t in_size, const char **why)
{
    gzip->is_padding = true;
    for (size_t i = 0; i < in_size; i++) {
        if (in[i] != 0) {
            *why = "bytes behind the end of the data that are not gzip";
            return RECON_ERROR_DAMAGED;
        }
    }
    return RECON_OK;
}

static int step(void *state, const unsigned char *in, size_t *in_size, unsigned char *out, size_t *out_size,
                const char **why)
{
    struct gzip *gzip = state;
    if (gzip->is_between && (gzip->is_padding || in[0] != 0x1f)) {
        *out_size = 0;
        return pad(gzip, in, *in_size, why);
    }
    if (gzip->is_between) {
        inflateReset(&gzip->stream);
        gzip->is_between = false;
    }
    uInt in_now = *in_size > UINT_MAX ? UINT_MAX : (uInt)*in_size;
    uInt out_now = *out_size > UINT_MAX ? UINT_MAX : (uInt)*out_size;
    gzip->stream.next_in = (z_const Bytef *)in;
    gzip->stream.avail_in = in_now;
    gzip->stream.next_out = out;
    gzip->stream.avail_out = out_now;
    int result = inflate(&gzip->stream, Z_NO_FLUSH);
    *in_size = in_now - gzip->stream.avail_in;
    *out_size = out_now - gzip->stream.avail_out;
    switch (result) {
    case Z_STREAM_END:
        gzip->is_between = true;
        return RECON_OK;
    case Z_OK:
    case Z_BUF_ERROR: /* no progress this time: more input or room is needed */
        return RECON_OK;
    case Z_MEM_ERROR:
        *why = "out of memory";
        return RECON_ERROR_MEMORY;
    default:
        *why = gzip->stream.msg != NULL ? gzip->stream.msg : "not gzip";
        return RECON_ERROR_DAMAGED;
    }
}

static bool is_between(const void *state)
{
    const struct gzip *gzip = state;
    return gzip->is_between;
}

static void release(void *state)
{
    struct gzip *gzip = state;
    inflateEnd(&gzip->stream);
    free(gzip);
}

int recon_gzip_new(struct recon_inflater *inflater)
{
    struct gzip *gzip = calloc(1, sizeof *gzip);
    if (gzip == NULL)
        return RECON_ERROR_MEMORY;
    /* 16: gzip alone, with its checksum verified. */
    if (inflateInit2(&gzip->stream, 15 + 16) != Z_OK) {
        free(gzip);
        return RECON_ERROR_MEMORY;
    }
    gzip->is_between = true;
    *inflater =
        (struct recon_inflater){.name = "gzip", .step = step, .is_between = is_between, .free = release, .state = gzip};
    return RECON_OK;
}
