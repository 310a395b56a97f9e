/*
 * What systemd is told of the service (Type=notify): that it has started, that it stops, what it does, and that it
 * makes progress, if a watchdog is set. Says nothing where nobody listens (no NOTIFY_SOCKET). Single-threaded.
 */
#ifndef RECON_CLI_NOTIFY_H
#define RECON_CLI_NOTIFY_H

#include "service/run_view.h"

struct recon_notify {
    bool is_ready; /* was told */
    bool is_stopping;
    int64_t told_ms; /* steady clock */
    int64_t interval_ms;
};

void recon_notify_init(struct recon_notify *notify);
/* To be called wherever there is progress, and nowhere else: it is what the watchdog hears. */
void recon_notify_view(struct recon_notify *notify, const struct recon_run_view *view);
void recon_notify_stopping(struct recon_notify *notify);

#endif
