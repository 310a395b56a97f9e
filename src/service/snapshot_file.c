/*
 * See snapshot_file.h.
 *
 * 1. Pieces are a ring: those from `written` to `given` wait for the disk. The giver touches only the piece at `given`,
 *    the writer only that at `written`; both numbers, and all below them in the structure, are under the lock.
 * 2. The one that ends last, thread or owner, frees all.
 */
#define _XOPEN_SOURCE 700

#include "service/snapshot_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "recon/status.h"

#define NUMBER_DIGITS 20
#define SUFFIX ".snapshot"
#define PARTIAL ".partial"

struct recon_snapshot_file {
    /* Set once. */
    char *directory;
    char *name;
    char *path;
    char *partial_path;
    uint64_t number;
    uint64_t keep_from;
    uint64_t *unwanted;
    size_t unwanted_count;
    bool (*point)(void *context, const char *name);
    void *context;
    char *pieces[RECON_SNAPSHOT_PIECE_COUNT];
    /* Under the lock. */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    size_t sizes[RECON_SNAPSHOT_PIECE_COUNT];
    uint64_t given;
    uint64_t written;
    bool is_ended;
    bool is_given_up; /* by the owner, who is gone */
    enum recon_snapshot_file_state state;
    char message[512];
};

/* --- names ------------------------------------------------------------------------------------------------------- */

static char *path_make(const char *directory, const char *name, uint64_t number, const char *end)
{
    const size_t size = strlen(directory) + strlen(name) + NUMBER_DIGITS + 32;
    char *path = malloc(size);
    if (path != NULL)
        snprintf(path, size, "%s/%s.%0*llu" SUFFIX "%s", directory, name, NUMBER_DIGITS, (unsigned long long)number,
                 end);
    return path;
}

char *recon_snapshot_path(const char *directory, const char *name, uint64_t number)
{
    return path_make(directory, name, number, "");
}

/* Whether a file is a snapshot of the name, whole or not. */
static bool name_parse(const char *file, const char *name, uint64_t *number, bool *is_partial)
{
    const size_t size = strlen(name);
    if (strncmp(file, name, size) != 0 || file[size] != '.')
        return false;
    const char *digits = file + size + 1;
    if (strspn(digits, "0123456789") != NUMBER_DIGITS || strncmp(digits + NUMBER_DIGITS, SUFFIX, strlen(SUFFIX)) != 0)
        return false;
    const char *rest = digits + NUMBER_DIGITS + strlen(SUFFIX);
    *is_partial = strcmp(rest, PARTIAL) == 0;
    if (*rest != '\0' && !*is_partial)
        return false;
    errno = 0;
    *number = strtoull(digits, NULL, 10);
    return errno == 0;
}

static int highest_first(const void *one, const void *other)
{
    const uint64_t a = *(const uint64_t *)one;
    const uint64_t b = *(const uint64_t *)other;
    return a < b ? 1 : a > b ? -1 : 0;
}

int recon_snapshot_list(const char *directory, const char *name, uint64_t **numbers, size_t *count)
{
    uint64_t *found = NULL;
    size_t found_count = 0;
    int status = RECON_OK;
    DIR *handle = opendir(directory);
    if (handle == NULL && errno != ENOENT)
        return RECON_ERROR_IO;
    struct dirent *entry;
    while (handle != NULL && status == RECON_OK && (entry = readdir(handle)) != NULL) {
        uint64_t number = 0;
        bool is_partial = false;
        if (!name_parse(entry->d_name, name, &number, &is_partial) || is_partial)
            continue;
        uint64_t *more = realloc(found, (found_count + 1) * sizeof *more);
        if (more == NULL) {
            status = RECON_ERROR_MEMORY;
            break;
        }
        found = more;
        found[found_count++] = number;
    }
    if (handle != NULL)
        closedir(handle);
    if (status != RECON_OK) {
        free(found);
        return status;
    }
    if (found_count > 0)
        qsort(found, found_count, sizeof *found, highest_first);
    *numbers = found;
    *count = found_count;
    return RECON_OK;
}

/* --- the thread -------------------------------------------------------------------------------------------------- */

static void release(struct recon_snapshot_file *file)
{
    for (size_t i = 0; i < RECON_SNAPSHOT_PIECE_COUNT; i++)
        free(file->pieces[i]);
    pthread_cond_destroy(&file->changed);
    pthread_mutex_destroy(&file->mutex);
    free(file->directory);
    free(file->name);
    free(file->path);
    free(file->partial_path);
    free(file->unwanted);
    free(file);
}

/* 0, or what errno would be. */
static int point(struct recon_snapshot_file *file, const char *name)
{
    return file->point == NULL || file->point(file->context, name) ? 0 : EIO;
}

static int write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        const ssize_t done = write(fd, bytes, size);
        if (done < 0 && errno != EINTR)
            return errno;
        if (done > 0) {
            bytes += done;
            size -= (size_t)done;
        }
    }
    return 0;
}

static int make_directory(const struct recon_snapshot_file *file)
{
    return mkdir(file->directory, 0777) == 0 || errno == EEXIST ? 0 : errno;
}

/* Writes pieces as they come. ECANCELED: its owner has gone. */
static int pieces_write(struct recon_snapshot_file *file, int fd)
{
    int error = 0;
    pthread_mutex_lock(&file->mutex);
    while (error == 0) {
        while (file->written == file->given && !file->is_ended && !file->is_given_up)
            pthread_cond_wait(&file->changed, &file->mutex);
        if (file->is_given_up)
            error = ECANCELED;
        else if (file->written == file->given)
            break;
        else {
            const size_t at = file->written % RECON_SNAPSHOT_PIECE_COUNT;
            const size_t size = file->sizes[at];
            pthread_mutex_unlock(&file->mutex);
            error = point(file, "snapshot-piece");
            if (error == 0)
                error = write_all(fd, file->pieces[at], size);
            pthread_mutex_lock(&file->mutex);
            file->written++;
            pthread_cond_broadcast(&file->changed);
        }
    }
    pthread_mutex_unlock(&file->mutex);
    return error;
}

static bool is_unwanted(const struct recon_snapshot_file *file, uint64_t number)
{
    if (number < file->keep_from)
        return true;
    for (size_t i = 0; i < file->unwanted_count; i++)
        if (file->unwanted[i] == number)
            return number != file->number;
    return false;
}

/* What can't be removed now is tried again with the next one. */
static void unwanted_remove(const struct recon_snapshot_file *file)
{
    DIR *handle = opendir(file->directory);
    struct dirent *entry;
    while (handle != NULL && (entry = readdir(handle)) != NULL) {
        uint64_t number = 0;
        bool is_partial = false;
        if (name_parse(entry->d_name, file->name, &number, &is_partial) &&
            (is_partial ? number < file->number : is_unwanted(file, number)))
            unlinkat(dirfd(handle), entry->d_name, 0);
    }
    if (handle != NULL)
        closedir(handle);
}

static int make_known(struct recon_snapshot_file *file)
{
    int error = point(file, "snapshot-rename");
    if (error != 0)
        return error;
    if (rename(file->partial_path, file->path) != 0)
        return errno;
    error = point(file, "snapshot-renamed");
    const int directory = error == 0 ? open(file->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (error == 0 && (directory < 0 || fsync(directory) != 0))
        error = errno;
    if (directory >= 0)
        close(directory);
    return error;
}

static int work(struct recon_snapshot_file *file)
{
    int error = make_directory(file);
    /* One that was given up may still be at its own file of this name. */
    if (error == 0 && unlink(file->partial_path) != 0 && errno != ENOENT)
        error = errno;
    const int fd = error == 0 ? open(file->partial_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    if (error == 0 && fd < 0)
        return errno;
    if (error == 0)
        error = pieces_write(file, fd);
    if (error == 0)
        error = point(file, "snapshot-sync");
    if (error == 0 && fsync(fd) != 0)
        error = errno;
    if (fd >= 0 && close(fd) != 0 && error == 0)
        error = errno;
    if (error == 0)
        error = make_known(file);
    if (error == 0)
        unwanted_remove(file);
    else if (fd >= 0)
        unlink(file->partial_path);
    return error;
}

static void *thread_main(void *argument)
{
    struct recon_snapshot_file *file = argument;
    const int error = work(file);
    char why[128];
    if (strerror_r(error, why, sizeof why) != 0)
        snprintf(why, sizeof why, "error %d", error);
    pthread_mutex_lock(&file->mutex);
    file->state = error == 0 ? RECON_SNAPSHOT_FILE_WHOLE : RECON_SNAPSHOT_FILE_FAILED;
    if (error != 0)
        snprintf(file->message, sizeof file->message, "%s: %s", file->path, why);
    const bool is_last = file->is_given_up;
    pthread_cond_broadcast(&file->changed);
    pthread_mutex_unlock(&file->mutex);
    if (is_last)
        release(file);
    return NULL;
}

/* --- the owner --------------------------------------------------------------------------------------------------- */

static bool parts_make(struct recon_snapshot_file *file, const struct recon_snapshot_file_options *options)
{
    file->directory = strdup(options->directory);
    file->name = strdup(options->name);
    file->path = recon_snapshot_path(options->directory, options->name, options->number);
    file->partial_path = path_make(options->directory, options->name, options->number, PARTIAL);
    file->unwanted = malloc((options->unwanted_count + 1) * sizeof *file->unwanted);
    bool is_good = file->directory != NULL && file->name != NULL && file->path != NULL && file->partial_path != NULL &&
                   file->unwanted != NULL;
    for (size_t i = 0; i < RECON_SNAPSHOT_PIECE_COUNT && is_good; i++)
        is_good = (file->pieces[i] = malloc(RECON_SNAPSHOT_PIECE_BYTES)) != NULL;
    if (is_good && options->unwanted_count > 0)
        memcpy(file->unwanted, options->unwanted, options->unwanted_count * sizeof *file->unwanted);
    return is_good;
}

int recon_snapshot_file_new(const struct recon_snapshot_file_options *options, struct recon_snapshot_file **file)
{
    struct recon_snapshot_file *made = calloc(1, sizeof *made);
    pthread_condattr_t attributes;
    pthread_t thread;
    if (made == NULL)
        return RECON_ERROR_MEMORY;
    made->number = options->number;
    made->keep_from = options->keep_from;
    made->unwanted_count = options->unwanted_count;
    made->point = options->point;
    made->context = options->context;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&made->mutex, NULL);
    pthread_cond_init(&made->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (!parts_make(made, options) || pthread_create(&thread, NULL, thread_main, made) != 0) {
        release(made);
        return RECON_ERROR_MEMORY;
    }
    pthread_detach(thread);
    *file = made;
    return RECON_OK;
}

void *recon_snapshot_file_piece(struct recon_snapshot_file *file, bool may_wait)
{
    pthread_mutex_lock(&file->mutex);
    while (may_wait && file->state == RECON_SNAPSHOT_FILE_OPEN &&
           file->given - file->written == RECON_SNAPSHOT_PIECE_COUNT)
        pthread_cond_wait(&file->changed, &file->mutex);
    const bool is_room =
        file->state == RECON_SNAPSHOT_FILE_OPEN && file->given - file->written < RECON_SNAPSHOT_PIECE_COUNT;
    void *piece = is_room ? file->pieces[file->given % RECON_SNAPSHOT_PIECE_COUNT] : NULL;
    pthread_mutex_unlock(&file->mutex);
    return piece;
}

void recon_snapshot_file_put(struct recon_snapshot_file *file, size_t size)
{
    pthread_mutex_lock(&file->mutex);
    file->sizes[file->given % RECON_SNAPSHOT_PIECE_COUNT] = size;
    file->given++;
    pthread_cond_broadcast(&file->changed);
    pthread_mutex_unlock(&file->mutex);
}

void recon_snapshot_file_end(struct recon_snapshot_file *file)
{
    pthread_mutex_lock(&file->mutex);
    file->is_ended = true;
    pthread_cond_broadcast(&file->changed);
    pthread_mutex_unlock(&file->mutex);
}

enum recon_snapshot_file_state recon_snapshot_file_look(struct recon_snapshot_file *file, int wait_ms, char *message,
                                                        size_t message_size)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += wait_ms % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&file->mutex);
    int waited = wait_ms > 0 ? 0 : ETIMEDOUT;
    while (waited == 0 && file->state == RECON_SNAPSHOT_FILE_OPEN)
        waited = pthread_cond_timedwait(&file->changed, &file->mutex, &until);
    const enum recon_snapshot_file_state state = file->state;
    if (state == RECON_SNAPSHOT_FILE_FAILED)
        snprintf(message, message_size, "%s", file->message);
    pthread_mutex_unlock(&file->mutex);
    return state;
}

void recon_snapshot_file_free(struct recon_snapshot_file *file)
{
    if (file == NULL)
        return;
    pthread_mutex_lock(&file->mutex);
    const bool is_last = file->state != RECON_SNAPSHOT_FILE_OPEN;
    file->is_given_up = true;
    pthread_cond_broadcast(&file->changed);
    pthread_mutex_unlock(&file->mutex);
    if (is_last)
        release(file);
}
