"""The service on a real broker: what it publishes equals the replay of what it read, once, whatever happens to it."""

import json
import signal
import time

import confluent_kafka
import pytest

from broker import wait_until
from service import Service, counted, of, windows

T0 = 1_700_000_000_000  # a whole 10 s


def audit(number, time):
    return {"id": f"a-{number}", "event_time": T0 + time}


def event(number, time):
    return {"id": f"a-{number}", "time": T0 + time}


def pass_by(broker, one, time, partitions=1):
    """Something of that time in every partition, so that the watermark passes what lies n before it."""
    for partition in range(partitions):
        number = f"tick-{time}-{partition}"
        broker.produce(f"{one.name}.audit", [audit(number, time)], partition=partition)
        broker.produce(f"{one.name}.events", [event(number, time)], partition=partition)


def produce_a_bit_of_all(broker, one):
    """200 audited events of which 20 are missing, a duplicate, one without an ID, and what is no JSON; in two partitions."""
    broker.produce(f"{one.name}.audit", [audit(n, n * 100) for n in range(200)])
    broker.produce(f"{one.name}.events", [event(n, n * 100) for n in range(200) if n % 10])
    broker.produce(f"{one.name}.events", [b"no json", {"time": T0}, event(3, 300)], partition=0)
    pass_by(broker, one, 60_000, 2)


def test_it_says_what_is_missing_and_what_is_found_and_equals_the_replay(broker, service):
    one = service(2, 2)
    produce_a_bit_of_all(broker, one)
    with one:
        one.until_published(lambda all: len(of(all, "missing")) == 20)
        broker.produce(f"{one.name}.events", [event(50, 5000)])
        one.until_published(lambda all: of(all, "found"))
        pass_by(broker, one, 80_000, 2)  # the revision of a window comes with the end of a later one
        one.until_published(lambda all: any(metric["revision"] for metric in of(all, "metric")))
        one.stop()
    published = one.published()
    assert counted(published) == counted(one.replayed())
    assert {result["id"] for result in of(published, "missing")} == {f"a-{n}" for n in range(0, 200, 10)}
    assert [result["id"] for result in of(published, "found")] == ["a-50"]
    assert sorted(result["reason"] for result in of(published, "rejected")) == ["malformed", "no_id"]
    assert len(of(published, "duplicate")) == 1
    assert windows(published)["2023-11-14T22:13:20.000Z"] == {"expected": 100, "matched": 91, "missing": 9}


def test_messages_are_cloudevents_under_a_key_for_each_thing(broker, service):
    one = service()
    broker.produce(f"{one.name}.audit", [audit(1, 0)])
    pass_by(broker, one, 30_000)
    with one:
        one.until_published(lambda all: of(all, "missing"))
        one.stop()
    [missing] = broker.read(f"{one.name}.breaks")
    headers = {name: value.decode() for name, value in missing.headers()}
    assert headers["ce_type"] == "recon.missing.v1"
    assert missing.key().decode() == f"{one.name}/presence//a-1"
    assert json.loads(missing.value())["offset"] == 0


@pytest.mark.parametrize("kills", [4])
def test_killed_in_one_stream_it_publishes_what_it_would_have(broker, service, kills):
    one = service(2, 2)
    count = 40_000
    one.start()
    one.until_said("running")
    for part in range(kills + 1):
        numbers = range(part * count, (part + 1) * count)
        broker.produce(f"{one.name}.audit", [audit(n, n) for n in numbers])
        broker.produce(f"{one.name}.events", [event(n, n) for n in numbers if n % 1000])
        if part < kills:
            one.kill()
            one.start()
    end = (kills + 1) * count
    pass_by(broker, one, end + 60_000, 2)
    one.until_published(lambda all: len(of(all, "missing")) >= end // 1000, 90)
    one.stop()
    published = one.published()
    assert counted(published) == counted(one.replayed())
    assert sorted(result["id"] for result in of(published, "missing")) == sorted(f"a-{n}" for n in range(0, end, 1000))
    last = windows(published)
    assert sum(window["expected"] for window in last.values()) == end + 0 * len(last)


def test_started_again_it_goes_on_and_says_nothing_twice(broker, service):
    one = service()
    broker.produce(f"{one.name}.audit", [audit(1, 0)])
    pass_by(broker, one, 30_000)
    with one:
        one.until_published(lambda all: of(all, "missing"))
        one.stop()
    before = one.published()
    with one:
        one.until_said("all is read again")
        broker.produce(f"{one.name}.events", [event(1, 0)])
        one.until_published(lambda all: of(all, "found"))
        one.stop()
    assert counted(one.published()) == counted(one.replayed())
    assert not counted(before) - counted(one.published())
    assert len(of(one.published(), "missing")) == 1


def test_aborted_transactions_are_never_counted_and_open_ones_are_waited_for(broker, service):
    one = service(idle_timeout="1s")
    producer = confluent_kafka.Producer({"bootstrap.servers": broker.address, "transactional.id": one.name})
    producer.init_transactions(10)

    def write(records):
        producer.begin_transaction()
        for record in records:
            producer.produce(f"{one.name}.events", json.dumps(record).encode())
        producer.flush(10)

    write([event(1, 0), event(9, 1)])
    producer.abort_transaction(10)
    write([event(2, 0)])
    producer.commit_transaction(10)
    broker.produce(f"{one.name}.audit", [audit(1, 0), audit(2, 0), audit(3, 100), audit(4, 30_000)])
    write([event(3, 100), event(4, 30_000)])  # hangs
    with one:
        one.until_said("running")
        # The other stream's end is reached, z passes many times over, and the hanging transaction is no silence.
        wait_until(lambda: one.trace.with_name(one.trace.name + ".partial").exists() and
                   one.trace.with_name(one.trace.name + ".partial").read_text().count('"events","partition":0,"alive"') > 20,
                   30, "the hanging partition is said to be alive")
        assert not of(one.published(), "missing")
        producer.commit_transaction(10)
        one.until_published(lambda all: of(all, "missing"))
        one.stop()
    published = one.published()
    assert counted(published) == counted(one.replayed())
    assert [result["id"] for result in of(published, "missing")] == ["a-1"]
    assert not of(published, "duplicate")


def test_a_stream_that_is_silent_for_z_holds_nothing_and_comes_back(broker, service):
    """The trailing marker of the last transaction is no lag."""
    one = service(idle_timeout="1s")
    producer = confluent_kafka.Producer({"bootstrap.servers": broker.address, "transactional.id": one.name})
    producer.init_transactions(10)
    producer.begin_transaction()
    producer.produce(f"{one.name}.events", json.dumps(event(1, 0)).encode())
    producer.commit_transaction(10)
    broker.produce(f"{one.name}.audit", [audit(1, 0), audit(2, 10), audit(3, 60_000)])
    with one:
        one.until_published(lambda all: of(all, "missing"))
        broker.produce(f"{one.name}.events", [event(2, 10), event(3, 60_000)])
        one.until_published(lambda all: any(result["id"] == "a-2" for result in of(all, "found")))
        one.stop()
    assert counted(one.published()) == counted(one.replayed())


def test_partitions_and_topics_that_come_later_are_read(broker, service):
    one = service(1, 0, idle_timeout="1s")
    broker.produce(f"{one.name}.audit", [audit(n, 0) for n in range(10)])
    with one:
        one.until_said("no topic is there yet")
        broker.create_topic(f"{one.name}.events")
        one.until_said("running")
        more = confluent_kafka.admin.NewPartitions(f"{one.name}.audit", 3)
        broker.admin().create_partitions([more])[f"{one.name}.audit"].result(30)
        one.until_said("new partition 2")
        broker.produce(f"{one.name}.audit", [audit(100, 0)], partition=2)
        broker.produce(f"{one.name}.events", [event(n, 0) for n in range(9)])
        pass_by(broker, one, 30_000)
        one.until_published(lambda all: {"a-9", "a-100"} <= {result["id"] for result in of(all, "missing")})
        one.stop()
    with one:  # the journal has the new partitions too
        one.until_said("all is read again")
        one.stop()
    assert len(of(one.published(), "missing")) == 2


def test_the_broker_away_is_no_silence_and_nothing_is_lost(broker, service):
    one = service(idle_timeout="6s")
    broker.produce(f"{one.name}.audit", [audit(1, 0)])
    pass_by(broker, one, 30_000)
    with one:
        one.until_published(lambda all: of(all, "missing"))
        broker.produce(f"{one.name}.audit", [audit(4, 40_000)])
        pass_by(broker, one, 41_000)
        one.until_published(lambda all: "2023-11-14T22:13:40.000Z" in windows(all))
        broker.kill()
        away = time.monotonic()
        # By the clock alone a-4 would be missing soon after z: what is tested is that time passes.
        wait_until(lambda: time.monotonic() > away + 9, 12, "longer than z")
        broker.start()
        broker.produce(f"{one.name}.events", [event(4, 40_000), event(6, 90_000)])
        broker.produce(f"{one.name}.audit", [audit(5, 42_000), audit(6, 90_000)])
        one.until_published(lambda all: len(of(all, "missing")) >= 2, 60)
        one.stop()
    assert [result["id"] for result in of(one.published(), "missing")] == ["a-1", "a-5"]
    assert counted(one.published()) == counted(one.replayed())


def test_a_second_instance_stands_by_and_takes_over_when_the_first_is_gone(broker, service, tmp_path):
    one = service()
    broker.produce(f"{one.name}.audit", [audit(1, 0)])
    (tmp_path / "second").mkdir()
    two = Service(broker, tmp_path / "second", one.name)
    with one, two:
        # Whichever was first has it; it is not taken away by the other's coming.
        wait_until(lambda: "running" in one.said() + two.said() and "standing by" in one.said() + two.said(), 30, one.said)
        first, second = (one, two) if "running" in one.said() else (two, one)
        pass_by(broker, one, 30_000)
        first.until_published(lambda all: of(all, "missing"))
        assert "running" not in second.said()
        first.kill()
        second.until_said("running")
        broker.produce(f"{one.name}.events", [event(1, 0)])
        second.until_published(lambda all: of(all, "found"))
        second.stop()
    assert counted(second.published()) == counted(second.replayed())


def test_a_first_that_comes_back_from_a_pause_ends_and_says_so(broker, service, tmp_path):
    one = service()
    broker.produce(f"{one.name}.audit", [audit(n, n) for n in range(100)])
    with one:
        one.until_said("running")
        one.process.send_signal(signal.SIGSTOP)
        (tmp_path / "second").mkdir()
        two = Service(broker, tmp_path / "second", one.name)
        with two:
            two.until_said("running", 60)
            pass_by(broker, one, 30_000)
            two.until_published(lambda all: len(of(all, "missing")) == 100)
            one.process.send_signal(signal.SIGCONT)
            assert one.ended() == 2
            assert "another instance of the same name" in one.said()
            two.stop()
        assert counted(two.published()) == counted(two.replayed())


def is_made(broker, topic):
    """What is deleted may be there a little longer."""
    try:
        broker.create_topic(topic)
    except confluent_kafka.KafkaException as error:
        assert "already exists" in str(error)
        return False
    return True


@pytest.mark.parametrize("how", ["retention", "truncation"])
def test_what_is_gone_unread_is_told_with_the_mend(broker, service, how):
    one = service()
    broker.produce(f"{one.name}.audit", [audit(n, n) for n in range(100)])
    pass_by(broker, one, 30_000)
    with one:
        one.until_published(lambda all: of(all, "missing"))
        one.stop()
    if how == "retention":
        broker.produce(f"{one.name}.audit", [audit(n, 31_000 + n) for n in range(100, 200)])
        at = confluent_kafka.TopicPartition(f"{one.name}.audit", 0, 150)
        broker.admin().delete_records([at])[at].result(30)
    else:
        broker.delete_topic(f"{one.name}.audit")
        wait_until(lambda: is_made(broker, f"{one.name}.audit"), 30, "the topic is made anew")
        broker.produce(f"{one.name}.audit", [audit(n, 31_000 + n) for n in range(150, 200)], partition=0)
    one.start(record=False)
    assert one.ended() == 2
    assert f"topic {one.name}.audit, partition 0" in one.said()
    assert "not there any more" in one.said()
    assert f"take the snapshots of '{one.name}' out of {one.state}" in one.said()
    for path in one.snapshots():
        path.unlink()
    one.start(record=False)
    one.until_said("begun anew")
    broker.produce(f"{one.name}.audit", [audit(300, 70_000)])
    pass_by(broker, one, 80_000)
    one.until_published(lambda all: any(r["id"] == "a-300" for r in of(all, "missing")))
    one.stop()
    published = one.published()
    assert len({r["id"] for r in of(published, "missing")}) == len(of(published, "missing")), "nothing is said twice"


def test_a_first_start_judges_nothing_for_want_of_what_was_never_read(broker, service):
    one = service()
    broker.produce(f"{one.name}.audit", [audit(n, n * 1000) for n in range(60)])
    broker.produce(f"{one.name}.events", [event(n, n * 1000) for n in range(60)])
    at = confluent_kafka.TopicPartition(f"{one.name}.events", 0, 15)
    broker.admin().delete_records([at])[at].result(30)
    pass_by(broker, one, 120_000)
    with one:
        one.until_published(lambda all: len(of(all, "metric")) >= 4)
        one.stop()
    published = one.published()
    assert not of(published, "missing")
    # Events begin at 15 s; with n = 2 s the first window wholly after that is the one from 20 s on.
    assert min(windows(published)) == "2023-11-14T22:13:40.000Z"


def test_other_settings_are_refused_with_the_mend(broker, service):
    one = service()
    with one:
        one.until_said("running")
        one.stop()
    one.configure(interval="20s")
    one.start()
    assert one.ended() == 2
    assert "interval: 20000 ms" in one.said() and "another name" in one.said()


def test_stopped_under_load_it_ends_in_time_and_the_next_start_goes_on(broker, service):
    one = service(2, 2)
    count = 200_000
    broker.produce(f"{one.name}.audit", [audit(n, n) for n in range(count)])
    broker.produce(f"{one.name}.events", [event(n, n) for n in range(count) if n % 2])
    one.start()
    one.until_said("running")
    one.stop()
    pass_by(broker, one, count + 60_000, 2)
    with one:
        one.until_published(lambda all: len(of(all, "missing")) == count // 2, 60)
        one.stop()
    assert counted(one.published()) == counted(one.replayed())


def test_stopped_while_the_broker_is_away_it_ends_in_time_and_nothing_is_lost(broker, service):
    one = service()
    with one:
        one.until_said("running")
        broker.produce(f"{one.name}.audit", [audit(1, 0)])
        pass_by(broker, one, 30_000)
        broker.kill()
        try:
            one.stop()
        finally:
            broker.start()
    with one:
        one.until_published(lambda all: of(all, "missing"))
        one.stop()
    assert counted(one.published()) == counted(one.replayed())


def test_a_result_that_its_topic_does_not_take_ends_the_service_with_the_reason(broker, service):
    one = service()
    broker.create_topic(f"{one.name}.breaks", max_message_bytes=300)
    broker.produce(f"{one.name}.audit", [dict(audit(1, 0), context="x" * 600)])
    pass_by(broker, one, 30_000)
    one.start()
    assert one.ended(60) == 2
    assert f"topic {one.name}.breaks does not take a record of" in one.said()
    assert not one.published()


def test_a_process_that_was_held_up_for_longer_than_its_transaction_publishes_nothing_twice(broker, service):
    one = service()
    one.config.write_text(one.config.read_text().replace(
        "reconnect.backoff.max.ms: 200", "reconnect.backoff.max.ms: 200, transaction.timeout.ms: 1200"))
    breaks = f"{one.name}.breaks"
    one.start()
    one.until_said("running")
    broker.produce(f"{one.name}.audit", [audit(n, n * 10) for n in range(1000)])
    pass_by(broker, one, 12_000)
    wait_until(lambda: len(broker.read(breaks, "read_uncommitted")) > len(broker.read(breaks)), 20, "an open transaction")
    one.process.send_signal(signal.SIGSTOP)
    # The broker ends it, which writes a marker behind it: the committed reader's end comes up to the other's.
    wait_until(lambda: ends(broker, breaks), 40, "the broker has ended the transaction")
    one.process.send_signal(signal.SIGCONT)
    pass_by(broker, one, 90_000)
    wait_until(lambda: one.process.poll() is not None or len(of(one.published(), "missing")) == 1000, 60, one.said)
    if one.process.poll() is not None:
        one.start()
        one.until_published(lambda all: len(of(all, "missing")) == 1000)
    one.stop()
    assert counted(one.published()) == counted(one.replayed())


def ends(broker, topic):
    """Whether no transaction is open in a topic of one partition."""
    at = confluent_kafka.TopicPartition(topic, 0)
    found = []
    for level in (confluent_kafka.IsolationLevel.READ_COMMITTED, confluent_kafka.IsolationLevel.READ_UNCOMMITTED):
        asked = broker.admin().list_offsets({at: confluent_kafka.admin.OffsetSpec.latest()}, isolation_level=level)
        found.append(asked[at].result(10).offset)
    return found[0] == found[1]
