/*
 * A plan for messages of one shape, with what reads them: the tree of paths into a JSON value, and the paths that lead
 * to key, headers and timestamp.
 *
 * Inside of src/codec only; single-threaded.
 */
#ifndef RECON_CODEC_MESSAGE_VIEW_H
#define RECON_CODEC_MESSAGE_VIEW_H

#include "codec/extract.h"
#include "codec/json_block.h"
#include "codec/json_tree.h"
#include "codec/message.h"
#include "codec/text_form.h"

/* What CloudEvents 1.0 demands of every event: specversion, type, source, id. */
#define RECON_TELL_COUNT 4

/* A path that is outside of the value. */
struct recon_outer {
    uint32_t path;
    enum recon_field_kind kind;
    const char *name; /* a header's */
    uint32_t name_size;
    bool is_attribute; /* the header's name is `ce_` and this */
    bool is_caseless;
};

struct recon_message_view {
    struct recon_plan *plan;
    struct recon_json_tree *tree;
    struct recon_json_known known; /* shapes NULL: no value was scanned yet */
    struct recon_found *found;     /* the plan's, then of those tells that the plan has no path for */
    struct recon_outer *outers;
    size_t outer_count;
    uint32_t whole;    /* the path to the value as a whole, or RECON_PATH_NONE */
    uint32_t key;      /* likewise the path to the key */
    bool is_avro;      /* values are Avro, so that keys may be */
    bool reads_value;  /* some path leads into it */
    bool may_be_early; /* recon_extract_early may do */
    uint32_t tells[RECON_TELL_COUNT];
    char timestamp[RECON_INTEGER_SIZE_MAX];
};

/* RECON_OK, RECON_ERROR_MEMORY, or as recon_plan_new. */
int recon_message_view_new(const struct recon_decoder_options *options, const struct recon_message_shape *shape,
                           struct recon_message_view **view, const char **what);
void recon_message_view_free(struct recon_message_view *view);

/* Makes ready for values that were scanned. RECON_OK or RECON_ERROR_MEMORY. */
int recon_message_view_know(struct recon_message_view *view);

/* Fills found with what is outside of the value; all else in it stays. Texts are borrowed from message and view. */
void recon_message_view_look(struct recon_message_view *view, const struct recon_message *message);
/* Fills found for the value as a whole. is_text: it is no JSON. */
void recon_message_view_whole(struct recon_message_view *view, struct recon_text value, bool is_text);
/* All fields of the value are absent. */
void recon_message_view_clear(struct recon_message_view *view);

/* Whether what was found in the value looks like a CloudEvent. */
bool recon_message_view_tells(const struct recon_message_view *view);

/* Whether a header's name is this; without regard to case. */
bool recon_header_is(struct recon_text name, const char *other);

#endif
