/*
 * Text that grows: what the pages are written with. Once memory is out it takes no more and says so in the end.
 */
#ifndef RECON_WEB_TEXT_H
#define RECON_WEB_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "codec/result_writer.h"

struct recon_web_text {
    struct recon_buffer buffer;
    bool is_short; /* memory was out: what is there is not whole */
};

void recon_web_text_init(struct recon_web_text *text);
void recon_web_text_deinit(struct recon_web_text *text);
void recon_web_text_add(struct recon_web_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A JSON string with its quotes; also right as a label's value for Prometheus where there are no control characters. */
void recon_web_text_string(struct recon_web_text *text, const char *value);
/* A time as a JSON string; null where it is infinite. */
void recon_web_text_time(struct recon_web_text *text, int64_t time_ms);

#endif
