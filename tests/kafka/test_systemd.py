"""The service tells systemd the truth: ready once it reads, alive while it makes progress, stopping when it stops."""

import configparser
import socket
import threading
import time

import pytest

from broker import ROOT, wait_until
from test_run import audit, pass_by


class Listener:
    """What systemd would hear. It listens all the time, as systemd does: who notifies waits for a queue that is full."""

    def __init__(self, path):
        self.path = path
        self.heard = []  # (time, text)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while text := self.socket.recv(4096):
            self.heard.append((time.monotonic(), text.decode()))

    def has(self, text, seconds=60):
        wait_until(lambda: any(text in line for line in self.lines()), seconds, lambda: f"{text} in {self.heard}")

    def lines(self):
        return [line for _, text in list(self.heard) for line in text.splitlines()]


@pytest.fixture
def listener(tmp_path, monkeypatch):
    one = Listener(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(one.path))
    monkeypatch.setenv("WATCHDOG_USEC", "400000")
    yield one
    one.socket.shutdown(socket.SHUT_RDWR)


def test_ready_when_it_reads_alive_while_it_goes_on_and_stopping(broker, service, listener):
    one = service(1, 0)
    with one:
        one.until_said("no topic is there yet")
        listener.has("EXTEND_TIMEOUT_USEC=")  # a start that waits makes progress, and is none that is over
        assert "READY=1" not in listener.lines() or "standing by" in one.said()
        broker.create_topic(f"{one.name}.events")
        listener.has("READY=1")
        one.until_said("running")
        before = len(listener.heard)
        wait_until(lambda: listener.lines().count("WATCHDOG=1") > before + 5, 10, "the watchdog hears of it")
        broker.produce(f"{one.name}.audit", [audit(1, 0)])
        pass_by(broker, one, 30_000)
        listener.has("1 missing")
        assert "STOPPING=1" not in listener.lines()
        one.stop()
        assert "STOPPING=1" in listener.lines()
    beats = [at for at, text in listener.heard if "WATCHDOG=1" in text]
    assert max(later - earlier for earlier, later in zip(beats, beats[1:])) < 5


def test_alive_while_the_broker_is_away(broker, service, listener):
    one = service()
    with one:
        listener.has("READY=1")
        broker.produce(f"{one.name}.audit", [audit(1, 0)])
        pass_by(broker, one, 30_000)
        broker.kill()
        try:
            count = listener.lines().count("WATCHDOG=1")
            wait_until(lambda: listener.lines().count("WATCHDOG=1") > count + 6, 30, "the watchdog hears of it")
        finally:
            broker.start()
        one.stop()


def test_the_unit_is_of_that_type():
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(ROOT / "examples/systemd/recon@.service")
    assert unit["Service"]["Type"] == "notify"
    assert int(unit["Service"]["WatchdogSec"]) > 30 and int(unit["Service"]["TimeoutStopSec"]) > 10
