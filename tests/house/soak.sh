#!/usr/bin/env bash
# What runs for hours: soak.sh [PART...]; all of them where none is named.
#
#     model     SOAK_SEEDS random traces through the engine and the naive model, in all ways of running them
#     fuzz      every fuzzer for SOAK_FUZZ_SECONDS
#     kafka     recon run: a broker restarted ten times and a backlog of 10^7; killed SOAK_KILLS times within one stream, inside
#               snapshots, around commits and anywhere, and then compared with one that was not
#     flink     the job: 50 TaskManagers killed within one stream; on Flink 1.20 all that ./check runs on the newest alone
#
# Each part ends by itself: where it takes far longer than it should, it is ended and has failed. What it prints goes to
# build/soak/PART.log, too. SOAK_FIRST chooses the first of the model's seeds and the kills' (default: the seconds of the clock,
# printed, so that it can be repeated).
set -uo pipefail
cd "$(dirname "$0")/../.."
jobs=${JOBS:-$(nproc)}
seeds=${SOAK_SEEDS:-1000000}
fuzz_seconds=${SOAK_FUZZ_SECONDS:-7200}
kills=${SOAK_KILLS:-200}
first=${SOAK_FIRST:-$(date +%s)}
mkdir -p build/soak

build() { cmake --preset "$1" --log-level=WARNING && cmake --build "build/$1" -j "$jobs" ${2:+--target "${@:2}"} -- --quiet; }
within() { timeout --kill-after=60 "$@"; } # a number of seconds, a command
run_pytest() {
    local python
    python=$(sh tools/fetch.sh python)/bin/python && within "$1" "$python" -m pytest -p no:cacheprovider -q --durations=5 "${@:2}"
}

part_model() {
    build release model_test && within $((600 + seeds / 20)) \
        build/release/tests/model/model_test --seeds "$first..$((first + seeds - 1))" --jobs "$jobs"
}
part_fuzz() {
    build fuzz tests/fuzz/all || return 1
    local count
    count=$(find build/fuzz/tests/fuzz -maxdepth 1 -name 'fuzz_*' -type f -perm -u+x | wc -l)
    JOBS=$jobs within $((600 + (count / jobs + 1) * (fuzz_seconds + 60))) bash tests/house/fuzz.sh "$fuzz_seconds"
}
part_kafka() {
    build release recon_command && build asan-ubsan recon_command || return 1
    local status=0
    RECON_RESTARTS=10 RECON_BACKLOG=10000000 run_pytest 3600 tests/kafka/test_hardships.py || status=1
    RECON_SEED=$first RECON_KILLS=$kills run_pytest $((600 + 60 * kills)) tests/kafka/test_snapshots.py -k killed || status=1
    return $status
}
part_flink() {
    make --no-print-directory flink JOBS="$jobs" || return 1
    local status=0
    RECON_KILLS=50 run_pytest 7200 tests/flink -k killed || status=1
    RECON_FLINK_LINE=1.20 run_pytest 7200 tests/flink || status=1
    return $status
}
declare -A what=(
    [model]="$seeds seeds from $first on"
    [fuzz]="each fuzzer for $fuzz_seconds s"
    [kafka]="10 restarts, a backlog of 10^7, $kills kills from seed $first"
    [flink]="50 kills, and all of it on Flink 1.20"
)

summary=
failed=0
for part in ${*:-model fuzz kafka flink}; do
    [ -n "${what[$part]:-}" ] || { echo "soak.sh: no part '$part'" >&2; exit 2; }
    echo "== $part: ${what[$part]}"
    start=$SECONDS
    if "part_$part" 2>&1 </dev/null | tee "build/soak/$part.log"; then
        result=ok
    else
        result=FAILED
        failed=1
    fi
    summary+=$(printf '%-6s %-6s %6d s  %s' "$result" "$part" "$((SECONDS - start))" "${what[$part]}")$'\n'
done
printf '\n%s' "$summary"
exit "$failed"
