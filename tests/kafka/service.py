"""`recon run` under test: started, stopped, killed, and what it publishes beside what `recon replay` says."""

import collections
import json
import os
import pathlib
import subprocess

from broker import ROOT, dies_with_parent, wait_until

RECON = os.environ.get("RECON") or str(ROOT / "build/release/recon")

CONFIG = """
name: {name}
interval: {interval}
out_of_orderness: {out_of_orderness}
retention: {retention}
idle_timeout: {idle_timeout}
max_future_skew: any
report: [missing, found, unaudited, audited, duplicate, too_late, rejected]
start: {start}
kafka: {{bootstrap.servers: "{address}", reconnect.backoff.max.ms: 200}}
librdkafka: {{session.timeout.ms: 2000, heartbeat.interval.ms: 300}}
http: {{listen: "127.0.0.1:0"}}
audit: {{topics: [{audit}]}}
events: {{topics: [{events}]}}
state: {{directory: "{folder}/state", snapshot_interval: {snapshot_interval}}}
output: {{topics: {{metrics: {name}.metrics, breaks: {name}.breaks}}}}
"""


class Service:
    """One name; may be started again after it ended, in whatever way."""

    def __init__(self, broker, folder, name, audit=None, events=None, interval="10s", out_of_orderness="2s", retention="1h",
                 idle_timeout="never", start="earliest", snapshot_interval="1m", program=RECON):
        self.program = program
        self.broker = broker
        self.name = name
        self.folder = pathlib.Path(folder)
        self.config = self.folder / f"{name}.yaml"
        self.trace = self.folder / f"{name}.trace"
        self.log = self.folder / f"{name}.log"
        self.process = None
        self.settings = {
            "audit": audit or f"{name}.audit", "events": events or f"{name}.events", "interval": interval,
            "out_of_orderness": out_of_orderness, "retention": retention, "idle_timeout": idle_timeout, "start": start,
            "snapshot_interval": snapshot_interval}
        self.configure()

    def configure(self, **settings):
        """Writes the configuration, with these settings changed."""
        self.settings |= settings
        self.config.write_text(CONFIG.format(name=self.name, address=self.broker.address, folder=self.folder, **self.settings))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.kill()

    @property
    def state(self):
        return self.folder / "state"

    def snapshots(self):
        """The whole snapshots, the newest first."""
        return sorted(self.state.glob(f"{self.name}.*.snapshot"), reverse=True)

    def start(self, record=True, **environment):
        """record: what is told to the engine, from the journal's beginning; snapshots are not gone on from then."""
        options = ["--record", self.trace] if record else []
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.program, "run", self.config, *options], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, preexec_fn=dies_with_parent, env=os.environ | environment)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Ends it as systemd does, within the time that is promised."""
        self.process.terminate()
        wait_until(lambda: self.process.poll() is not None, 10, self.said)
        assert self.process.returncode == 0, self.said()

    def said(self):
        return self.log.read_text(errors="replace")

    def address(self):
        """Where it answers HTTP."""
        self.until_said("HTTP on ")
        return self.said().rsplit("HTTP on ", 1)[1].split()[0]

    def ended(self, seconds=30):
        """Waits until it ends by itself; its status."""
        wait_until(lambda: self.process.poll() is not None, seconds, self.said)
        return self.process.returncode

    def until_said(self, text, seconds=60):
        wait_until(lambda: text in self.said(), seconds, lambda: f"{text!r} in:\n{self.said()}")

    def published(self):
        """All results that a committed reader sees, as objects."""
        topics = self.broker.topics()
        return [json.loads(message.value()) for topic in (f"{self.name}.metrics", f"{self.name}.breaks") if topic in topics
                for message in self.broker.read(topic)]

    def until_published(self, enough, seconds=60):
        found = []

        def asked():
            assert self.process.poll() is None, self.said()
            found[:] = self.published()
            return enough(found)

        wait_until(asked, seconds, lambda: f"of these results: {found[-5:]}\n{self.said()}")
        return found

    def replayed(self, *options):
        """What a replay of the trace says that it recorded."""
        ended = subprocess.run([self.program, "replay", self.config, self.trace, "--quiet", "--results", "ndjson", *options],
                               capture_output=True, text=True, timeout=120)
        assert ended.returncode == 0, ended.stderr
        return [json.loads(line) for line in ended.stdout.splitlines()]

    def lead(self, start, end):
        """By how much event time the audit stream was ahead of the other at the most, in the order of consumption, from start, where
        both begin, to end."""
        times = {"audit": start, "events": start}
        most = 0
        for line in self.trace.read_text().splitlines():
            one = json.loads(line)
            if one.get("time", end) < end:
                times[one["stream"]] = max(times[one["stream"]], one["time"])
                most = max(most, times["audit"] - times["events"])
        return most


def counted(results):
    """Results without order, to be compared."""
    return collections.Counter(json.dumps(result, sort_keys=True) for result in results)


def of(results, kind):
    return [result for result in results if result["type"] == kind]


def windows(results):
    """The last metric of each window."""
    last = {}
    for metric in of(results, "metric"):
        if metric["start"] not in last or last[metric["start"]]["revision"] < metric["revision"]:
            last[metric["start"]] = metric
    return {start: {name: metric[name] for name in ("expected", "matched", "missing")} for start, metric in last.items()}
