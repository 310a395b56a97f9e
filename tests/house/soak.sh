#!/usr/bin/env bash
# What runs for hours: the model test over SOAK_SEEDS seeds, then every fuzzer for SOAK_FUZZ_SECONDS, then the Flink job on
# real clusters: 50 kills within one stream, and on Flink 1.20 what ./check runs on the newest alone; then the service,
# with a broker restarted ten times and a backlog of 10^6, and killed SOAK_KILLS times within one stream. Prints the figures.
#
# Another first seed than last time: SOAK_FIRST (default: the seconds of the clock, printed, so that it can be repeated).
set -uo pipefail
cd "$(dirname "$0")/../.."
jobs=${JOBS:-$(nproc)}
seeds=${SOAK_SEEDS:-1000000}
fuzz_seconds=${SOAK_FUZZ_SECONDS:-7200}
kills=${SOAK_KILLS:-200}
first=${SOAK_FIRST:-$(date +%s)}

for preset in release fuzz; do
    cmake --preset "$preset" --log-level=WARNING >/dev/null && cmake --build "build/$preset" -j "$jobs" -- --quiet || exit 1
done
failed=0
echo "model: $seeds seeds from $first on"
build/release/tests/model/model_test --seeds "$first..$((first + seeds - 1))" --jobs "$jobs" || failed=1
echo "fuzzers: $fuzz_seconds s each"
JOBS=$jobs bash tests/house/fuzz.sh "$fuzz_seconds" || failed=1
echo 'the Flink job'
make --no-print-directory flink JOBS="$jobs" && python=$(sh tools/fetch.sh python)/bin/python || exit 1
RECON_KILLS=50 "$python" -m pytest -p no:cacheprovider tests/flink -k killed || failed=1
RECON_FLINK_LINE=1.20 "$python" -m pytest -p no:cacheprovider tests/flink || failed=1
echo "the service: killed $kills times in a stream"
cmake --preset asan-ubsan --log-level=WARNING >/dev/null &&
    cmake --build build/asan-ubsan --target recon_command -j "$jobs" -- --quiet &&
    RECON_RESTARTS=10 RECON_BACKLOG=10000000 "$python" -m pytest -p no:cacheprovider -q tests/kafka/test_hardships.py &&
    RECON_KILLS=$kills "$python" -m pytest -p no:cacheprovider -q tests/kafka/test_snapshots.py -k killed ||
    failed=1
exit "$failed"
