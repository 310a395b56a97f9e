"""The broker of the tests: what it is given it gives back, and it ends with whoever started it."""

import os
import pathlib
import signal
import subprocess
import sys

import confluent_kafka
import pytest

from broker import Broker, Message, wait_until


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with Broker(tmp_path_factory.mktemp("broker")) as one:
        yield one


def values(messages):
    return sorted(message.value() for message in messages)


def test_records_come_back_from_all_partitions(broker):
    broker.create_topic("plain", partitions=3)
    broker.produce("plain", [{"id": number} for number in range(10)])
    broker.produce("plain", [Message(key=b"k", value=None, headers={"h": b"1"}, timestamp=1360195200000)], partition=2)
    messages = broker.read("plain")
    assert values(message for message in messages if message.value()) == sorted(b'{"id": %d}' % n for n in range(10))
    [tombstone] = [message for message in messages if message.value() is None]
    assert (tombstone.key(), tombstone.headers(), tombstone.timestamp()[1], tombstone.partition()) == (
        b"k", [("h", b"1")], 1360195200000, 2)


def test_a_committed_reader_sees_no_open_transaction(broker):
    broker.create_topic("transactions")
    producer = confluent_kafka.Producer({"bootstrap.servers": broker.address, "transactional.id": "t"})
    producer.init_transactions(10)
    producer.begin_transaction()
    producer.produce("transactions", b"open")
    producer.flush(10)
    assert values(broker.read("transactions")) == []
    assert values(broker.read("transactions", "read_uncommitted")) == [b"open"]
    producer.commit_transaction(10)
    assert values(broker.read("transactions")) == [b"open"]


def test_it_keeps_its_data_over_a_kill(broker):
    broker.create_topic("kept")
    broker.produce("kept", [b"x"])
    broker.kill()
    broker.start()
    assert values(broker.read("kept")) == [b"x"]


def test_it_ends_with_the_process_that_started_it(tmp_path):
    program = ("import broker, signal, sys\n"
               f"with broker.Broker({str(tmp_path / 'b')!r}) as one:\n"
               "    print(one.process.pid, flush=True)\n"
               "    signal.pause()\n")
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True,
                              cwd=pathlib.Path(__file__).parent)
    child = int(parent.stdout.readline())
    os.kill(child, 0)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    gone = lambda: not pathlib.Path(f"/proc/{child}/cmdline").exists() or not pathlib.Path(
        f"/proc/{child}/cmdline").read_bytes()
    wait_until(gone, 10, "the broker is gone")
