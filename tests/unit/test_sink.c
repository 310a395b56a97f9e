/*
 * Sinks: a file has its name only once it is whole, and every failed write is told.
 */
#define _XOPEN_SOURCE 700

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/sink.h"
#include "recon/status.h"

static char directory[] = "/tmp/recon-sink-XXXXXX";
static char path[64];
static char partial[80];
static char message[256];

static struct recon_sink *open_ok(const char *name)
{
    struct recon_sink *sink = NULL;
    assert_int_equal(recon_sink_open(name, &sink, message, sizeof message), RECON_OK);
    return sink;
}

static void expect_file(const char *name, const char *wanted)
{
    char bytes[64] = {0};
    FILE *file = fopen(name, "rb");
    if (wanted == NULL) {
        assert_null(file);
        return;
    }
    assert_non_null(file);
    (void)!fread(bytes, 1, sizeof bytes - 1, file);
    fclose(file);
    assert_string_equal(bytes, wanted);
}

static void a_file_takes_its_name_when_it_is_whole(void **state)
{
    (void)state;
    struct recon_sink *sink = open_ok(path);
    assert_string_equal(recon_sink_partial_name(sink), partial);
    assert_int_equal(recon_sink_write(sink, "first\n", 6), RECON_OK);
    expect_file(path, NULL);
    expect_file(partial, "first\n");
    assert_int_equal(recon_sink_close(sink, message, sizeof message), RECON_OK);
    expect_file(path, "first\n");
    expect_file(partial, NULL);
}

static void a_run_that_fails_leaves_the_former_file_and_its_part(void **state)
{
    (void)state;
    assert_int_equal(chmod(path, 0640), 0);
    struct recon_sink *sink = open_ok(path);
    assert_int_equal(recon_sink_write(sink, "second", 6), RECON_OK);
    recon_sink_abandon(sink);
    expect_file(path, "first\n");
    expect_file(partial, "second");

    sink = open_ok(path);
    assert_int_equal(recon_sink_write(sink, "3", 1), RECON_OK);
    assert_int_equal(recon_sink_close(sink, message, sizeof message), RECON_OK);
    expect_file(path, "3");
    expect_file(partial, NULL);
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0640);
}

static void a_symbolic_link_stays_one(void **state)
{
    (void)state;
    char link_name[80];
    snprintf(link_name, sizeof link_name, "%s/link", directory);
    assert_int_equal(symlink(path, link_name), 0);
    struct recon_sink *sink = open_ok(link_name);
    assert_int_equal(recon_sink_write(sink, "4", 1), RECON_OK);
    assert_int_equal(recon_sink_close(sink, message, sizeof message), RECON_OK);
    struct stat about;
    assert_int_equal(lstat(link_name, &about), 0);
    assert_true(S_ISLNK(about.st_mode));
    expect_file(path, "4");
    unlink(link_name);
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    struct recon_sink *sink = open_ok("/dev/full");
    assert_null(recon_sink_partial_name(sink));
    assert_int_equal(recon_sink_write(sink, "x", 1), RECON_ERROR_IO);
    assert_string_equal(recon_sink_message(sink), "/dev/full: No space left on device");
    assert_false(recon_sink_is_pipe_closed(sink));
    recon_sink_abandon(sink);
}

static void a_reader_that_left_is_told_apart(void **state)
{
    (void)state;
    char fifo[80];
    snprintf(fifo, sizeof fifo, "%s/fifo", directory);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    int reader = open(fifo, O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    struct recon_sink *sink = open_ok(fifo);
    assert_int_equal(recon_sink_write(sink, "x", 1), RECON_OK);
    close(reader);
    assert_int_equal(recon_sink_write(sink, "x", 1), RECON_ERROR_IO);
    assert_true(recon_sink_is_pipe_closed(sink));
    recon_sink_abandon(sink);
    unlink(fifo);
}

static void what_cannot_be_made_is_refused_by_name(void **state)
{
    (void)state;
    struct recon_sink *sink = NULL;
    assert_int_equal(recon_sink_open("/nowhere/results", &sink, message, sizeof message), RECON_ERROR_IO);
    assert_non_null(strstr(message, "/nowhere/results"));
    assert_int_equal(recon_sink_open(directory, &sink, message, sizeof message), RECON_ERROR_IO);
    assert_non_null(strstr(message, "directory"));
    assert_null(sink);
}

static int set_up(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    if (mkdtemp(directory) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/results", directory);
    snprintf(partial, sizeof partial, "%s.partial", path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    unlink(partial);
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_takes_its_name_when_it_is_whole),
        cmocka_unit_test(a_run_that_fails_leaves_the_former_file_and_its_part),
        cmocka_unit_test(a_symbolic_link_stays_one),
        cmocka_unit_test(a_full_disk_is_told),
        cmocka_unit_test(a_reader_that_left_is_told_apart),
        cmocka_unit_test(what_cannot_be_made_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
