"""The flights through Kafka and Flink: starts a broker and a cluster on this machine, submits the job, and prints the metrics
and breaks as they are published. demo_flink.py JAR

Ends by itself; with KEEP=1 in the environment broker, cluster and job run on until it is interrupted.
"""

import contextlib
import csv
import json
import os
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests/flink"), str(ROOT / "tests/kafka")]

from broker import Broker, wait_until  # noqa: E402
from cluster import ENDED, Cluster  # noqa: E402

FOLDER = pathlib.Path(__file__).parent
STREAMS = {"flights.schedule": ("schedule.csv", "scheduled"), "flights.departures": ("departures.csv", "departed")}
HOURS_AT_ONCE = 6
BREAKS_SHOWN = 12
SLOTS = 2


def say(text=""):
    print(text, flush=True)


class Printer:
    """Prints what is new in the two topics."""

    def __init__(self, metrics, breaks):
        self.metrics = metrics
        self.breaks = breaks
        self.counts = {}
        self.windows = {}

    def new(self):
        for message in self.metrics.to_end():
            self.metric(json.loads(message.value()))
        for message in self.breaks.to_end():
            self.told(json.loads(message.value()))
        return sum(self.counts.values()) + len(self.windows)

    def metric(self, one):
        again = "^" if one["revision"] else " "
        self.windows[one["start"]] = one
        if one["expected"]:
            percent = one["completeness_percent"]
            bar = "#" * round(percent / 5)
            say(f"  {one['start'][:16].replace('T', ' ')} {again} {one['expected']:>4} to leave {one['missing']:>4} missing "
                f"{percent:6.1f} %  {bar}")

    def told(self, one):
        kind = one["type"]
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if self.counts[kind] <= BREAKS_SHOWN:
            say(f"    {kind:<8} {one['id']:<24} scheduled {one['time'][:16].replace('T', ' ')}")
        elif self.counts[kind] == BREAKS_SHOWN + 1:
            say(f"    {kind:<8} ... and so on; the topic flights.breaks has them all")


def run(folder, jar):
    say("Starting a Kafka broker and a Flink cluster (a JobManager, a TaskManager) ...")
    with Broker(folder / "broker") as broker, Cluster(
            folder / "flink", {"taskmanager.numberOfTaskSlots": SLOTS}) as cluster:
        say(f"  broker  {broker.address}")
        say(f"  cluster http://127.0.0.1:{cluster.rest_port}")
        for topic in STREAMS:
            broker.create_topic(topic, SLOTS)
        config = folder / "recon.yaml"
        config.write_text((FOLDER / "recon-flink.yaml").read_text().replace("${KAFKA_BROKERS:localhost:9092}", broker.address))
        say()
        say(f"$ flink run --parallelism {SLOTS} {os.path.relpath(jar)} --config examples/flights/recon-flink.yaml")
        job = cluster.submit(jar, ["--config", config], SLOTS)
        job.wait_for_running()
        with broker.reader("flights.metrics") as metrics, broker.reader("flights.breaks") as breaks:
            printer = Printer(metrics, breaks)
            send(broker, job, printer)
            if os.environ.get("KEEP"):
                keep(job, printer)
            else:
                end(job, printer, lambda: broker.unread("flights", STREAMS))
        return printer


def send(broker, job, printer):
    """The flights by their time, some hours at once; goes on when something was published, or after a while."""
    hours = {}
    for topic, (name, time) in STREAMS.items():
        with (FOLDER / name).open() as lines:
            for record in csv.DictReader(lines):
                day, hour = record[time][:10], int(record[time][11:13]) // HOURS_AT_ONCE
                hours.setdefault((day, hour), {}).setdefault(topic, []).append(record)
    for _, topics in sorted(hours.items()):
        before = printer.new()
        for topic, records in topics.items():
            broker.produce(topic, records)
        with contextlib.suppress(TimeoutError):
            wait_until(lambda: job.state() in ENDED or printer.new() > before, 3, "results")


def end(job, printer, unread):
    """Until all was read; then the job is drained, which judges the rest."""
    def read():
        printer.new()
        if job.state() in ENDED:
            sys.exit(f"demo: the job is {job.state()}: {job.failure()}")
        return unread() == 0

    wait_until(read, 120, "all flights are read")
    job.stop(drain=True)
    printer.new()
    say()
    say("All was read, and the job was stopped with --drain, so that nothing is left pending:")
    total = {name: sum(one[name] for one in printer.windows.values()) for name in ("expected", "matched", "missing")}
    say(f"  {total['expected']} flights were to leave, {total['matched']} left, {total['missing']} never did;"
        f" {printer.counts.get('found', 0)} were late and found again.")


def keep(job, printer):
    say()
    say("KEEP=1: everything runs on; interrupt it to end it.")
    while job.state() not in ENDED:
        printer.new()


def main():
    jar = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="recon-demo-") as folder:
        try:
            run(pathlib.Path(folder), jar)
        except KeyboardInterrupt:
            say("demo: ended")


if __name__ == "__main__":
    main()
