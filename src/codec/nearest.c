/*
 * Edit distance (optimal string alignment), for suggestions.
 */
#include "codec/nearest.h"

#include <stdint.h>
#include <string.h>

#define LENGTH_MAX 64

static unsigned char folded(char letter)
{
    if (letter >= 'A' && letter <= 'Z')
        return (unsigned char)(letter - 'A' + 'a');
    return (unsigned char)(letter == '-' ? '_' : letter);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t recon_word_distance(const char *a, const char *b)
{
    size_t a_length = strlen(a);
    size_t b_length = strlen(b);
    if (a_length > LENGTH_MAX || b_length > LENGTH_MAX)
        return SIZE_MAX;
    size_t rows[3][LENGTH_MAX + 1]; /* row i % 3: distances of a's first i letters */
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i - 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t change = folded(a[i - 1]) == folded(b[j - 1]) ? 0 : 1;
            row[j] = smaller(smaller(above[j] + 1, row[j - 1] + 1), above[j - 1] + change);
            if (i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) && folded(a[i - 2]) == folded(b[j - 1]))
                row[j] = smaller(row[j], rows[(i - 2) % 3][j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

const char *recon_word_nearest(const char *word, const char *const *candidates, size_t candidate_count)
{
    size_t limit = smaller(3, (strlen(word) + 2) / 3);
    const char *nearest = NULL;
    size_t nearest_distance = limit + 1;
    for (size_t i = 0; i < candidate_count; i++) {
        size_t distance = recon_word_distance(word, candidates[i]);
        if (distance < nearest_distance) {
            nearest = candidates[i];
            nearest_distance = distance;
        }
    }
    return nearest;
}
