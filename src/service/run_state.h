/*
 * All of a run, and what its parts do for each other; inside of src/service/run*.c only.
 */
#ifndef RECON_SERVICE_RUN_STATE_H
#define RECON_SERVICE_RUN_STATE_H

#include "codec/result_message.h"
#include "io/clock.h"
#include "io/kafka_owner.h"
#include "io/kafka_producer.h"
#include "io/kafka_reader.h"
#include "io/kafka_topics.h"
#include "io/registry.h"
#include "io/sink.h"
#include "service/ahead.h"
#include "service/journal.h"
#include "service/published.h"
#include "service/run.h"
#include "service/snapshot_file.h"
#include "service/snapshot_head.h"
#include "service/steps.h"

/* Statuses of a run besides recon/status.h's, which are negative. */
enum run_status {
    RUN_STOPPED = 1, /* stop was asked for */
    RUN_REBUILD = 2, /* a transaction was aborted: what the engine knows is ahead of what was published */
    RUN_SETTLE = 4,  /* what was read is to be read again under run->then first, and stopped in good order */
    RUN_DEAF = 5,    /* the clients have lost the brokers for good, though these are there: new ones may find them */
    RUN_UNSOUND = 3, /* what was read before is not there to be read again as it was; message says what */
};

/* Results in one transaction: a step that makes more is published in parts. */
#define RUN_RESULT_COUNT_MAX 100000
/* A journal entry's steps: well within the 1 MiB that brokers take. */
#define RUN_STEPS_SIZE_MAX ((size_t)256 * 1024)
#define RUN_COMMIT_INTERVAL_MS 1000
/* How long an end in good order may take. */
#define RUN_STOP_PATIENCE_MS 8000

/* One partition of an input; slots of the reader, and of what reads ahead, have the same numbers. */
struct run_slot {
    uint8_t stream;
    uint32_t partition; /* within the stream */
    size_t topic;       /* among run->topics; if it is not gone */
    bool is_gone;       /* its topic is not to be read any more */
    bool is_ended;      /* ... and the engine knows */
    int32_t topic_partition;
    int64_t position;  /* behind all that the engine was told of */
    size_t block_done; /* messages of its first block that it was told */
    bool is_checked;   /* an end is known that may not be read to yet */
    int64_t check_asked_ms;
    int64_t check_end;
    int64_t caught_up_ms; /* all that there was then has been read; RECON_TIME_MIN: not known */
    int64_t alive_ms;     /* last said to be; RECON_TIME_MIN: never */
};

/* Snapshots: see run_snapshot.c. An entry is one of the journal. */
struct run_snapshots {
    struct recon_snapshot_file *file;     /* under way; NULL: none */
    struct recon_snapshot_writer *writer; /* NULL: all is given */
    struct recon_buffer head;             /* to be given first */
    size_t head_done;
    uint64_t number; /* of its entry */
    int64_t offset;
    int64_t now_ms; /* of its clock */
    bool has_kept;  /* a whole one that the journal bears out: the newest */
    uint64_t kept_number;
    int64_t kept_offset;
    uint64_t *unsound; /* numbers of those that were found and are of no use */
    size_t unsound_count;
    int64_t next_ms;   /* steady clock; when one is due */
    int64_t given_ms;  /* ... when bytes were made last */
    int64_t slow_ms;   /* ... when the one under way takes so long that it is told */
    bool was_told;     /* that they are made; until one fails */
    bool was_deleting; /* entries of the journal; the answer is awaited */
};

struct recon_run {
    struct recon_run_options options;
    char *message; /* why it ends */
    size_t message_size;
    struct recon_kafka_property *properties;
    struct recon_kafka_options kafka;
    char journal_topic[256];
    struct recon_kafka_owner *owner; /* of the journal's topic: whose turn it is */
    /* Inputs. */
    const char **topics; /* of both streams, the audit stream's first */
    size_t topic_count;
    struct recon_kafka_topics *asker;
    struct recon_kafka_reader *reader;
    struct run_slot *slots;
    size_t slot_count;
    struct recon_ahead *ahead; /* made with the reader, freed before it */
    bool is_lost;              /* what ended an input: an offset is not there any more */
    /* The state. */
    struct recon_steps *steps;
    struct recon_buffer settings; /* as the journal has them */
    bool settings_are_due;        /* the next entry is to have them */
    struct recon_settings then;   /* RUN_SETTLE: those in force before */
    bool is_settling;             /* it runs under those, to do again what was done and no more */
    int64_t clocks_apart_ms;      /* the wall clock less the steady one, when last looked at, if has_clocks_apart */
    bool has_clocks_apart;
    bool is_clock_back; /* the wall clock is behind ours, and that was told */
    int64_t from_ms;
    int64_t rewind_ms; /* begun anew: inputs are read from this timestamp on; RECON_TIME_MIN: as configured */
    struct recon_published *published; /* after it was begun anew, while it matters; else NULL */
    struct run_snapshots snapshots;
    /* Outputs. */
    struct recon_kafka_producer *producer;
    struct recon_result_messenger *messenger;
    struct recon_sink *record;
    bool is_in_transaction;
    uint64_t transaction_result_count;
    int64_t dirty_since_ms;            /* steady clock; 0: nothing waits that a reader could see */
    struct recon_buffer journal_steps; /* since the last entry */
    size_t noted_at;                   /* where the last step begins there */
    size_t quiet_begin;                /* a step of the clock there that need not be kept; its end, 0: none */
    size_t quiet_end;
    struct recon_buffer entry;
    uint64_t entry_count;
    int64_t entry_offset; /* of the last entry */
    uint64_t entry_hash;
    uint64_t result_count;   /* made */
    uint64_t withheld_count; /* of these, the first so many are published already */
    bool is_rereading;       /* nothing is to be published or written down */
    /* By client, steady clock; when something was read by it, or the brokers answered it, last. */
    int64_t heard_ms[RECON_KAFKA_CLIENT_COUNT];
    bool has_read[RECON_KAFKA_CLIENT_COUNT]; /* since that was looked at */
    int64_t stop_deadline_ms;                /* steady clock; 0: no stop was asked for yet */
    struct recon_registry_client *registry;
    struct recon_buffer absent; /* struct recon_schema_wanted: of what is being decoded, those that there are none of */
    /* What others see of it: run_view.c. */
    enum recon_run_phase phase;
    struct recon_run_tally *tally; /* outlives a beginning anew */
    int64_t started_ms;
    int64_t snapshot_ms; /* RECON_TIME_MIN: there is none */
    int64_t next_view_ms;
    struct recon_run_partition *shown;
    size_t shown_capacity;
};

/* run.c */
int run_fail(struct recon_run *run, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));
void run_log(struct recon_run *run, int level, const char *format, ...) __attribute__((format(printf, 3, 4)));
bool run_is_stopped(const struct recon_run *run);
/* Whether it still is this instance's turn, as far as is known. Also to be called often enough, or it is not. */
int run_turn(struct recon_run *run);
/* After a call failed that may be made again: waits a little. RUN_STOPPED where a stop was asked for. */
int run_pause(struct recon_run *run);

/* run_view.c: shows what there is to whoever observes, if it is time to; to be called wherever there is progress. */
void run_beat(struct recon_run *run);
void run_phase(struct recon_run *run, enum recon_run_phase phase);
void run_tally_commit(struct recon_run_tally *tally, int64_t took_ms);
void run_tally_round(struct recon_run_tally *tally, int64_t took_ms, bool is_in_snapshot);
void run_tally_result(struct recon_run_tally *tally, const struct recon_result *result);

/* run_schema.c: schemas of a registry. */
bool run_schema_property(const char *name);
int run_schema_client(struct recon_run *run);
/* Hands the decoder a schema that it wants; waits until it is known. */
int run_schema_give(void *context, const struct recon_schema_wanted *wanted, struct recon_message_decoder *decoder);
/* As recon_message_decode, of a decoder that is no stream's. */
int run_schema_decode(struct recon_run *run, struct recon_message_decoder *decoder, const struct recon_message *message,
                      struct recon_batch *batch);
/* Writes down which schemas there were none of for what was just decoded. */
int run_schema_note(struct recon_run *run, int stream);
/* What was written down so, again; to be forgotten (recon_steps_schemas_forget) behind the range. */
int run_schema_absent(struct recon_run *run, const struct recon_journal_step *step);

/* run_settings.c: settings as the journal has them. */
int run_settings_write(struct recon_run *run, struct recon_buffer *buffer);
/* Takes over what a first start fixed, and makes run->settings of it; refuses what must stay and did not. */
int run_settings_adopt(struct recon_run *run, struct recon_text settings);
/* Whether these are run->settings; if not, one_of_them names a line that differs. */
/* Whether a decoder like ours read what was read under these settings. */
bool run_settings_decoder_is_ours(const struct recon_run *run, struct recon_text settings);
bool run_settings_are(const struct recon_run *run, struct recon_text settings, char *one_of_them, size_t size);
/* Where these differ from run->settings in nothing but durations, bounds and what is reported: sets then to ours with
 * theirs of these. */
bool run_settings_then(const struct recon_run *run, struct recon_text settings, struct recon_settings *then);

/* run_output.c */
int run_emit(void *context, const struct recon_result *result);
/* Records just handled may take back what was published before it was begun anew. */
int run_take_back(struct recon_run *run, const struct recon_record *records, size_t count);
int run_record(void *context, const char *bytes, size_t size);
/* Writes down a step that is about to be made. */
int run_note(struct recon_run *run, const struct recon_journal_step *step);
int run_commit(struct recon_run *run);
/* Gives up what is not committed. */
void run_abort(struct recon_run *run);
/* True where it is time to. */
bool run_commit_is_due(const struct recon_run *run);

/* run_input.c */
int run_partition(struct recon_run *run, int stream, size_t topic, int32_t topic_partition, int64_t offset);
/* One that was read, and is not any more; is_ended: which the engine knows. */
int run_partition_gone(struct recon_run *run, const struct recon_snapshot_partition *gone);
/* The name of a slot's topic. */
const char *run_topic(const struct recon_run *run, const struct run_slot *slot);
/* Takes messages that have come of a slot and lie before an offset, and tells the engine: one step, or none. */
int run_take(struct recon_run *run, size_t slot, int64_t before, size_t capacity, size_t *count);
/* The inputs' reader and what reads ahead of it, with no slots. */
int run_inputs_make(struct recon_run *run);
void run_inputs_free(struct recon_run *run);
/* Waits until something more of the inputs may have come. */
int run_wait(struct recon_run *run, int timeout_ms);
/* Goes on with our clock to this one, as far as it comes in 100 ms, and says meanwhile which inputs are alive. */
int run_advance(struct recon_run *run, int64_t now_ms);
int run_alive_all(struct recon_run *run);
/* Reads until stopped. */
int run_live(struct recon_run *run);

/* run_start.c: the first start. */
int run_start(struct recon_run *run);
int run_ask_range(struct recon_run *run, const char *topic, int32_t partition, int64_t *first, int64_t *end);
int run_steps_make(struct recon_run *run);
bool run_is_audit(const struct recon_run *run, size_t topic);

/* run_anew.c: a start that has lost the state and knows what was published. settings: the last that are known. */
int run_start_anew(struct recon_run *run, struct recon_text settings);

/* run_resume.c: every other start. found: there is a journal. */
int run_resume(struct recon_run *run, bool *found);

/* run_snapshot.c */
/* Between steps, after what was made was committed or not: begins one, goes on with it, sees how it went. */
int run_snapshot_tick(struct recon_run *run);
bool run_snapshot_is_under_way(const struct recon_run *run);
/* All is committed, and this run ends: one more, if there is the time before the stop's deadline, should there be one.
 */
void run_snapshot_last(struct recon_run *run);
/* Remembers one that can't be gone on from, and says why. */
void run_snapshot_refuse(struct recon_run *run, uint64_t number, const char *why);
void run_snapshot_keep(struct recon_run *run, uint64_t number, int64_t offset, int64_t now_ms);
void run_snapshots_deinit(struct recon_run *run);
/* For tests: a place that a process may be made to fail or end at; see run_snapshot.c. */
bool run_point(void *context, const char *name);

#endif
