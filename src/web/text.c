/*
 * See text.h.
 */
#include "web/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "codec/text_form.h"
#include "codec/time_text.h"
#include "recon/record.h"
#include "recon/status.h"

void recon_web_text_init(struct recon_web_text *text)
{
    recon_buffer_init(&text->buffer);
    text->is_short = false;
}

void recon_web_text_deinit(struct recon_web_text *text)
{
    recon_buffer_deinit(&text->buffer);
}

static char *reserve(struct recon_web_text *text, size_t size)
{
    if (!text->is_short && recon_buffer_reserve(&text->buffer, size) != RECON_OK)
        text->is_short = true;
    return text->is_short ? NULL : text->buffer.bytes + text->buffer.size;
}

void recon_web_text_add(struct recon_web_text *text, const char *format, ...)
{
    va_list arguments;
    va_list again;
    va_start(arguments, format);
    va_copy(again, arguments);
    const int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *at = size < 0 ? NULL : reserve(text, (size_t)size + 1);
    if (at != NULL) {
        vsnprintf(at, (size_t)size + 1, format, again);
        text->buffer.size += (size_t)size;
    }
    va_end(again);
}

void recon_web_text_string(struct recon_web_text *text, const char *value)
{
    const size_t size = strlen(value);
    char *at = reserve(text, size * RECON_JSON_GROWTH + 2);
    if (at == NULL)
        return;
    char *end = at;
    *end++ = '"';
    end = recon_json_text_write(end, value, size);
    *end++ = '"';
    text->buffer.size += (size_t)(end - at);
}

void recon_web_text_time(struct recon_web_text *text, int64_t time_ms)
{
    char shown[RECON_TIME_TEXT_SIZE_MAX];
    if (time_ms == RECON_TIME_MIN || time_ms == RECON_TIME_MAX)
        recon_web_text_add(text, "null");
    else
        recon_web_text_add(text, "\"%.*s\"", (int)recon_time_format(time_ms, shown), shown);
}
