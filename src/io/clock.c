/*
 * See clock.h.
 */
#define _POSIX_C_SOURCE 200809L

#include "io/clock.h"

#include <time.h>

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t recon_clock_monotonic_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

int64_t recon_clock_wall_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}
