/*
 * Values of options that more than one command takes.
 */
#include <string.h>

#include "cli/options.h"
#include "codec/time_text.h"
#include "generate/options.h"
#include "recon/status.h"

/* `0.001` or `0.1%` to parts of 10^9; false if it is no such number from 0 to 1. */
static bool share_parse(const char *text, uint32_t *share)
{
    uint64_t parts = 0;
    uint64_t unit = RECON_GENERATE_WHOLE;
    bool has_digit = false;
    bool behind_point = false;
    size_t size = strlen(text);
    if (size > 0 && text[size - 1] == '%') {
        size--;
        unit /= 100;
    }
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '.' && !behind_point) {
            behind_point = true;
            continue;
        }
        if (text[i] < '0' || text[i] > '9' || parts > RECON_GENERATE_WHOLE)
            return false;
        uint64_t digit = (uint64_t)(text[i] - '0');
        has_digit = true;
        if (!behind_point) {
            parts = parts * 10 + digit * unit;
        } else {
            if (unit % 10 != 0 && digit != 0)
                return false; /* finer than 10^-9 */
            unit /= 10;
            parts += digit * unit;
        }
    }
    if (!has_digit || parts > RECON_GENERATE_WHOLE)
        return false;
    *share = (uint32_t)parts;
    return true;
}

void recon_arguments_share(struct recon_arguments *arguments, const char *name, uint32_t *share)
{
    const char *text = recon_arguments_value(arguments, name);
    if (text != NULL && !share_parse(text, share))
        recon_config_errors_add(&arguments->errors, "--%s: '%s' is no share; write 0.1%% or 0.001, from 0 to 1", name,
                                text);
}

void recon_arguments_duration(struct recon_arguments *arguments, const char *name, int64_t *duration)
{
    const char *text = recon_arguments_value(arguments, name);
    const char *hint = NULL;
    if (text != NULL && recon_duration_parse(text, strlen(text), duration, &hint) != RECON_OK)
        recon_config_errors_add(&arguments->errors, "--%s: '%s' is no duration; %s", name, text,
                                hint != NULL ? hint : "write 250ms, 30s, 5m, 2h or 7d");
}
