#!/usr/bin/env python3
"""The job from Kafka to Kafka, exactly once, beside the same job with a discard in the matcher's place and beside the join in
Java: kafka.py [--ids N] [--runs N] [--parallelism 1]

A broker and a cluster of one TaskManager on this machine, JSON of 250 bytes, IDs of 36 characters, checkpoints every 10 s. The
jobs run in turn, each in a TaskManager of its own. Prints messages by second and by CPU-second of the TaskManager from the
moment at which half was read to that at which all was, and the medians' ratios.
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


def measure(folder, broker, job_name, name, total, parallelism):
    """Messages by second and by CPU-second."""
    with Cluster(folder / name, inside.CLUSTER, java_options="") as cluster:
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
            views.append((time.monotonic(), inside.cpu_seconds(pid), sum(max(one, 0) for one in offsets)))
            return views[-1][2] >= total

        wait_until(is_read, 900, lambda: views[-3:])
        begin = next(view for view in views if view[2] >= total / 2)
        end = views[-1]
        job.cancel()
        read = end[2] - begin[2]
        return read / max(end[0] - begin[0], 1e-3), read / max(end[1] - begin[1], 1e-3)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ids", type=int, default=4_000_000)
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
                print(f"  {job:<8} {rates[0]:>9.0f} messages/s {rates[1]:>9.0f} messages/CPU-s", flush=True)
    medians = {job: [statistics.median(one) for one in zip(*rates)] for job, rates in found.items()}
    for other in [job for job in medians if job != "recon" and "recon" in medians]:
        wall, cpu = (ours / theirs for ours, theirs in zip(medians["recon"], medians[other]))
        print(f"recon / {other}: {wall:.2f} by the clock, {cpu:.2f} by CPU")


if __name__ == "__main__":
    main()
