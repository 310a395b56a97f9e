"""The flights through Kafka and `recon run`: starts a broker and the service on this machine, sends the flights with a
producer of another make, and prints the metrics and breaks as they are published. demo.py RECON

Ends by itself; with KEEP=1 in the environment broker and service run on until it is interrupted.
"""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).parent
ROOT = FOLDER.parents[1]
sys.path[:0] = [str(ROOT / "tests/kafka"), str(ROOT / "examples/flights")]

from broker import Broker, Message, dies_with_parent, stop_process, wait_until  # noqa: E402
from streaming import STREAMS, Printer, say, slices  # noqa: E402

PARTITIONS = 2
# Both sources say in the end that it is this late: a day (retention) after the last flight.
CLOSING_TIME = "2013-02-13T12:00:00Z"


class Service:
    """`recon run`, what it says going to a file."""

    def __init__(self, recon, broker, folder):
        self.log = folder / "recon.log"
        with self.log.open("wb") as log:
            environment = {"KAFKA_BROKERS": broker.address, "HTTP_PORT": "0", "STATE": str(folder / "state")}
            self.process = subprocess.Popen([recon, "run", "examples/kafka/recon.yaml"], cwd=ROOT, stdin=subprocess.DEVNULL,
                                            stderr=log, env={**os.environ, **environment}, preexec_fn=dies_with_parent)

    def runs(self):
        if self.process.poll() is not None:
            sys.exit(f"demo: the service has ended:\n{self.log.read_text()}")
        return True

    def has_said(self, text):
        return self.runs() and text in self.log.read_text()


def run(folder, recon):
    say("Starting a Kafka broker ...")
    with Broker(folder / "broker") as broker:
        say(f"  broker  {broker.address}")
        for topic in STREAMS:
            broker.create_topic(topic, PARTITIONS)
        say()
        say(f"$ KAFKA_BROKERS={broker.address} {os.path.relpath(recon)} run examples/kafka/recon.yaml")
        service = Service(recon, broker, folder)
        try:
            wait_until(lambda: service.has_said("running"), 60, service.log.read_text)
            say(service.log.read_text().rstrip())
            say()
            with broker.reader("flights.metrics") as metrics, broker.reader("flights.breaks") as breaks:
                printer = Printer(metrics, breaks)
                send(broker, service, printer)
                end(broker, service, printer)
                if os.environ.get("KEEP"):
                    keep(broker, service, printer)
        finally:
            stop_process(service.process)
    say()
    say("$ kill -TERM ...     the service's last line:")
    say(service.log.read_text().splitlines()[-1])


def send(broker, service, printer):
    """A slice of flights after the other; goes on when something was published, or after a while."""
    for topics in slices():
        before = printer.new()
        for topic, records in topics.items():
            broker.produce(topic, records)
        with contextlib.suppress(TimeoutError):
            wait_until(lambda: service.runs() and printer.new() > before, 3, "results")


def end(broker, service, printer):
    """Both sources say how late it is, in every partition: by that all flights are judged."""
    clock = Message(value=json.dumps({"now": CLOSING_TIME}), headers={"kind": "clock"})
    for topic in STREAMS:
        broker.produce(topic, [clock] * PARTITIONS)

    def judged():
        printer.new()
        return service.runs() and max(printer.windows) >= "2013-02-13T10"

    wait_until(judged, 60, service.log.read_text)
    say()
    say("Both sources have said that their day is over, so nothing is left pending:")
    printer.total()


def keep(broker, service, printer):
    say()
    say("KEEP=1: broker and service run on; interrupt this to end them. For example, in another terminal:")
    say(f"""  echo '{{"carrier": "AA", "flight": 1, "date": "2013-02-14", "scheduled": "2013-02-14T09:00:00Z"}}' |""")
    say(f"      kcat -P -b {broker.address} -t flights.schedule")
    say(f"  kcat -C -b {broker.address} -t flights.breaks -e")
    say(f"  curl {service.log.read_text().split('HTTP on ')[1].split()[0]}/status")
    while service.runs():
        printer.new()


def main():
    recon = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="recon-demo-") as folder:
        try:
            run(pathlib.Path(folder), recon)
        except KeyboardInterrupt:
            say("demo: ended")


if __name__ == "__main__":
    main()
