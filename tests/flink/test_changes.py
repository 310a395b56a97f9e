"""The job where something is not as usual: it begins in the midst of its topics, it is submitted by Flink's own command, its
topics change between two runs."""

import json
import re
import time

from broker import wait_until
from cluster import LIMIT_S
from reconciling import JAR, assert_same, assert_told_once, generated, outcome

MINUTE = 60 * 1000
HOUR = 60 * MINUTE


def hours(first, count):
    """Records of so many hours, 12 in each, of which the event of one is never there: (audit, events)."""
    audit = [{"id": f"id-{time_ms}", "event_time": time_ms} for time_ms in range(first, first + count * HOUR, 5 * MINUTE)]
    events = [{"id": one["id"], "time": one["event_time"]} for one in audit if one["event_time"] % HOUR != 35 * MINUTE]
    return audit, events


def text(time_ms):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time_ms // 1000))


def assert_judged_from(its, first_ms):
    """All windows from then on are as checked, and nothing before is judged."""
    checked = its.checked()
    published = its.outcome()
    assert published.windows == {start: counts for start, counts in checked.windows.items() if start >= text(first_ms)}
    assert published.missing == {(source, one) for source, one in checked.missing if int(one[3:]) >= first_ms}
    assert published.missing


def test_reading_begins_at_a_time_and_what_is_whole_from_there_is_judged(reconciliation, submit):
    first = int(time.time() * 1000) // HOUR * HOUR - 24 * HOUR
    its = reconciliation(start=text(first + 5 * HOUR))
    audit, events = hours(first, 10)
    its.send("audit", audit, timestamp=lambda one: one["event_time"])
    its.send("events", events, timestamp=lambda one: one["time"])
    job = submit(its)
    its.wait_until_read(job)
    # Where it began, and from which window on it judges, is in the state: not found anew.
    savepoint = job.stop()
    audit, events = hours(first + 10 * HOUR, 2)
    its.send("audit", audit)
    its.send("events", events)
    job = submit(its, savepoint=savepoint)
    its.wait_until_read(job)
    job.stop(drain=True)
    assert_judged_from(its, first + 6 * HOUR)  # that of the first record and out_of_orderness is not whole


def test_reading_begins_at_the_end(reconciliation, submit):
    now = int(time.time() * 1000) // HOUR * HOUR
    its = reconciliation(start="latest")
    for stream, records in zip(("audit", "events"), hours(now - 10 * HOUR, 5)):
        its.send(stream, records, timestamp=lambda one: one.get("event_time", one.get("time")))
    job = submit(its)
    for stream, records in zip(("audit", "events"), hours(now - 5 * HOUR, 4)):
        its.send(stream, records)
    its.wait_until_read(job)
    job.stop(drain=True)
    assert_judged_from(its, now - 5 * HOUR)


def test_it_is_submitted_and_stopped_by_the_command(reconciliation, cluster, tmp_path):
    its = reconciliation(partitions=2, interval="10m", out_of_orderness="1m", retention="1h")
    for stream, records in zip(("audit", "events"), generated(tmp_path, 2000)):
        its.send(stream, records)
    broken = tmp_path / "broken.yaml"
    broken.write_text("name: x\ninterval: soon\nretenton: 1h\n")
    refused = cluster.command("run", "--detached", JAR, "--config", broken)
    assert refused.returncode != 0
    assert f"{broken}:2:" in refused.stdout and f"{broken}:3:" in refused.stdout and "retention" in refused.stdout

    submitted = cluster.command("run", "--detached", "--parallelism", 2, JAR, "--config", its.configuration())
    [job] = re.findall(r"JobID ([0-9a-f]{32})", submitted.stdout) or [None]
    assert submitted.returncode == 0 and job, submitted.stdout
    job = cluster.job(job)
    try:
        job.wait_for_running()
        its.wait_until_read(job)
        stopped = cluster.command("stop", "--drain", "--savepointPath", f"file://{tmp_path}/savepoints", job.id)
        assert stopped.returncode == 0, stopped.stdout
        job.wait_for("FINISHED")
    finally:
        job.cancel()
    assert_same(its.outcome(), its.checked())
    assert_told_once(its.published())


def test_topics_may_change_at_an_unaligned_checkpoint(reconciliation, submit, broker, tmp_path):
    its = reconciliation(partitions=2, interval="10m", out_of_orderness="1m", retention="1h")
    audit, events = generated(tmp_path, 6000)
    broker.create_topic("changed.audit", 2)
    broker.create_topic("changed.gone", 1)
    its.settings["events"]["topics"] = ["changed.gone", its.topics["events"]]
    where = {}  # of the audit record of each ID: its topic
    half = [len(records) // 2 for records in (audit, events)]
    its.send("audit", audit[:half[0]])
    its.send("events", events[:half[1]])
    where.update((json.loads(one)["id"], its.topics["audit"]) for one in audit[:half[0]])
    job = submit(its, parallelism=2, configuration={
        "execution.checkpointing.unaligned.enabled": "true",
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION"})
    wait_until(lambda: its.unread(job) < sum(half) // 2, LIMIT_S, "half of it was read")
    job.wait_for_checkpoint()
    job.cancel()
    checkpoint = job.last_checkpoint()

    its.settings["audit"]["topics"] = ["changed.audit", its.topics["audit"]]
    its.settings["events"]["topics"] = [its.topics["events"]]
    its.send("audit", audit[half[0]:], topic="changed.audit")
    its.send("events", events[half[1]:])
    where.update((json.loads(one)["id"], "changed.audit") for one in audit[half[0]:])
    broker.produce("changed.gone", [b"not read"])
    job = submit(its, parallelism=2, savepoint=checkpoint)
    wait_until(lambda: its.unread(job, ["changed.audit", *its.topics.values()]) == 0, LIMIT_S, "all is read")
    job.stop(drain=True)
    published = its.published()
    assert_same(outcome(published), its.checked())
    assert_told_once(published)
    missing = [one for one in published if one["type"] == "missing"]
    assert {one["topic"] for one in missing} == set(where.values())
    assert all(one["topic"] == where[one["id"]] for one in missing)
