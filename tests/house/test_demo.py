"""The demo shows the truth, the README shows the demo, and the example in docs/semantics.md is what recon replay says.

RECON names the program.
"""

import collections
import csv
import json
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).parents[2]
RECON = os.environ["RECON"]
FLIGHTS = ROOT / "examples/flights"
INPUTS = [FLIGHTS / "recon.yaml", "--audit", FLIGHTS / "schedule.csv", "--events", FLIGHTS / "departures.csv"]


def read(name):
    with open(FLIGHTS / name, newline="", encoding="utf-8") as file:
        return {(row["carrier"], row["flight"], row["date"]): row for row in csv.DictReader(file)}


def results(*options):
    ended = subprocess.run(
        [RECON, "check", *INPUTS, "--results", "ndjson", *options], capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_the_last_metric_of_every_hour_is_what_the_two_files_say():
    departures = read("departures.csv")
    hours = collections.defaultdict(lambda: [0, 0])
    for flight, row in read("schedule.csv").items():
        hour = row["scheduled"][:13] + ":00:00.000Z"
        hours[hour][0] += 1
        hours[hour][1] += flight in departures
    last = {result["start"]: result for result in results() if result["type"] == "metric"}
    assert {start: [metric["expected"], metric["matched"]] for start, metric in last.items() if metric["expected"]} == hours


def test_missing_and_not_found_are_the_flights_that_never_left():
    absent = {"|".join(flight) for flight in read("schedule.csv").keys() - read("departures.csv").keys()}
    said = set()
    for result in results():
        if result["type"] == "missing":
            assert result["id"] not in said
            said.add(result["id"])
        elif result["type"] == "found":
            said.remove(result["id"])
    assert said == absent


def demo():
    ended = subprocess.run(
        ["sh", FLIGHTS / "demo.sh", RECON], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    return ended.stderr, ended.stdout


def test_the_readme_shows_what_the_demo_prints():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    excerpt = re.search(r"<!-- demo:.*?-->\n```text\n(.*?)```", readme, flags=re.S)[1]
    summary, shown = demo()
    printed = (summary + shown).replace(RECON, "build/release/recon").splitlines()
    # The summary goes to standard error, so where it stands among the lines is not compared.
    for line in excerpt.splitlines():
        if line.strip() != "…":
            assert line in printed
    tables = [[line for line in lines if line.startswith("2013")] for lines in (excerpt.splitlines(), printed)]
    positions = [tables[1].index(line) for line in tables[0]]
    assert positions == sorted(positions)
    assert len(positions) > 10


def test_the_example_of_the_semantics_comes_out_as_it_says(tmp_path):
    page = (ROOT / "docs/semantics.md").read_text(encoding="utf-8")
    command = re.search(r"`(recon replay [^`]*) trace.ndjson`", page)[1].split()
    trace = tmp_path / "trace.ndjson"
    trace.write_text(re.search(r"```json\n(.*?)```", page, flags=re.S)[1], encoding="utf-8")
    ended = subprocess.run([RECON, *command[1:], trace], capture_output=True, text=True, timeout=60, check=True)
    said = [json.loads(line) for line in ended.stdout.splitlines()]
    place = "1970-01-01T00:00:00.0%02dZ"
    assert [
        (result["type"], result.get("id") or result["start"], result.get("completeness_percent"), result.get("revision"))
        for result in said
    ] == [
        ("missing", "b", None, None),
        ("metric", place % 0, 50, 0),
        ("metric", place % 10, None, 0),
        ("found", "b", None, None),
        ("metric", place % 0, 100, 1),
        ("metric", place % 30, 100, 0),
    ]
    assert [result["watermark"] for result in said] == [place % 27] * 4 + [None] * 2
