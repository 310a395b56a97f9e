"""A real Kafka broker on loopback, one node (KRaft), for tests and demos.

    with Broker(folder) as broker:
        broker.create_topic("orders", partitions=2)
        broker.produce("orders", [{"id": 1, "time": 5}])
        broker.read("recon.metrics")

The broker is a child of this process: the kernel kills it when this process dies, in whatever way. Its logs and data are in
the folder that it is given, which the caller removes. Topics keep their records for ever (log.retention.ms=-1), for tests
use event times long past, by which a broker would delete them. All else that a client could notice is a broker's default.
"""

import contextlib
import ctypes
import json
import math
import os
import pathlib
import signal
import socket
import subprocess
import time

import confluent_kafka
import confluent_kafka.admin

ROOT = pathlib.Path(__file__).parents[2]
PR_SET_PDEATHSIG = 1

PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
log.dirs={folder}/data
log.retention.ms=-1
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=400
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=2
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=2
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=500
"""


def fetched(what):
    """The folder of what tools/fetch.sh fetches, which it does where it is not there yet."""
    return pathlib.Path(subprocess.check_output(["sh", ROOT / "tools/fetch.sh", what], text=True).strip())


def wait_until(condition, seconds, what):
    """Asks again and again until condition() gives something true, and returns it; TimeoutError names what was awaited.

    what is a text, or a function that makes one in the end. A machine that stands still for a while fails nothing: of the time
    from one asking to the next no more than 5 s count."""
    spent = 0
    last = time.monotonic()
    while True:
        value = condition()
        if value:
            return value
        now = time.monotonic()
        spent += min(now - last, 5)
        last = now
        if spent > seconds:
            raise TimeoutError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(0.05)


def dies_with_parent():
    """For Popen's preexec_fn: the child is killed when the thread that started it ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def stop_process(process, seconds=20):
    """Ends a child: asks, and kills it if it has not ended by then."""
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_ports(count):
    """TCP ports of loopback that nobody listens on just now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


class Broker:
    """One node; may be stopped (or killed) and started again with its data, on the same port."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.process = None
        self.port = None
        self.client = None
        self.groups = {}

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.jars = fetched("kafka")
        for attempt in range(3):  # a port may be taken between the look and the use
            self.port, controller_port = free_ports(2)
            self.client = None
            self.settings = self.folder / "server.properties"
            self.settings.write_text(PROPERTIES.format(
                port=self.port, controller_port=controller_port, folder=self.folder))
            if not (self.folder / "data").exists():
                formatting = self._run("kafka.tools.StorageTool", "format", "--cluster-id", "cmVjb24tdGVzdC1icm9rZQ",
                                       "--config", self.settings)
                wait_until(lambda: formatting.poll() is not None, 60, "its folder is formatted")
            try:
                self.start()
                return self
            except RuntimeError:
                if attempt == 2:
                    raise

    def __exit__(self, *_):
        for consumer in self.groups.values():
            consumer.close()
        self.stop()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def _run(self, *command):
        log = open(self.folder / "broker.log", "ab")
        with log:
            return subprocess.Popen(
                ["java", "-Xmx320m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{self.jars}/*",
                 *map(str, command)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, preexec_fn=dies_with_parent)

    def start(self):
        """Starts the node and waits until it answers."""
        self.process = self._run("kafka.Kafka", self.settings)
        admin = self.admin()

        def answers():
            if self.process.poll() is not None:
                text = (self.folder / "broker.log").read_text(errors="replace")
                raise RuntimeError(f"the broker ended with {self.process.returncode}:\n{text[-3000:]}")
            try:
                return admin.list_topics(timeout=1).brokers
            except confluent_kafka.KafkaException:
                return None

        wait_until(answers, 60, "the broker answers")

    def stop(self):
        stop_process(self.process)

    def kill(self):
        self.process.kill()
        self.process.wait()

    # --- topics and records ---------------------------------------------------------------------------------------

    def admin(self):
        """The one client for questions: it must outlive them."""
        if self.client is None:
            self.client = confluent_kafka.admin.AdminClient({
                "bootstrap.servers": self.address, "log_level": 0, "reconnect.backoff.max.ms": 200})
        return self.client

    def create_topic(self, name, partitions=1, **settings):
        topic = confluent_kafka.admin.NewTopic(name, num_partitions=partitions, replication_factor=1, config={
            key.replace("_", "."): str(value) for key, value in settings.items()})
        self.admin().create_topics([topic])[name].result(30)

    def delete_topic(self, name):
        """If it is there; waits until it is gone."""
        if name in self.topics():
            self.admin().delete_topics([name])[name].result(30)
            wait_until(lambda: name not in self.topics(), 30, f"{name} is gone")

    def topics(self):
        """Names of the topics, without Kafka's own."""
        return {name for name in self.admin().list_topics(timeout=60).topics if not name.startswith("__")}

    def produce(self, topic, records, partition=None):
        """Writes records and waits until all are there. A record is what becomes JSON, bytes as they are, or a Message.
        partition: a number, or None to deal them out in turn."""
        count = len(self.admin().list_topics(topic, timeout=60).topics[topic].partitions)
        producer = confluent_kafka.Producer({
            "bootstrap.servers": self.address, "linger.ms": 5, "queue.buffering.max.messages": 1000000, "acks": "all"})
        failed = []

        def done(error, _):
            if error is not None:
                failed.append(error)

        for index, record in enumerate(records):
            arguments = dict(record) if isinstance(record, Message) else {
                "value": record if isinstance(record, bytes) else json.dumps(record)}
            arguments.setdefault("partition", index % count if partition is None else partition)
            while True:
                try:
                    producer.produce(topic, on_delivery=done, **arguments)
                    break
                except BufferError:
                    producer.poll(0.1)
            producer.poll(0)
        producer.flush(60)
        assert not failed, failed[0]

    def offsets(self, group, topics):
        """For each partition: its end, and where the group goes on that has committed so far. None: not known just now."""
        # Not by the admin client: librdkafka's crashes where the group's coordinator answers with an error.
        if group not in self.groups:
            self.groups[group] = confluent_kafka.Consumer({
                "bootstrap.servers": self.address, "group.id": group, "enable.auto.commit": False, "log_level": 0,
                "reconnect.backoff.max.ms": 200})
        consumer = self.groups[group]
        found = {}
        try:
            for topic in topics:
                for partition in consumer.list_topics(topic, timeout=2).topics[topic].partitions:
                    one = confluent_kafka.TopicPartition(topic, partition)
                    first, end = consumer.get_watermark_offsets(one, timeout=2)
                    [done] = consumer.committed([one], timeout=2)
                    found[topic, partition] = (end, max(done.offset, first))
            return found
        except confluent_kafka.KafkaException:
            return None  # the coordinator is being found, the broker is away

    def unread(self, group, topics):
        """How many messages lie behind what the group has committed."""
        found = self.offsets(group, topics)
        return math.inf if found is None else sum(end - done for end, done in found.values())

    @contextlib.contextmanager
    def reader(self, topic, isolation="read_committed"):
        """A Reader of all partitions of a topic from its beginning."""
        consumer = confluent_kafka.Consumer({
            "bootstrap.servers": self.address, "group.id": f"reader-{os.getpid()}", "isolation.level": isolation,
            "auto.offset.reset": "earliest", "enable.auto.commit": False, "enable.partition.eof": True,
            "fetch.wait.max.ms": 50, "log_level": 0})
        try:
            yield Reader(consumer, topic)
        finally:
            consumer.close()

    def read(self, topic, isolation="read_committed"):
        """All messages that a topic has now and that such a reader may see."""
        with self.reader(topic, isolation) as reader:
            return reader.to_end()


class Message(dict):
    """A record with what else a message has: key, value, headers, timestamp (ms), partition."""


class Reader:
    def __init__(self, consumer, topic):
        self.consumer = consumer
        partitions = consumer.list_topics(topic, timeout=60).topics[topic].partitions
        self.partitions = len(partitions)
        self.ended = set()  # partitions of which all was read that there is; told once after each time
        consumer.assign([confluent_kafka.TopicPartition(topic, one, confluent_kafka.OFFSET_BEGINNING) for one in partitions])

    def to_end(self, seconds=60):
        """What came since the last call, up to the present end of each partition."""
        messages = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            whole = len(self.ended) == self.partitions
            message = self.consumer.poll(0.05 if whole else 0.5)
            if message is None:
                if whole:
                    return messages
            elif message.error() is None:
                messages.append(message)
                self.ended.discard(message.partition())
            elif message.error().code() == confluent_kafka.KafkaError._PARTITION_EOF:
                self.ended.add(message.partition())
            elif not message.error().retriable():
                raise confluent_kafka.KafkaException(message.error())
        raise TimeoutError(f"no end within {seconds} s")

    def until(self, enough, seconds, what):
        """Reads on until enough(all messages so far); returns them all."""
        messages = []

        def more():
            messages.extend(self.to_end())
            return enough(messages)

        wait_until(more, seconds, what)
        return messages
