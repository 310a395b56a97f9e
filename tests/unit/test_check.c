/*
 * The pipeline of bounded inputs: its order and its results are those of the files, whatever the threads do, and it
 * ends cleanly whichever side fails. Also the program that the thread sanitizer looks at.
 */
#define _XOPEN_SOURCE 700

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "recon/status.h"
#include "service/check.h"

#define FILE_COUNT_MAX 12

static char directory[] = "/tmp/recon-check-XXXXXX";
static char names[FILE_COUNT_MAX][64];
static struct recon_check_file files[FILE_COUNT_MAX];
static struct recon_config config;

struct seen {
    uint64_t hash; /* of all results in order */
    size_t count[RECON_RESULT_TYPE_COUNT];
    size_t note_count;
    size_t stop_after; /* results; 0: never */
};

static int on_results(void *context, const struct recon_result *results, size_t count)
{
    struct seen *seen = context;
    for (size_t i = 0; i < count; i++) {
        uint64_t word = (uint64_t)results[i].time ^ (uint64_t)results[i].watermark ^ results[i].counts.matched ^
                        (uint64_t)results[i].offset << 8 ^ results[i].type;
        for (uint32_t k = 0; k < results[i].id.size; k++)
            word = word * 31 + (unsigned char)results[i].id.bytes[k];
        seen->hash = (seen->hash ^ word) * UINT64_C(0x100000001b3);
        seen->count[results[i].type]++;
        if (seen->stop_after > 0 && --seen->stop_after == 0)
            return RECON_ERROR_IO;
    }
    return RECON_OK;
}

static int on_idle(void *context)
{
    (void)context;
    return RECON_OK;
}

static void on_note(void *context, const char *text)
{
    struct seen *seen = context;
    assert_true(strlen(text) > 0);
    seen->note_count++;
}

static void on_progress(void *context, const struct recon_check_progress *progress)
{
    (void)context;
    assert_true(progress->total_bytes == 0 || progress->taken_bytes <= progress->total_bytes);
}

static struct recon_check_options options_for(size_t file_count, struct seen *seen)
{
    return (struct recon_check_options){
        .config = &config,
        .files = files,
        .file_count = file_count,
        .report = RECON_REPORT_ALL,
        .now_ms = 1000000000,
        .memory_limit_bytes = UINT64_MAX,
        .listener = {.context = seen, .results = on_results, .idle = on_idle, .note = on_note, .progress = on_progress},
    };
}

/* Lines of one stream, dealt out to file_count files. One audited ID in seven has no event. */
static void write_files(size_t first, size_t file_count, int stream, size_t line_count)
{
    FILE *out[FILE_COUNT_MAX];
    for (size_t i = 0; i < file_count; i++) {
        out[i] = fopen(names[first + i], "w");
        assert_non_null(out[i]);
        files[first + i] = (struct recon_check_file){.name = names[first + i], .stream = stream};
    }
    for (size_t k = 0; k < line_count; k++) {
        if (stream == RECON_STREAM_EVENTS && k % 7 == 3)
            continue;
        size_t time = k * 10 + k * 2654435761U % 500;
        fprintf(out[k * 31 / 7 % file_count], "{\"id\":\"id-%zu\",\"%s\":%zu}\n", k,
                stream == RECON_STREAM_AUDIT ? "event_time" : "time", time);
    }
    for (size_t i = 0; i < file_count; i++)
        fclose(out[i]);
}

static struct recon_check *new_check(size_t file_count, struct seen *seen)
{
    struct recon_check_options options = options_for(file_count, seen);
    struct recon_check *check = NULL;
    char message[512] = "";
    if (recon_check_new(&options, &check, message, sizeof message) != RECON_OK)
        fail_msg("%s", message);
    return check;
}

static struct seen run_whole(size_t file_count, struct recon_check_totals *totals)
{
    struct seen seen = {0};
    struct recon_check *check = new_check(file_count, &seen);
    int status = recon_check_run(check);
    if (status != RECON_OK)
        fail_msg("%d: %s", status, recon_check_message(check));
    recon_check_totals(check, totals);
    recon_check_free(check);
    return seen;
}

static void results_are_the_same_whatever_the_threads_do(void **state)
{
    (void)state;
    const size_t line_count = 30000;
    write_files(0, 5, RECON_STREAM_AUDIT, line_count);
    write_files(5, 3, RECON_STREAM_EVENTS, line_count);
    struct recon_check_totals totals;
    struct seen first = run_whole(8, &totals);
    assert_int_equal(totals.records[RECON_STREAM_AUDIT], line_count);
    assert_int_equal(totals.stats.accepted[RECON_STREAM_AUDIT], line_count);
    const size_t missing = (line_count + 3) / 7;
    assert_int_equal(totals.stats.waiting[RECON_STREAM_AUDIT] + totals.stats.forgotten_unmatched[RECON_STREAM_AUDIT],
                     missing);
    assert_int_equal(first.count[RECON_RESULT_MISSING] - first.count[RECON_RESULT_FOUND], missing);
    assert_int_equal(totals.stats.missing - totals.stats.found, missing);
    for (int i = 0; i < 5; i++) {
        struct seen again = run_whole(8, &totals);
        assert_true(again.hash == first.hash);
    }
}

static void it_ends_where_the_listener_says(void **state)
{
    (void)state;
    write_files(0, 2, RECON_STREAM_AUDIT, 20000);
    write_files(2, 2, RECON_STREAM_EVENTS, 20000);
    for (size_t after = 1; after < 2000; after += 333) {
        struct seen seen = {.stop_after = after};
        struct recon_check *check = new_check(4, &seen);
        assert_int_equal(recon_check_run(check), RECON_ERROR_IO);
        assert_string_equal(recon_check_message(check), "");
        recon_check_free(check);
    }
}

static void it_ends_while_a_pipe_is_silent(void **state)
{
    (void)state;
    write_files(0, 1, RECON_STREAM_AUDIT, 20000);
    unlink(names[1]);
    assert_int_equal(mkfifo(names[1], 0600), 0);
    files[1] = (struct recon_check_file){.name = names[1], .stream = RECON_STREAM_EVENTS};
    /* Both ends, so that the pipe stays open, and silent behind its first line. */
    int ends = open(names[1], O_RDWR);
    const char line[] = "{\"id\":\"x\",\"time\":100000}\n";
    assert_int_equal(write(ends, line, sizeof line - 1), sizeof line - 1);
    struct seen seen = {.stop_after = 1};
    struct recon_check *check = new_check(2, &seen);
    assert_int_equal(write(ends, line, sizeof line - 1), sizeof line - 1);
    assert_int_equal(recon_check_run(check), RECON_ERROR_IO);
    recon_check_free(check);
    close(ends);
    unlink(names[1]);
}

static void a_broken_file_ends_it_after_what_came_before(void **state)
{
    (void)state;
    write_files(0, 1, RECON_STREAM_AUDIT, 20000);
    write_files(1, 1, RECON_STREAM_EVENTS, 20000);
    char text[512];
    snprintf(text, sizeof text, "gzip -f %s && truncate -s 60000 %s.gz && mv %s.gz %s", names[1], names[1], names[1],
             names[1]);
    assert_int_equal(system(text), 0);
    struct seen seen = {0};
    struct recon_check *check = new_check(2, &seen);
    assert_int_equal(recon_check_run(check), RECON_ERROR_TRUNCATED);
    assert_non_null(strstr(recon_check_message(check), names[1]));
    assert_non_null(strstr(recon_check_message(check), "ends too early at byte 60000"));
    assert_true(seen.count[RECON_RESULT_MISSING] > 0);
    recon_check_free(check);
}

static void it_can_be_freed_without_a_run(void **state)
{
    (void)state;
    write_files(0, 1, RECON_STREAM_AUDIT, 10);
    write_files(1, 1, RECON_STREAM_EVENTS, 10);
    struct seen seen = {0};
    recon_check_free(new_check(2, &seen));
    recon_check_free(NULL);
    struct recon_check_options options = options_for(2, &seen);
    files[1].name = "/nowhere/at/all";
    struct recon_check *check = NULL;
    char message[512];
    assert_int_equal(recon_check_new(&options, &check, message, sizeof message), RECON_ERROR_IO);
    assert_string_equal(message, "/nowhere/at/all: No such file or directory");
}

static void the_memory_limit_ends_it_with_the_mend(void **state)
{
    (void)state;
    write_files(0, 1, RECON_STREAM_AUDIT, 30000);
    write_files(1, 1, RECON_STREAM_EVENTS, 10);
    struct seen seen = {0};
    struct recon_check_options options = options_for(2, &seen);
    options.memory_limit_bytes = 1 << 20;
    config.settings.retention_ms = RECON_DURATION_UNSET;
    config.settings.out_of_orderness_ms = RECON_DURATION_UNSET;
    struct recon_check *check = NULL;
    char message[512];
    int status = recon_check_new(&options, &check, message, sizeof message);
    if (status == RECON_OK) {
        status = recon_check_run(check);
        snprintf(message, sizeof message, "%s", recon_check_message(check));
    }
    assert_int_equal(status, RECON_ERROR_MEMORY);
    assert_non_null(strstr(message, "--memory-limit"));
    recon_check_free(check);
}

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL)
        return -1;
    for (size_t i = 0; i < FILE_COUNT_MAX; i++)
        snprintf(names[i], sizeof names[i], "%s/%zu", directory, i);
    recon_config_init(&config);
    config.settings.interval_ms = 1000;
    config.settings.out_of_orderness_ms = 200;
    config.settings.retention_ms = 2000;
    struct recon_config_errors errors = {0};
    return recon_config_finish(&config, RECON_HOME_CHECK, &errors);
}

static int tear_down(void **state)
{
    (void)state;
    recon_config_deinit(&config);
    for (size_t i = 0; i < FILE_COUNT_MAX; i++)
        unlink(names[i]);
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_the_same_whatever_the_threads_do),
        cmocka_unit_test(it_ends_where_the_listener_says),
        cmocka_unit_test(it_ends_while_a_pipe_is_silent),
        cmocka_unit_test(a_broken_file_ends_it_after_what_came_before),
        cmocka_unit_test(it_can_be_freed_without_a_run),
        cmocka_unit_test(the_memory_limit_ends_it_with_the_mend),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
