/*
 * A record as a line of text, which tests compare.
 */
#ifndef RECON_TESTS_PRINT_RECORD_H
#define RECON_TESTS_PRINT_RECORD_H

#include <stdio.h>

#include "recon/record.h"

void print_record(FILE *out, const struct recon_record *record);

#endif
