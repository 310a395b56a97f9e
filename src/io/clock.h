/*
 * The two clocks, in ms. Any thread.
 */
#ifndef RECON_IO_CLOCK_H
#define RECON_IO_CLOCK_H

#include <stdint.h>

/* The one that only goes on; its start means nothing. */
int64_t recon_clock_monotonic_ms(void);
/* The wall clock, since the Unix epoch; it may jump. */
int64_t recon_clock_wall_ms(void);

#endif
