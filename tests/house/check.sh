#!/usr/bin/env bash
# Every check: check.sh [STAGE...]
#
# What the brokers' tests run is built first. Then the stages run in two lanes: those that mostly wait for brokers and
# clusters, and beside them those that compile and compute. Stages that are named run one after the other instead, and
# build what they need. How stages run and what is printed: stages.sh. Each one's output: build/check/STAGE.log.
# Environment: JOBS, FUZZ_SECONDS (of each fuzzer).
set -uo pipefail
cd "$(dirname "$0")/../.."
jobs=${JOBS:-$(nproc)}
fuzz_seconds=${FUZZ_SECONDS:-30}
logs=build/check
mkdir -p "$logs"
. tests/house/stages.sh

sources() { find include src flink/native tests bench -name '*.[ch]' -o -name '*.cpp' | sort; }

# build PRESET [TARGET...]
build() { cmake --preset "$1" --log-level=WARNING && cmake --build "build/$1" -j "$jobs" ${2:+--target "${@:2}"} -- --quiet; }

# Which tests, by label, after the build folder's name.
run_ctest() { ctest --test-dir "build/$1" -j "$jobs" --no-tests=error --output-on-failure "${@:2}"; }

# What the stages need that wait for brokers; it stays as it is while others build the rest in the same folders.
stage_build() {
    local static
    static=$(sh tools/static.sh) && cmake --preset release -DRECON_STATIC_DIR="$static" --log-level=WARNING &&
        build release recon_command bench_kafka_consume && build asan-ubsan recon_command
}
is_built() { [ -n "${RECON_CHECK_BUILT:-}" ]; }
stage_jars() { make --no-print-directory flink JOBS="$jobs"; }
# Makes them, or waits for the other lane to.
jars() {
    is_built || { stage_jars; return; }
    local end=$((SECONDS + 1200))
    until grep -q ' jars ' "$logs/results" || [ $SECONDS -gt $end ]; do sleep 1; done
    grep -q '^ok jars ' "$logs/results"
}

stage_format() { sources | xargs clang-format --dry-run -Werror; }
stage_gcc() { build release && run_ctest release; }
# Of the house what depends on the compiler.
stage_clang() { build clang && run_ctest clang -E '^house[.](arrows|checkers|stages|docs|demo|packages)$'; }
stage_asan_ubsan() { build asan-ubsan && run_ctest asan-ubsan -L '^(unit|model|traces|cli|fuzz)$'; }
stage_tsan() { build tsan && run_ctest tsan -L '^(cli|threads)$'; }

# The unit tests as gcc's optimiser left them, under valgrind.
under_valgrind() {
    local output
    if output=$(valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite \
        --child-silent-after-fork=yes "$1" 2>&1); then
        echo "ok     $1"
    else
        printf 'FAILED %s\n%s\n' "$1" "$output"
    fi
}
stage_valgrind() {
    local results count failed
    export -f under_valgrind
    results=$(find build/release/tests/unit -maxdepth 1 -name 'test_*' -type f -perm -u+x | sort |
        xargs -P "$jobs" -I{} bash -c 'under_valgrind {}')
    echo "$results"
    count=$(grep -cE '^(ok    |FAILED) ' <<<"$results")
    failed=$(grep -c '^FAILED ' <<<"$results")
    echo "$failed tests failed out of $count"
    [ "$count" -gt 0 ] && [ "$failed" -eq 0 ]
}

stage_fuzz() { build fuzz tests/fuzz/all && JOBS=$jobs bash tests/house/fuzz.sh "$fuzz_seconds"; }

stage_clang_tidy() {
    local log=build/clang/clang-tidy.log status=0
    cmake --preset clang --log-level=WARNING >/dev/null || return 1
    run-clang-tidy -quiet -p build/clang -j "$jobs" "$PWD/src/.*" >"$log" 2>&1 || status=1
    sed -i 's/\x1b\[[0-9;]*m//g' "$log"
    cat "$log"
    echo
    grep -E ': (error|warning): ' "$log" | sort -u
    return $status
}

stage_cppcheck() {
    cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --suppress=missingIncludeSystem \
        --error-exitcode=1 -j "$jobs" -Iinclude -Isrc -Iflink/native src flink/native
}

# Real brokers and clusters; what they are made of is fetched into a cache once. The last line is of ctest's form.
run_pytest() {
    local python log=$logs/pytest-$BASHPID.log status=0
    python=$(sh tools/fetch.sh python)/bin/python || return 1
    "$python" -m pytest -p no:cacheprovider --durations=15 "$@" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    tail -1 "$log" | awk '{
        for (i = 2; i <= NF; i++) if ($i ~ /^(passed|failed|errors?),?$/) { all += $(i - 1); if ($i !~ /^passed/) bad += $(i - 1) }
        printf "%d tests failed out of %d\n", bad, all }'
    return "$status"
}

# A line of ctest's form for what Maven's runs in a log came to.
surefire_sum() {
    sed -nE 's/.*Tests run: ([0-9]+), Failures: ([0-9]+), Errors: ([0-9]+), Skipped: ([0-9]+)$/\1 \2 \3/p' "$1" |
        awk '{ all += $1; bad += $2 + $3 } END { printf "%d tests failed out of %d\n", bad, all }'
}

# The job's own tests: operators in the harness of each Flink, beside recon replay.
stage_flink_harness() {
    jars || return 1
    local log=$logs/surefire.log status profile
    {
        status=0
        for profile in flink-2.2 flink-1.20; do
            mvn -B -ntp -f flink/pom.xml "-P$profile" surefire:test@default-test || status=1
        done
        exit "$status"
    } 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    surefire_sum "$log"
    return "$status"
}

# The library for aarch64, in a Java of that machine: decoding, matching, and state saved and restored.
stage_flink_aarch64() {
    local java log=$logs/surefire-aarch64.log status
    java=$(sh tools/fetch.sh java-aarch64)/bin/java || return 1
    mvn -B -ntp -f flink/pom.xml surefire:test@default-test -Djvm="$java" -Drecon.jvm= \
        -Dtest='MessageDecoderTest,MatcherOperatorTest' 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    surefire_sum "$log"
    return "$status"
}

# Crashes at chosen places need a build for tests.
stage_kafka() { { is_built || stage_build; } && run_pytest tests/kafka; }
stage_flink() { jars && run_pytest tests/flink; }
# Of the same tests what shows that it runs there; make soak runs them all.
stage_flink_1_20() { RECON_FLINK_LINE=1.20 run_pytest tests/flink/test_job.py -k 'test_flights or killed and not unaligned'; }

stages_begin "$@"
sh tools/librdkafka.sh >"$logs/librdkafka.log" 2>&1 || { cat "$logs/librdkafka.log"; exit 1; }
if [ $# -gt 0 ]; then
    run_lanes "$*"
else
    run_lanes 'format build'
    ! grep -q '^ok build ' "$logs/results" || export RECON_CHECK_BUILT=yes
    run_lanes 'kafka flink flink_1_20' \
        'gcc jars clang asan_ubsan tsan valgrind flink_harness flink_aarch64 fuzz clang_tidy cppcheck'
fi
stages_end
