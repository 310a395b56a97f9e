/*
 * Settings: their defaults and what is legal.
 */
#include "recon/settings.h"

#include <assert.h>

#include "core/limits.h"
#include "recon/status.h"

void recon_settings_init(struct recon_settings *settings)
{
    *settings = (struct recon_settings){
        .interval_ms = 0,
        .out_of_orderness_ms = RECON_DURATION_UNSET,
        .retention_ms = RECON_DURATION_UNSET,
        .idle_timeout_ms = RECON_DURATION_UNSET,
        .max_future_skew_ms = RECON_DURATION_UNSET,
        .from_ms = RECON_TIME_MIN,
        .to_ms = RECON_TIME_MAX,
        .report = RECON_REPORT_DEFAULT,
        .key_group_count = 128,
        .partition_count = {1, 1},
        .memory_limit_bytes = UINT64_MAX,
    };
}

int recon_settings_check(const struct recon_settings *settings, const char **what)
{
    const char *fault = NULL;
    if (settings->interval_ms <= 0)
        fault = "interval";
    else if (settings->out_of_orderness_ms < 0)
        fault = "out_of_orderness";
    else if (settings->retention_ms < 0)
        fault = "retention";
    else if (settings->idle_timeout_ms <= 0)
        fault = "idle_timeout";
    else if (settings->max_future_skew_ms < 0)
        fault = "max_future_skew";
    else if (settings->from_ms >= settings->to_ms)
        fault = "from";
    else if ((settings->report & ~RECON_REPORT_ALL) != 0)
        fault = "report";
    else if (settings->key_group_count == 0 || settings->key_group_count > RECON_KEY_GROUP_COUNT_MAX)
        fault = "key_group_count";
    else if (settings->partition_count[RECON_STREAM_AUDIT] > RECON_PARTITION_COUNT_MAX ||
             settings->partition_count[RECON_STREAM_EVENTS] > RECON_PARTITION_COUNT_MAX)
        fault = "partition_count";
    if (fault == NULL)
        return RECON_OK;
    if (what != NULL)
        *what = fault;
    return RECON_ERROR_INVALID;
}
