/*
 * Runs a fuzzer's kept inputs once each, without libFuzzer: main of fuzz_NAME in ordinary builds.
 *
 * Arguments: folders with inputs. Each input is handed over in a block of exactly its size, so that AddressSanitizer
 * and valgrind see a read past its end. A folder that is missing or empty is a failure: the test would test nothing.
 */
#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* True if the file could be read; a folder entry that is not a file is passed over by the caller. */
static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    long size = -1;
    int done = 0;
    if (!file || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0 || fseek(file, 0, SEEK_SET) != 0) {
        goto end;
    }
    bytes = malloc(size > 0 ? (size_t)size : 1);
    if (!bytes || fread(bytes, 1, (size_t)size, file) != (size_t)size) {
        goto end;
    }
    (void)LLVMFuzzerTestOneInput(bytes, (size_t)size);
    done = 1;
end:
    if (!done) {
        perror(path);
    }
    if (file) {
        fclose(file);
    }
    free(bytes);
    return done;
}

static int run_folder(const char *path, size_t *count)
{
    DIR *folder = opendir(path);
    if (!folder) {
        perror(path);
        return 0;
    }
    int good = 1;
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        char name[4096];
        int size = snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        good = size > 0 && (size_t)size < sizeof name && run_file(name) && good;
        (*count)++;
    }
    closedir(folder);
    return good;
}

int main(int argc, char **argv)
{
    size_t count = 0;
    int good = argc > 1;
    for (int i = 1; i < argc; i++) {
        good = run_folder(argv[i], &count) && good;
    }
    printf("%zu inputs\n", count);
    return good && count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
