#!/usr/bin/env python3
"""recon on Flink beside what one would write instead: run.py [--ids N] [--retention N] [--parallelism 1,2] [--jobs a,b]
[--texts all|none] [--runs N]

On a real cluster of one TaskManager, records made inside the job, checkpoints every 10 s. Prints for each job the records of
both streams from the moment at which half of them were made to the end: by second and by CPU-second of the TaskManager
(garbage collection and compilation in it; "no JIT": without the compilation, which a job that runs for weeks has behind it),
by CPU-second of the whole run ("whole", the JVM's start in it), and of the last ten checkpoints the longest synchronous
part, the longest as a whole, and the largest. `sources`: both streams dropped where they are made. With several runs the jobs
take turns, and the medians and those of the ratios within a turn are printed.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile

ROOT = pathlib.Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests/flink"), str(ROOT / "tests/kafka")]

from cluster import ENDED, Cluster  # noqa: E402
from broker import wait_until  # noqa: E402

BENCH = ROOT / "build/flink/bench/recon-flink-bench.jar"
RECON = ROOT / "build/flink/recon-flink-2.2.jar"
JAR = ROOT / "build/flink/bench/all.jar"
JOBS = {
    "recon": ("io.recon.bench.Reconcile", {}),
    "sources": ("io.recon.bench.Sources", {}),
    "pass-through": ("io.recon.bench.PassThrough", {}),
    "join, heap": ("io.recon.bench.Join", {"state.backend.type": "hashmap"}),
    "join, RocksDB": ("io.recon.bench.Join", {
        "state.backend.type": "rocksdb", "execution.checkpointing.incremental": "true"}),
}
# Else whoever makes more garbage pays, until all of the heap was used once, for the kernel's clearing of it.
JAVA_OPTIONS = "-XX:+AlwaysPreTouch"
CLUSTER = {
    "taskmanager.memory.process.size": "6g", "taskmanager.memory.managed.size": "1g",
    "taskmanager.memory.network.min": "128m", "taskmanager.memory.network.max": "128m",
    "execution.checkpointing.interval": "10s", "taskmanager.numberOfTaskSlots": "2"}


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def checkpoints(job):
    """Of those completed last: ms of the longest synchronous part and of the longest, MB of the largest."""
    completed = [one for one in job.get("/checkpoints")["history"] if one["status"] == "COMPLETED"]
    completed = completed[1:]  # the newest is that of the end: nothing goes on then, and all is synchronous
    synchronous = 0
    for one in completed:
        path = f"/checkpoints/details/{one['id']}"
        for vertex in job.get(path)["tasks"]:
            summary = job.get(f"{path}/subtasks/{vertex}")["summary"]
            synchronous = max(synchronous, summary["checkpoint_duration"]["sync"]["max"])
    return (synchronous, max((one["end_to_end_duration"] for one in completed), default=0),
            max((one["state_size"] for one in completed), default=0) / 1e6)


def warm(console):
    """Seconds by the clock, of the processor, and of that without the JVM's compilers, from half of the records to all of
    them; means of the sources' subtasks."""
    marks = {"warm": [], "end": []}
    for line in console.read_text().splitlines():
        if line.startswith("MARK "):
            _, which, *times = line.split()
            marks[which].append([int(time) / 1e9 for time in times])
    begin, end = ([statistics.mean(one) for one in zip(*marks[which])] for which in ("warm", "end"))
    wall, used, compiling = (after - before for before, after in zip(begin, end))
    return wall, used, used - compiling


def measure(folder, name, jar, entry, configuration, ids, retention, parallelism, texts="all"):
    # A TaskManager of its own for each: none profits from what the one before had compiled.
    with Cluster(folder, CLUSTER, java_options=JAVA_OPTIONS) as cluster:
        pid = cluster.task_managers[0].pid
        before = cpu_seconds(pid)
        job = cluster.submit(jar, [ids, retention, "texts" if texts == "all" else "none"], parallelism, entry_class=entry, configuration=configuration)
        # Not asked often: each question makes the TaskManager tell its metrics.
        wait_until(lambda: time.sleep(1) or job.state() in ENDED, 3000, f"{name} ends")
        if job.state() != "FINISHED":
            sys.exit(f"{name}: {job.state()}: {job.failure()}")
        used = cpu_seconds(pid) - before
        wall = job.get()["duration"] / 1000
        warmed = warm(cluster.task_managers[0].console)
        memory = int(next(line for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
                          if line.startswith("VmHWM")).split()[1]) / 1024
        return wall, used, warmed, memory, checkpoints(job)


def build():
    """One jar of both: a cluster takes one."""
    subprocess.run(["make", "--no-print-directory", "flink"], cwd=ROOT, check=True)
    subprocess.run(["mvn", "-q", "-B", "-ntp", "-f", ROOT / "bench/flink/pom.xml", "package"], check=True)
    with zipfile.ZipFile(JAR, "w") as both:
        for jar in (RECON, BENCH):
            with zipfile.ZipFile(jar) as one:
                for name in one.namelist():
                    if jar == RECON or name not in both.namelist() and name.endswith(".class"):
                        both.writestr(name, one.read(name))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ids", type=int, default=2_000_000, help="IDs of each stream")
    parser.add_argument("--retention", type=int, default=1_000_000, help="ms; an ID comes each ms in each subtask")
    parser.add_argument("--parallelism", default="1")
    parser.add_argument("--jobs", default=",".join(name.replace(", ", "-") for name in JOBS))
    parser.add_argument("--texts", choices=("all", "none"), default="all", help="whether records have source and context")
    parser.add_argument("--runs", type=int, default=1)
    options = parser.parse_args()
    build()
    wanted = [name for name in JOBS if name.replace(", ", "-") in options.jobs.split(",")]
    records = 2 * options.ids
    print(f"{options.ids} IDs of each stream, retention {options.retention} IDs a subtask, texts: {options.texts}")
    print(f"{'job':<16}{'parallelism':>12}{'records/s':>12}{'records/CPU-s':>15}{'no JIT':>9}{'whole':>9}{'seconds':>9}{'MiB':>7}"
          f"{'sync ms':>9}{'whole ms':>10}{'MB':>7}")
    for parallelism in map(int, options.parallelism.split(",")):
        found = {name: [] for name in wanted}
        for name in wanted * options.runs:
            entry, configuration = JOBS[name]
            with tempfile.TemporaryDirectory() as folder:
                wall, used, warmed, memory, (synchronous, whole, size) = measure(
                    folder, name, JAR, entry, configuration, options.ids, options.retention, parallelism, options.texts)
            rates = [records / 2 / one for one in warmed] + [records / used]
            found[name].append(rates)
            print(f"{name:<16}{parallelism:>12}{rates[0]:>12.0f}{rates[1]:>15.0f}{rates[2]:>9.0f}{rates[3]:>9.0f}{wall:>9.1f}"
                  f"{memory:>7.0f}{synchronous:>9}{whole:>10}{size:>7.0f}", flush=True)
        for name in wanted:
            if name != "recon" and "recon" in wanted:
                ratios = [statistics.median(one) for one in zip(*(
                    [ours / theirs for ours, theirs in zip(*turn)] for turn in zip(found["recon"], found[name])))]
                print(f"recon / {name}: {ratios[0]:.2f} by the clock, {ratios[1]:.2f} by CPU, {ratios[2]:.2f} without JIT, "
                      f"{ratios[3]:.2f} by CPU of the whole run")


if __name__ == "__main__":
    main()
