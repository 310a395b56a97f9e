/*
 * What the pages say of a view. Pure.
 */
#ifndef RECON_WEB_PAGES_H
#define RECON_WEB_PAGES_H

#include "web/text.h"
#include "web/view.h"

/* Prometheus' text format. No label is an ID or a window: there are as many series as partitions, and no more. */
void recon_web_metrics(struct recon_web_text *text, const struct recon_run_view *view);
/* JSON for people and programs: what holds the watermark, and why. */
void recon_web_status(struct recon_web_text *text, const struct recon_run_view *view);

#endif
