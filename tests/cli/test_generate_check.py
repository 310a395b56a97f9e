"""recon generate and recon check are of one mind: what is reported is the truth, and all of it."""

import json
import subprocess

import pytest
from test_generate import FILES, RECON, SHAPES, generate, told


def duration(ms):
    return f"{ms}ms"


@pytest.mark.parametrize("seed", (1, 2, 3))
@pytest.mark.parametrize("shape", SHAPES)
def test_check_reports_just_the_truth(tmp_path, shape, seed):
    options, (_, n, m) = SHAPES[shape]
    generate(tmp_path, "--seed", seed, "--ids", 20000, *options)
    run = subprocess.run(
        [RECON, "check", "--audit", tmp_path / FILES[0], "--events", tmp_path / FILES[1], "--results", "ndjson"]
        + ["--out-of-orderness", duration(n), "--retention", duration(m)]
        + ["--report", "missing,found,unaudited,audited,duplicate,too_late,rejected"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 1, run.stderr
    reported = {}
    for line in run.stdout.splitlines():
        result = json.loads(line)
        if result["type"] != "metric":
            key = (result["id"], result.get("stream"))
            reported.setdefault(result["type"], []).append(key)
    truth = {"missing": [], "found": [], "unaudited": [], "duplicate": [], "too_late": []}
    for fate, id, stream, late, _ in told(tmp_path):
        if fate == "lost" or (fate == "late" and late in ("within_m", "beyond_m")):
            truth["missing"].append((id, None))
        if fate == "late" and late == "within_m":
            truth["found"].append((id, None))
        if late == "beyond_m":
            truth["too_late"].append((id, stream or "events"))
        elif fate == "unaudited":
            truth["unaudited"].append((id, None))
        elif fate == "doubled":
            truth["duplicate"].append((id, stream))
    assert shape != "much goes wrong" or all(truth.values())
    for kind in truth.keys() | reported.keys():
        assert sorted(reported.get(kind, []), key=str) == sorted(truth.get(kind, []), key=str), kind


def test_without_settings_only_what_never_came_is_missing(tmp_path):
    generate(tmp_path, "--seed", 4, "--ids", 20000)
    run = subprocess.run(
        [RECON, "check", "--audit", tmp_path / FILES[0], "--events", tmp_path / FILES[1], "--results", "ndjson"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    results = [json.loads(line) for line in run.stdout.splitlines()]
    assert {result["type"] for result in results} == {"metric", "missing"}
    lost = {id for fate, id, *_ in told(tmp_path) if fate == "lost"}
    assert {result["id"] for result in results if result["type"] == "missing"} == lost != set()
    assert sum(result["missing"] for result in results if result["type"] == "metric") == len(lost)
