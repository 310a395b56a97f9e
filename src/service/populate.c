/*
 * See populate.h. asked[done % ASKED_COUNT] up to asked[given % ASKED_COUNT) are still to be done; all changes under
 * the lock.
 */
#define _GNU_SOURCE

#include "service/populate.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define ASKED_COUNT 16
#define PIECE_BYTES ((size_t)2 << 20)
#define THREAD_STACK_BYTES ((size_t)64 * 1024)

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* since Linux 5.14; an older one refuses it */
#endif

struct stretch {
    char *bytes;
    size_t size_bytes;
};

struct recon_populator {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct stretch asked[ASKED_COUNT];
    uint64_t given;
    uint64_t done;
    bool is_stopped;
};

static void *thread_main(void *argument)
{
    struct recon_populator *populator = argument;
    pthread_mutex_lock(&populator->lock);
    for (;;) {
        while (populator->given == populator->done && !populator->is_stopped)
            pthread_cond_wait(&populator->changed, &populator->lock);
        if (populator->is_stopped)
            break;
        struct stretch stretch = populator->asked[populator->done % ASKED_COUNT];
        pthread_mutex_unlock(&populator->lock);
        /* One huge page at a time: while it is cleared nobody can map or unmap anything. */
        for (size_t at = 0; at < stretch.size_bytes; at += PIECE_BYTES) {
            size_t left = stretch.size_bytes - at;
            (void)madvise(stretch.bytes + at, left < PIECE_BYTES ? left : PIECE_BYTES, MADV_POPULATE_WRITE);
        }
        pthread_mutex_lock(&populator->lock);
        populator->done++;
    }
    pthread_mutex_unlock(&populator->lock);
    return NULL;
}

struct recon_populator *recon_populator_new(void)
{
    struct recon_populator *populator = calloc(1, sizeof *populator);
    if (populator == NULL)
        return NULL;
    pthread_mutex_init(&populator->lock, NULL);
    pthread_cond_init(&populator->changed, NULL);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    int status = pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES);
    if (status == 0)
        status = pthread_create(&populator->thread, &attributes, thread_main, populator);
    pthread_attr_destroy(&attributes);
    if (status == 0)
        return populator;
    pthread_cond_destroy(&populator->changed);
    pthread_mutex_destroy(&populator->lock);
    free(populator);
    return NULL;
}

void recon_populator_free(struct recon_populator *populator)
{
    if (populator == NULL)
        return;
    pthread_mutex_lock(&populator->lock);
    populator->is_stopped = true;
    pthread_cond_signal(&populator->changed);
    pthread_mutex_unlock(&populator->lock);
    pthread_join(populator->thread, NULL);
    pthread_cond_destroy(&populator->changed);
    pthread_mutex_destroy(&populator->lock);
    free(populator);
}

void recon_populator_ask(struct recon_populator *populator, char *bytes, size_t size_bytes)
{
    pthread_mutex_lock(&populator->lock);
    if (populator->given - populator->done < ASKED_COUNT)
        populator->asked[populator->given++ % ASKED_COUNT] = (struct stretch){bytes, size_bytes};
    pthread_cond_signal(&populator->changed);
    pthread_mutex_unlock(&populator->lock);
}
