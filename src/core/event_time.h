/*
 * Arithmetic on event times that is right up to the ends of 64 bits.
 *
 * RECON_TIME_MIN and RECON_TIME_MAX stand for the infinities where a bound (W, R, from, to) is meant; a record's own
 * time may have these values too. Sums saturate: past the end no finite bound is reached, so the comparison with one
 * gives what exact arithmetic would.
 */
#ifndef RECON_CORE_EVENT_TIME_H
#define RECON_CORE_EVENT_TIME_H

#include "recon/settings.h"

static inline int64_t time_plus(int64_t time, int64_t duration)
{
    int64_t sum;
    if (__builtin_add_overflow(time, duration, &sum))
        return duration > 0 ? RECON_TIME_MAX : RECON_TIME_MIN;
    return sum;
}

static inline int64_t time_minus(int64_t time, int64_t duration)
{
    int64_t difference;
    if (__builtin_sub_overflow(time, duration, &difference))
        return duration > 0 ? RECON_TIME_MIN : RECON_TIME_MAX;
    return difference;
}

/* R >= time + m: over, by the retention bound. */
static inline bool time_is_over(int64_t retention_bound, int64_t time, int64_t retention_ms)
{
    if (retention_bound == RECON_TIME_MIN || retention_bound == RECON_TIME_MAX)
        return retention_bound == RECON_TIME_MAX;
    return retention_ms != RECON_DURATION_UNSET && time_plus(time, retention_ms) <= retention_bound;
}

static inline bool time_is_poisoned(int64_t now, int64_t max_future_skew_ms, int64_t time)
{
    return max_future_skew_ms != RECON_DURATION_UNSET && time > time_plus(now, max_future_skew_ms);
}

static inline bool time_is_outside(const struct recon_settings *settings, int64_t time)
{
    return time < settings->from_ms || (settings->to_ms != RECON_TIME_MAX && time >= settings->to_ms);
}

/* floor(value / divisor), divisor > 0. */
static inline int64_t floor_divide(int64_t value, int64_t divisor)
{
    int64_t quotient = value / divisor;
    return quotient - (value % divisor < 0);
}

/* Start of window k, clamped at the lower end; and the last ms in it (end - 1), clamped at the upper. */
static inline int64_t window_start(int64_t index, int64_t interval_ms)
{
    int64_t start;
    if (__builtin_mul_overflow(index, interval_ms, &start))
        return index < 0 ? RECON_TIME_MIN : RECON_TIME_MAX;
    return start;
}

static inline int64_t window_last(int64_t index, int64_t interval_ms)
{
    int64_t start = window_start(index, interval_ms);
    if (start == RECON_TIME_MIN && index < 0 && interval_ms > 1) {
        /* The start may have been clamped: count from the next window's start, which is not. */
        return window_start(index + 1, interval_ms) - 1;
    }
    return time_plus(start, interval_ms - 1);
}

#endif
