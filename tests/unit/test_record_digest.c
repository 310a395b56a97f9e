/*
 * Digests of records: the same for the same record, another one for whatever in it is another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "service/record_digest.h"

static struct recon_text text(const char *bytes)
{
    return (struct recon_text){.bytes = bytes, .size = (uint32_t)strlen(bytes)};
}

static struct recon_record plain(void)
{
    return (struct recon_record){.key = {.high = 1, .low = 2},
                                 .time = 3,
                                 .has_time = true,
                                 .offset = 4,
                                 .has_offset = true,
                                 .id = text("a"),
                                 .source = text("source-one"),
                                 .context = text("context")};
}

static void all_that_a_record_says_counts(void **state)
{
    (void)state;
    struct recon_record records[19];
    const size_t count = sizeof records / sizeof records[0];
    for (size_t i = 0; i < count; i++)
        records[i] = plain();
    records[1].key.high++;
    records[2].key.low++;
    records[3].time++;
    records[4].has_time = false;
    records[5].offset++;
    records[6].has_offset = false;
    records[7].partition = 1;
    records[8].place = 1;
    records[9].stream = 1;
    records[10].kind = RECON_KIND_HEARTBEAT;
    records[11].kind = RECON_KIND_REJECTED;
    records[12].kind = RECON_KIND_REJECTED;
    records[12].reason = RECON_REASON_NO_ID;
    records[13].has_emitted_time = true;
    records[14].source = text("source-two");
    records[15].source = (struct recon_text){0};
    records[16].context = text("contexT");
    records[17].context = text("context and more");
    records[18].kind = RECON_KIND_REJECTED;
    records[18].id = text("b");
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(recon_record_digest(&records[i]), recon_record_digest(&records[i]));
        for (size_t k = 0; k < i; k++)
            assert_true(recon_record_digest(&records[i]) != recon_record_digest(&records[k]));
    }
}

static void texts_that_lie_elsewhere_are_the_same(void **state)
{
    (void)state;
    char copy[] = "xsource-one";
    struct recon_record one = plain();
    struct recon_record other = plain();
    other.source = text(copy + 1);
    assert_int_equal(recon_record_digest(&one), recon_record_digest(&other));
}

static void the_order_of_records_counts(void **state)
{
    (void)state;
    assert_true(recon_digest_chain(recon_digest_chain(0, 1), 2) != recon_digest_chain(recon_digest_chain(0, 2), 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_a_record_says_counts),
        cmocka_unit_test(texts_that_lie_elsewhere_are_the_same),
        cmocka_unit_test(the_order_of_records_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
