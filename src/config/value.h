/*
 * Values of the configuration from their texts: the same for the file and for the command line.
 *
 * Each function adds a fault at the place and leaves its target as it was where the text is not good. Targets that are
 * texts are owned by the configuration: what was there before is freed.
 */
#ifndef RECON_CONFIG_VALUE_H
#define RECON_CONFIG_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "config/faults.h"

/* Bounds, with their reasons. */
#define RECON_NAME_SIZE_MAX 200  /* it is part of group IDs, transaction IDs and record keys */
#define RECON_TOPIC_SIZE_MAX 249 /* Kafka's own */

/* Words parted by commas, spaces around them taken off; an empty text has none. Free words with recon_words_deinit. */
struct recon_words {
    char *bytes;
    const char **items;
    size_t count;
};
/* False: out of memory. */
bool recon_words_split(struct recon_words *words, const char *text);
void recon_words_deinit(struct recon_words *words);

/* At least minimum_ms. unlimited: the word that stands for RECON_DURATION_UNSET; NULL: none does. True where it was
 * set. */
bool recon_value_duration(struct recon_faults *faults, struct recon_place place, const char *text, int64_t minimum_ms,
                          const char *unlimited, int64_t *target);
bool recon_value_time(struct recon_faults *faults, struct recon_place place, const char *text, int64_t *target);
/* earliest, latest or a time. */
void recon_value_start(struct recon_faults *faults, struct recon_place place, const char *text,
                       struct recon_config *config);
/* One name of a report, added to the bits of *report; `metric` is fine and adds nothing. */
void recon_value_report(struct recon_faults *faults, struct recon_place place, const char *word, uint32_t *report);
/* `id`, or `source` and `id`. */
void recon_value_identity(struct recon_faults *faults, struct recon_place place, const char *const *words, size_t count,
                          bool *source_in_identity);
void recon_value_name(struct recon_faults *faults, struct recon_place place, const char *text, char **target);
void recon_value_topic(struct recon_faults *faults, struct recon_place place, const char *text, char **target);
void recon_value_zone(struct recon_faults *faults, struct recon_place place, const char *text, char **target);
void recon_value_format(struct recon_faults *faults, struct recon_place place, const char *text,
                        enum recon_format *target);
void recon_value_unit(struct recon_faults *faults, struct recon_place place, const char *text,
                      enum recon_time_unit *target);
void recon_value_field(struct recon_faults *faults, struct recon_place place, const char *text,
                       struct recon_field *target);
/* ADDRESS:PORT, [ADDRESS]:PORT or none, which leaves *host NULL. True where it was set. */
bool recon_value_listen(struct recon_faults *faults, struct recon_place place, const char *text, char **host,
                        uint16_t *port);
/* Any text that is not empty. */
void recon_value_text(struct recon_faults *faults, struct recon_place place, const char *text, char **target);

#endif
