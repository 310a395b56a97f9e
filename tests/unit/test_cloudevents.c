/*
 * CloudEvents 1.0 in structured JSON, one a line.
 */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode.h"

#define EVENT(rest) "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"/s\"," rest "}\n"

static void begin(struct decode *decode, int stream)
{
    decode_init(decode, stream);
    decode->mapping.schemas[0].format = RECON_FORMAT_CLOUDEVENTS;
}

static void the_envelope_says_id_source_and_time(void **state)
{
    (void)state;
    static const char event[] = EVENT("\"id\":\"a\",\"time\":\"1970-01-01T00:00:05Z\",\"data\":{\"id\":\"b\"}");
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++) {
        struct decode decode;
        begin(&decode, stream);
        decode_expect(&decode, event, sizeof event - 1, "record 1 id=a source=/s time=5000\n");
        decode_deinit(&decode);
    }
}

static void fields_of_the_payload_can_be_mapped(void **state)
{
    (void)state;
    struct decode decode;
    begin(&decode, RECON_STREAM_EVENTS);
    decode_field(&decode.mapping.schemas[0].id[0], "data.order.id");
    decode.mapping.schemas[0].id_count = 1;
    decode_field(&decode.mapping.schemas[0].time, "/data/ts");
    DECODE_EXPECT(&decode, EVENT("\"id\":\"a\",\"data\":{\"order\":{\"id\":7},\"ts\":8}") EVENT("\"id\":\"a\""),
                  "record 1 id=7 source=/s time=8\nrejected 2 no_id source=/s\n");
    decode_deinit(&decode);
}

static void another_specversion_is_malformed(void **state)
{
    (void)state;
    struct decode decode;
    begin(&decode, RECON_STREAM_EVENTS);
    DECODE_EXPECT(
        &decode,
        "{\"specversion\":\"1.0\",\"id\":\"a\",\"time\":1}\n"
        "{\"specversion\":\"1.1\",\"id\":\"b\",\"time\":1}\n"
        "{\"specversion\":\"0.3\",\"id\":\"c\",\"time\":1}\n"
        "{\"specversion\":\"2.0\",\"id\":\"d\",\"time\":1}\n"
        "{\"specversion\":\"10.0\",\"id\":\"d\",\"time\":1}\n"
        "{\"specversion\":\"1.\",\"id\":\"d\",\"time\":1}\n"
        "{\"specversion\":1.0,\"id\":\"e\",\"time\":1}\n"
        "{\"specversion\":null,\"id\":\"f\",\"time\":1}\n"
        "{\"id\":\"g\",\"time\":1}\n",
        "record 1 id=a time=1\nrecord 2 id=b time=1\nrejected 3 malformed id=c time=1\n"
        "rejected 4 malformed id=d time=1\nrejected 5 malformed id=d time=1\nrejected 6 malformed id=d time=1\n"
        "rejected 7 malformed id=e time=1\nrejected 8 malformed id=f time=1\nrejected 9 malformed id=g time=1\n");
    decode_deinit(&decode);
}

static void missing_attributes_have_their_reasons(void **state)
{
    (void)state;
    struct decode decode;
    begin(&decode, RECON_STREAM_AUDIT);
    decode.options.source_in_identity = true;
    DECODE_EXPECT(&decode,
                  EVENT("\"time\":1") EVENT("\"id\":\"a\"") "{\"specversion\":\"1.0\",\"id\":\"a\",\"time\":1}\n",
                  "rejected 1 no_id source=/s time=1\nrejected 2 no_time id=a source=/s\n"
                  "rejected 3 no_source id=a time=1\n");
    decode_deinit(&decode);
}

static void the_type_chooses_the_schema(void **state)
{
    (void)state;
    struct decode decode;
    decode_init(&decode, RECON_STREAM_EVENTS);
    decode.mapping.schemas[0].has_when = true;
    decode.mapping.schemas[0].when.cloudevents_type = decode_copy("placed");
    struct recon_mapping *schema = decode_add_schema(&decode);
    schema->has_when = true;
    schema->when.cloudevents_type = decode_copy("ping");
    schema->heartbeat = true;
    schema = decode_add_schema(&decode);
    schema->has_when = true;
    schema->format = RECON_FORMAT_JSON;
    decode_field(&schema->when.field, "legacy");
    schema->when.field_equals = decode_copy("true");
    decode_field(&schema->id[0], "key");
    schema->id_count = 1;
    DECODE_EXPECT(&decode,
                  "{\"legacy\":true,\"key\":\"z\",\"time\":9,\"source\":\"t\"}\n"
                  "{\"specversion\":\"1.0\",\"type\":\"placed\",\"source\":\"s\",\"id\":\"a\",\"time\":1}\n"
                  "{\"specversion\":\"1.0\",\"type\":\"ping\",\"source\":\"s\",\"id\":\"a\",\"time\":2}\n"
                  "{\"specversion\":\"1.0\",\"type\":\"paid\",\"source\":\"s\",\"id\":\"a\",\"time\":1}\n"
                  "{\"specversion\":\"0.3\",\"type\":\"placed\",\"source\":\"s\",\"id\":\"a\",\"time\":1}\n",
                  "record 1 id=z time=9\nrecord 2 id=a source=s time=1\nheartbeat 3 time=2\nrejected 4 unmapped\n"
                  "rejected 5 unmapped\n");
    decode_deinit(&decode);
}

static void a_file_of_several_kinds_may_hold_what_is_no_cloudevent(void **state)
{
    (void)state;
    struct decode decode;
    decode_init(&decode, RECON_STREAM_EVENTS);
    decode.mapping.schemas[0].has_when = true;
    decode_field(&decode.mapping.schemas[0].when.field, "kind");
    decode.mapping.schemas[0].when.field_equals = decode_copy("k");
    decode_add_schema(&decode);
    DECODE_EXPECT(&decode,
                  EVENT("\"id\":\"a\",\"time\":1") "{\"kind\":\"k\",\"id\":\"b\",\"time\":2}\n"
                                                   "{\"id\":\"c\",\"time\":3}\n",
                  "record 1 id=a source=/s time=1\nrecord 2 id=b time=2\nrejected 3 malformed id=c time=3\n");
    decode_deinit(&decode);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_envelope_says_id_source_and_time),
        cmocka_unit_test(fields_of_the_payload_can_be_mapped),
        cmocka_unit_test(another_specversion_is_malformed),
        cmocka_unit_test(missing_attributes_have_their_reasons),
        cmocka_unit_test(the_type_chooses_the_schema),
        cmocka_unit_test(a_file_of_several_kinds_may_hold_what_is_no_cloudevent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
