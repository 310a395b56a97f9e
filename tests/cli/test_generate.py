"""recon generate: the truth it tells is what the lines show (test_generate_check.py: and what recon check reports)."""

import datetime
import hashlib
import json
import os
import subprocess

import pytest

RECON = os.environ.get("RECON", "build/dev/recon")
FILES = ("audit.ndjson", "events.ndjson", "truth.ndjson")
MINUTE, HOUR = 60_000, 3_600_000


def generate(directory, *options, status=0):
    run = subprocess.run(
        [RECON, "generate", "--output", directory, *map(str, options)], capture_output=True, text=True, timeout=120
    )
    assert run.returncode == status, run.stderr
    return run


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def milliseconds(text):
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return round(moment.timestamp() * 1000)


def judged(directory, disorder, n, m):
    """What the truth must say, found by reading the lines: a set of (fate, id, stream, late, late_ms)."""
    audits = lines(directory / "audit.ndjson")
    events = lines(directory / "events.ndjson")
    audited = {record["id"] for record in audits}
    arrived = {record["id"] for record in events}
    found = {("lost", id, None, None, None) for id in audited - arrived}
    for stream, records, field in (("audit", audits, "event_time"), ("events", events, "time")):
        newest = -(10**18)
        seen = set()
        for record in records:
            time = milliseconds(record[field])
            behind = newest - time
            reach = None
            if behind > disorder:
                reach = "within_n" if behind <= n else "within_m" if behind <= n + m else "beyond_m"
            fate = None
            if record["id"] in seen:
                fate = "doubled"
            elif record["id"] not in audited:
                fate = "unaudited"
            elif reach:
                fate = "late"
            if fate:
                found.add((fate, record["id"], stream if fate == "doubled" else None, reach, behind if reach else None))
            seen.add(record["id"])
            newest = max(newest, time)
    return found


def told(directory):
    truth = lines(directory / "truth.ndjson")
    all = [(line["fate"], line["id"], line.get("stream"), line.get("late"), line.get("late_ms")) for line in truth]
    assert len(all) == len(set(all))
    return set(all)


# Options and the disorder, n and m that they mean, in ms.
SHAPES = {
    "as it comes": ((), (10_000, MINUTE, HOUR)),
    "much goes wrong": (
        "--loss 5% --late-within-n 5% --late-within-m 0.05 --late-beyond-m 5% --unaudited 5% --duplicates 0.2 "
        "--stalls 20 --stall-duration 50m --sources 3".split(),
        (10_000, MINUTE, HOUR),
    ),
    "fast and short-lived": (
        "--rate 1000 --out-of-orderness 500ms --retention 2s --disorder 499ms --duplicates 0.1 --late-within-m 2% "
        "--late-beyond-m 2% --stalls 2 --stall-duration 3s --start 1969-12-31T23:59:50Z".split(),
        (499, 500, 2000),
    ),
    "each ms counts": (
        "--rate 1000 --out-of-orderness 5ms --retention 10ms --disorder 2ms --late-within-n 10% --late-within-m 10% "
        "--late-beyond-m 10% --duplicates 10%".split(),
        (2, 5, 10),
    ),
    "stall of the only source": (
        "--sources 1 --stalls 2 --stall-duration 1h --rate 1".split(),
        (10_000, MINUTE, HOUR),
    ),
}


@pytest.mark.parametrize("seed", (1, 2))
@pytest.mark.parametrize("shape", SHAPES)
def test_truth_is_what_the_lines_show(tmp_path, shape, seed):
    options, bounds = SHAPES[shape]
    generate(tmp_path, "--seed", seed, "--ids", 10000, *options)
    assert told(tmp_path) == judged(tmp_path, *bounds)


def digests(directory):
    return [hashlib.sha256((directory / name).read_bytes()).hexdigest() for name in FILES]


def test_same_seed_makes_the_same_bytes(tmp_path):
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        generate(tmp_path / name, "--seed", seed, "--ids", 5000)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    assert all(one != other for one, other in zip(digests(tmp_path / "a"), digests(tmp_path / "c")))


def test_ids_are_distinct_and_lines_about_250_bytes(tmp_path):
    generate(tmp_path, "--ids", 50000, "--duplicates", 0)
    for name in FILES[:2]:
        records = lines(tmp_path / name)
        assert len({record["id"] for record in records}) == len(records)
        assert 230 < (tmp_path / name).stat().st_size / len(records) < 275
    assert {len(record["id"]) for record in records} == {36}


def test_nothing_goes_wrong_where_nothing_shall(tmp_path):
    none = "--loss 0 --late-within-n 0 --late-within-m 0 --late-beyond-m 0 --unaudited 0 --duplicates 0 --stalls 0"
    generate(tmp_path, "--ids", 5000, *none.split())
    assert (tmp_path / "truth.ndjson").stat().st_size == 0
    assert judged(tmp_path, 10_000, MINUTE, HOUR) == set()


def test_directory_is_made_and_files_that_are_there_are_kept(tmp_path):
    directory = tmp_path / "far" / "away"
    generate(directory, "--ids", 10, "--seed", 1)
    before = digests(directory)
    refused = generate(directory, "--ids", 10, "--seed", 2, status=2)
    assert "--force" in refused.stderr and digests(directory) == before
    generate(directory, "--ids", 10, "--seed", 2, "--force")
    assert digests(directory) != before


@pytest.mark.parametrize("name", FILES)
def test_full_disk_is_said_and_leaves_no_whole_file_behind(tmp_path, name):
    (tmp_path / name).symlink_to("/dev/full")
    run = generate(tmp_path, "--ids", 20000, "--force", status=2)
    assert "No space left on device" in run.stderr and name in run.stderr
    assert not any((tmp_path / other).exists() for other in FILES if other != name)


def test_output_that_is_no_directory_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    run = generate(tmp_path / "file", "--ids", 1, status=2)
    assert str(tmp_path / "file") in run.stderr


@pytest.mark.parametrize(
    "options, words",
    [
        (("--loss", "2"), ("--loss", "0.1%")),
        (("--loss", "-1%"), ("--loss",)),
        (("--loss", "60%", "--unaudited", "60%"), ("100 %",)),
        (("--retention", "60"), ("--retention", "60")),
        (("--start", "yesterday"), ("--start",)),
        (("--rate", "fast"), ("--rate",)),
        (("--disorder", "2m"), ("--disorder",)),
        (("--stalls", "1000"), ("--stalls",)),
        (("--los", "1%"), ("--loss",)),
    ],
)
def test_bad_usage_names_the_option_and_the_mend(tmp_path, options, words):
    run = generate(tmp_path / "new", "--ids", 10, *options, status=2)
    assert all(word in run.stderr for word in words), run.stderr
    assert not (tmp_path / "new").exists()


def test_ids_and_output_must_be_given():
    run = subprocess.run([RECON, "generate"], capture_output=True, text=True, timeout=60)
    assert run.returncode == 2 and "--ids" in run.stderr and "--output" in run.stderr
