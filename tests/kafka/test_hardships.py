"""What a long life has in store: brokers that restart, a backlog, silence, times that are wrong, records of every bad kind."""

import os

from broker import Message, wait_until
from service import counted, of, windows
from test_http import metrics
from test_run import T0, audit, event, pass_by

RESTARTS = int(os.environ.get("RECON_RESTARTS", "2"))
BACKLOG = int(os.environ.get("RECON_BACKLOG", "200000"))


def test_a_broker_that_is_restarted_again_and_again_costs_nothing(broker, service):
    one = service(2, 2, idle_timeout="20s")
    count = 2000
    with one:
        one.until_said("running")
        for part in range(RESTARTS):
            numbers = range(part * count, (part + 1) * count)
            broker.produce(f"{one.name}.audit", [audit(n, n) for n in numbers])
            broker.produce(f"{one.name}.events", [event(n, n) for n in numbers if n % 100])
            broker.kill() if part % 2 else broker.stop()
            broker.start()
        end = RESTARTS * count
        pass_by(broker, one, end + 60_000, 2)
        one.until_published(lambda all: len(of(all, "missing")) >= end // 100, 90)
        one.stop()
    published = one.published()
    assert counted(published) == counted(one.replayed())
    assert sorted(result["id"] for result in of(published, "missing")) == sorted(f"a-{n}" for n in range(0, end, 100))


def test_a_stream_that_stops_for_longer_than_z_holds_nothing_and_what_comes_after_corrects(broker, service):
    one = service(idle_timeout="1500ms")
    with one:
        one.until_said("running")
        broker.produce(f"{one.name}.events", [event(1, 0)])
        broker.produce(f"{one.name}.audit", [audit(1, 0), audit(2, 1000), audit(3, 30_000)])
        # The event stream says nothing more. After z the audit stream alone decides.
        one.until_published(lambda all: "a-2" in {result["id"] for result in of(all, "missing")})
        assert any(metric["basis"] == "timeout" for metric in of(one.published(), "metric"))
        broker.produce(f"{one.name}.events", [event(2, 1000), event(3, 30_000)])
        one.until_published(lambda all: "a-2" in {result["id"] for result in of(all, "found")})
        pass_by(broker, one, 60_000)
        one.until_published(lambda all: windows(all).get("2023-11-14T22:13:20.000Z") == {"expected": 2, "matched": 2, "missing": 0})
        one.stop()
    assert counted(one.published()) == counted(one.replayed())


def test_a_backlog_on_one_side_costs_neither_memory_nor_false_missing(broker, service):
    """Of the events nine in ten are to be ignored: so the audit stream's times go by ten times as fast as they are read."""
    one = service(1, 1, idle_timeout="1s", interval="1s", out_of_orderness="1s")
    one.config.write_text(one.config.read_text().replace(f"events: {{topics: [{one.name}.events]}}", f"""events:
  topics: [{one.name}.events]
  schemas: [{{when: {{header: {{name: kind, equals: ignored}}}}, ignore: true}}, {{}}]"""))
    count = BACKLOG // 10
    ignored = Message(value=b"x" * 100, headers={"kind": "ignored"})
    broker.produce(f"{one.name}.audit", [audit(n, n * 10) for n in range(count)])
    broker.produce(f"{one.name}.events", (ignored if n % 10 else event(n // 10, n) for n in range(BACKLOG)))
    pass_by(broker, one, BACKLOG + 10_000)
    with one:
        one.until_said("running")
        wait_until(lambda: metrics(one).get('stream_messages_total{stream="events"}', 0) > BACKLOG, 60 + BACKLOG // 10_000,
                   lambda: metrics(one))
        one.until_published(lambda all: sum(window["expected"] for window in windows(all).values()) >= count, 60)
        one.stop()
    published = one.published()
    assert not of(published, "missing") and not of(published, "unaudited")
    # What waits of the one for the other is o + n of event time and the 512 messages of one block, 10 ms apart, not all there is.
    assert one.lead(T0, T0 + BACKLOG) <= 2000 + 5120
    assert counted(published) == counted(one.replayed())


def test_times_that_are_wrong_decide_nothing(broker, service):
    one = service()
    one.config.write_text(one.config.read_text().replace("max_future_skew: any", "max_future_skew: 10m"))
    far = 4_000_000_000_000
    broker.produce(f"{one.name}.audit", [audit(1, 0), {"id": "p-1", "event_time": far}, audit(2, 1000)])
    # The event of an audited ID is that, whatever its time says.
    broker.produce(f"{one.name}.events", [{"id": "p-2", "time": far}])
    with one:
        one.until_published(lambda all: len(of(all, "rejected")) == 2)
        broker.produce(f"{one.name}.events", [{"id": "a-1", "time": far}, event(3, 1500)])
        wait_until(lambda: metrics(one).get('stream_matched_total{stream="events"}') == 1, 20, "it is matched")
        pass_by(broker, one, 30_000)
        one.until_published(lambda all: of(all, "missing"))
        one.stop()
    published = one.published()
    assert {(result["stream"], result["reason"], result["id"]) for result in of(published, "rejected")} == {
        ("audit", "future", "p-1"), ("events", "future", "p-2")}
    assert [result["id"] for result in of(published, "missing")] == ["a-2"]
    assert counted(published) == counted(one.replayed())


def test_a_rejected_record_of_each_kind_says_where_it_is_and_why(broker, service):
    one = service()
    one.config.write_text(one.config.read_text()
                          .replace("max_future_skew: any", "max_future_skew: 10m\nidentity: source,id")
                          .replace(f"events: {{topics: [{one.name}.events]}}", f"""events:
  topics: [{one.name}.events]
  schemas:
    - when: {{header: {{name: kind, equals: ignored}}}}
      ignore: true
    - when: {{field: {{name: v, equals: 1}}}}
      format: json
      source: source"""))
    good = {"v": 1, "id": "a", "source": "s", "time": T0}
    bad = [("malformed", b"{"), ("malformed", b"\xff\xfe"), ("malformed", b"[1, 2]"), ("malformed", dict(good, id=1.5)),
           ("unmapped", dict(good, v=2)), ("no_id", dict(good, id="")), ("no_id", {"v": 1, "source": "s", "time": T0}),
           ("no_source", {"v": 1, "id": "a", "time": T0}), ("no_time", {"v": 1, "id": "b", "source": "s"}),
           ("no_time", dict(good, id="c", time="yesterday")), ("future", dict(good, id="d", time=4_000_000_000_000))]
    ignored = Message(value=b"{", headers={"kind": "ignored"})
    broker.produce(f"{one.name}.events", [record for _, record in bad] + [ignored, good])
    audits = [("no_time", {"id": "x", "source": "s"}), ("no_id", {"event_time": T0, "source": "s"}),
              ("no_source", {"id": "x", "event_time": T0}), ("malformed", b"no")]
    broker.produce(f"{one.name}.audit", [record for _, record in audits] + [{"id": "a", "source": "s", "event_time": T0}])
    with one:
        one.until_published(lambda all: len(of(all, "rejected")) == len(bad) + len(audits))
        now = metrics(one)
        one.stop()
    rejected = {(result["stream"], result["offset"]): result["reason"] for result in of(one.published(), "rejected")}
    assert rejected == {("events", offset): reason for offset, (reason, _) in enumerate(bad)} | {
        ("audit", offset): reason for offset, (reason, _) in enumerate(audits)}
    assert now['stream_ignored_total{stream="events"}'] == 1
    assert counted(one.published()) == counted(one.replayed())
