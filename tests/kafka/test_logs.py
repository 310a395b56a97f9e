"""What the service says on standard error: one line an event, the same trouble once a second, in a form for machines too."""

import collections
import json
import signal
import subprocess
import time

from broker import dies_with_parent, wait_until
from service import of
from test_run import audit, pass_by


def start(one, *options):
    """Starts it with options, without a trace."""
    with open(one.log, "ab") as log:
        one.process = subprocess.Popen([one.program, "run", one.config, *options], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       preexec_fn=dies_with_parent)


def test_lines_for_machines_are_json_each_and_a_hangup_changes_nothing(broker, service):
    one = service()
    start(one, "--log", "json")
    one.until_said("running")
    one.process.send_signal(signal.SIGHUP)
    broker.produce(f"{one.name}.audit", [audit(1, 0)])
    pass_by(broker, one, 30_000)
    one.until_published(lambda all: of(all, "missing"))
    one.stop()
    lines = [json.loads(line) for line in one.said().splitlines()]
    assert all(set(line) == {"time", "level", "message"} for line in lines)
    assert [line["message"] for line in lines][-1] == "stopped"


def test_the_same_trouble_is_one_line_a_second_and_quiet_does_not_hide_it(broker, service):
    one = service()
    start(one, "--quiet")
    wait_until(lambda: f"recon.{one.name}.journal" in broker.topics() and one.process.poll() is None, 20, "it has begun")
    broker.produce(f"{one.name}.audit", [audit(1, 0)])
    pass_by(broker, one, 30_000)
    one.until_published(lambda all: of(all, "missing"))
    broker.kill()
    away = time.monotonic()
    try:
        broker_lines = []
        wait_until(lambda: time.monotonic() > away + 6, 10, "some seconds of trouble")
        broker_lines = one.said().splitlines()
    finally:
        broker.start()
    one.stop()
    assert broker_lines and "info:" not in one.said()
    # By second and the words that begin it: never two.
    told = collections.Counter((line[:19], line.split(" ", 1)[1][:40]) for line in broker_lines)
    assert max(told.values()) <= 2  # a second by the clock may hold the end of one and the beginning of the next
    assert len(broker_lines) < 60


def test_what_waits_is_told_though_it_is_quiet(broker, service):
    one = service(1, 0)
    start(one, "--quiet")
    one.until_said("waiting: of the event stream no topic is there yet")
    one.stop()
    assert "info:" not in one.said()
