/*
 * How much memory there is.
 */
#ifndef RECON_SERVICE_MEMORY_H
#define RECON_SERVICE_MEMORY_H

#include <stdint.h>

/* The memory that this process may use at most, in bytes: the machine's, or its control group's where that is less. Any
 * thread. */
uint64_t recon_memory_total(void);

#endif
