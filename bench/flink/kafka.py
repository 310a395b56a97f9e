#!/usr/bin/env python3
"""The job from Kafka to Kafka, exactly once, beside the same job with a discard in the matcher's place and beside the join in
Java: kafka.py [--ids N] [--runs N] [--parallelism 1]

A broker and a cluster of one TaskManager on this machine, JSON of 250 bytes, IDs of 36 characters, checkpoints every 10 s. The
jobs run in turn, each in a TaskManager of its own. Prints messages by second and by CPU-second of the TaskManager from the
moment at which half was read to that at which all was; "no JIT": without the compilation, which a job that runs for weeks has
behind it and which, of so short a run, is a third and never the same; and the medians of the ratios within a turn.
"""

import argparse
import importlib.util
import json
import pathlib
import statistics
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "bench/flink"), str(ROOT / "tests/flink"), str(ROOT / "tests/kafka")]

from broker import Broker, wait_until  # noqa: E402
from cluster import Cluster  # noqa: E402
import run as inside  # noqa: E402

specification = importlib.util.spec_from_file_location("kafka_bench", ROOT / "bench/kafka/run.py")
streams = importlib.util.module_from_spec(specification)
specification.loader.exec_module(streams)

RETENTION_MS = 60_000  # of event time, in which 600,000 IDs come
JOBS = {"recon": "io.recon.flink.job.ReconJob", "discard": "io.recon.flink.job.DiscardJob", "java": "io.recon.bench.JavaJob"}


def configuration(folder, name, broker):
    path = folder / f"{name}.yaml"
    path.write_text(json.dumps({
        "name": name, "interval": "10s", "out_of_orderness": "1s", "retention": f"{RETENTION_MS}ms", "idle_timeout": "never",
        "max_future_skew": "any", "report": ["missing"], "kafka": {"bootstrap.servers": broker.address},
        "audit": {"topics": ["bench.audit"], "format": "json", "id": "id", "time": "time"},
        "events": {"topics": ["bench.events"], "format": "json"},
        "output": {"topics": {"metrics": f"{name}.metrics", "breaks": f"{name}.breaks"}}}))
    return path


def compilers_cpu_seconds(pid):
    return sum(inside.cpu_seconds(f"{pid}/task/{path.parent.name}") for path in pathlib.Path(f"/proc/{pid}/task").glob("*/comm")
               if "CompilerThre" in path.read_text())


def measure(folder, broker, job_name, name, total, parallelism):
    """Messages by second, by CPU-second, and by CPU-second without compilation."""
    with Cluster(folder / name, inside.CLUSTER, java_options=inside.JAVA_OPTIONS) as cluster:
        pid = cluster.task_managers[0].pid
        if job_name == "java":
            broker.create_topic(f"{name}.results")
            arguments = [broker.address, name, "bench", RETENTION_MS]
        else:
            arguments = ["--config", configuration(folder, name, broker)]
        job = cluster.submit(inside.JAR, arguments, parallelism, entry_class=JOBS[job_name])
        views = []

        def is_read():
            if job.state() == "FAILED":
                sys.exit(f"{name}: {job.failure()}")
            offsets = [int(value) + 1 for metrics in job.vertex_metrics(".currentOffset").values() for value in metrics.values()]
            read = sum(max(one, 0) for one in offsets)
            # Flink's metrics are made anew twice a second: only when they have just changed do they tell what was read.
            if not views or read != views[-1][0]:
                used = inside.cpu_seconds(pid)
                views.append((read, time.monotonic(), used, used - compilers_cpu_seconds(pid)))
            return read >= total

        wait_until(is_read, 900, lambda: views[-3:])
        begin = next(view for view in views if view[0] >= total / 2)
        read, *costs = (after - before for before, after in zip(begin, views[-1]))
        job.cancel()
        return [read / max(cost, 1e-3) for cost in costs]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ids", type=int, default=6_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--parallelism", type=int, default=1)
    parser.add_argument("--jobs", default=",".join(JOBS))
    options = parser.parse_args()
    inside.build()
    found = {job: [] for job in options.jobs.split(",")}
    with tempfile.TemporaryDirectory(prefix="recon-bench-") as folder, Broker(pathlib.Path(folder) / "broker") as broker:
        total = streams.fill(broker, options.ids)
        print(f"{total} messages of {streams.SIZE} bytes in two streams, parallelism {options.parallelism}", flush=True)
        for turn in range(options.runs):
            for job in found:
                rates = measure(pathlib.Path(folder), broker, job, f"{job}-{turn}", total, options.parallelism)
                found[job].append(rates)
                print(f"  {job:<8} {rates[0]:>9.0f} messages/s {rates[1]:>9.0f} messages/CPU-s {rates[2]:>9.0f} no JIT", flush=True)
    for other in [job for job in found if job != "recon" and "recon" in found]:
        ratios = [statistics.median(ours / theirs for ours, theirs in zip(*both))
                  for both in zip(zip(*found["recon"]), zip(*found[other]))]
        print(f"recon / {other}: {ratios[0]:.2f} by the clock, {ratios[1]:.2f} by CPU, {ratios[2]:.2f} without JIT")


if __name__ == "__main__":
    main()
