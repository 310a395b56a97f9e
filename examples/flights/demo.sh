#!/bin/sh
# The demo: reconciles the flights of this folder and shows what there is to see. demo.sh RECON
#
# Run from the project's root, so that the commands it prints can be run again as they stand. Leaves the results in
# build/demo/.
set -eu
recon=$1
flights=examples/flights
results=build/demo/flights.txt
mkdir -p build/demo

say() { printf '%s\n' "$@"; }

say '' \
    'Five days of flights from New York, 7 to 11 February 2013. The schedule is the audit stream: what was to leave.' \
    'The departures are the events: what left, and when. The ID of both is carrier, flight and date.' \
    '' \
    "\$ $recon check $flights/recon.yaml \\" \
    "      --audit $flights/schedule.csv --events $flights/departures.csv \\" \
    "      --results table --output $results"
status=0
"$recon" check $flights/recon.yaml --audit $flights/schedule.csv --events $flights/departures.csv \
    --results table --output $results || status=$?
if [ "$status" -ne 1 ]; then
    say "demo: status 1 was to be expected, for flights are missing; it was $status" >&2
    exit 1
fi

say '' \
    'Of every nine flights, two never left. (The note is right: the time of a departure is its own, and late flights are' \
    'what this is about.) In the afternoon of the 8th a blizzard closed the airports (20:00 UTC is 15:00 in New York):' \
    '' \
    "\$ grep -E '^window|^2013-02-08 (1[5-9]|2)|^2013-02-09' $results"
grep -E '^window|^2013-02-08 (1[5-9]|2)|^2013-02-09' $results

say '' \
    'Each line is the metric of one hour of the schedule, written once both files are half an hour past it: a flight is' \
    'missing when it is 30 minutes behind its schedule (n). A line with "^" corrects an earlier one: flights that were missing' \
    'have left after all (m: within a day). Lines without a bar are hours of the night in which no flight was to leave.' \
    '' \
    'The hours of the storm are hardly corrected, for those flights were cancelled. One that left 14 hours late:' \
    '' \
    "\$ grep -F 'F9|835|2013-02-10' $results"
grep -F 'F9|835|2013-02-10' $results

say '' \
    'Try next:' \
    "  less -S $results" \
    '      every flight that was missing, and those found again, where they happened between the windows' \
    "  $recon check $flights/recon.yaml --audit $flights/schedule.csv --events $flights/departures.csv \\" \
    '          --out-of-orderness 3h' \
    '      patience: later answers, and far fewer corrections' \
    "  $recon check --audit $flights/schedule.csv --events $flights/departures.csv --id carrier,flight,date \\" \
    '          --audit-time scheduled --events-time departed --results ndjson | head' \
    '      the same without a configuration, as JSON: all is judged at the end' \
    "  $recon generate --seed 1 --ids 1000000 --output build/demo/generated" \
    "  $recon check --audit build/demo/generated/audit.ndjson --events build/demo/generated/events.ndjson" \
    '      a million IDs of which the truth is known (truth.ndjson)' \
    "  $recon check --audit YOURS --events YOURS"
