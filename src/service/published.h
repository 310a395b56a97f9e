/*
 * What was published already, as far as a run that begins anew without its state needs to know it: read back from the
 * topics of the results, so that nothing is said twice, revisions go on rising, and what was missing is found.
 *
 * Things are known by hashes of 64 bits. Single-threaded; no I/O.
 */
#ifndef RECON_SERVICE_PUBLISHED_H
#define RECON_SERVICE_PUBLISHED_H

#include "codec/result_writer.h"
#include "recon/record.h"

struct recon_published;

/* name: the run's; source_in_identity: as it is configured. RECON_OK or RECON_ERROR_MEMORY. */
int recon_published_new(const char *name, bool source_in_identity, struct recon_published **published);
void recon_published_free(struct recon_published *published);

/* A message that is in a topic, in the order of its partition; one of another name is passed over. RECON_OK or
 * RECON_ERROR_MEMORY. */
int recon_published_read(struct recon_published *published, struct recon_text key, struct recon_text value);
/* The largest watermark of all that was read (of those that did not come by a timeout, if there are any);
 * RECON_TIME_MIN: none. */
int64_t recon_published_watermark(const struct recon_published *published);

/* Forgets windows and identities before a time. Identities before `over` are not found any more. */
void recon_published_trim(struct recon_published *published, int64_t before, int64_t over);
size_t recon_published_count(const struct recon_published *published);
/* Breaks that are not taken back. */
size_t recon_published_open_count(const struct recon_published *published);

/* A result is made: true if it is to be published, and then its revision is the next one. key: of its message. */
bool recon_published_judge(struct recon_published *published, struct recon_result *result, struct recon_text key);
/* A record came, and the engine has made its results: true if a break that it does not know of, and that is not before
 * `over`, is taken back by it; *result (whose texts live until the next call) then says so, but for its watermark. */
bool recon_published_arrived(struct recon_published *published, const struct recon_record *record, int64_t over,
                             struct recon_result *result);

/* All of it as bytes, and back. RECON_OK, RECON_ERROR_MEMORY, RECON_ERROR_DAMAGED. */
int recon_published_write(const struct recon_published *published, struct recon_buffer *buffer);
int recon_published_load(struct recon_published *published, struct recon_text bytes);

#endif
