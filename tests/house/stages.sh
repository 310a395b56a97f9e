# Runs stages beside one another, in lanes; for a script that sources it and has a function stage_NAME for each stage.
#
# The script begins with `stages_begin "$@"`, and says `run_lanes "STAGE STAGE..." "STAGE..."`: the stages of a lane run one
# after the other. What a stage prints goes to $logs/STAGE.log; when it has ended a line says how it went and how long it
# took, with the end of its output if it failed; a lane's other stages still run, and the whole fails. `stages_end` adds up:
# the tests that ctest ran, and one for each stage that is a check of its own.
#
# A lane is this script again (`--lane STAGE...`), at the head of a process group of its own. However the script ends, by
# Ctrl-C, by a signal or by kill -9, the kernel tells the lanes, and a lane that is told ends its whole group.
# The variable logs: a folder, made by the script.

stages_begin() {
    if [ "${1:-}" = --lane ]; then
        trap 'trap "" TERM; kill -TERM 0; exit 143' TERM
        shift
        local stage
        for stage; do run_stage "$stage"; done
        exit 0
    fi
    stages_began=$SECONDS
    rm -f "$logs/results"
    touch "$logs/results"
}

# The one line, in one piece, so that lanes do not talk into each other; and what adds up, to $logs/results.
run_stage() {
    local stage=$1 start=$SECONDS result=ok bad= total= note= TIMEFORMAT='real %1R s, user %1U s, sys %1S s'
    # In the background and waited for: a trap is not run before a command in the foreground has ended.
    { time "stage_$stage"; } >"$logs/$stage.log" 2>&1 </dev/null &
    wait $! || result=FAILED
    # ctest's closing line, if the stage has one: "97% tests passed, 1 tests failed out of 33"
    read -r bad total < <(sed -nE 's/(.*[^0-9])?([0-9]+) tests failed out of ([0-9]+).*/\2 \3/p' "$logs/$stage.log" | tail -1) || :
    if [ -n "$total" ]; then
        note="$((total - bad)) of $total tests"
    else
        bad=0
        total=1
        [ "$result" = ok ] || bad=1
    fi
    # A stage can fail though its tests passed: it counts then.
    [ "$result" = ok ] || [ "$bad" -gt 0 ] || bad=1
    note=$(printf '%-6s %-13s %5d s  %s' "$result" "$stage" "$((SECONDS - start))" "$note")
    if [ "$result" = FAILED ]; then
        note+=$'\n'$(tail -n 60 "$logs/$stage.log" | cut -c1-300 | sed 's/^/       | /')
    fi
    {
        flock 9
        echo "$result $stage $((total - bad)) $bad" >&9
        printf '%s\n' "$note"
    } 9>>"$logs/results"
}

run_lanes() {
    local lane lanes=()
    trap 'trap "" INT TERM HUP; stop_lanes; exit 130' INT TERM HUP
    set -m # a group for each
    for lane; do
        # shellcheck disable=SC2086 # one word a stage
        setpriv --pdeathsig TERM nice -n $((10 * ${#lanes[@]})) bash "$0" --lane $lane </dev/null &
        lanes+=($!)
    done
    set +m
    for lane in "${lanes[@]}"; do
        wait "$lane" || echo "died lane 0 1" >>"$logs/results"
    done
    trap - INT TERM HUP
}

stop_lanes() {
    local lane
    for lane in $(jobs -p); do kill -TERM -- "-$lane"; done
    wait
} 2>/dev/null

# The last two lines, and the status of the whole.
stages_end() {
    local broken
    broken=$(awk '$1 != "ok" { printf " %s", $2 }' "$logs/results")
    echo "all of it took $((SECONDS - stages_began)) s"
    [ -z "$broken" ] || echo "failed:$broken (the whole output of each is in $logs/)"
    awk '{ good += $3; bad += $4 } END { printf "%d passed, %d failed\n", good, bad; exit bad > 0 || NR == 0 }' "$logs/results"
}
