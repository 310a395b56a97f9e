/*
 * The message decoder's insides: its parts and one call's message. Inside of src/codec only.
 *
 * message.c makes the decoder and leads a message through it; message_judge.c says what it is; message_value.c reads
 * its value by that.
 */
#ifndef RECON_CODEC_MESSAGE_STATE_H
#define RECON_CODEC_MESSAGE_STATE_H

#include "codec/json_block.h"
#include "codec/json_index.h"
#include "codec/message_schema.h"
#include "codec/message_view.h"

enum recon_shape {
    RECON_SHAPE_OPAQUE, /* the value is not looked at */
    RECON_SHAPE_JSON,
    RECON_SHAPE_CLOUDEVENTS, /* structured, or a batch of such */
    RECON_SHAPE_AVRO,
    RECON_SHAPE_BINARY_OPAQUE, /* CloudEvents in binary mode, by what the data is */
    RECON_SHAPE_BINARY_JSON,
    RECON_SHAPE_BINARY_AVRO,
    RECON_SHAPE_COUNT,
    RECON_SHAPE_NONE = RECON_SHAPE_COUNT /* the value is of no format that the stream has */
};

/* Formats that the mapping names; `auto` names all of them. */
struct recon_formats {
    bool json;
    bool cloudevents;
    bool avro;
    int count;
};

/* What the headers say of the message as a whole. */
struct recon_marks {
    struct recon_text content_type;
    struct recon_text schema_id;
    struct recon_text key_schema_id;
    bool has_specversion;
};

struct recon_message_decoder {
    struct recon_decoder_options options; /* as plans want them */
    struct recon_formats formats;
    struct recon_message_view *views[RECON_SHAPE_COUNT]; /* NULL: a shape that can't be */
    enum recon_shape guess;                              /* JSON or CLOUDEVENTS: what the last JSON object was */
    bool needs_marks;                                    /* headers may say what a message, its value or its key is */
    bool reads_headers;                                  /* ... or are mapped */
    bool keys_later;                                     /* asked for, and an identity is one field in every shape */
    struct recon_json_index *index;
    struct recon_json_block *block; /* values that were scanned; NULL: none ever was */
    char *scratch;
    size_t scratch_size;
    struct recon_registry registry;
    struct recon_path key_path; /* a key that is Avro is one value */
    struct recon_plan key_plan;
    struct recon_schema_wanted wanted;
    size_t value_bytes_max;
};

/* One call's message. */
struct recon_call {
    struct recon_message_decoder *decoder;
    const struct recon_message *message;
    struct recon_batch *batch;
    struct recon_marks marks;
};

/* message_judge.c */
struct recon_marks recon_marks_find(const struct recon_message *message);
/* A CloudEvent in structured mode, by its content type; in binary mode. */
bool recon_marks_structured(const struct recon_marks *marks);
bool recon_marks_binary(const struct recon_marks *marks);
/* The content type is JSON's, or absent: that means JSON by CloudEvents' own rule. */
bool recon_marks_json(const struct recon_marks *marks);
enum recon_shape recon_shape_judge(const struct recon_call *call);
/* The first byte that JSON does not pass over; NUL: there is none. */
char recon_value_first_byte(struct recon_text value);

/* message_value.c: RECON_OK, RECON_ERROR_MEMORY or RECON_MESSAGE_SCHEMA_WANTED. */
/* Fills the view's found with what is outside of the value. */
int recon_value_look(const struct recon_call *call, struct recon_message_view *view);
int recon_value_read(const struct recon_call *call, enum recon_shape shape);
int recon_value_reject(const struct recon_call *call);

#endif
