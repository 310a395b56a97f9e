#!/usr/bin/env bash
# What recon costs, beside what one would use instead: run.sh [--tiny] [QUESTION...]
#
# Each question is a program here: it runs both sides in turn, several times, and prints what it finds, the lines of a table
# among it. Nothing is judged. With all questions asked, the table with the machine, the commit and the commands is put into
# docs/performance.md, between the markers. Needs some 16 GB of disk and 14 GB of memory (with less of that, what does not fit is
# left out, and the table says so), and takes half an hour: what is asked after 25 minutes gets one run, after 45 none.
# --tiny takes seconds, for tests: its figures mean nothing and are written nowhere.
# RECON_BUILD: a build folder to take as it is.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${RECON_BUILD:-build/release}
work=$build/bench
venv=build/bench-venv
tiny=
if [ "${1:-}" = --tiny ]; then
    tiny=yes
    shift
fi
# Short ones first: where time runs short, the long ones of 10^8 IDs get one run, and it tells as much.
all='join check zstd csv missing results decode message hashmap restore deadlines pauses java snapshot growth memory kafka'
asked=${*:-$all}

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
data=(--recon "$build/recon" --data "$work/data${tiny:+-tiny}" ${tiny:+--ids 20000 --runs 2})
small=(${tiny:+--ids 20000 --runs 2})

machine() {
    echo "- $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(nproc) cores, $(awk '/MemTotal/ {printf "%.0f GiB", $2 / 1048576}' /proc/meminfo)"
    echo "- $(uname -sr), $(. /etc/os-release && echo "$PRETTY_NAME"), $(cc --version | head -1)"
    echo "- huge pages: $(cat /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null || echo none); load at the start: $(cut -d' ' -f1-3 /proc/loadavg)"
    echo "- commit $(git describe --always --dirty 2>/dev/null || echo unknown), $(date -u +%Y-%m-%d)"
}

# The command of a question; nothing where this machine has not what it needs.
command_of() {
    case $1 in
    join) echo "$build/bench/bench_join" "${small[@]}" ;;
    growth) echo "$build/bench/bench_growth" ${tiny:+--from 10000 --to 100000 --runs 2} ;;
    hashmap) [ ! -x "$build/bench/bench_hashmap" ] || echo "$build/bench/bench_hashmap" "${small[@]}" ;;
    java) # two minutes a run
        ! command -v javac >/dev/null ||
            echo "$python" bench/join_vs_java.py --join "$build/bench/bench_join" --runs 3 "${small[@]}"
        ;;
    memory) echo "$build/bench/bench_memory" ${tiny:+--ids 200000} ;;
    deadlines) echo "$build/bench/bench_deadlines" "${small[@]}" ;;
    pauses) echo "$build/bench/bench_pauses" "${small[@]}" ;;
    snapshot) echo "$build/bench/bench_snapshot" --runs 1 "${small[@]}" ;; # no line of the table
    restore) echo "$build/bench/bench_restore" "${small[@]}" ;;
    decode) echo "$build/bench/bench_decode" ${tiny:+--ids 2000 --runs 2} ;;
    message) echo "$build/bench/bench_message" ${tiny:+--ids 2000 --runs 2} ;;
    kafka) # tests/kafka runs it tiny
        if [ -z "$tiny" ] && [ -x "$build/bench/bench_kafka_consume" ] && kafka_python=$(sh tools/fetch.sh python); then
            echo "$kafka_python/bin/python" bench/kafka/run.py --build "$build"
        fi
        ;;
    check) echo "$python" bench/check_vs_duckdb.py "${data[@]}" --simdjson "$build/bench/bench_simdjson_lines" ;;
    csv) ! "$python" -c 'import duckdb' 2>/dev/null || echo "$python" bench/check_csv.py "${data[@]}" ;;
    zstd | missing | results) echo "$python" "bench/check_$1.py" "${data[@]}" ;;
    *) echo "run.sh: no question '$1'; there are: $all" >&2 && return 2 ;;
    esac
}

found=$work/found${tiny:+-tiny}.md
{
    machine
    echo
    echo '| what | recon | beside it | ratio | to reach |'
    echo '|---|---|---|---|---|'
} >"$found"
machine
commands=
left_out=
for question in $asked; do
    command=$(command_of "$question")
    why=
    [ -n "$command" ] || why='this machine has not what it needs'
    [ $SECONDS -lt $((45 * 60)) ] || why='it took too long'
    if [ -n "$why" ]; then
        echo "== $question: left out, $why"
        left_out+="- left out: \`$question\`, as $why"$'\n'
        continue
    fi
    [ $SECONDS -lt $((25 * 60)) ] || [ "$question" = memory ] || command+=' --runs 1'
    echo "== $question: $command"
    began=$SECONDS
    # shellcheck disable=SC2086 # one word an argument
    $command | tee "$work/$question.out"
    echo "== $question took $((SECONDS - began)) s"
    { grep '^| ' "$work/$question.out" || :; } | sed -E 's/([0-9.]+)e\+0?([0-9]+)/\1·10^\2/g; s/([^0-9.])1·10\^/\110^/g' >>"$found"
    commands+="    $command"$'\n'
done
# shellcheck disable=SC2016 # a code span
printf '\n%s\nBy `make bench`, which took %d minutes and ran:\n\n%s' "$left_out" $(((SECONDS + 59) / 60)) "$commands" >>"$found"

if [ -z "$tiny" ] && [ $# -eq 0 ]; then
    awk -v found="$found" '
        /^<!-- make bench: begin -->$/ { print; print ""; while ((getline line <found) > 0) print line; print ""; inside = 1 }
        /^<!-- make bench: end -->$/ { inside = 0 }
        !inside { print }' docs/performance.md >"$work/performance.md" && cp "$work/performance.md" docs/performance.md
    echo "recon: docs/performance.md has the table"
else
    cat "$found"
fi
