"""recon replay: each rule by a small trace of its own, tests/traces/NAME.*, whose results were worked out by hand.

NAME.args says in its comments why the results are what they are. The order of results is compared only where it is
promised: a `found` follows its `missing`, revisions rise, a metric follows what it counts.
"""

import json
import os
import pathlib
import resource
import subprocess

import pytest

RECON = os.environ.get("RECON", "build/dev/recon")
FOLDER = pathlib.Path(__file__).resolve().parent.parent / "traces"
OUTPUT_BYTES_MAX = 1 << 20
NAMES = sorted(path.name[: -len(".trace.ndjson")] for path in FOLDER.glob("*.trace.ndjson"))


def arguments(name):
    lines = (FOLDER / f"{name}.args").read_text(encoding="utf-8").splitlines()
    return [word for line in lines if not line.startswith("#") for word in line.split()]


def replay(name, folder):
    """The lines it prints; a run that prints without end fails at a bound instead of filling the machine."""
    path = folder / "results.ndjson"
    with open(path, "wb") as output:
        run = subprocess.run(
            [RECON, "replay", "--quiet", *arguments(name), "--results", "ndjson", FOLDER / f"{name}.trace.ndjson"],
            stdout=output,
            stderr=subprocess.PIPE,
            timeout=60,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT_BYTES_MAX, OUTPUT_BYTES_MAX)),
        )
    assert (run.returncode, run.stderr) == (0, b"")
    return path.read_text(encoding="utf-8").splitlines()


def check_order(results):
    """What is promised of the order, whatever the engine does inside."""
    missing, revisions = set(), {}
    for result in map(json.loads, results):
        identity = (result.get("source"), result.get("id"), result.get("time"))
        if result["type"] == "missing":
            missing.add(identity)
        elif result["type"] == "found":
            assert identity in missing, result
            missing.remove(identity)
        elif result["type"] == "metric":
            assert result["revision"] == revisions.get(result["start"], -1) + 1, result
            revisions[result["start"]] = result["revision"]
            assert result["expected"] == result["matched"] + result["missing"], result
            said = sum(1 for _, _, time in missing if time and result["start"] <= time < result["end"])
            assert said == result["missing"], result


@pytest.mark.parametrize("name", NAMES)
def test_trace_gives_the_results_worked_out_by_hand(name, tmp_path):
    expected = (FOLDER / f"{name}.expected.ndjson").read_text(encoding="utf-8").splitlines()
    found = replay(name, tmp_path)
    assert sorted(found) == sorted(expected)
    if "missing" in " ".join(arguments(name)) or "--report" not in arguments(name):
        check_order(found)


def test_there_is_a_trace_with_all_its_parts():
    assert len(NAMES) > 30
    parts = {f"{name}.{part}" for name in NAMES for part in ("trace.ndjson", "args", "expected.ndjson")}
    assert {path.name for path in FOLDER.iterdir()} == parts | {"README.md"}
