/*
 * Which known word was likely meant by one that is not known. Any thread.
 */
#ifndef RECON_CODEC_NEAREST_H
#define RECON_CODEC_NEAREST_H

#include <stddef.h>

/* Number of letters inserted, left out, changed, or swapped with their neighbour to get from one word to the other;
 * words past 64 letters are further than anything. Letters' case and `_` for `-` count nothing. */
size_t recon_word_distance(const char *a, const char *b);

/* The candidate that is nearest to the word and near enough to be meant (a third of its letters, three at most); NULL:
 * none. */
const char *recon_word_nearest(const char *word, const char *const *candidates, size_t candidate_count);

#endif
