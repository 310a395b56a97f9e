"""The flights through Kafka and Flink: starts a broker and a cluster on this machine, submits the job, and prints the metrics
and breaks as they are published. demo_flink.py JAR

Ends by itself; with KEEP=1 in the environment broker, cluster and job run on until it is interrupted.
"""

import contextlib
import os
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests/flink"), str(ROOT / "tests/kafka")]

from broker import Broker, wait_until  # noqa: E402
from cluster import ENDED, Cluster  # noqa: E402
from streaming import FOLDER, STREAMS, Printer, say, slices  # noqa: E402

SLOTS = 2


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
    """A slice of flights after the other; goes on when something was published, or after a while."""
    for topics in slices():
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
    printer.total()


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
