/*
 * The service: reads Kafka until it is stopped, reconciles, and writes metrics and breaks back, each once and only
 * once.
 *
 *     take over ─> read the journal again ─> go on ─> stopped
 *        ^                                     │
 *        └──────── a transaction failed ───────┘
 *
 * State is what the journal says was done, done again: the topics are the only thing that outlives a process. So a
 * transaction that failed is answered by beginning anew from the last one that did not.
 *
 * One thread; librdkafka has its own.
 */
#ifndef RECON_SERVICE_RUN_H
#define RECON_SERVICE_RUN_H

#include <signal.h>

#include "config/config.h"
#include "service/run_view.h"

/* All borrowed for the call. */
struct recon_run_options {
    const struct recon_config *config; /* finished for RECON_HOME_RUN */
    const char *record;                /* a trace of all the engine was told goes to this file; NULL: none */
    /* One line for people, without its end; level as syslog has it. Any thread. */
    void (*log)(void *context, int level, const char *text);
    void *log_context;
    /* Several times a second while there is progress, waiting included; the run's own thread. NULL: nobody looks. */
    void (*observe)(void *context, const struct recon_run_view *view);
    void *observe_context;
    const volatile sig_atomic_t *stop; /* becomes 1: end in good order */
};

/* Runs until stopped: RECON_OK. Or a status, with why in message. */
int recon_run(const struct recon_run_options *options, char *message, size_t message_size);

#endif
