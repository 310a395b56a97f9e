/*
 * Batches: texts stay where they are, and a used batch begins anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/batch.h"

static void texts_stay_where_they_are_until_the_clear(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 60000, 10000, 3000000, 0, 7};
    enum { COUNT = sizeof sizes / sizeof sizes[0] };
    struct recon_batch batch;
    recon_batch_init(&batch);
    for (int round = 0; round < 3; round++) {
        char *texts[COUNT];
        for (int i = 0; i < COUNT; i++) {
            texts[i] = recon_batch_bytes(&batch, sizes[i]);
            assert_non_null(texts[i]);
            memset(texts[i], 'a' + i, sizes[i]);
        }
        for (int i = 0; i < COUNT; i++)
            for (size_t j = 0; j < sizes[i]; j++)
                assert_int_equal(texts[i][j], 'a' + i);
        recon_batch_clear(&batch);
    }
    recon_batch_deinit(&batch);
}

static void a_record_counts_once_it_is_pushed(void **state)
{
    (void)state;
    struct recon_batch batch;
    recon_batch_init(&batch);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 3 * RECON_BATCH_RECORD_COUNT; i++) {
            struct recon_record *given_up = recon_batch_next(&batch);
            assert_non_null(given_up);
            given_up->offset = -1;
            struct recon_record *record = recon_batch_next(&batch);
            assert_non_null(record);
            assert_int_equal(record->offset, 0);
            record->offset = i;
            recon_batch_push(&batch);
        }
        assert_int_equal(batch.count, 3 * RECON_BATCH_RECORD_COUNT);
        for (int i = 0; i < 3 * RECON_BATCH_RECORD_COUNT; i++)
            assert_int_equal(batch.records[i].offset, i);
        batch.ignored = 5;
        recon_batch_clear(&batch);
        assert_int_equal(batch.count, 0);
        assert_int_equal(batch.ignored, 0);
    }
    recon_batch_deinit(&batch);
    recon_batch_deinit(&batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_stay_where_they_are_until_the_clear),
        cmocka_unit_test(a_record_counts_once_it_is_pushed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
