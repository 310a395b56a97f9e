"""What `recon run` costs beside merely reading: messages a second from a real broker on this machine, both streams, 250 bytes of
JSON each, results committed exactly once every second; and how long after its deadline a missing event is told of.

    run.py [--tiny] [--build build/release] [--ids 2000000] [--runs 3] [--delay-seconds 60] [--streams-ids 200000]

and beside Kafka Streams, whose outer join of the two topics finds the same: on topics of its own that have the IDs as keys, so that
it need not send them round, with its stores in RocksDB and in memory.

The two are run in turn, and medians are compared. Prints figures; judges nothing. Broker, service and loop share the machine's
cores: a ratio is of that.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests/kafka"))

import confluent_kafka  # noqa: E402
from broker import Broker, dies_with_parent, stop_process, wait_until  # noqa: E402

T0 = 1_700_000_000_000
SIZE = 250
PARTITIONS = 2
CONFIG = """
name: {name}
interval: {interval}
out_of_orderness: {n}
retention: {retention}
idle_timeout: never
max_future_skew: any
report: [missing]
kafka: {{bootstrap.servers: "{address}"}}
http: {{listen: "127.0.0.1:0"}}
audit: {{topics: [{topics}.audit], format: json, id: id, time: time}}
events: {{topics: [{topics}.events], format: json}}
state: {{directory: "{folder}/{name}.state", snapshot_interval: {snapshot}}}
output: {{topics: {{metrics: {name}.metrics, breaks: {name}.breaks}}}}
"""


def record(identity, time_ms, size=SIZE):
    text = json.dumps({"id": identity, "time": time_ms, "fill": ""})
    return f'{text[:-2]}{"x" * max(0, size - len(text))}"}}'.encode()


class Service:
    def __init__(self, program, broker, folder, name, topics, snapshot="1m", **settings):
        path = folder / f"{name}.yaml"
        path.write_text(CONFIG.format(name=name, address=broker.address, folder=folder, topics=topics, snapshot=snapshot, **settings))
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([program, "run", path], stderr=log, stdin=subprocess.DEVNULL, preexec_fn=dies_with_parent)
        wait_until(lambda: "HTTP on " in self.log.read_text(), 30, self.log.read_text)
        self.address = self.log.read_text().split("HTTP on ")[1].split()[0]

    def status(self):
        if self.process.poll() is not None:
            sys.exit(self.log.read_text())
        with urllib.request.urlopen(f"http://{self.address}/status", timeout=10) as answer:
            return json.load(answer)

    def stop(self):
        usage = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        stop_process(self.process)
        return (int(usage[11]) + int(usage[12])) / os.sysconf("SC_CLK_TCK")


def fill(broker, count, name="bench", is_keyed=False):
    """IDs of 36 characters, ten a millisecond; of every thousandth the event is lost."""
    def write(topic, keeps):
        producer = confluent_kafka.Producer({"bootstrap.servers": broker.address, "linger.ms": 20, "batch.size": 500000,
                                             "queue.buffering.max.messages": 1000000})
        for number in range(count):
            if keeps(number):
                value = record(f"{number:036d}", T0 + number // 10)
                while True:
                    try:
                        producer.produce(topic, value, f"{number:036d}" if is_keyed else None, partition=number % PARTITIONS)
                        break
                    except BufferError:
                        producer.poll(0.1)
            if number % 1000 == 0:
                producer.poll(0)
        producer.flush(120)

    for topic, keeps in ((f"{name}.audit", lambda number: True), (f"{name}.events", lambda number: number % 1000)):
        broker.create_topic(topic, PARTITIONS)
        write(topic, keeps)
    return count + sum(1 for number in range(count) if number % 1000)


def consumed(program, broker):
    """Messages a second of the bare loop."""
    said = json.loads(subprocess.check_output([program, broker.address, "bench.audit", "bench.events"], text=True))
    return said["messages"], said["messages"] / max(said["seconds"], 1e-9)


def streamed(broker, folder, store, total):
    """Messages a second of Kafka Streams. n and m as the service has them in reconciled."""
    jars = subprocess.check_output(["sh", ROOT / "tools/fetch.sh", "kafka-streams"], text=True).strip()
    name = f"streams-{store}"
    broker.create_topic(f"{name}.missing", PARTITIONS)
    said = subprocess.run(
        ["java", "-Xmx2g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{jars}/*", ROOT / "bench/kafka/OuterJoin.java",
         broker.address, name, "streams.audit", "streams.events", f"{name}.missing", store, "1000", "60000", str(total), folder / name],
        text=True, stdout=subprocess.PIPE, stderr=(folder / f"{name}.log").open("wb"), preexec_fn=dies_with_parent, check=True)
    said = json.loads(said.stdout.splitlines()[-1])
    return said["messages"] / max(said["seconds"], 1e-9)


def at_ms(text):
    return time.mktime(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) * 1000 + int(text[20:23])


def reconciled(program, broker, folder, name, total):
    """Messages a second of the service, between its first view of some and its last of fewer than all: that of all may be made a
    quarter of a second after the last of them was read. And CPU seconds a million messages."""
    service = Service(program, broker, folder, name, "bench", interval="10s", n="1s", retention="1m")
    views = []

    def is_read():
        status = service.status()
        views.append((at_ms(status["at"]), sum(stream["messages"] for stream in status["streams"].values())))
        return views[-1][1] == total

    wait_until(is_read, 600, lambda: views[-3:])
    cpu_s = service.stop()
    partial = [view for view in views if 0 < view[1] < total] or views[-1:]
    first, last = partial[0], partial[-1]
    rate = (last[1] - first[1]) / max((last[0] - first[0]) / 1000, 1e-3)
    return rate, cpu_s / total * 1e6


def delays(program, broker, folder, seconds):
    """For each missing event, ms from the moment at which its deadline passes by the streams to when a reader of the topic, who
    sees only what is committed, has it. Event times are the clock's: so the deadline of t passes at t + n."""
    n_ms = 500
    for topic in ("delay.audit", "delay.events"):
        broker.create_topic(topic, 1)
    service = Service(program, broker, folder, "delay", "delay", interval="10s", n=f"{n_ms}ms", retention="1m")
    wait_until(lambda: service.status()["phase"] == "running", 60, service.log.read_text)
    producer = confluent_kafka.Producer({"bootstrap.servers": broker.address, "linger.ms": 1})
    consumer = confluent_kafka.Consumer({"bootstrap.servers": broker.address, "group.id": "bench", "auto.offset.reset": "earliest",
                                         "isolation.level": "read_committed", "fetch.wait.max.ms": 5, "fetch.error.backoff.ms": 5})
    partitions = consumer.list_topics("delay.breaks", timeout=10).topics["delay.breaks"].partitions
    consumer.assign([confluent_kafka.TopicPartition("delay.breaks", one, 0) for one in partitions])
    found = []
    ended = threading.Event()

    def read():
        while not ended.is_set():
            message = consumer.poll(0.05)
            if message is not None and message.error() is None:
                now = time.time() * 1000
                found.append(now - (int(json.loads(message.value())["id"].split("-")[1]) + n_ms))

    reader = threading.Thread(target=read)
    reader.start()
    end = time.monotonic() + seconds
    number = 0
    while time.monotonic() < end:
        now = int(time.time() * 1000)
        producer.produce("delay.audit", record(f"{number}-{now}", now))
        if number % 10:
            producer.produce("delay.events", record(f"{number}-{now}", now))
        producer.poll(0)
        number += 1
        time.sleep(0.005)
    producer.flush(10)
    time.sleep(3)
    ended.set()
    reader.join()
    service.stop()
    consumer.close()
    return sorted(found)


def beside_streams(broker, folder, ids, ours):
    """ours: what recon run reads a second. Far fewer messages are enough for Kafka Streams."""
    total = fill(broker, ids, "streams", is_keyed=True)
    for store in ("rocksdb", "memory"):
        theirs = streamed(broker, folder, store, total)
        print(f"Kafka Streams, stores in {store}: {theirs / 1e3:.1f} thousand messages a second; recon run has {ours / theirs:.0f} times as many",
              flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(ROOT / "build/release"))
    parser.add_argument("--ids", type=int, default=2_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--delay-seconds", type=int, default=60)
    parser.add_argument("--streams-ids", type=int, default=200_000, help="for Kafka Streams; 0: without it")
    parser.add_argument("--tiny", action="store_true", help="seconds, for tests: the figures mean nothing")
    options = parser.parse_args()
    if options.tiny:
        options.ids, options.runs, options.delay_seconds, options.streams_ids = 20_000, 0, 3, 0
    build = pathlib.Path(options.build)
    bare, served = [], []
    with tempfile.TemporaryDirectory(prefix="recon-bench-") as folder, Broker(pathlib.Path(folder) / "broker") as broker:
        total = fill(broker, options.ids)
        print(f"{total} messages of {SIZE} bytes in two streams of {PARTITIONS} partitions", flush=True)
        for run in range(options.runs + 1):  # the first of each fills the caches
            count, rate = consumed(build / "bench/bench_kafka_consume", broker)
            assert count == total, count
            ours, cpu = reconciled(build / "recon", broker, pathlib.Path(folder), f"bench-{run}", total)
            if run > 0 or options.tiny:
                bare.append(rate)
                served.append(ours)
            print(f"  {'warm-up' if run == 0 else 'run'}: bare loop {rate / 1e6:.3f}, recon run {ours / 1e6:.3f} million messages a second "
                  f"({cpu:.2f} CPU seconds a million)", flush=True)
        print(f"medians: bare loop {statistics.median(bare) / 1e6:.3f}, recon run {statistics.median(served) / 1e6:.3f} million a second; "
              f"ratio {statistics.median(served) / statistics.median(bare):.2f}")
        if options.streams_ids:
            beside_streams(broker, pathlib.Path(folder), options.streams_ids, statistics.median(served))
        found = delays(build / "recon", broker, pathlib.Path(folder), options.delay_seconds)
        if found:
            print(f"delay of {len(found)} missing, a commit a second: median {found[len(found) // 2]:.0f} ms, "
                  f"p99 {found[int(len(found) * 0.99)]:.0f} ms, longest {found[-1]:.0f} ms")


if __name__ == "__main__":
    main()
