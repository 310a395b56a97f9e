/*
 * model_test --seeds FROM..TO: random traces through the engine and through the model; they must agree in everything.
 *
 * A seed that fails is shrunk and printed: as settings and as the lines of a trace that `recon replay` runs. Workers
 * are processes, so that a crash of the engine is found and shrunk like any other failure.
 *
 * Exit status: 0 all agree; 1 a seed fails; 2 usage.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compare.h"
#include "random.h"
#include "random_trace.h"
#include "shrink.h"

#define JOB_COUNT_MAX 64
#define SEED_SECONDS_MAX 300

enum mode {
    MODE_ALL,
    MODE_PLAIN,
    MODE_LIMIT,
    MODE_FAILURES,
    MODE_SHARDED,
    MODE_RESTORE,
    MODE_DEALT,
    MODE_DELAYED,
    MODE_FROZEN,
    MODE_COUNT
};
static const char *const mode_names[MODE_COUNT] = {"all",     "plain", "limit",   "failures", "sharded",
                                                   "restore", "dealt", "delayed", "frozen"};

struct arguments {
    uint64_t seed_first;
    uint64_t seed_last;
    size_t step_count;
    unsigned job_count;
    enum mode mode;
    bool quiet;
};

/* What workers and parent tell each other; in shared memory. */
struct progress {
    volatile uint64_t seed; /* at work on */
    volatile uint64_t done_count;
    volatile bool is_over; /* another worker's seed failed */
};

static struct subject_options options_of(uint64_t seed, enum mode mode, size_t op_count)
{
    struct random random = {random_mix(seed ^ 0x0b710)};
    struct subject_options options = {.memory_limit_bytes = UINT64_MAX};
    if (mode == MODE_ALL) {
        static const enum mode shares[] = {MODE_PLAIN,   MODE_PLAIN,   MODE_PLAIN, MODE_LIMIT,   MODE_FAILURES,
                                           MODE_SHARDED, MODE_RESTORE, MODE_DEALT, MODE_DELAYED, MODE_FROZEN};
        mode = shares[random_below(&random, sizeof shares / sizeof shares[0])];
    }
    if (mode == MODE_LIMIT)
        options.memory_limit_bytes = random_below(&random, 20000);
    if (mode == MODE_FAILURES)
        options.allocator_fail_one_in = 2 + random_below(&random, 20);
    if (mode == MODE_RESTORE || mode == MODE_DEALT)
        options.restore_one_in = op_count < 120 ? 1 : 1 + random_below(&random, op_count / 4);
    options.changes_settings = mode == MODE_RESTORE && random_one_in(&random, 3);
    if (mode == MODE_RESTORE && random_one_in(&random, 8))
        options.memory_limit_bytes = random_below(&random, 20000);
    if (mode == MODE_RESTORE && random_one_in(&random, 8))
        options.allocator_fail_one_in = 2 + random_below(&random, 100);
    if (mode == MODE_FROZEN) {
        options.freeze_one_in = op_count < 120 ? 2 : 1 + random_below(&random, op_count / 8);
        if (random_one_in(&random, 4))
            options.memory_limit_bytes = random_below(&random, 60000);
        if (random_one_in(&random, 6))
            options.allocator_fail_one_in = 2 + random_below(&random, 300);
        if (random_one_in(&random, 5))
            options.restore_one_in = 1 + random_below(&random, op_count);
    }
    options.is_delayed = mode == MODE_DELAYED;
    if (mode == MODE_SHARDED || mode == MODE_DEALT || mode == MODE_DELAYED)
        options.shard_count = 1 + (uint32_t)random_below(&random, 5);
    bool runs_short = options.memory_limit_bytes != UINT64_MAX || options.allocator_fail_one_in > 0;
    if (mode == MODE_FROZEN && !runs_short && random_one_in(&random, 2))
        options.shard_count = 1 + (uint32_t)random_below(&random, 5);
    return options;
}

static bool seed_holds(const struct arguments *arguments, uint64_t seed)
{
    struct trace trace;
    random_trace(&trace, seed, arguments->step_count);
    struct subject_options options = options_of(seed, arguments->mode, trace.op_count);
    struct compare_failure failure;
    bool holds = compare(&trace, &options, &failure);
    trace_deinit(&trace);
    return holds;
}

static void report_failure(const struct arguments *arguments, uint64_t seed)
{
    struct trace trace;
    random_trace(&trace, seed, arguments->step_count);
    struct subject_options options = options_of(seed, arguments->mode, trace.op_count);
    printf("seed %" PRIu64 " fails; repeat with: model_test --seeds %" PRIu64 "..%" PRIu64 " --mode %s", seed, seed,
           seed, mode_names[arguments->mode]);
    if (arguments->step_count > 0)
        printf(" --steps %zu", arguments->step_count);
    printf("\n");
    fflush(stdout);
    size_t op_count = trace.op_count;
    if (!fails_in_child(&trace, &options)) {
        printf("alone it does not fail: what ended its worker is not in the trace\n");
        trace_deinit(&trace);
        return;
    }
    shrink(&trace, &options);
    printf("shrunk from %zu to %zu operations (shards %" PRIu32 "%s, restored one in %" PRIu64
           ", frozen one in %" PRIu64 ", memory limit %" PRIu64 ", allocator fails one in %" PRIu64 "):\n",
           op_count, trace.op_count, options.shard_count, options.is_delayed ? " delayed" : "", options.restore_one_in,
           options.freeze_one_in, options.memory_limit_bytes, options.allocator_fail_one_in);
    trace_print(&trace, stdout);
    fflush(stdout);
    struct compare_failure failure;
    alarm(SEED_SECONDS_MAX);
    if (!compare(&trace, &options, &failure))
        printf("at operation %zu: %s\n", failure.op_index, failure.text);
    trace_deinit(&trace);
}

static void work(const struct arguments *arguments, unsigned job, struct progress *progress, pid_t parent)
{
    for (uint64_t seed = arguments->seed_first + job; seed <= arguments->seed_last; seed += arguments->job_count) {
        if (progress->is_over || getppid() != parent)
            break;
        progress->seed = seed;
        alarm(SEED_SECONDS_MAX);
        if (!seed_holds(arguments, seed))
            _exit(1);
        progress->done_count++;
    }
    _exit(0);
}

static int run(const struct arguments *arguments)
{
    struct progress *progress =
        mmap(NULL, JOB_COUNT_MAX * sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (progress == MAP_FAILED) {
        perror("model_test: mmap");
        return 2;
    }
    pid_t workers[JOB_COUNT_MAX], parent = getpid();
    for (unsigned job = 0; job < arguments->job_count; job++) {
        workers[job] = fork();
        if (workers[job] < 0) {
            perror("model_test: fork");
            return 2;
        }
        if (workers[job] == 0)
            work(arguments, job, &progress[job], parent);
    }
    bool has_failed = false;
    uint64_t done_count = 0, seed_failed = UINT64_MAX;
    for (unsigned waited = 0; waited < arguments->job_count; waited++) {
        int status;
        pid_t worker = wait(&status);
        unsigned job = 0;
        while (job < arguments->job_count && workers[job] != worker)
            job++;
        if (job == arguments->job_count)
            abort();
        done_count += progress[job].done_count;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
            continue;
        has_failed = true;
        if (WIFSIGNALED(status))
            fprintf(stderr, "model_test: the worker at seed %" PRIu64 " was ended by signal %d\n", progress[job].seed,
                    WTERMSIG(status));
        if (progress[job].seed < seed_failed)
            seed_failed = progress[job].seed;
        for (unsigned other = 0; other < arguments->job_count; other++)
            progress[other].is_over = true;
    }
    munmap(progress, JOB_COUNT_MAX * sizeof *progress);
    if (has_failed && arguments->quiet)
        printf("seed %" PRIu64 " fails\n", seed_failed);
    else if (has_failed)
        report_failure(arguments, seed_failed);
    else
        printf("%" PRIu64 " seeds agree\n", done_count);
    return has_failed ? 1 : 0;
}

static bool read_number(const char *text, uint64_t *number, const char **end)
{
    char *last;
    errno = 0;
    *number = strtoull(text, &last, 10);
    *end = last;
    return last != text && errno == 0 && text[0] != '-';
}

static bool read_arguments(int count, char **words, struct arguments *arguments)
{
    bool has_seeds = false;
    for (int i = 1; i < count; i++) {
        const char *value = i + 1 < count ? words[i + 1] : "";
        const char *end = "";
        uint64_t number = 0;
        if (strcmp(words[i], "--quiet") == 0) {
            arguments->quiet = true;
            continue;
        }
        i++;
        if (strcmp(words[i - 1], "--seeds") == 0) {
            has_seeds = read_number(value, &arguments->seed_first, &end) && strncmp(end, "..", 2) == 0 &&
                        read_number(end + 2, &arguments->seed_last, &end) && *end == '\0';
        } else if (strcmp(words[i - 1], "--steps") == 0 && read_number(value, &number, &end)) {
            arguments->step_count = number;
        } else if (strcmp(words[i - 1], "--jobs") == 0 && read_number(value, &number, &end) && number > 0 &&
                   number <= JOB_COUNT_MAX) {
            arguments->job_count = (unsigned)number;
        } else if (strcmp(words[i - 1], "--mode") == 0) {
            int mode = 0;
            while (mode < MODE_COUNT && strcmp(value, mode_names[mode]) != 0)
                mode++;
            if (mode == MODE_COUNT)
                return false;
            arguments->mode = (enum mode)mode;
        } else {
            return false;
        }
    }
    return has_seeds;
}

int main(int count, char **words)
{
    struct arguments arguments = {.job_count = 1};
    if (!read_arguments(count, words, &arguments)) {
        fprintf(stderr, "usage: model_test --seeds FROM..TO [--steps N] [--jobs N] [--mode "
                        "all|plain|limit|failures|sharded|restore|dealt|delayed|frozen] [--quiet]\n");
        return 2;
    }
    return run(&arguments);
}
