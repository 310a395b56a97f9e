/*
 * Sinks: see sink.h for what a file goes through.
 *
 *     open -> write* -> close (fsync, rename)
 *                   \-> abandon
 *
 * partial_name is set exactly where a rename is due.
 */
#define _XOPEN_SOURCE 700

#include "io/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recon/status.h"

struct recon_sink {
    int fd;
    bool is_pipe_closed;
    char *name;         /* as given; NULL: standard output */
    char *final_name;   /* behind symbolic links */
    char *partial_name; /* NULL: written directly */
    char message[512];
};

static int fail(struct recon_sink *sink, const char *name, int error)
{
    char why[128];
    if (strerror_r(error, why, sizeof why) != 0)
        snprintf(why, sizeof why, "error %d", error);
    snprintf(sink->message, sizeof sink->message, "%s: %s", name != NULL ? name : "standard output", why);
    return RECON_ERROR_IO;
}

static void release(struct recon_sink *sink)
{
    if (sink == NULL)
        return;
    if (sink->fd > STDERR_FILENO)
        close(sink->fd);
    free(sink->name);
    free(sink->final_name);
    free(sink->partial_name);
    free(sink);
}

static int open_retried(const char *name, int flags, mode_t mode)
{
    int fd;
    do
        fd = open(name, flags | O_CLOEXEC | O_NOCTTY, mode);
    while (fd < 0 && errno == EINTR);
    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    /* A standard stream was closed; what is said there must not get among the results. */
    int higher = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int error = errno;
    close(fd);
    errno = error;
    return higher;
}

/* A file that is there is not touched until its successor is whole: the successor gets its permissions. */
static int open_partial(struct recon_sink *sink, const struct stat *former)
{
    sink->final_name = former != NULL ? realpath(sink->name, NULL) : strdup(sink->name);
    if (sink->final_name == NULL)
        return errno == ENOMEM ? RECON_ERROR_MEMORY : fail(sink, sink->name, errno);
    size_t size = strlen(sink->final_name) + sizeof RECON_SINK_PARTIAL_SUFFIX;
    sink->partial_name = malloc(size);
    if (sink->partial_name == NULL)
        return RECON_ERROR_MEMORY;
    snprintf(sink->partial_name, size, "%s" RECON_SINK_PARTIAL_SUFFIX, sink->final_name);
    sink->fd = open_retried(sink->partial_name, O_WRONLY | O_CREAT, 0666);
    if (sink->fd < 0)
        return fail(sink, sink->partial_name, errno);
    /* Another run may be at it; what a former one left behind is overwritten. */
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(sink->fd, F_SETLK, &whole) != 0 && (errno == EACCES || errno == EAGAIN)) {
        snprintf(sink->message, sizeof sink->message, "%s: another process is writing it", sink->partial_name);
        return RECON_ERROR_IO;
    }
    if (ftruncate(sink->fd, 0) != 0)
        return fail(sink, sink->partial_name, errno);
    if (former != NULL)
        (void)fchmod(sink->fd, former->st_mode & 07777);
    return RECON_OK;
}

static int open_sink(struct recon_sink *sink, const char *name)
{
    if (name == NULL || strcmp(name, "-") == 0) {
        /* A copy, so that closing it tells of errors that the file system kept back. */
        sink->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
        return sink->fd < 0 ? fail(sink, NULL, errno) : RECON_OK;
    }
    sink->name = strdup(name);
    if (sink->name == NULL)
        return RECON_ERROR_MEMORY;
    struct stat former;
    if (stat(name, &former) != 0)
        return errno == ENOENT ? open_partial(sink, NULL) : fail(sink, name, errno);
    if (S_ISDIR(former.st_mode))
        return fail(sink, name, EISDIR);
    if (S_ISREG(former.st_mode))
        return open_partial(sink, &former);
    sink->fd = open_retried(name, O_WRONLY, 0);
    return sink->fd < 0 ? fail(sink, name, errno) : RECON_OK;
}

int recon_sink_open(const char *name, struct recon_sink **opened, char *message, size_t message_size)
{
    int status = RECON_ERROR_MEMORY;
    struct recon_sink *sink = calloc(1, sizeof *sink);
    if (sink != NULL) {
        sink->fd = -1;
        status = open_sink(sink, name);
    }
    if (status == RECON_OK) {
        *opened = sink;
        return RECON_OK;
    }
    if (sink != NULL && sink->message[0] != '\0')
        snprintf(message, message_size, "%s", sink->message);
    else
        snprintf(message, message_size, "%s: out of memory", name != NULL ? name : "standard output");
    release(sink);
    return status;
}

int recon_sink_write(struct recon_sink *sink, const void *bytes, size_t size)
{
    const char *next = bytes;
    while (size > 0) {
        ssize_t done = write(sink->fd, next, size);
        if (done >= 0) {
            next += done;
            size -= (size_t)done;
            continue;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            struct pollfd ready = {.fd = sink->fd, .events = POLLOUT};
            if (poll(&ready, 1, -1) >= 0)
                continue;
        }
        if (errno == EINTR)
            continue;
        sink->is_pipe_closed = errno == EPIPE;
        return fail(sink, sink->partial_name != NULL ? sink->partial_name : sink->name, errno);
    }
    return RECON_OK;
}

const char *recon_sink_message(const struct recon_sink *sink)
{
    return sink->message;
}

int recon_sink_is_pipe_closed(const struct recon_sink *sink)
{
    return sink->is_pipe_closed;
}

const char *recon_sink_partial_name(const struct recon_sink *sink)
{
    return sink->partial_name;
}

int recon_sink_close(struct recon_sink *sink, char *message, size_t message_size)
{
    int status = RECON_OK;
    const char *written = sink->partial_name != NULL ? sink->partial_name : sink->name;
    if (sink->partial_name != NULL && fsync(sink->fd) != 0 && errno != EINVAL && errno != ENOTSUP)
        status = fail(sink, written, errno);
    /* After EINTR the descriptor is closed on Linux: it must not be closed again. */
    if (close(sink->fd) != 0 && errno != EINTR && status == RECON_OK)
        status = fail(sink, written, errno);
    sink->fd = -1;
    if (status == RECON_OK && sink->partial_name != NULL && rename(sink->partial_name, sink->final_name) != 0)
        status = fail(sink, sink->name, errno);
    if (status != RECON_OK)
        snprintf(message, message_size, "%s", sink->message);
    release(sink);
    return status;
}

void recon_sink_abandon(struct recon_sink *sink)
{
    release(sink);
}
