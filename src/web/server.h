/*
 * HTTP for whoever watches the service: GET /metrics, /status, /health/live, /health/ready. Nothing can be changed by
 * it.
 *
 * A thread of its own answers, from a copy of the run's last view: no client, however slow or many, is ever waited for
 * by the run. There may be RECON_WEB_CONNECTION_COUNT clients at a time, and each has RECON_WEB_PATIENCE_S seconds
 * between two signs of life; a page is made once a view, whoever asks.
 */
#ifndef RECON_WEB_SERVER_H
#define RECON_WEB_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "service/run_view.h"

#define RECON_WEB_CONNECTION_COUNT 64
#define RECON_WEB_PATIENCE_S 10
/* Of one connection: a request's line and headers, parts of an answer on their way. */
#define RECON_WEB_CONNECTION_BYTES ((size_t)16 * 1024)
/* A run that has shown nothing for so long makes no progress. */
#define RECON_WEB_LIVE_MS 30000

struct recon_web;

/* Listens on an IP address. RECON_OK; RECON_ERROR_MEMORY; or RECON_ERROR_IO with why in error. */
int recon_web_new(const char *host, uint16_t port, struct recon_web **web, char *error, size_t error_size);
/* Ends the thread; clients are cut off. NULL: nothing happens. */
void recon_web_free(struct recon_web *web);
/* The one that was given, or found where that was 0. */
uint16_t recon_web_port(const struct recon_web *web);
/* Copies the view. Any thread; waits for nobody. */
void recon_web_publish(struct recon_web *web, const struct recon_run_view *view);

#endif
