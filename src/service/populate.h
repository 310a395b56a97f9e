/*
 * A thread that asks the kernel for memory before somebody touches it for the first time, where there is a core to
 * spare for it: clearing a page is slow (1 ms and more for a huge page of a virtual machine).
 *
 * What it does changes no byte and is no promise: a request may be left out.
 */
#ifndef RECON_SERVICE_POPULATE_H
#define RECON_SERVICE_POPULATE_H

#include <stddef.h>

struct recon_populator;

/* NULL where there can be none. */
struct recon_populator *recon_populator_new(void);
/* Waits for what is under way; NULL is fine. */
void recon_populator_free(struct recon_populator *populator);

/* One thread may ask. bytes is at a page's edge, and must stay mapped until recon_populator_free. Does not wait. */
void recon_populator_ask(struct recon_populator *populator, char *bytes, size_t size_bytes);

#endif
