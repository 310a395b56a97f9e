/*
 * Lists of results with texts of their own; comparing and describing them.
 */
#ifndef RECON_TESTS_MODEL_RESULTS_H
#define RECON_TESTS_MODEL_RESULTS_H

#include "recon/record.h"

struct results {
    struct recon_result *at;
    size_t count;
    size_t capacity;
};

void results_init(struct results *results);
void results_deinit(struct results *results);
void results_clear(struct results *results);
/* Copies the results and their texts. */
void results_append(struct results *results, const struct recon_result *from, size_t count);

/* An order over all fields; 0: equal in every one. */
int result_compare(const struct recon_result *a, const struct recon_result *b);
void results_sort(struct results *results);

/* For people: `missing id=i1 time=5 ...`. */
void result_describe(const struct recon_result *result, char *text, size_t size);

#endif
