#!/usr/bin/env python3
"""What a matcher's memory is by ID, and how long it takes to come back: restore.py [--ids N]

On a real cluster, one subtask that remembers so many IDs, matched but for one of a thousand: what the engine holds; the
savepoint; and of a job that goes on from it, how long each task was INITIALIZING, in which state is read.
"""

import argparse
import pathlib
import re
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "bench/flink"), str(ROOT / "tests/flink"), str(ROOT / "tests/kafka")]

from broker import wait_until  # noqa: E402
from cluster import Cluster  # noqa: E402
import run as inside  # noqa: E402

SETTINGS = {**inside.CLUSTER, "execution.checkpointing.interval": "1h"}


def metric(job, name):
    """Of the matcher."""
    values = job.vertex_metrics(f".recon.{name}")
    return max((int(float(value)) for metrics in values.values() for value in metrics.values()), default=0)


def initializing(job):
    """By vertex, ms of the longest subtask."""
    found = {}
    for vertex in job.get()["vertices"]:
        times = [one["timestamps"] for one in job.get(f"/vertices/{vertex['id']}/subtasktimes")["subtasks"]]
        found[vertex["name"]] = max(one["RUNNING"] - one["INITIALIZING"] for one in times)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ids", type=int, default=20_000_000)
    options = parser.parse_args()
    inside.build()
    entry, configuration = inside.JOBS["recon"]
    arguments = [100 * options.ids, options.ids, "none"]
    with tempfile.TemporaryDirectory() as folder, Cluster(folder, SETTINGS, java_options="") as cluster:
        job = cluster.submit(inside.JAR, arguments, 1, entry_class=entry, configuration=configuration)
        job.wait_for_running(300)
        wait_until(lambda: metric(job, "identities") >= options.ids, 1800, lambda: f"{metric(job, 'identities')} IDs")
        identities, held = metric(job, "identities"), metric(job, "memory_bytes")
        print(f"{identities} IDs: {held / identities:.1f} bytes each by the engine's account", flush=True)
        savepoint = job.stop()
        size = sum(path.stat().st_size for path in pathlib.Path(re.sub("^file:", "", savepoint)).rglob("*") if path.is_file())
        print(f"savepoint: {size / 1e6:.0f} MB", flush=True)
        job = cluster.submit(inside.JAR, arguments, 1, savepoint=savepoint, entry_class=entry, configuration=configuration)
        job.wait_for_running(300)
        for name, taken in initializing(job).items():
            print(f"  {taken:>6} ms  {name}")
        job.cancel()


if __name__ == "__main__":
    main()
