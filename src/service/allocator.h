/*
 * Memory for engines: from malloc, large blocks on huge pages where the system gives them.
 */
#ifndef RECON_SERVICE_ALLOCATOR_H
#define RECON_SERVICE_ALLOCATOR_H

#include "recon/settings.h"

/* Any thread. */
struct recon_allocator recon_allocator_system(void);

/* The memory that this process may use at most: the machine's, or its control group's where that is less. Any thread.
 */
uint64_t recon_memory_total_bytes(void);

#endif
