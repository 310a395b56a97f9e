/*
 * Snapshots as files: whole under their name or not there, the last two kept, and a disk that fails is told of.
 */
#define _XOPEN_SOURCE 700

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recon/status.h"
#include "service/snapshot_file.h"
#include "service/snapshot_head.h"

static char folder[64];

static int folder_make(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/recon-snapshots-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int folder_remove(void **state)
{
    (void)state;
    char command[96];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command); /* NOLINT(cert-env33-c): a folder of our own */
}

static bool never(void *context, const char *name)
{
    return strcmp(context, name) != 0;
}

static enum recon_snapshot_file_state write_one(const struct recon_snapshot_file_options *options, size_t pieces,
                                                char *message)
{
    struct recon_snapshot_file *file = NULL;
    assert_int_equal(recon_snapshot_file_new(options, &file), RECON_OK);
    for (size_t i = 0; i < pieces; i++) {
        char *piece = recon_snapshot_file_piece(file, true);
        if (piece == NULL) /* it failed */
            break;
        memset(piece, 'a' + (int)(i % 26), RECON_SNAPSHOT_PIECE_BYTES);
        recon_snapshot_file_put(file, i + 1 < pieces ? RECON_SNAPSHOT_PIECE_BYTES : 1);
    }
    recon_snapshot_file_end(file);
    enum recon_snapshot_file_state state;
    while ((state = recon_snapshot_file_look(file, 1000, message, 512)) == RECON_SNAPSHOT_FILE_OPEN)
        ;
    recon_snapshot_file_free(file);
    return state;
}

static enum recon_snapshot_file_state write_number(uint64_t number, uint64_t keep_from)
{
    char message[512];
    return write_one(
        &(struct recon_snapshot_file_options){
            .directory = folder, .name = "a", .number = number, .keep_from = keep_from},
        1, message);
}

static void list_is(const char *name, const uint64_t *expected, size_t expected_count)
{
    uint64_t *numbers = NULL;
    size_t count = 0;
    assert_int_equal(recon_snapshot_list(folder, name, &numbers, &count), RECON_OK);
    assert_int_equal(count, expected_count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(numbers[i], expected[i]);
    free(numbers);
}

static void a_snapshot_has_all_pieces_in_order(void **state)
{
    (void)state;
    char message[512];
    const struct recon_snapshot_file_options options = {.directory = folder, .name = "a", .number = 7};
    assert_int_equal(write_one(&options, 3 * RECON_SNAPSHOT_PIECE_COUNT, message), RECON_SNAPSHOT_FILE_WHOLE);
    char *path = recon_snapshot_path(folder, "a", 7);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *piece = test_malloc(RECON_SNAPSHOT_PIECE_BYTES);
    for (size_t i = 0; i < 3 * RECON_SNAPSHOT_PIECE_COUNT; i++) {
        const size_t size = i + 1 < 3 * RECON_SNAPSHOT_PIECE_COUNT ? RECON_SNAPSHOT_PIECE_BYTES : 1;
        assert_int_equal(fread(piece, 1, RECON_SNAPSHOT_PIECE_BYTES, file), size);
        assert_int_equal(piece[0], 'a' + (int)(i % 26));
        assert_int_equal(piece[size - 1], 'a' + (int)(i % 26));
    }
    fclose(file);
    test_free(piece);
    free(path);
}

static void those_before_the_one_kept_go_and_other_names_stay(void **state)
{
    (void)state;
    char message[512];
    assert_int_equal(write_number(1, 0), RECON_SNAPSHOT_FILE_WHOLE);
    assert_int_equal(write_number(2, 1), RECON_SNAPSHOT_FILE_WHOLE);
    const struct recon_snapshot_file_options other = {.directory = folder, .name = "a.b", .number = 1};
    assert_int_equal(write_one(&other, 1, message), RECON_SNAPSHOT_FILE_WHOLE);
    assert_int_equal(write_number(UINT64_MAX, 0), RECON_SNAPSHOT_FILE_WHOLE);
    list_is("a", (const uint64_t[]){UINT64_MAX, 2, 1}, 3);
    const uint64_t unwanted[] = {UINT64_MAX, 3};
    const struct recon_snapshot_file_options options = {
        .directory = folder, .name = "a", .number = 3, .keep_from = 2, .unwanted = unwanted, .unwanted_count = 2};
    assert_int_equal(write_one(&options, 1, message), RECON_SNAPSHOT_FILE_WHOLE);
    list_is("a", (const uint64_t[]){3, 2}, 2);
    list_is("a.b", (const uint64_t[]){1}, 1);
    list_is("b", NULL, 0);
}

static void one_that_fails_anywhere_leaves_those_before_it_and_no_other(void **state)
{
    (void)state;
    static const char *const places[] = {"snapshot-piece", "snapshot-sync", "snapshot-rename"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        char message[512] = "";
        char place[32];
        snprintf(place, sizeof place, "%s", places[i]);
        assert_int_equal(write_number(1, 0), RECON_SNAPSHOT_FILE_WHOLE);
        const struct recon_snapshot_file_options options = {
            .directory = folder, .name = "a", .number = 2, .keep_from = 2, .point = never, .context = place};
        assert_int_equal(write_one(&options, 100, message), RECON_SNAPSHOT_FILE_FAILED);
        assert_non_null(strstr(message, folder));
        list_is("a", (const uint64_t[]){1}, 1);
    }
    char gone[96];
    char message[512] = "";
    snprintf(gone, sizeof gone, "%s/not/there", folder);
    const struct recon_snapshot_file_options options = {.directory = gone, .name = "a", .number = 2};
    assert_int_equal(write_one(&options, 1, message), RECON_SNAPSHOT_FILE_FAILED);
    assert_non_null(strstr(message, "No such file"));
}

static void one_that_is_given_up_takes_no_name(void **state)
{
    (void)state;
    struct recon_snapshot_file *file = NULL;
    const struct recon_snapshot_file_options options = {.directory = folder, .name = "a", .number = 5};
    assert_int_equal(recon_snapshot_file_new(&options, &file), RECON_OK);
    for (size_t i = 0; i <= RECON_SNAPSHOT_PIECE_COUNT; i++) { /* so that one has been written */
        unsigned char *piece = recon_snapshot_file_piece(file, true);
        assert_non_null(piece);
        *piece = 1;
        recon_snapshot_file_put(file, 1);
    }
    recon_snapshot_file_free(file);
    list_is("a", NULL, 0);
}

/* --- the head ---------------------------------------------------------------------------------------------------- */

static struct recon_text text(const char *bytes)
{
    return (struct recon_text){bytes, (uint32_t)strlen(bytes)};
}

static void head_make(struct recon_buffer *buffer)
{
    struct recon_snapshot_partition partitions[] = {
        {.topic = text("orders"), .topic_partition = 3, .position = INT64_MAX, .time_max = INT64_MIN},
        {.stream = 1, .is_ended = true, .topic = text("x"), .position = 5, .time_max = -7},
    };
    const struct recon_snapshot_head head = {
        .entry_number = 9,
        .entry_offset = 18,
        .entry_hash = UINT64_MAX,
        .record_count = 4,
        .hash = UINT64_C(1) << 63,
        .result_count = 2,
        .now_ms = -1,
        .settings = text("interval: 5\n"),
        .published = text("p"),
        .partitions = partitions,
        .partition_count = 2,
    };
    assert_int_equal(recon_snapshot_head_write(&head, buffer), RECON_OK);
}

static void a_head_reads_back_as_it_was_written(void **state)
{
    (void)state;
    struct recon_buffer buffer;
    struct recon_snapshot_head head;
    size_t size = 0;
    recon_buffer_init(&buffer);
    head_make(&buffer);
    assert_int_equal(recon_snapshot_head_size(buffer.bytes, &size), RECON_OK);
    assert_int_equal(size, buffer.size);
    assert_int_equal(recon_snapshot_head_read((struct recon_text){buffer.bytes, (uint32_t)size}, &head), RECON_OK);
    assert_int_equal(head.entry_number, 9);
    assert_int_equal(head.entry_offset, 18);
    assert_true(head.entry_hash == UINT64_MAX && head.hash == UINT64_C(1) << 63);
    assert_int_equal(head.record_count, 4);
    assert_int_equal(head.result_count, 2);
    assert_int_equal(head.now_ms, -1);
    assert_int_equal(head.settings.size, 12);
    assert_int_equal(head.published.size, 1);
    assert_int_equal(head.partition_count, 2);
    assert_true(head.partitions[0].position == INT64_MAX && head.partitions[0].time_max == INT64_MIN);
    assert_int_equal(head.partitions[0].topic_partition, 3);
    assert_memory_equal(head.partitions[0].topic.bytes, "orders", 6);
    assert_true(head.partitions[1].is_ended && head.partitions[1].stream == 1 && !head.partitions[0].is_ended);
    assert_int_equal(head.partitions[1].time_max, -7);
    free(head.partitions);
    recon_buffer_deinit(&buffer);
}

static void a_head_with_any_byte_flipped_or_cut_off_is_refused(void **state)
{
    (void)state;
    struct recon_buffer buffer;
    struct recon_snapshot_head head;
    recon_buffer_init(&buffer);
    head_make(&buffer);
    for (size_t i = 0; i < buffer.size; i++) {
        buffer.bytes[i] ^= 4;
        assert_true(recon_snapshot_head_read((struct recon_text){buffer.bytes, (uint32_t)buffer.size}, &head) < 0);
        buffer.bytes[i] ^= 4;
        assert_true(recon_snapshot_head_read((struct recon_text){buffer.bytes, (uint32_t)i}, &head) < 0);
    }
    recon_buffer_deinit(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_snapshot_has_all_pieces_in_order, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(those_before_the_one_kept_go_and_other_names_stay, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(one_that_fails_anywhere_leaves_those_before_it_and_no_other, folder_make,
                                        folder_remove),
        cmocka_unit_test_setup_teardown(one_that_is_given_up_takes_no_name, folder_make, folder_remove),
        cmocka_unit_test(a_head_reads_back_as_it_was_written),
        cmocka_unit_test(a_head_with_any_byte_flipped_or_cut_off_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
