/*
 * Sources: every kind of file gives its bytes, and every fault is named with its place, after the bytes before it.
 */
#define _POSIX_C_SOURCE 200809L

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

#include "io/source.h"
#include "recon/status.h"

#define TEXT_SIZE_BYTES 300000

static char directory[] = "/tmp/recon-source-XXXXXX";
static char path[64];
static char text[TEXT_SIZE_BYTES];
static char got[3 * TEXT_SIZE_BYTES];

static void write_file(const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static size_t gzip_of(const char *bytes, size_t size, unsigned char *out, size_t capacity)
{
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (z_const Bytef *)bytes;
    stream.avail_in = (uInt)size;
    stream.next_out = out;
    stream.avail_out = (uInt)capacity;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t made = capacity - stream.avail_out;
    deflateEnd(&stream);
    return made;
}

static size_t zstd_of(const char *bytes, size_t size, int window_log, unsigned char *out, size_t capacity)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    if (window_log != 0)
        ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
    ZSTD_inBuffer in = {.src = bytes, .size = size};
    ZSTD_outBuffer target = {.dst = out, .size = capacity};
    /* In two steps, so that the size is not known to the frame and the window is what was asked for. */
    assert_false(ZSTD_isError(ZSTD_compressStream2(context, &target, &in, ZSTD_e_flush)));
    assert_int_equal(ZSTD_compressStream2(context, &target, &in, ZSTD_e_end), 0);
    ZSTD_freeCCtx(context);
    return target.pos;
}

/* Reads all in pieces of the given size; the size read goes to *size, the message to *message. */
static int read_all(size_t piece, size_t *size, char message[256])
{
    struct recon_source *source = NULL;
    int status = recon_source_open(path, &source, message, 256);
    *size = 0;
    if (status != RECON_OK)
        return status;
    size_t now = 0;
    do {
        assert_true(*size + piece < sizeof got);
        status = recon_source_read(source, got + *size, piece, &now);
        if (status == RECON_OK)
            *size += now;
    } while (status == RECON_OK && now > 0);
    snprintf(message, 256, "%s", recon_source_message(source));
    size_t again = 0;
    assert_int_equal(recon_source_read(source, got + *size, 1, &again), status);
    recon_source_close(source);
    return status;
}

static void expect_text(size_t piece, size_t repeats)
{
    size_t size = 0;
    char message[256];
    assert_int_equal(read_all(piece, &size, message), RECON_OK);
    assert_int_equal(size, repeats * TEXT_SIZE_BYTES);
    for (size_t i = 0; i < repeats; i++)
        assert_memory_equal(got + i * TEXT_SIZE_BYTES, text, TEXT_SIZE_BYTES);
}

static void plain_files_are_read_as_they_are(void **state)
{
    (void)state;
    write_file(text, sizeof text);
    expect_text(1000, 1);
    expect_text(3, 1);
    write_file(text, 2);
    size_t size;
    char message[256];
    assert_int_equal(read_all(100, &size, message), RECON_OK);
    assert_int_equal(size, 2);
    write_file(text, 0);
    assert_int_equal(read_all(100, &size, message), RECON_OK);
    assert_int_equal(size, 0);
}

static void a_fifo_that_drips_is_read_whole(void **state)
{
    (void)state;
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    pid_t child = fork();
    if (child == 0) {
        int fd = open(path, O_WRONLY);
        for (size_t i = 0; i < TEXT_SIZE_BYTES;) {
            size_t piece = i < 10 ? 1 : 7777;
            if (piece > TEXT_SIZE_BYTES - i)
                piece = TEXT_SIZE_BYTES - i;
            ssize_t done = write(fd, text + i, piece);
            if (done < 0)
                _exit(1);
            i += (size_t)done;
        }
        _exit(0);
    }
    expect_text(5000, 1);
    int status = 0;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    unlink(path);
}

static void directories_and_missing_files_are_refused_by_name(void **state)
{
    (void)state;
    char message[256];
    struct recon_source *source = NULL;
    assert_int_equal(recon_source_open(directory, &source, message, sizeof message), RECON_ERROR_IO);
    assert_non_null(strstr(message, directory));
    assert_non_null(strstr(message, "is a directory"));
    assert_int_equal(recon_source_open("/nowhere/at all", &source, message, sizeof message), RECON_ERROR_IO);
    assert_string_equal(message, "/nowhere/at all: No such file or directory");
    assert_null(source);
}

static void concatenated_members_and_frames_are_one_text(void **state)
{
    (void)state;
    static unsigned char packed[1 << 20];
    size_t size = gzip_of(text, sizeof text, packed, sizeof packed);
    write_file(packed, size);
    expect_text(997, 1);
    size += gzip_of(text, sizeof text, packed + size, sizeof packed - size);
    write_file(packed, size);
    expect_text(65536, 2);
    memset(packed + size, 0, 300000);
    write_file(packed, size + 300000);
    expect_text(65536, 2);

    size = zstd_of(text, sizeof text, 0, packed, sizeof packed);
    write_file(packed, size);
    expect_text(997, 1);
    const unsigned char skippable[] = {0x51, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'b', 'c'};
    memcpy(packed + size, skippable, sizeof skippable);
    size += sizeof skippable;
    size += zstd_of(text, sizeof text, 0, packed + size, sizeof packed - size);
    write_file(packed, size);
    expect_text(65536, 2);
}

/* What was decoded must be the beginning of the text, then the fault with its place. */
static void expect_fault(int wanted, size_t least, const char *word)
{
    size_t size;
    char message[256];
    assert_int_equal(read_all(4096, &size, message), wanted);
    assert_true(size >= least);
    assert_memory_equal(got, text, size < TEXT_SIZE_BYTES ? size : TEXT_SIZE_BYTES);
    if (strstr(message, word) == NULL)
        fail_msg("%s", message);
    assert_non_null(strstr(message, " at byte "));
    assert_non_null(strstr(message, path));
}

static void compression_that_breaks_off_is_truncated(void **state)
{
    (void)state;
    static unsigned char packed[1 << 20];
    size_t size = gzip_of(text, sizeof text, packed, sizeof packed);
    write_file(packed, size - 1);
    expect_fault(RECON_ERROR_TRUNCATED, TEXT_SIZE_BYTES, "gzip data ends too early");
    write_file(packed, size / 2);
    expect_fault(RECON_ERROR_TRUNCATED, TEXT_SIZE_BYTES / 4, "gzip data ends too early");
    write_file(packed, 5);
    expect_fault(RECON_ERROR_TRUNCATED, 0, "gzip data ends too early");

    size = zstd_of(text, sizeof text, 0, packed, sizeof packed);
    write_file(packed, size - 1);
    expect_fault(RECON_ERROR_TRUNCATED, TEXT_SIZE_BYTES, "zstd data ends too early");
    write_file(packed, size / 2);
    expect_fault(RECON_ERROR_TRUNCATED, 1, "zstd data ends too early");
    write_file(packed, 4);
    expect_fault(RECON_ERROR_TRUNCATED, 0, "zstd data ends too early");
}

static void damaged_compression_is_named_with_its_place(void **state)
{
    (void)state;
    static unsigned char packed[1 << 20];
    size_t size = gzip_of(text, sizeof text, packed, sizeof packed);
    packed[size - 6] ^= 1; /* the checksum */
    write_file(packed, size);
    expect_fault(RECON_ERROR_DAMAGED, TEXT_SIZE_BYTES / 2, "gzip data is damaged");
    packed[size - 6] ^= 1;
    memcpy(packed + size, "rest", 4);
    write_file(packed, size + 4);
    expect_fault(RECON_ERROR_DAMAGED, TEXT_SIZE_BYTES, "not gzip");

    size = zstd_of(text, sizeof text, 0, packed, sizeof packed);
    packed[size - 1] ^= 1;
    write_file(packed, size);
    expect_fault(RECON_ERROR_DAMAGED, TEXT_SIZE_BYTES / 2, "zstd data is damaged");
    packed[size - 1] ^= 1;
    memcpy(packed + size, "rest of it", 10);
    write_file(packed, size + 10);
    expect_fault(RECON_ERROR_DAMAGED, TEXT_SIZE_BYTES, "not zstd");
}

static void a_zstd_window_past_the_bound_is_refused_with_the_mend(void **state)
{
    (void)state;
    static unsigned char packed[1 << 20];
    size_t size = zstd_of(text, sizeof text, 27, packed, sizeof packed);
    write_file(packed, size);
    expect_text(65536, 1);
    size = zstd_of(text, sizeof text, 28, packed, sizeof packed);
    write_file(packed, size);
    expect_fault(RECON_ERROR_DAMAGED, 0, "--long=27");
}

static void progress_counts_the_bytes_of_the_file(void **state)
{
    (void)state;
    write_file(text, sizeof text);
    struct recon_source *source = NULL;
    char message[256];
    assert_int_equal(recon_source_open(path, &source, message, sizeof message), RECON_OK);
    uint64_t taken = 0;
    uint64_t total = 0;
    size_t size = 1;
    while (size > 0)
        assert_int_equal(recon_source_read(source, got, 10000, &size), RECON_OK);
    recon_source_progress(source, &taken, &total);
    assert_int_equal(taken, TEXT_SIZE_BYTES);
    assert_int_equal(total, TEXT_SIZE_BYTES);
    recon_source_close(source);
}

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/input", directory);
    uint32_t random = 1;
    for (size_t i = 0; i < sizeof text; i++) {
        random = random * 1664525 + 1013904223;
        text[i] = (char)('a' + (random >> 28));
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_files_are_read_as_they_are),
        cmocka_unit_test(a_fifo_that_drips_is_read_whole),
        cmocka_unit_test(directories_and_missing_files_are_refused_by_name),
        cmocka_unit_test(concatenated_members_and_frames_are_one_text),
        cmocka_unit_test(compression_that_breaks_off_is_truncated),
        cmocka_unit_test(damaged_compression_is_named_with_its_place),
        cmocka_unit_test(a_zstd_window_past_the_bound_is_refused_with_the_mend),
        cmocka_unit_test(progress_counts_the_bytes_of_the_file),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
