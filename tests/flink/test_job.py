"""The job on a real cluster and a real broker: what it publishes equals what `recon check` says of the same records,
whatever happens to the cluster in between."""

import contextlib
import json
import os
import time

import pytest

from broker import Message, wait_until
from cluster import LIMIT_S, RefusedError
from reconciling import JAR, assert_same, assert_told_once, flights, generated

KILLS = int(os.environ.get("RECON_KILLS", "5"))  # of TaskManagers, in all
SLOWLY = {"execution.checkpointing.interval": "1h"}


FLIGHT = {"id": ["carrier", "flight", "date"]}


def test_flights(reconciliation, submit, broker):
    its = reconciliation(
        partitions=2, interval="1h", out_of_orderness="30m", retention="1d",
        audit={**FLIGHT, "time": "scheduled", "context": "destination"}, events={**FLIGHT, "time": "departed"})
    began = time.time()
    audit, events = flights()
    its.send("audit", audit)
    its.send("events", events)
    job = submit(its, parallelism=2)
    its.wait_until_read(job)
    job.stop(drain=True)
    checked = its.checked()
    assert len(checked.missing) > 900  # of the flights that were to leave, some never did: not a test of nothing
    assert_same(its.outcome(), checked)
    assert_told_once(its.published())

    # What a message looks like.
    message = next(one for one in broker.read(its.breaks) if json.loads(one.value())["type"] == "missing")
    headers = {name: value.decode() for name, value in message.headers()}
    value = json.loads(message.value())
    assert headers["ce_type"] == "recon.missing.v1"
    assert headers["ce_id"] and headers["ce_source"]
    assert message.key().decode().startswith(f"{its.name}/presence/")
    assert value["topic"] == its.topics["audit"] and value["partition"] in (0, 1) and value["offset"] >= 0
    assert began - 1 <= message.timestamp()[1] / 1000 <= time.time() + 1  # the wall clock, not the flight's time


def test_it_goes_on_from_a_savepoint_with_another_parallelism(reconciliation, submit, tmp_path):
    its = reconciliation(partitions=3, interval="10m", out_of_orderness="1m", retention="1h")
    audit, events = generated(tmp_path, 6000)
    savepoint = None
    parts = 3
    for part, parallelism in enumerate((1, 3, 2)):
        for stream, records in (("audit", audit), ("events", events)):
            its.send(stream, records[len(records) * part // parts: len(records) * (part + 1) // parts])
        job = submit(its, parallelism=parallelism, savepoint=savepoint)
        its.wait_until_read(job)
        savepoint = job.stop(drain=part == parts - 1)
    assert_same(its.outcome(), its.checked())
    assert_told_once(its.published())


@pytest.mark.parametrize("unaligned", [False, True], ids=["aligned", "unaligned"])
def test_killed_task_managers_change_nothing(reconciliation, submit, cluster, tmp_path, unaligned):
    kills = KILLS * (3 if unaligned else 2) // 5
    its = reconciliation(partitions=2, interval="10m", out_of_orderness="1m", retention="1h")
    rounds = kills + 1
    # Nothing comes later than m: whether that is too late depends on how the watermark went, and so on the kills.
    audit, events = generated(tmp_path, 2000 * rounds, "--late-beyond-m", "0")
    job = None
    for part in range(rounds):
        for stream, records in (("audit", audit), ("events", events)):
            its.send(stream, records[len(records) * part // rounds: len(records) * (part + 1) // rounds])
        if job is None:
            job = submit(its, parallelism=2, configuration={
                "execution.checkpointing.unaligned.enabled": str(unaligned).lower()})
        if part < kills:
            # In the midst of it: something was read, and something of what was read is in no checkpoint.
            wait_until(lambda: its.unread(job) < sum(map(len, its.sent.values())) // rounds, LIMIT_S, "something was read")
            before = job.last_restart()
            cluster.add_task_manager()
            cluster.kill_task_manager()
            wait_until(lambda: job.last_restart() > before, LIMIT_S, "it was started again")
            job.wait_for_running()
    its.wait_until_read(job)
    job.stop(drain=True)
    assert_same(its.outcome(), its.checked())
    assert_told_once(its.published())


def record(number, time_ms, **more):
    return {"id": f"id-{number}", "time": time_ms, **more}


def audit_record(number, time_ms):
    return {"id": f"id-{number}", "event_time": time_ms}


def now_ms():
    return int(time.time() * 1000)


def wait_for_result(its, topic, fits, seconds=LIMIT_S):
    with its.broker.reader(topic) as reader:
        messages = reader.until(lambda all: any(fits(json.loads(one.value())) for one in all), seconds, "the result")
    return next(value for value in map(json.loads, (one.value() for one in messages)) if fits(value))


def test_results_no_longer_wait_for_a_silent_input_after_z(reconciliation, submit):
    its = reconciliation(interval="1s", out_of_orderness="100ms", retention="1h", idle_timeout="2s")
    start = now_ms()
    its.send("audit", [audit_record(number, start + number * 100) for number in range(10)])
    its.send("events", [record(number, start + number * 100) for number in range(5)])
    job = submit(its)
    # The event stream says nothing from here on, then nor does the other: event time goes on by the clock.
    found = wait_for_result(its, its.breaks, lambda one: one["type"] == "missing" and one["id"] == "id-9")
    assert found["basis"] == "timeout"
    metric = wait_for_result(its, its.metrics, lambda one: one["missing"] > 0)
    assert metric["basis"] == "timeout"
    # What arrives after the silence still corrects.
    its.send("events", [record(9, start + 900)])
    wait_for_result(its, its.breaks, lambda one: one["type"] == "found" and one["id"] == "id-9")
    assert job.last_restart() == 0


def test_a_lost_broker_is_not_silence(reconciliation, submit, broker):
    # What is true silence, before the broker is lost and behind it, must be shorter than z: where it is not, z is longer.
    for z_s in (10, 30, 90):
        if is_shorter_than_z(reconciliation(name=f"lost-broker-{z_s}", interval="1s", out_of_orderness="100ms", retention="1h",
                                            idle_timeout=f"{z_s}s"), submit, broker, z_s):
            return
    pytest.fail("the machine was too slow to tell")


def is_shorter_than_z(its, submit, broker, z_s):
    """Whether all but the outage took less than z; then the outage, which took longer, must have made nothing missing."""
    start = now_ms()
    its.send("audit", [audit_record(number, start + number * 100) for number in range(20)])
    its.send("events", [record(number, start + number * 100) for number in range(10)])
    began = time.monotonic()
    job = submit(its)
    its.wait_until_read(job)
    # The clock would make the rest missing, were this silence.
    broker.stop()
    lost = time.monotonic()
    try:
        wait_until(lambda: time.monotonic() - lost > z_s + 3, z_s + LIMIT_S, "more than z has passed")
    finally:
        lost = time.monotonic() - lost
        broker.start()
    its.send("events", [record(number, start + number * 100) for number in range(10, 20)])
    its.wait_until_read(job)
    heard = time.monotonic() - began - lost
    job.wait_for_running()
    job.stop(drain=True)
    if heard > z_s:
        return False
    assert [one for one in its.published() if one["type"] == "missing"] == []
    assert_same(its.outcome(), its.checked())
    return True


def test_a_poisoned_time_moves_nothing(reconciliation, submit):
    its = reconciliation(interval="1s", out_of_orderness="0s", retention="1h", idle_timeout="1h", max_future_skew="1m")
    start = now_ms() // 1000 * 1000 - 60000
    poisoned = now_ms() + 365 * 86400 * 1000
    its.send("audit", [audit_record(1, start), audit_record(666, poisoned), audit_record(2, start + 5000)])
    its.send("events", [record(1, start), record(666, poisoned), record(3, start + 5000), b"{"])
    job = submit(its)
    rejected = wait_for_result(its, its.breaks, lambda one: one["type"] == "rejected" and one["reason"] == "malformed")
    assert (rejected["stream"], rejected["offset"]) == ("events", 3)
    futures = {wait_for_result(its, its.breaks, lambda one: one.get("reason") == "future" and one["stream"] == stream)["id"]
               for stream in ("audit", "events")}
    assert futures == {"id-666"}
    metric = wait_for_result(its, its.metrics, lambda one: one["expected"] == 1)
    assert metric["matched"] == 1 and metric["basis"] == "watermark"
    # Nothing later is due: not by the poisoned time, and z is far.
    its.wait_until_read(job)
    job.wait_for_checkpoint()
    assert [one for one in its.published(its.breaks) if one["type"] == "missing"] == []


def test_it_may_be_submitted_again_and_beside_itself(reconciliation, submit, cluster):
    one = reconciliation(name="again-one", interval="1h")
    other = reconciliation(name="again-other", interval="1h")
    for its in (one, other):
        its.send("audit", [audit_record(number, number) for number in range(100)])
        its.send("events", [record(number, number) for number in range(1, 100)])
    first = submit(one)
    second = submit(other)
    for job, its in ((first, one), (second, other)):
        its.wait_until_read(job)
        job.stop(drain=True)
        assert_same(its.outcome(), its.checked())
        assert len(its.outcome().missing) == 1
    again = submit(one)  # anew: reads all from the start, and says the same
    one.wait_until_read(again)
    again.stop(drain=True)
    assert_same(one.outcome(), one.checked())


def test_results_lost_to_a_transaction_timeout_end_in_an_error(reconciliation, submit, cluster, broker):
    savepoint = None
    for timeout_s in (1, 10, 60):  # too short a one ends before the savepoint, which then fails
        its = reconciliation(name=f"timeout-{timeout_s}", interval="1s", out_of_orderness="0s", idle_timeout="1h",
                             flink={"transaction.timeout.ms": str(1000 * timeout_s)})
        start = now_ms() // 1000 * 1000 - 60000
        its.send("audit", [audit_record(1, start), audit_record(2, start + 5000)])
        its.send("events", [record(2, start + 5000)])
        job = submit(its, configuration=SLOWLY)
        # A savepoint that is not the last of its job commits nothing: its transactions stay open.
        with broker.reader(its.breaks, "read_uncommitted") as reader:
            reader.until(lambda all: all, LIMIT_S, "something was written")
        with contextlib.suppress(RuntimeError, RefusedError):
            savepoint = job.savepoint()
        job.cancel()
        if savepoint is not None:
            break
    assert savepoint is not None, "the machine was too slow to tell"
    # Once what was written after it can be read, the broker has aborted it.
    broker.produce(its.breaks, [Message(key=b"k", value=b"{}")])
    wait_until(lambda: [one.value() for one in broker.read(its.breaks)] == [b"{}"], LIMIT_S, "the transaction was aborted")
    job = cluster.submit(JAR, ["--config", its.configuration()], savepoint=savepoint)
    try:
        wait_until(lambda: "were lost" in job.failure(), LIMIT_S, lambda: f"an error; there is: {job.failure()}")
    finally:
        job.cancel()
