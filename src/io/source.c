/*
 * Sources: a file descriptor, and on top of it a decompressor where the first bytes ask for one.
 *
 * 1. `raw` holds bytes of the file that nobody took yet. A plain file uses it for the first bytes only (they had to be
 *    looked at); after that it is read straight into the caller's memory.
 * 2. What was decoded before a fault is handed out first; the fault is then what every further read returns.
 * 3. `taken_bytes` is the only field that another thread looks at; an interruption comes through the `wake` pipe, which
 *    only those sources have whose reads may wait for ever.
 */
#define _POSIX_C_SOURCE 200809L

#include "io/source.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/source_private.h"
#include "recon/status.h"

#define RAW_SIZE_BYTES (128 * 1024)
#define MAGIC_SIZE_BYTES 4
#define MESSAGE_SIZE_BYTES 512

struct recon_source {
    int fd;
    bool is_end;      /* of the file */
    bool is_known;    /* the first bytes were looked at */
    bool is_inflated; /* inflater is set */
    int wake[2];      /* -1: a regular file */
    int status;       /* the fault that reads return; RECON_OK: none */
    struct recon_inflater inflater;
    unsigned char *raw;
    size_t raw_start;
    size_t raw_end;
    uint64_t total_bytes;
    _Atomic uint64_t taken_bytes;
    char *name;
    char message[MESSAGE_SIZE_BYTES];
};

static const char *shown(const char *name)
{
    return strcmp(name, "-") == 0 ? "standard input" : name;
}

static int fail_os(struct recon_source *source, int error)
{
    char why[128];
    if (strerror_r(error, why, sizeof why) != 0)
        snprintf(why, sizeof why, "error %d", error);
    snprintf(source->message, sizeof source->message, "%s: %s", shown(source->name), why);
    return RECON_ERROR_IO;
}

/* Waits for bytes, or the end; a failed poll is left to the read behind it. */
static int wait_raw(struct recon_source *source)
{
    struct pollfd ready[2] = {{.fd = source->fd, .events = POLLIN}, {.fd = source->wake[0], .events = POLLIN}};
    while (poll(ready, 2, -1) < 0 && errno == EINTR)
        ;
    return ready[1].revents != 0 ? fail_os(source, ECANCELED) : RECON_OK;
}

/* One read of the file, whatever signals come. */
static int read_raw(struct recon_source *source, void *bytes, size_t capacity, size_t *size)
{
    for (;;) {
        if (source->wake[0] >= 0 && wait_raw(source) != RECON_OK)
            return RECON_ERROR_IO;
        ssize_t got = read(source->fd, bytes, capacity);
        if (got >= 0) {
            *size = (size_t)got;
            source->is_end = got == 0;
            atomic_fetch_add_explicit(&source->taken_bytes, (uint64_t)got, memory_order_relaxed);
            return RECON_OK;
        }
        if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK)
            return fail_os(source, errno);
    }
}

/* Fills raw until it holds at least size bytes or the file ends. */
static int fill_raw(struct recon_source *source, size_t size)
{
    while (source->raw_end - source->raw_start < size && !source->is_end) {
        if (source->raw_start == source->raw_end)
            source->raw_start = source->raw_end = 0;
        size_t got = 0;
        int status = read_raw(source, source->raw + source->raw_end, RAW_SIZE_BYTES - source->raw_end, &got);
        if (status != RECON_OK)
            return status;
        source->raw_end += got;
    }
    return RECON_OK;
}

static int choose_inflater(struct recon_source *source)
{
    int status = fill_raw(source, MAGIC_SIZE_BYTES);
    if (status != RECON_OK)
        return status;
    if (recon_gzip_is_magic(source->raw, source->raw_end))
        status = recon_gzip_new(&source->inflater);
    else if (recon_zstd_is_magic(source->raw, source->raw_end))
        status = recon_zstd_new(&source->inflater);
    else
        return RECON_OK;
    if (status == RECON_OK)
        source->is_inflated = true;
    else
        snprintf(source->message, sizeof source->message, "%s: out of memory", shown(source->name));
    return status;
}

static int open_file(struct recon_source *source)
{
    if (strcmp(source->name, "-") == 0) {
        source->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    } else {
        do
            source->fd = open(source->name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        while (source->fd < 0 && errno == EINTR);
    }
    struct stat about;
    if (source->fd < 0 || fstat(source->fd, &about) != 0)
        return fail_os(source, errno);
    if (S_ISDIR(about.st_mode)) {
        snprintf(source->message, sizeof source->message, "%s: is a directory; name the files in it",
                 shown(source->name));
        return RECON_ERROR_IO;
    }
    if (S_ISREG(about.st_mode)) {
        source->total_bytes = (uint64_t)about.st_size;
        (void)posix_fadvise(source->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    } else if (pipe(source->wake) != 0) {
        return fail_os(source, errno);
    } else {
        (void)fcntl(source->wake[0], F_SETFD, FD_CLOEXEC);
        (void)fcntl(source->wake[1], F_SETFD, FD_CLOEXEC);
    }
    return RECON_OK;
}

int recon_source_open(const char *name, struct recon_source **opened, char *message, size_t message_size)
{
    int status = RECON_ERROR_MEMORY;
    struct recon_source *source = calloc(1, sizeof *source);
    if (source == NULL)
        goto fail;
    source->fd = source->wake[0] = source->wake[1] = -1;
    source->name = strdup(name);
    source->raw = malloc(RAW_SIZE_BYTES);
    if (source->name == NULL || source->raw == NULL)
        goto fail;
    status = open_file(source);
    if (status != RECON_OK)
        goto fail;
    *opened = source;
    return RECON_OK;

fail:
    if (source != NULL && source->message[0] != '\0')
        snprintf(message, message_size, "%s", source->message);
    else
        snprintf(message, message_size, "%s: out of memory", shown(name));
    recon_source_close(source);
    return status;
}

void recon_source_close(struct recon_source *source)
{
    if (source == NULL)
        return;
    if (source->is_inflated)
        source->inflater.free(source->inflater.state);
    if (source->fd >= 0)
        close(source->fd);
    if (source->wake[0] >= 0) {
        close(source->wake[0]);
        close(source->wake[1]);
    }
    free(source->raw);
    free(source->name);
    free(source);
}

static int fail_inflate(struct recon_source *source, int status, const char *why)
{
    uint64_t place =
        atomic_load_explicit(&source->taken_bytes, memory_order_relaxed) - (source->raw_end - source->raw_start);
    const char *what = status == RECON_ERROR_TRUNCATED ? "ends too early" : "is damaged";
    snprintf(source->message, sizeof source->message, "%s: %s data %s at byte %" PRIu64 "%s%s", shown(source->name),
             source->inflater.name, what, place, why[0] != '\0' ? ": " : "", why);
    return status;
}

/* Decodes until there is something to hand out, or the end, or a fault. */
static int read_inflated(struct recon_source *source, unsigned char *out, size_t capacity, size_t *size)
{
    for (;;) {
        /* The decoder may hold output for which it needs no further input, so it is asked also at the end. */
        int status = fill_raw(source, 1);
        if (status != RECON_OK)
            return status;
        size_t taken = source->raw_end - source->raw_start;
        if (taken == 0 && source->inflater.is_between(source->inflater.state)) {
            *size = 0;
            return RECON_OK;
        }
        bool is_last = taken == 0;
        size_t made = capacity;
        const char *why = "";
        status =
            source->inflater.step(source->inflater.state, source->raw + source->raw_start, &taken, out, &made, &why);
        if (status == RECON_OK || status == RECON_ERROR_DAMAGED)
            source->raw_start += taken;
        if (status == RECON_OK && is_last && made == 0)
            status = RECON_ERROR_TRUNCATED;
        if (status != RECON_OK) {
            status = fail_inflate(source, status, why);
            if (made > 0 && made <= capacity && status == RECON_ERROR_DAMAGED) {
                source->status = status;
                *size = made;
                return RECON_OK;
            }
            return status;
        }
        if (made > 0) {
            *size = made;
            return RECON_OK;
        }
    }
}

static int read_plain(struct recon_source *source, void *bytes, size_t capacity, size_t *size)
{
    size_t held = source->raw_end - source->raw_start;
    if (held > 0) {
        size_t now = held < capacity ? held : capacity;
        memcpy(bytes, source->raw + source->raw_start, now);
        source->raw_start += now;
        *size = now;
        return RECON_OK;
    }
    /* It was for the first bytes alone. */
    free(source->raw);
    source->raw = NULL;
    if (source->is_end) {
        *size = 0;
        return RECON_OK;
    }
    return read_raw(source, bytes, capacity, size);
}

int recon_source_read(struct recon_source *source, void *bytes, size_t capacity, size_t *size)
{
    assert(capacity > 0);
    if (source->status != RECON_OK)
        return source->status;
    if (!source->is_known) {
        source->status = choose_inflater(source);
        if (source->status != RECON_OK)
            return source->status;
        source->is_known = true;
    }
    int status =
        source->is_inflated ? read_inflated(source, bytes, capacity, size) : read_plain(source, bytes, capacity, size);
    if (status != RECON_OK)
        source->status = status;
    return status;
}

void recon_source_interrupt(struct recon_source *source)
{
    if (source->wake[1] >= 0)
        (void)!write(source->wake[1], "", 1);
}

const char *recon_source_message(const struct recon_source *source)
{
    return source->message;
}

bool recon_source_would_wait(const struct recon_source *source)
{
    if (source->wake[0] < 0 || source->is_end || source->status != RECON_OK || source->raw_end > source->raw_start)
        return false;
    struct pollfd asked = {.fd = source->fd, .events = POLLIN};
    return poll(&asked, 1, 0) == 0;
}

int recon_source_descriptor(const struct recon_source *source)
{
    return source->wake[0] < 0 ? -1 : source->fd;
}

void recon_source_progress(const struct recon_source *source, uint64_t *taken_bytes, uint64_t *total_bytes)
{
    *taken_bytes = atomic_load_explicit(&source->taken_bytes, memory_order_relaxed);
    *total_bytes = source->total_bytes;
}
