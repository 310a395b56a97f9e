/* Avro object files: what each type is as an ID and as a time, blocks and their codecs, and what damage does. */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode.h"
#include "recon/status.h"

struct bytes {
    char *bytes;
    size_t size;
};

/* A file of tests/data/avro; with room for a few bytes more. */
static struct bytes load(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "tests/data/avro/%s.avro", name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s is not there", path);
    struct bytes read = {.bytes = malloc(1 << 20)};
    assert_non_null(read.bytes);
    read.size = fread(read.bytes, 1, (1 << 20) - 64, file);
    fclose(file);
    return read;
}

static void avro_init(struct decode *decode, int stream)
{
    decode_init(decode, stream);
    decode->mapping.schemas[0].format = RECON_FORMAT_AVRO;
}

static void map_id(struct decode *decode, const char *path)
{
    decode_field(&decode->mapping.schemas[0].id[0], path);
    decode->mapping.schemas[0].id_count = 1;
}

/* A file made by hand: header with the schema, one block of the given bytes. */
static struct bytes make(const char *schema, int count, const char *body, size_t body_size)
{
    struct bytes made = {.bytes = malloc(strlen(schema) + body_size + 200)};
    assert_non_null(made.bytes);
    const size_t schema_size = strlen(schema);
    char *at = made.bytes;
    at += sprintf(at, "Obj\x01\x02\x16"
                      "avro.schema");
    *at++ = (char)(schema_size << 1 | 0x80);
    *at++ = (char)(schema_size >> 6 & 0x7f);
    assert_true(schema_size < 8192);
    memcpy(at, schema, schema_size);
    at += schema_size;
    *at++ = '\0';
    memset(at, 's', 16);
    at += 16;
    assert_true(count < 64 && body_size < 8192);
    *at++ = (char)(count << 1);
    *at++ = (char)(body_size << 1 | 0x80);
    *at++ = (char)(body_size >> 6 & 0x7f);
    memcpy(at, body, body_size);
    at += body_size;
    memset(at, 's', 16);
    made.size = (size_t)(at - made.bytes) + 16;
    return made;
}
#define MAKE(schema, count, body) make((schema), (count), (body), sizeof(body) - 1)

static void fails(const struct decode *decode, struct bytes file, const char *words)
{
    struct decoded decoded;
    decode_run(decode, file.bytes, file.size, 0, &decoded);
    const char *fault = strstr(decoded.text, "fault ");
    if (fault == NULL || strstr(fault, words) == NULL)
        fail_msg("came\n%snot a fault with '%s'", decoded.text, words);
    decode_expect(decode, file.bytes, file.size, decoded.text);
    decoded_deinit(&decoded);
}

static void the_audit_records_own_schema_is_read_as_it_is(void **state)
{
    (void)state;
    struct decode decode;
    struct bytes file = load("audit");
    avro_init(&decode, RECON_STREAM_AUDIT);
    decode.mapping.schemas[0].format = RECON_FORMAT_AUTO;
    decode_expect(&decode, file.bytes, file.size,
                  "record 1 id=a-1 source=shop time=1360321200123 emitted=1360321201123 context=order 17\n"
                  "record 2 id=a-2 time=1360321200123\n");
    decode.options.source_in_identity = true;
    decode_expect(&decode, file.bytes, file.size,
                  "record 1 id=a-1 source=shop time=1360321200123 emitted=1360321201123 context=order 17\n"
                  "rejected 2 no_source id=a-2 time=1360321200123\n");
    decode_deinit(&decode);
    free(file.bytes);
}

/* The schema that is handed out, and not only the file that was made with it one day. */
static void the_schema_that_is_handed_out_is_the_audit_records(void **state)
{
    (void)state;
    char schema[4096] = "";
    FILE *file = fopen("schemas/audit.avsc", "rb");
    assert_non_null(file);
    assert_true(fread(schema, 1, sizeof schema - 1, file) > 0);
    fclose(file);
    struct decode decode;
    struct bytes made = MAKE(schema, 2,
                             "\x02"
                             "a\x0a\x02\x0c\x02\x02s\x02\x02"
                             "c\x02"
                             "b\x0a\x00\x00\x00");
    avro_init(&decode, RECON_STREAM_AUDIT);
    decode_expect(&decode, made.bytes, made.size,
                  "record 1 id=a source=s time=5 emitted=6 context=c\nrecord 2 id=b time=5\n");
    decode_deinit(&decode);
    free(made.bytes);
}

static void every_codec_gives_the_same_records(void **state)
{
    (void)state;
    static const char *const names[] = {"codec-null", "codec-deflate", "codec-snappy", "codec-zstandard"};
    char *expected = malloc(1500 * 64);
    assert_non_null(expected);
    size_t size = 0;
    for (int i = 0; i < 1500; i++)
        size += (size_t)sprintf(expected + size, "record %d id=id-%d time=%d\n", i + 1, i, 1000 * i);
    struct decode decode;
    avro_init(&decode, RECON_STREAM_EVENTS);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct bytes file = load(names[i]);
        decode_expect(&decode, file.bytes, file.size, expected);
        free(file.bytes);
    }
    struct bytes unknown = load("codec-bzip2");
    fails(&decode, unknown, "its codec `bzip2` is not known here: null, deflate, snappy and zstandard are");
    free(unknown.bytes);
    free(expected);
    decode_deinit(&decode);
}

/* Of the three records of types.avro. */
static void every_type_is_an_id_or_malformed(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *ids[3]; /* `!REASON` where it is rejected */
    } cases[] = {
        {"text", {"\xc3\xa9-1", "\xc3\xa9-1", "\xc3\xa9-1"}},
        {"int", {"-7", "-7", "-7"}},
        {"long", {"4611686018427387904", "4611686018427387904", "4611686018427387904"}},
        {"bytes", {"raw", "!malformed", "raw"}},
        {"fixed", {"abc", "!malformed", "abc"}},
        {"enum", {"GREEN", "GREEN", "GREEN"}},
        {"uuid",
         {"01234567-89ab-cdef-0123-456789abcdef", "01234567-89ab-cdef-0123-456789abcdef",
          "01234567-89ab-cdef-0123-456789abcdef"}},
        {"float", {"!malformed", "!malformed", "!malformed"}},
        {"double", {"!malformed", "!malformed", "!malformed"}},
        {"boolean", {"!malformed", "!malformed", "!malformed"}},
        {"decimal", {"!malformed", "!malformed", "!malformed"}},
        {"before", {"!malformed", "!malformed", "!malformed"}},
        {"date", {"2013-02-08", "2013-02-08", "1969-12-31"}},
        {"millis", {"1360321200123", "1360321200123", "1360321200123"}},
        {"maybe", {"text", "!no_id", "1360321200123456"}},
        {"nested", {"!malformed", "!no_id", "!malformed"}},
        {"nested.id", {"1", "!no_id", "!no_id"}},
        {"/nested/id", {"1", "!no_id", "!no_id"}},
        {"nested.parent.id", {"2", "!no_id", "!no_id"}},
        {"nested.headers.trace", {"t1", "!no_id", "tNone"}},
        {"nested.headers.absent", {"!no_id", "!no_id", "!no_id"}},
    };
    struct bytes file = load("types");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char expected[512] = "";
        for (int j = 0; j < 3; j++) {
            const char *id = cases[i].ids[j];
            char line[128];
            snprintf(line, sizeof line, *id == '!' ? "rejected %d %s\n" : "record %d id=%s time=0\n", j + 1,
                     id + (*id == '!'));
            strcat(expected, line);
        }
        struct decode decode;
        avro_init(&decode, RECON_STREAM_EVENTS);
        decode.options.timeless = true;
        map_id(&decode, cases[i].path);
        struct decoded decoded;
        decode_run(&decode, file.bytes, file.size, 0, &decoded);
        if (strcmp(decoded.text, expected) != 0)
            fail_msg("%s is\n%snot\n%s", cases[i].path, decoded.text, expected);
        decoded_deinit(&decoded);
        decode_expect(&decode, file.bytes, file.size, expected);
        decode_deinit(&decode);
    }
    free(file.bytes);
}

static void every_type_is_a_time_or_none(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *zone;
        long long times[3]; /* -1: none */
    } cases[] = {
        {"millis", NULL, {1360321200123, 1360321200123, 1360321200123}},
        {"micros", NULL, {1360321200123, -367678799877, 1360321200123}}, /* whatever the unit is */
        {"nanos", NULL, {1360321200123, 1360321200123, 1360321200123}},
        {"local", NULL, {1360321200123, 1360321200123, -1000 + 999}},
        {"local", "Europe/Paris", {1360317600123, 1360317600123, -3600001}},
        {"date", NULL, {1360281600000, 1360281600000, -86400000}},
        {"date", "Europe/Paris", {1360278000000, 1360278000000, -90000000}},
        {"int", NULL, {-7000, -7000, -7000}}, /* plain: in the unit, seconds here */
        {"nested.id", NULL, {1000, -1, -1}},
        {"maybe", NULL, {-1, -1, 1360321200123}},
        {"double", NULL, {-1, -1, -1}},
        {"long", NULL, {-1, -1, -1}}, /* too large */
        {"text", NULL, {-1, -1, -1}},
    };
    struct bytes file = load("types");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char expected[512] = "";
        for (int j = 0; j < 3; j++) {
            char line[128];
            const long long time = cases[i].times[j];
            const bool has_time = time != -1 || strcmp(cases[i].path, "local") == 0;
            snprintf(line, sizeof line, has_time ? "record %d id=GREEN time=%lld\n" : "record %d id=GREEN\n", j + 1,
                     time);
            strcat(expected, line);
        }
        struct decode decode;
        avro_init(&decode, RECON_STREAM_EVENTS);
        map_id(&decode, "enum");
        decode_field(&decode.mapping.schemas[0].time, cases[i].path);
        decode.mapping.schemas[0].time_unit = RECON_UNIT_S;
        if (cases[i].zone != NULL)
            decode.mapping.schemas[0].zone = decode_copy(cases[i].zone);
        decode_expect(&decode, file.bytes, file.size, expected);
        decode_deinit(&decode);
    }
    free(file.bytes);
}

static void a_context_that_is_no_text_is_json(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *context; /* of the first record */
    } cases[] = {
        {"double", "2.5"},
        {"boolean", "true"},
        {"before", "[{\"a\":1.5,\"b\":null},{}]"},
        {"nested.numbers", "{\"i\":-1,\"l\":1099511627776,\"f\":0.1,\"d\":1e+300,\"b\":true,\"n\":null}"},
        {"nested.colours", "[\"GREEN\",\"RED\"]"},
        {"nested.headers", "{\"trace\":\"t1\",\"other \\\"x\\\"\":\"\xc3\xa9\\n\"}"},
        {"decimal", NULL},
    };
    struct bytes file = load("types");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct decode decode;
        avro_init(&decode, RECON_STREAM_AUDIT);
        map_id(&decode, "nested.id"); /* a path through what is also asked for as a whole */
        decode_field(&decode.mapping.schemas[0].time, "millis");
        decode_field(&decode.mapping.schemas[0].context, cases[i].path);
        struct decoded decoded;
        decode_run(&decode, file.bytes, file.size, 0, &decoded);
        char expected[512];
        snprintf(expected, sizeof expected, "record 1 id=1 time=1360321200123%s%s\nrejected 2 ",
                 cases[i].context ? " context=" : "", cases[i].context ? cases[i].context : "");
        if (strncmp(decoded.text, expected, strlen(expected)) != 0)
            fail_msg("came\n%snot\n%s", decoded.text, expected);
        decoded_deinit(&decoded);
        decode_deinit(&decode);
    }
    free(file.bytes);
}

static void a_schema_is_chosen_by_the_record(void **state)
{
    (void)state;
    struct decode decode;
    struct bytes file = load("kinds");
    avro_init(&decode, RECON_STREAM_EVENTS);
    decode_add_schema(&decode);
    decode_add_schema(&decode);
    struct recon_mapping *schemas = decode.mapping.schemas;
    for (size_t i = 0; i < 3; i++) {
        schemas[i].format = RECON_FORMAT_AVRO;
        schemas[i].has_when = true;
    }
    schemas[0].when.avro_record = decode_copy("com.example.Placed");
    decode_field(&schemas[0].time, "at");
    schemas[1].when.avro_record = decode_copy("Beat");
    schemas[1].heartbeat = true;
    schemas[2].when.avro_record = decode_copy("Placed"); /* the other one: the first that fits counts */
    schemas[2].ignore = true;
    decode_expect(&decode, file.bytes, file.size,
                  "record 1 id=p time=1360321200123\nheartbeat 2 time=5\nrejected 4 unmapped\nignored 1\n");
    decode_deinit(&decode);
    free(file.bytes);
}

static void what_is_mapped_must_be_in_the_schema(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *words;
    } cases[] = {
        {"txt", "the record `com.example.Types` has no `txt`, did you mean `text`?"},
        {"nothing_like_it", "the record `com.example.Types` has `before`, `text`, `int`"},
        {"nested.parent.idd", "the record `com.example.Order` has no `idd`, did you mean `id`?"},
        {"text.id", "no field `text.id`: what it lies in is no record"},
        {"nested.colours.0", "no field `nested.colours.0`: what it lies in is no record"},
    };
    struct bytes file = load("types");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct decode decode;
        avro_init(&decode, RECON_STREAM_EVENTS);
        decode.options.timeless = true;
        map_id(&decode, cases[i].path);
        fails(&decode, file, cases[i].words);
        decode_deinit(&decode);
    }
    free(file.bytes);
    struct decode decode;
    avro_init(&decode, RECON_STREAM_EVENTS);
    file = load("no-record");
    fails(&decode, file, "no records");
    free(file.bytes);
    file = load("empty");
    decode_expect(&decode, file.bytes, file.size, "");
    free(file.bytes);
    decode_deinit(&decode);
}

/* Every prefix of a file is whole records and then, unless it ends behind a block, a fault that names the next one. */
static void a_file_that_is_cut_off_is_a_fault(void **state)
{
    (void)state;
    struct decode decode;
    struct bytes file = load("kinds");
    avro_init(&decode, RECON_STREAM_EVENTS);
    decode.options.timeless = true;
    decode.mapping.schemas[0].has_when = true;
    decode.mapping.schemas[0].when.avro_record = decode_copy("Beat"); /* demands nothing of the schema */
    for (size_t size = 0; size < file.size; size++) {
        struct decoded decoded;
        decode_run(&decode, file.bytes, size, 0, &decoded);
        const bool in_header = strcmp(decoded.text, "fault it ends within the header of an Avro object file\n") == 0;
        const bool in_block = strcmp(decoded.text, "fault record 1: the file ends within a block\n") == 0;
        const bool between = *decoded.text == '\0'; /* and so is a file without a byte */
        if (!in_header && !in_block && !between)
            fail_msg("%zu bytes give\n%s", size, decoded.text);
        decoded_deinit(&decoded);
    }
    decode_deinit(&decode);
    free(file.bytes);
}

static void damage_is_a_fault_that_names_the_record_reached(void **state)
{
    (void)state;
    struct decode decode;
    struct decoded whole, decoded;
    avro_init(&decode, RECON_STREAM_EVENTS);
    struct bytes file = load("codec-snappy");
    decode_run(&decode, file.bytes, file.size, 0, &whole);
    size_t fault_count = 0;
    /* snappy's blocks have checksums: no changed bit may change a record. */
    for (size_t i = 250; i < file.size; i += 37) {
        file.bytes[i] = (char)(file.bytes[i] ^ 0x10);
        decode_run(&decode, file.bytes, file.size, 0, &decoded);
        const char *fault = strstr(decoded.text, "fault ");
        if (fault == NULL)
            fail_msg("byte %zu changes nothing", i);
        unsigned long long number = 0, line_count = 0;
        assert_int_equal(sscanf(fault, "fault record %llu: ", &number), 1);
        for (const char *line = decoded.text; line < fault; line = strchr(line, '\n') + 1)
            line_count++;
        assert_int_equal(number, line_count + 1);
        assert_memory_equal(decoded.text, whole.text, (size_t)(fault - decoded.text));
        fault_count++;
        decoded_deinit(&decoded);
        file.bytes[i] = (char)(file.bytes[i] ^ 0x10);
    }
    assert_true(fault_count > 100);
    decoded_deinit(&whole);
    free(file.bytes);

    file = load("codec-null");
    file.bytes[0] = 'o';
    fails(&decode, file, "it is no Avro object file");
    file.bytes[0] = 'O';
    file.bytes[file.size++] = '\x01'; /* behind the last block: the head of another */
    fails(&decode, file, "record 1501: the file ends within a block");
    file.bytes[file.size++] = '\x00';
    fails(&decode, file, "record 1501: the block that begins here is damaged"); /* -1 records */
    file.bytes[file.size - 2] = 2;
    memset(file.bytes + file.size, '\xff', 9);
    file.bytes[file.size - 1] = '\xfe';
    file.bytes[file.size + 8] = 1;
    file.size += 9;
    fails(&decode, file, "record 1501: the block that begins here is damaged, or larger than 256 MiB");
    free(file.bytes);
    decode_deinit(&decode);
}

static void hostile_values_are_faults(void **state)
{
    (void)state;
#define ID "{\"name\":\"id\",\"type\":\"string\"}"
#define WITH(type) "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"x\",\"type\":" type "}," ID "]}"
    static const struct {
        const char *schema;
        int count;
        const char *body;
        size_t size;
        const char *expected; /* of what comes, the start */
    } cases[] = {
        {WITH("\"null\""), 1,
         "\x02"
         "a",
         2, "record 1 id=a time=0\n"},
        {WITH("\"null\""), 2,
         "\x02"
         "a",
         2, "record 1 id=a time=0\nfault record 2: "},
        {WITH("\"null\""), 3,
         "\x02"
         "a",
         2, "fault record 1: the block that begins here is damaged: it has more"},
        {WITH("\"null\""), 1,
         "\x02"
         "ab",
         3, "record 1 id=a time=0\nfault record 2: the block before it"},
        {WITH("\"null\""), 1,
         "\x04"
         "a",
         2, "fault record 1: "}, /* text too long */
        {WITH("\"null\""), 1,
         "\x01"
         "a",
         2, "fault record 1: "},                                                                       /* of -1 bytes */
        {WITH("\"null\""), 1, "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, "fault record 1: "},     /* of 2^63 - 1 */
        {WITH("\"null\""), 1, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, "fault record 1: "}, /* no number */
        {WITH("\"null\""), 1, "\x02\xff", 2, "rejected 1 malformed\n"},
        {WITH("[\"null\",\"int\"]"), 1,
         "\x04\x02"
         "a",
         3, "fault record 1: "}, /* no such branch */
        {WITH("[\"null\",\"int\"]"), 1,
         "\x01\x02"
         "a",
         3, "fault record 1: "},
        {WITH("{\"type\":\"array\",\"items\":\"null\"}"), 1,
         "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x02"
         "a",
         13, "record 1 id=a time=0\n"}, /* 2^63 - 1 nulls, in no time */
        {WITH("{\"type\":\"array\",\"items\":\"int\"}"), 1,
         "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x02"
         "a",
         13, "fault record 1: "},
        {WITH("{\"type\":\"array\",\"items\":\"int\"}"), 1,
         "\x01\x02\x08\x00\x02"
         "a",
         6, "record 1 id=a time=0\n"},
        {WITH("{\"type\":\"array\",\"items\":\"int\"}"), 1,
         "\x01\x40\x08\x00\x02"
         "a",
         6, "fault record 1: "},
        {WITH("{\"type\":\"array\",\"items\":\"int\"}"), 1,
         "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02\x08\x00\x02"
         "a",
         15, "fault record 1: "}, /* -2^63 items */
        {WITH("{\"type\":\"fixed\",\"name\":\"F\",\"size\":9223372036854775807}"), 1,
         "\x02"
         "a",
         2, "fault record 1: "},
        {WITH("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[]}"), 1,
         "\x00\x02"
         "a",
         3, "fault record 1: "},
        {WITH("[\"null\",\"R\"]"), 1,
         "\x02\x00\x02"
         "b\x02"
         "a",
         6, "record 1 id=a time=0\n"},
        {WITH("\"R\""), 1,
         "\x02"
         "a",
         2, "fault record 1: "}, /* R within R without an end */
        {WITH("{\"type\":\"array\",\"items\":\"R\"}"), 1,
         "\x02\x00\x02"
         "b\x00\x02"
         "a",
         7, "record 1 id=a time=0\n"},
        {"{}", 1, "", 0, "fault its schema has something that is no type"},
        {"[", 1, "", 0, "fault its schema is no JSON"},
        {"\"R\"", 1, "", 0, "fault its schema has an unknown type `R`"},
        {"[\"null\"]", 1, "", 0, "fault the values are no records"},
        {WITH("{\"type\":\"record\",\"name\":\"R\",\"fields\":[]}"), 1, "", 0,
         "fault its schema defines twice the type `R`"},
        {WITH("{\"type\":\"record\",\"name\":\"S\"}"), 1, "", 0, "fault its schema lists no fields for `S`"},
        {WITH("{\"type\":\"enum\",\"name\":\"E\"}"), 1, "", 0, "fault its schema lists no symbols for `E`"},
        {WITH("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[1]}"), 1, "", 0, "fault its schema has a symbol"},
        {WITH("{\"type\":\"fixed\",\"name\":\"F\",\"size\":-1}"), 1, "", 0, "fault its schema gives no size for `F`"},
        {WITH("{\"type\":\"fixed\",\"size\":1}"), 1, "", 0, "fault its schema has a type without a name"},
        {"{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"type\":\"int\"}]}", 1, "", 0,
         "fault its schema has a field without a name in `R`"},
        {WITH("{\"type\":\"array\"}"), 1, "", 0, "fault its schema has something that is no type"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct decode decode;
        struct decoded decoded;
        struct bytes file = make(cases[i].schema, cases[i].count, cases[i].body, cases[i].size);
        avro_init(&decode, RECON_STREAM_EVENTS);
        decode.options.timeless = true;
        decode_run(&decode, file.bytes, file.size, 0, &decoded);
        if (strncmp(decoded.text, cases[i].expected, strlen(cases[i].expected)) != 0)
            fail_msg("case %zu, %s gave\n%snot\n%s", i, cases[i].schema, decoded.text, cases[i].expected);
        decode_expect(&decode, file.bytes, file.size, decoded.text);
        decoded_deinit(&decoded);
        decode_deinit(&decode);
        free(file.bytes);
    }
}

/* A context that is no UTF-8 is not left out in silence. */
static void a_string_that_is_no_text_is_malformed_wherever_it_is_looked_at(void **state)
{
    (void)state;
    static const char *const fields[] = {"context", "time", "source"};
    struct bytes file = MAKE(WITH("\"string\""), 2,
                             "\x02\xff\x02"
                             "a\x02x\x02"
                             "b");
    for (size_t i = 0; i < 3; i++) {
        struct decode decode;
        avro_init(&decode, RECON_STREAM_AUDIT);
        decode.options.timeless = true;
        struct recon_mapping *schema = &decode.mapping.schemas[0];
        decode_field(i == 0 ? &schema->context : i == 1 ? &schema->time : &schema->source, "x");
        struct decoded decoded;
        decode_run(&decode, file.bytes, file.size, 0, &decoded);
        if (strncmp(decoded.text, "rejected 1 malformed\nrecord 2 id=b", 34) != 0)
            fail_msg("as %s: %s", fields[i], decoded.text);
        decoded_deinit(&decoded);
        decode_deinit(&decode);
    }
    free(file.bytes);
}

static void a_context_that_would_be_huge_as_json_is_malformed(void **state)
{
    (void)state;
    struct decode decode;
    avro_init(&decode, RECON_STREAM_AUDIT);
    decode.options.timeless = true;
    decode_field(&decode.mapping.schemas[0].context, "x");
    struct bytes file = MAKE(WITH("{\"type\":\"array\",\"items\":\"null\"}"), 2,
                             "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x02"
                             "a\x04\x00\x02"
                             "b");
    decode_expect(&decode, file.bytes, file.size, "rejected 1 malformed\nrecord 2 id=b time=0 context=[null,null]\n");
    free(file.bytes);
    decode_deinit(&decode);
}

/* Forty records, each twice in the next: 2^40 values without a byte. */
static void what_has_no_bytes_takes_no_time(void **state)
{
    (void)state;
    struct decode decode;
    avro_init(&decode, RECON_STREAM_EVENTS);
    decode.options.timeless = true;
    char schema[8000] = "", type[64] = "\"null\"";
    size_t size = (size_t)sprintf(schema, "{\"type\":\"record\",\"name\":\"R\",\"fields\":[");
    for (int i = 0; i < 40; i++) {
        size += (size_t)sprintf(schema + size,
                                "{\"name\":\"f%d\",\"type\":{\"type\":\"record\",\"name\":\"R%d\",\"fields\":["
                                "{\"name\":\"a\",\"type\":%s},{\"name\":\"b\",\"type\":%s}]}},",
                                i, i, type, type);
        sprintf(type, "\"R%d\"", i);
    }
    sprintf(schema + size, ID "]}");
    struct bytes file = MAKE(schema, 1,
                             "\x02"
                             "a");
    decode_expect(&decode, file.bytes, file.size, "record 1 id=a time=0\n");
    free(file.bytes);
    decode_deinit(&decode);
}

/* Deep values and deep schemas end in a fault, not in the stack's end. */
static void depth_is_bounded(void **state)
{
    (void)state;
    struct decode decode;
    avro_init(&decode, RECON_STREAM_EVENTS);
    decode.options.timeless = true;
    char body[4000];
    memset(body, '\x02', sizeof body); /* another R within R, for ever */
    struct bytes file = make(WITH("[\"null\",\"R\"]"), 1, body, sizeof body);
    fails(&decode, file, "record 1: it is damaged");
    free(file.bytes);

    char schema[8000] = "";
    for (int i = 0; i < 300; i++)
        strcat(schema, "{\"type\":\"array\",\"items\":");
    file = make(schema, 1, "", 0);
    fails(&decode, file, "its schema");
    free(file.bytes);
    strcat(schema, "\"int\"");
    for (int i = 0; i < 300; i++)
        strcat(schema, "}");
    file = make(schema, 1, "", 0);
    fails(&decode, file, "its schema is nested too deeply");
    free(file.bytes);
    decode_deinit(&decode);
}

static void names_are_found_in_their_namespaces(void **state)
{
    (void)state;
    struct decode decode;
    avro_init(&decode, RECON_STREAM_EVENTS);
    decode.options.timeless = true;
    map_id(&decode, "b.id");
    struct bytes file = MAKE("{\"type\":\"record\",\"name\":\"A\",\"namespace\":\"x.y\",\"fields\":["
                             "{\"name\":\"a\",\"type\":{\"type\":\"record\",\"name\":\"z.B\",\"fields\":[" ID "]}},"
                             "{\"name\":\"f\",\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"size\":1}},"
                             "{\"name\":\"g\",\"type\":\"F\"},{\"name\":\"h\",\"type\":\"x.y.F\"},"
                             "{\"name\":\"b\",\"type\":\"z.B\"}]}",
                             1,
                             "\x02"
                             "a123\x02"
                             "b");
    decode_expect(&decode, file.bytes, file.size, "record 1 id=b time=0\n");
    free(file.bytes);
    decode_deinit(&decode);
}

static void whether_there_is_a_time_shows_in_the_schema(void **state)
{
    (void)state;
    struct decode decode;
    avro_init(&decode, RECON_STREAM_EVENTS);
    struct bytes file = load("codec-deflate");
    assert_int_equal(recon_decoder_has_time(&decode.options, file.bytes, file.size, true), 1);
    assert_int_equal(recon_decoder_has_time(&decode.options, file.bytes, 100, false), -1);
    free(file.bytes);
    file = MAKE("{\"type\":\"record\",\"name\":\"R\",\"fields\":[" ID "]}", 1,
                "\x02"
                "a");
    assert_int_equal(recon_decoder_has_time(&decode.options, file.bytes, file.size, true), 0);
    free(file.bytes);
    decode_deinit(&decode);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_audit_records_own_schema_is_read_as_it_is),
        cmocka_unit_test(the_schema_that_is_handed_out_is_the_audit_records),
        cmocka_unit_test(every_codec_gives_the_same_records),
        cmocka_unit_test(every_type_is_an_id_or_malformed),
        cmocka_unit_test(every_type_is_a_time_or_none),
        cmocka_unit_test(a_context_that_is_no_text_is_json),
        cmocka_unit_test(a_schema_is_chosen_by_the_record),
        cmocka_unit_test(what_is_mapped_must_be_in_the_schema),
        cmocka_unit_test(a_file_that_is_cut_off_is_a_fault),
        cmocka_unit_test(damage_is_a_fault_that_names_the_record_reached),
        cmocka_unit_test(hostile_values_are_faults),
        cmocka_unit_test(a_string_that_is_no_text_is_malformed_wherever_it_is_looked_at),
        cmocka_unit_test(a_context_that_would_be_huge_as_json_is_malformed),
        cmocka_unit_test(what_has_no_bytes_takes_no_time),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(names_are_found_in_their_namespaces),
        cmocka_unit_test(whether_there_is_a_time_shows_in_the_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
