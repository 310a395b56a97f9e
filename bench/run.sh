#!/usr/bin/env bash
# What recon costs, beside what one would use instead: run.sh [--tiny]
#
# Prints the machine, the commit and every figure; nothing is judged here. Needs some 6 GB of disk and 14 GB of memory, and
# takes a while; --tiny takes seconds, for tests: its figures mean nothing. RECON_BUILD: a build folder to take as it is.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${RECON_BUILD:-build/release}
work=$build/bench
venv=build/bench-venv
join_args=()
hashmap_args=()
snapshot_args=()
decode_args=()
compare_args=(--data "$work/data")
if [ "${1:-}" = --tiny ]; then
    join_args=(--ids 20000 --runs 2)
    hashmap_args=(--ids 20000 --runs 2)
    snapshot_args=(--ids 20000 --runs 2)
    decode_args=(--ids 2000 --runs 2)
    compare_args=(--data "$work/data-tiny" --ids 20000 --runs 2)
fi

if [ -z "${RECON_BUILD:-}" ]; then
    cmake --preset release --log-level=WARNING >/dev/null
    cmake --build "$build" -j "$(nproc)" -- --quiet
fi
mkdir -p "$work"
# DuckDB comes from PyPI, into a folder of its own; where it is not to be had, the rest is measured without it.
python=$venv/bin/python
if ! "$python" -c 'import duckdb' 2>/dev/null; then
    { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet --disable-pip-version-check duckdb; } ||
        python=python3
fi

echo "== machine"
echo "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(nproc) cores, $(awk '/MemTotal/ {printf "%.0f GiB", $2 / 1048576}' /proc/meminfo)"
echo "$(uname -sr), $(. /etc/os-release && echo "$PRETTY_NAME"), $(cc --version | head -1)"
echo "huge pages: $(cat /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null || echo none)"
echo "load before: $(cut -d' ' -f1-3 /proc/loadavg)"
echo "commit: $(git describe --always --dirty 2>/dev/null || echo unknown)"
echo "== the join, beside a bare loop over as much memory"
"$build/bench/bench_join" "${join_args[@]}"
if [ -x "$build/bench/bench_hashmap" ]; then
    echo "== the join, beside a hash map from the shelf"
    "$build/bench/bench_hashmap" "${hashmap_args[@]}"
fi
echo "== snapshots while the engine goes on"
"$build/bench/bench_snapshot" "${snapshot_args[@]}"
echo "== records of JSON lines, beside simdjson alone"
"$build/bench/bench_decode" "${decode_args[@]}"
echo "== records of Kafka messages, beside lines of a file"
"$build/bench/bench_message" "${decode_args[@]}"
if [ -x "$build/bench/bench_kafka_consume" ] && [ "${1:-}" != --tiny ] && kafka_python=$(sh tools/fetch.sh python); then
    echo "== recon run, beside a loop that only reads"
    "$kafka_python/bin/python" bench/kafka/run.py --build "$build"
fi
echo "== recon check, beside DuckDB and simdjson"
"$python" bench/check_vs_duckdb.py --recon "$build/recon" --simdjson "$build/bench/bench_simdjson_lines" \
    "${compare_args[@]}"
