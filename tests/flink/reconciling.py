"""What the tests of the job share: a configuration for a broker, the job on a cluster, and what it published, beside what
`recon check` says of the same records."""

import collections
import csv
import json
import math
import os
import pathlib
import re
import subprocess

from broker import Message, wait_until
from cluster import LIMIT_S

ROOT = pathlib.Path(__file__).parents[2]
RECON = pathlib.Path(os.environ.get("RECON", ROOT / "build/release/recon"))
LINE = os.environ.get("RECON_FLINK_LINE", "2.2")  # of Flink
JAR = pathlib.Path(os.environ.get("RECON_FLINK_JAR", ROOT / f"build/flink/recon-flink-{LINE}.jar"))
COUNTS = ("expected", "matched", "missing", "unaudited")

# The last word: the counts of each window of which anything was expected, and the IDs that are missing in the end. Not what was
# missing for a while: that depends on how the watermark went.
Outcome = collections.namedtuple("Outcome", "windows missing")


def outcome(results):
    """From results (as dicts) in the order in which they were given."""
    windows = {}
    missing = set()
    for result in results:
        kind = result["type"]
        if kind == "metric":
            windows[result["start"]] = tuple(result[name] for name in COUNTS)
        elif kind == "missing":
            missing.add((result.get("source"), result["id"]))
        elif kind == "found":
            missing.discard((result.get("source"), result["id"]))
    return Outcome({start: counts for start, counts in windows.items() if any(counts)}, missing)


def flights():
    """The flights of examples/flights as records: (audit, events)."""
    return tuple(list(csv.DictReader((ROOT / f"examples/flights/{name}.csv").open())) for name in ("schedule", "departures"))


def generated(folder, ids, *options, seed=1):
    """Streams of a known truth by `recon generate`: (audit, events)."""
    subprocess.run([RECON, "generate", "--seed", str(seed), "--ids", str(ids), "--output", folder, *options], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return tuple([line.encode() for line in (folder / f"{name}.ndjson").read_text().splitlines()]
                 for name in ("audit", "events"))


class Reconciliation:
    """One configuration and its topics."""

    def __init__(self, folder, broker, name, partitions=1, audit=None, events=None, **settings):
        self.folder = folder
        self.broker = broker
        self.name = name
        self.topics = {stream: f"{name}.{stream}" for stream in ("audit", "events")}
        self.metrics = f"{name}.metrics"
        self.breaks = f"{name}.breaks"
        self.sent = {"audit": [], "events": []}
        self.settings = {
            "name": name, "interval": "1h", "out_of_orderness": "1m", "retention": "1h",
            "kafka": {"bootstrap.servers": broker.address},
            "audit": {"topics": [self.topics["audit"]], "format": "json", **(audit or {})},
            "events": {"topics": [self.topics["events"]], "format": "json", **(events or {})},
            "output": {"topics": {"metrics": self.metrics, "breaks": self.breaks}}, **settings}
        for topic in self.topics.values():
            broker.create_topic(topic, partitions)

    def configuration(self):
        path = self.folder / f"{self.name}.yaml"
        path.write_text(json.dumps(self.settings, indent=1))
        return path

    def send(self, stream, records, topic=None, timestamp=None):
        """timestamp: of a record as it is given its Kafka timestamp, ms; else the broker's clock is."""
        values = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in records]
        self.sent[stream] += values
        if timestamp is not None:
            values = [Message(value=value, timestamp=timestamp(one)) for value, one in zip(values, records)]
        self.broker.produce(topic or self.topics[stream], values)

    def submit(self, cluster, **options):
        job = cluster.submit(JAR, ["--config", self.configuration()], **options)
        job.wait_for_running()
        return job

    def wait_until_read(self, job, seconds=LIMIT_S):
        """All that was sent has left the sources."""
        def read():
            state = job.state()
            if state in ("FAILED", "FINISHED", "CANCELED"):
                raise RuntimeError(f"the job is {state}: {job.failure()}")
            return self.unread(job) == 0

        wait_until(read, seconds, lambda: f"all is read: {self.unread(job)} messages are not: {job.failure()}")

    def unread(self, job, topics=None):
        """How many messages have not left the sources: by their metrics, or by what was committed (which Kafka's consumer may do
        many seconds late, but which is all that is known of a partition that was read before a restart)."""
        known = self.broker.offsets(self.name, topics or self.topics.values())
        if known is None:
            return math.inf
        passed = {}
        for metrics in job.vertex_metrics(".currentOffset").values():
            for name, value in metrics.items():
                topic, partition = re.search(r"\.topic\.(.*)\.partition\.(\d+)\.currentOffset$", name).groups()
                passed[topic, int(partition)] = int(value) + 1
        return sum(max(end - max(done, passed.get((topic.replace(".", "_"), partition), 0), passed.get((topic, partition), 0)), 0)
                   for (topic, partition), (end, done) in known.items())

    def published(self, topic=None):
        """Results that a committed reader sees now, metrics and breaks, as dicts."""
        messages = []
        for one in [topic] if topic else [self.metrics, self.breaks]:
            messages += self.broker.read(one)
        return [json.loads(message.value()) for message in messages]

    def outcome(self):
        return outcome(self.published())

    def checked(self):
        """What `recon check` says of all that was sent."""
        files = {}
        for stream, records in self.sent.items():
            files[stream] = self.folder / f"{self.name}.{stream}.ndjson"
            files[stream].write_bytes(b"".join(record + b"\n" for record in records))
        ended = subprocess.run(
            [RECON, "check", self.configuration(), "--audit", files["audit"], "--events", files["events"],
             "--results", "ndjson", "--quiet"], stdout=subprocess.PIPE, text=True, check=False)
        assert ended.returncode in (0, 1), ended.returncode
        return outcome(map(json.loads, ended.stdout.splitlines()))


def assert_same(published, checked):
    """Says in which windows and IDs two outcomes differ."""
    differ = {start: (published.windows.get(start), checked.windows.get(start))
              for start in published.windows.keys() | checked.windows.keys()
              if published.windows.get(start) != checked.windows.get(start)}
    assert not differ, f"{COUNTS} published and checked: {differ}"
    assert published.missing == checked.missing


def assert_told_once(results):
    """Nothing was published twice: the revisions of a window rise one by one, and an ID is missing and found in turn."""
    revisions = {}
    last = {}
    for result in results:
        if result["type"] == "metric":
            assert result["revision"] == revisions.get(result["start"], -1) + 1, result
            revisions[result["start"]] = result["revision"]
        elif result["type"] in ("missing", "found"):
            key = result.get("source"), result["id"]
            before = last.get(key, "found")
            assert before != result["type"], result
            last[key] = result["type"]
