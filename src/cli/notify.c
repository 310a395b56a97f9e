/*
 * See notify.h.
 */
#include "cli/notify.h"

#include <inttypes.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "codec/time_text.h"

#define INTERVAL_MS_MAX 1000
/* A start may take as long as there is to read again, as long as it makes progress. */
#define START_PATIENCE_US INT64_C(60000000)

void recon_notify_init(struct recon_notify *notify)
{
    uint64_t watchdog_us = 0;
    *notify = (struct recon_notify){.told_ms = INT64_MIN, .interval_ms = INTERVAL_MS_MAX};
    if (sd_watchdog_enabled(0, &watchdog_us) > 0 && watchdog_us / 4000 < INTERVAL_MS_MAX)
        notify->interval_ms = (int64_t)(watchdog_us / 4000);
}

static void status_write(const struct recon_run_view *view, char *text, size_t size)
{
    static const char *const phases[] = {"starting", "standing by", "reading again what was read", "running",
                                         "stopping"};
    char watermark[RECON_TIME_TEXT_SIZE_MAX] = "none yet";
    const int64_t at = view->rise.watermark;
    if (at != RECON_TIME_MIN && at != RECON_TIME_MAX)
        watermark[recon_time_format(at, watermark)] = '\0';
    snprintf(text, size, "%s; watermark %s, %" PRIu64 " pending, %" PRIu64 " missing%s%s", phases[view->phase],
             watermark, view->stats.pending, view->stats.missing, view->tally->trouble[0] != '\0' ? "; " : "",
             view->tally->trouble);
    for (char *c = text; *c != '\0'; c++) /* a line is a message of its own */
        if (*c == '\n')
            *c = ' ';
}

void recon_notify_view(struct recon_notify *notify, const struct recon_run_view *view)
{
    char status[512];
    const bool has_started = view->phase == RECON_RUN_RUNNING || view->phase == RECON_RUN_STANDBY;
    const bool is_first = has_started && !notify->is_ready;
    if (!is_first && notify->told_ms != INT64_MIN && view->at_steady_ms - notify->told_ms < notify->interval_ms)
        return;
    notify->told_ms = view->at_steady_ms;
    status_write(view, status, sizeof status);
    if (view->phase == RECON_RUN_STOPPING)
        recon_notify_stopping(notify);
    if (is_first)
        notify->is_ready = true;
    if (notify->is_ready || notify->is_stopping)
        sd_notifyf(0, "%sWATCHDOG=1\nSTATUS=%s", is_first ? "READY=1\n" : "", status);
    else
        sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%" PRId64 "\nWATCHDOG=1\nSTATUS=%s", START_PATIENCE_US, status);
}

void recon_notify_stopping(struct recon_notify *notify)
{
    if (!notify->is_stopping)
        sd_notify(0, "STOPPING=1");
    notify->is_stopping = true;
}
