#!/usr/bin/env bash
# Every check, one stage after the other: check.sh [STAGE...]
#
# Each stage's output goes to build/check/STAGE.log; a stage that fails shows the end of it, the others still run, and the
# whole fails. The last line adds up: the tests that ctest ran, and one for each stage that is a check of its own.
# Environment: JOBS, FUZZ_SECONDS (of each fuzzer).
set -uo pipefail
cd "$(dirname "$0")/../.."
jobs=${JOBS:-$(nproc)}
fuzz_seconds=${FUZZ_SECONDS:-30}
logs=build/check
mkdir -p "$logs"

sources() { find include src flink/native tests bench -name '*.[ch]' -o -name '*.cpp' | sort; }

build() { cmake --preset "$1" --log-level=WARNING && cmake --build "build/$1" -j "$jobs" -- --quiet; }

# Which tests, by label, after the build folder's name.
run_ctest() { ctest --test-dir "build/$1" -j "$jobs" --no-tests=error --output-on-failure "${@:2}"; }

stage_format() { sources | xargs clang-format --dry-run -Werror; }
stage_gcc() { build release && run_ctest release; }
stage_clang() { build clang && run_ctest clang; }
stage_asan_ubsan() { build asan-ubsan && run_ctest asan-ubsan -L '^(unit|model|traces|cli|fuzz)$'; }
stage_tsan() { build tsan && run_ctest tsan -L '^(cli|threads)$'; }

# The unit tests as gcc's optimiser left them, one at a time under valgrind.
stage_valgrind() {
    local test failed=0 count=0
    for test in build/release/tests/unit/test_*; do
        [ -x "$test" ] || continue
        echo "== $test"
        valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite --child-silent-after-fork=yes \
            "$test" || failed=$((failed + 1))
        count=$((count + 1))
    done
    [ "$count" -gt 0 ] || { echo "no unit tests in build/release"; return 1; }
    if [ "$failed" -eq 0 ]; then
        echo "100% tests passed, 0 tests failed out of $count"
    else
        echo "$failed tests failed out of $count"
        return 1
    fi
}

stage_fuzz() { build fuzz && JOBS=$jobs bash tests/house/fuzz.sh "$fuzz_seconds"; }

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
    local python log=$logs/pytest.log status=0
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
    make --no-print-directory flink JOBS="$jobs" || return 1
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
stage_kafka() {
    make --no-print-directory build JOBS="$jobs" && cmake --preset asan-ubsan --log-level=WARNING &&
        cmake --build build/asan-ubsan --target recon_command -j "$jobs" -- --quiet && run_pytest tests/kafka
}
stage_flink() { make --no-print-directory flink JOBS="$jobs" && run_pytest tests/flink; }
# Of the same tests what shows that it runs there; make soak runs them all.
stage_flink_1_20() { RECON_FLINK_LINE=1.20 run_pytest tests/flink/test_job.py -k 'test_flights or killed and not unaligned'; }

sh tools/librdkafka.sh >"$logs/librdkafka.log" 2>&1 || { cat "$logs/librdkafka.log"; exit 1; }
all='format gcc clang valgrind asan_ubsan tsan fuzz clang_tidy cppcheck flink_harness flink_aarch64 kafka flink flink_1_20'
passed=0
failed=0
broken=
began=$SECONDS
for stage in ${*:-$all}; do
    start=$SECONDS
    if "stage_$stage" >"$logs/$stage.log" 2>&1 </dev/null; then
        result=ok
    else
        result=FAILED
        broken="$broken $stage"
    fi
    # ctest's closing line, if the stage has one: "97% tests passed, 1 tests failed out of 33"
    read -r bad total < <(sed -nE 's/(.*[^0-9])?([0-9]+) tests failed out of ([0-9]+).*/\2 \3/p' "$logs/$stage.log" | tail -1) || :
    if [ -n "${total:-}" ]; then
        note="$((total - bad)) of $total tests"
    else
        bad=0
        total=1
        note=
        [ "$result" = ok ] || bad=1
    fi
    # A stage can fail though its tests passed: it counts then.
    [ "$result" = ok ] || [ "$bad" -gt 0 ] || bad=1
    passed=$((passed + total - bad))
    failed=$((failed + bad))
    printf '%-6s %-11s %5d s  %s\n' "$result" "$stage" "$((SECONDS - start))" "$note"
    if [ "$result" = FAILED ]; then
        tail -n 60 "$logs/$stage.log" | cut -c1-300 | sed 's/^/       | /'
    fi
    unset bad total
done
echo "all of it took $((SECONDS - began)) s"
[ -z "$broken" ] || echo "failed:$broken (the whole output of each is in $logs/)"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
