/*
 * zstd: any number of frames one after the other, skippable ones among them.
 *
 * A frame's window is memory that the file's author chose. It is bounded to 128 MiB, as the zstd command does unless
 * told otherwise; a frame with a longer one is refused with the mend.
 */
#include "io/source_private.h"

#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "recon/status.h"

#define WINDOW_LOG_MAX 27

struct zstd {
    ZSTD_DCtx *context;
    bool is_between; /* frames */
};

bool recon_zstd_is_magic(const unsigned char *bytes, size_t size)
{
    if (size < 4)
        return false;
    bool is_frame = bytes[0] == 0x28 && bytes[1] == 0xb5 && bytes[2] == 0x2f && bytes[3] == 0xfd;
    bool is_skippable = (bytes[0] & 0xf0) == 0x50 && bytes[1] == 0x2a && bytes[2] == 0x4d && bytes[3] == 0x18;
    return is_frame || is_skippable;
}

static int step(void *state, const unsigned char *in, size_t *in_size, unsigned char *out, size_t *out_size,
                const char **why)
{
    struct zstd *zstd = state;
    ZSTD_inBuffer source = {.src = in, .size = *in_size, .pos = 0};
    ZSTD_outBuffer sink = {.dst = out, .size = *out_size, .pos = 0};
    size_t result = ZSTD_decompressStream(zstd->context, &sink, &source);
    *in_size = source.pos;
    *out_size = sink.pos;
    if (!ZSTD_isError(result)) {
        /* A call that is given nothing and makes nothing at the end of a frame asks for the next one's head. */
        if (source.pos > 0 || sink.pos > 0)
            zstd->is_between = result == 0;
        return RECON_OK;
    }
    switch (ZSTD_getErrorCode(result)) {
    case ZSTD_error_frameParameter_windowTooLarge:
        *why = "its window is longer than 128 MiB; compress it with --long=27 or less, or pipe `zstd -dc --long=31` "
               "into standard input";
        return RECON_ERROR_DAMAGED;
    case ZSTD_error_memory_allocation:
        *why = "out of memory";
        return RECON_ERROR_MEMORY;
    case ZSTD_error_prefix_unknown:
        *why = "bytes behind the end of the data that are not zstd";
        return RECON_ERROR_DAMAGED;
    default:
        *why = ZSTD_getErrorName(result);
        return RECON_ERROR_DAMAGED;
    }
}

static bool is_between(const void *state)
{
    const struct zstd *zstd = state;
    return zstd->is_between;
}

static void release(void *state)
{
    struct zstd *zstd = state;
    ZSTD_freeDCtx(zstd->context);
    free(zstd);
}

int recon_zstd_new(struct recon_inflater *inflater)
{
    struct zstd *zstd = calloc(1, sizeof *zstd);
    if (zstd == NULL)
        return RECON_ERROR_MEMORY;
    zstd->context = ZSTD_createDCtx();
    if (zstd->context == NULL ||
        ZSTD_isError(ZSTD_DCtx_setParameter(zstd->context, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
        ZSTD_freeDCtx(zstd->context);
        free(zstd);
        return RECON_ERROR_MEMORY;
    }
    zstd->is_between = true;
    *inflater =
        (struct recon_inflater){.name = "zstd", .step = step, .is_between = is_between, .free = release, .state = zstd};
    return RECON_OK;
}
