/*
 * How much memory there is, and how much of what was freed is kept.
 */
#ifndef RECON_SERVICE_MEMORY_H
#define RECON_SERVICE_MEMORY_H

#include <stdint.h>

/* The memory that this process may use at most, in bytes: the machine's, or its control group's where that is less. Any
 * thread. */
uint64_t recon_memory_total(void);

/* From now on freed memory of some MiB, as brokers' answers take it again and again, stays with the process. To give it
 * back each time costs faults, and holds up whoever else frees something meanwhile. And each thread begun from now on
 * has a heap of its own. */
void recon_memory_keep(void);

#endif
