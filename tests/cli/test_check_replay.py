"""recon check says what recon replay says of the order in which bounded inputs are to be read.

The order is made here anew, by the rule taken by its word: the next record comes from the file whose largest believed
time is lowest; of equals, audit files first, then in the order given.
"""

import json
import os
import random
import subprocess

import pytest
from checking import RECON, check, ndjson

SEEDS = int(os.environ.get("RECON_SEEDS", "40"))
NOW_MS, SKEW_MS = 1704110400000, 3_600_000
NOW = "2024-01-01T12:00:00Z"
START_MS = NOW_MS - 10_000_000


def a_file(rng, ids, time_field, step):
    """Lines with what the trace says of each: (time that lifts max or None, trace fields)."""
    made = []
    clock = START_MS + rng.randrange(5000)
    for line in range(1, rng.randrange(0, 120) + 1):
        clock += rng.randrange(step)
        time = clock - rng.choice([0, 0, 0, rng.randrange(3000)])
        identity = rng.choice(ids)
        dice = rng.randrange(40)
        if dice == 0:
            made.append(("{broken", None, {"rejected": "malformed"}))
        elif dice == 1:
            made.append(({time_field: time}, None, {"rejected": "no_id", "time": time}))
        elif dice == 2:
            made.append(({"id": identity, time_field: "soon"}, None, {"id": identity}))
        elif dice == 3:
            far = NOW_MS + SKEW_MS + 1 + rng.randrange(10**6)
            made.append(({"id": identity, time_field: far}, None, {"id": identity, "time": far}))
        elif dice == 4:
            made.append(({"id": identity, time_field: NOW_MS + SKEW_MS}, NOW_MS + SKEW_MS, {"id": identity, "time": NOW_MS + SKEW_MS}))
        else:
            made.append(({"id": identity, time_field: time}, time, {"id": identity, "time": time}))
        made[-1][2]["offset"] = line
    return made


def merged(files):
    """Trace lines of (stream, partition, records) in the order of the rule."""
    state = [{"stream": s, "partition": p, "left": list(r), "max": float("-inf")} for s, p, r in files]
    lines = []
    while state:
        one = min(state, key=lambda f: f["max"])  # the first of equals
        head = {"at": NOW_MS, "stream": one["stream"], "partition": one["partition"]}
        if not one["left"]:
            lines.append({**head, "end": True})
            state.remove(one)
            continue
        _, lift, fields = one["left"].pop(0)
        lines.append({**head, **fields})
        if lift is not None:
            one["max"] = max(one["max"], lift)
    return lines


@pytest.mark.parametrize("seed", range(SEEDS))
def test_check_equals_the_replay_of_its_order(tmp_path, seed):
    rng = random.Random(seed)
    ids = [f"id-{i}" for i in range(rng.choice([5, 60, 400]))]
    files, names = [], {"audit": [], "events": []}
    for stream, field in (("audit", "event_time"), ("events", "time")):
        for partition in range(rng.randrange(1, 4)):
            records = a_file(rng, ids, field, rng.choice([2, 300, 3000]))
            name = f"{stream}{partition}"
            (tmp_path / name).write_bytes(ndjson([r[0] for r in records]))
            files.append((stream, partition, records))
            names[stream].append(name)
    options = ["--interval=10s", "--report=missing,found,unaudited,audited,duplicate,too_late,rejected"]
    for option, choices in (("out-of-orderness", (None, "0s", "1s", "1m")), ("retention", (None, "0s", "5s", "10m"))):
        choice = rng.choice(choices)
        if choice:
            options.append(f"--{option}={choice}")
    if rng.randrange(3) == 0:
        options.append("--from=2024-01-01T09:15:00Z")
    options.append("--max-future-skew=1h")
    trace = tmp_path / "trace.ndjson"
    head = {"partitions": {s: [f"{name}/{i}" for i, name in enumerate(names[s])] for s in names}}
    trace.write_bytes(ndjson([head, *merged(files)]))

    mapped = ["--audit-time=event_time", "--events-time=time", "--audit-format=json", "--events-format=json"]
    run = subprocess.run(
        [os.path.abspath(RECON), "check", "--audit", *names["audit"], "--events", *names["events"], f"--now={NOW}", *options, *mapped],
        cwd=tmp_path, capture_output=True, timeout=60,
    )  # fmt: skip
    assert run.returncode in (0, 1), run.stderr
    replay = subprocess.run([RECON, "replay", trace, *options], capture_output=True, timeout=60)
    assert replay.returncode == 0, replay.stderr
    assert [json.loads(x) for x in run.stdout.splitlines()] == [json.loads(x) for x in replay.stdout.splitlines()]
