#!/usr/bin/env bash
# Runs every fuzzer of build/fuzz for so many seconds, JOBS at a time: fuzz.sh SECONDS
#
# Starts from tests/fuzz/corpus/NAME (kept) and build/fuzz/found/NAME (what earlier runs found here). An input that
# fails is left in build/fuzz/failures/, and the command to run it again is printed.
set -uo pipefail
cd "$(dirname "$0")/../.."
seconds=$1
jobs=${JOBS:-$(nproc)}

run_one() {
    local program=$1 seconds=$2 name log dictionary=
    name=${program##*/fuzz_}
    log=build/fuzz/$name.log
    mkdir -p "build/fuzz/found/$name" build/fuzz/failures
    [ -f "tests/fuzz/$name.dict" ] && dictionary=-dict=tests/fuzz/$name.dict
    if "$program" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 -print_final_stats=1 $dictionary \
        -artifact_prefix="build/fuzz/failures/$name-" "build/fuzz/found/$name" "tests/fuzz/corpus/$name" >"$log" 2>&1; then
        printf 'ok     %-20s %s runs, %s inputs found\n' "$name" \
            "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" "$(find "build/fuzz/found/$name" -type f | wc -l)"
    else
        printf 'FAILED %-20s\n' "$name"
        tail -n 40 "$log"
        sed -n "s|.*Test unit written to \(.*\)|again: $program \1|p" "$log"
        return 1
    fi
}
export -f run_one

programs=$(find build/fuzz/tests/fuzz -maxdepth 1 -name 'fuzz_*' -type f -perm -u+x | sort)
[ -n "$programs" ] || { echo "no fuzzers in build/fuzz"; exit 1; }
count=$(wc -l <<<"$programs")
results=$(xargs -P "$jobs" -I{} bash -c 'run_one "$1" "$2"' _ {} "$seconds" <<<"$programs")
echo "$results"
failed=$(grep -c '^FAILED' <<<"$results")
echo "$failed tests failed out of $count"
[ "$failed" -eq 0 ] && [ "$(grep -c '^ok' <<<"$results")" -eq "$count" ]
