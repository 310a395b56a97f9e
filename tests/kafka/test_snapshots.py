"""Snapshots of the service: killed at the worst moments it publishes each thing once, and goes on from what is sound.

The program is one built for tests: RECON_KILL_AT=PLACE:COUNT kills it at a place, RECON_FAIL_AT=PLACE makes the disk fail there,
RECON_JOURNAL_WHOLE=1 keeps the journal, so that in the end all can be read again from its beginning and recorded.
"""

import collections
import datetime
import functools
import json
import os
import random
import shutil
import threading

import confluent_kafka
import pytest

from broker import ROOT, Message, wait_until
from service import counted, of, windows
from test_http import get, metrics
from test_run import T0, audit, event, pass_by

PROGRAM = os.environ.get("RECON_TEST") or str(ROOT / "build/asan-ubsan/recon")
WHOLE = {"RECON_JOURNAL_WHOLE": "1"}
KILLS = int(os.environ.get("RECON_KILLS", "10"))
SEED = int(os.environ.get("RECON_SEED", "1"))
PLACES = ["snapshot-piece", "snapshot-sync", "snapshot-rename", "snapshot-renamed", "commit", "committed", "anywhere"]


@pytest.fixture
def service(service):
    return functools.partial(service, program=PROGRAM, snapshot_interval="200ms")


def feed(broker, one, first, count=500, partitions=2):
    """Events of all but every hundredth audited ID, 10 ms apart. Gives the number to go on with."""
    broker.produce(f"{one.name}.audit", [audit(n, n * 10) for n in range(first, first + count)])
    broker.produce(f"{one.name}.events", [event(n, n * 10) for n in range(first, first + count) if n % 100])
    return first + count


def journal_first(broker, one):
    """The first offset that the journal has; 0: or it is not there."""
    if f"recon.{one.name}.journal" not in broker.topics():
        return 0
    at = confluent_kafka.TopicPartition(f"recon.{one.name}.journal", 0)
    return broker.admin().list_offsets({at: confluent_kafka.admin.OffsetSpec.earliest()})[at].result(10).offset


def equals_replay(one):
    """What is published is what a replay says of all that was read, in the order in which it was committed."""
    published = one.published()
    shutil.rmtree(one.state, ignore_errors=True)
    one.log.unlink()
    one.start(record=True, **WHOLE)
    one.until_said("all is read again", 60 + KILLS)
    one.stop()
    assert counted(one.published()) == counted(published), "reading all again publishes nothing new"
    assert counted(published) == counted(one.replayed())
    return published


def goes_on_from_what_it_left(one):
    """No death leaves a snapshot that can't be gone on from: that others would do is for other troubles."""
    for trouble in ("is not gone on from", "is not what is read now", "are to be read again", "begun anew"):
        assert trouble not in one.said()


@pytest.mark.parametrize("idle_timeout", ["never", "300ms"])
def test_killed_at_bad_moments_it_publishes_each_thing_once(broker, service, idle_timeout):
    """Also where inputs fall silent by the clock and what was missing is found."""
    one = service(2, 2, idle_timeout=idle_timeout)
    end = 0
    moments = random.Random(SEED)
    first = 0 if idle_timeout == "never" else KILLS // 2
    for kill in range(first, first + KILLS // 2):
        place = PLACES[kill % len(PLACES)]
        one.start(record=False, RECON_KILL_AT=f"{place}:{1 + kill // len(PLACES) % 3}", **WHOLE)
        if place == "anywhere":
            threading.Timer(moments.uniform(0, 3), one.process.kill).start()

        def fed():
            nonlocal end
            if one.process.poll() is not None:
                return True
            end = feed(broker, one, end)

        # As long as a transaction lasts at most, and then some: so long a librdkafka can be stuck (confluentinc/librdkafka#5430).
        wait_until(fed, 150, one.said)
        assert one.ended() == -9, one.said()
        goes_on_from_what_it_left(one)
        one.log.unlink()
    pass_by(broker, one, end * 10 + 20_000, 2)
    one.start(record=False, **WHOLE)
    one.until_published(lambda all: len(of(all, "missing")) - len(of(all, "found")) >= end // 100, 60 + KILLS)
    one.stop()
    goes_on_from_what_it_left(one)
    published = equals_replay(one)
    found = {r["id"] for r in of(published, "found")}
    assert sorted(r["id"] for r in of(published, "missing") if r["id"] not in found) == sorted(
        f"a-{n}" for n in range(0, end, 100))
    if idle_timeout == "never":
        assert not found


def test_a_start_goes_on_from_the_newest_snapshot_and_needs_nothing_before_it(broker, service):
    one = service()
    one.start(record=False)
    end = 0

    def trimmed():
        nonlocal end
        end = feed(broker, one, end, partitions=1)
        return journal_first(broker, one) > 0 and len(one.snapshots()) == 2

    wait_until(trimmed, 30, one.said)
    pass_by(broker, one, end * 10 + 20_000)
    one.until_published(lambda all: len(of(all, "missing")) == end // 100)
    one.kill()
    one.log.unlink()
    one.start(record=False)
    one.until_said("all is read again")
    broker.produce(f"{one.name}.events", [event(0, 0)])
    one.until_published(lambda all: of(all, "found"))
    one.stop()
    assert len(of(one.published(), "missing")) == end // 100


def run_until_two(broker, one, **environment):
    """Runs and is killed when there are two snapshots, something was published and not all of it is in them."""
    one.start(record=False, **environment)
    end = 0

    def made():
        nonlocal end
        end = feed(broker, one, end, partitions=1)
        return len(one.snapshots()) == 2

    wait_until(made, 60, one.said)
    pass_by(broker, one, end * 10 + 20_000)
    one.until_published(lambda all: len(of(all, "missing")) == end // 100)
    one.kill()
    one.log.unlink()
    return end


def test_clients_that_hear_nothing_of_a_broker_that_is_there_are_made_anew(broker, service):
    """As a client's that has forgotten all brokers. The place `hearing` keeps the first ones from hearing anything."""
    one = service()
    one.start(record=False, RECON_FAIL_AT="hearing", **WHOLE)
    one.until_said("running")
    end = feed(broker, one, 0)
    one.until_said("all clients are made anew")
    feed(broker, one, end)
    one.until_published(lambda all: len(of(all, "missing")) >= end // 100)
    assert metrics(one)["clients_renewed_total"] == 1
    one.stop()
    assert one.said().count("all clients are made anew") == 1
    equals_replay(one)


def test_clients_that_do_not_hear_of_a_partition_that_has_come_are_made_anew(broker, service):
    """Though of the partitions that they read there is nothing more to read."""
    one = service()
    one.start(record=False, RECON_FAIL_AT="hearing")
    one.until_said("running")
    more = confluent_kafka.admin.NewPartitions(f"{one.name}.events", 2)
    broker.admin().create_partitions([more])[f"{one.name}.events"].result(30)
    one.until_said("all clients are made anew")
    one.until_said(f"new partition 1 of topic {one.name}.events")
    one.stop()
    assert one.said().count("all clients are made anew") == 1


def test_a_client_that_again_and_again_hears_nothing_is_given_longer_each_time_whatever_the_others_read(broker, service):
    """The place `hearing-second` keeps the client of the events from hearing anything, for half a second, one, two."""
    one = service()
    one.start(record=False, RECON_FAIL_AT="hearing-second")
    one.until_said("running")
    broker.produce(f"{one.name}.events", [event(0, 0)])
    sent = 0

    def renewals():
        return [datetime.datetime.fromisoformat(line.split()[0].replace("Z", "+00:00"))
                for line in one.said().splitlines() if "all clients are made anew" in line]

    def are_three():
        nonlocal sent
        broker.produce(f"{one.name}.audit", [audit(sent, sent)])
        sent += 1
        return len(renewals()) >= 3

    wait_until(are_three, 60, one.said)
    _, second, third, *_ = renewals()
    assert third - second >= datetime.timedelta(seconds=2)
    one.stop()


def test_a_clock_that_jumps_is_told_once_and_nothing_is_lost(broker, service, tmp_path):
    """An hour on, an hour back from where it was, and where it was: ours waits until it is an hour on again."""
    one = service(idle_timeout="300ms")
    off_by = tmp_path / "off-by"
    one.start(RECON_CLOCK_OFF_BY=str(off_by))
    one.until_said("running")
    for step, ms in enumerate((0, 3_600_000, -3_600_000, 0, 3_600_000)):
        (tmp_path / "fresh").write_text(str(ms))
        (tmp_path / "fresh").rename(off_by)
        if step == 1:
            one.until_said("the wall clock has jumped ahead by 3")
        if ms < 0:
            one.until_said("the wall clock is")
        numbers = range(step * 100, step * 100 + 100)
        broker.produce(f"{one.name}.audit", [audit(n, n * 10) for n in numbers])
        broker.produce(f"{one.name}.events", [event(n, n * 10) for n in numbers if n % 10])
        wait_until(lambda: metrics(one)['stream_messages_total{stream="audit"}'] == numbers.stop, 60, one.said)
    pass_by(broker, one, 30_000)
    published = one.until_published(lambda all: len(of(all, "missing")) - len(of(all, "found")) == 50)
    found = {r["id"] for r in of(published, "found")}
    assert {r["id"] for r in of(published, "missing")} - found == {f"a-{n}" for n in range(0, 500, 10)}
    one.stop()
    assert one.said().count("the wall clock is") == 1
    assert one.said().count("the wall clock has jumped ahead by") <= 3  # two within a second are one line
    assert counted(one.published()) == counted(one.replayed())


def test_while_a_clock_that_jumped_by_decades_is_followed_it_is_live_and_can_be_stopped(broker, service, tmp_path):
    """Thirty years in steps of 15 s take minutes. What it did of them when it was stopped is done; the next start goes on."""
    one = service(4, 4, idle_timeout="1m")
    off_by = tmp_path / "off-by"
    one.start(record=False, RECON_CLOCK_OFF_BY=str(off_by))
    broker.produce(f"{one.name}.audit", [audit(0, 0)])
    wait_until(lambda: metrics(one).get('stream_messages_total{stream="audit"}') == 1, 60, one.said)  # it looks at clocks before
    (tmp_path / "fresh").write_text(str(30 * 365 * 86_400_000))
    (tmp_path / "fresh").rename(off_by)
    one.until_said("the wall clock has jumped ahead by 9460")
    commits = metrics(one)["transaction_seconds_count"]
    wait_until(lambda: metrics(one)["transaction_seconds_count"] > commits + 1, 60, one.said)
    assert get(one, "/health/live") == (200, "live\n")
    assert get(one, "/status")[0] == 200
    one.stop()


def test_before_it_is_known_how_far_inputs_go_none_runs_ahead(broker, service):
    """The place `ends` keeps it from asking. Of the events nine in ten are to be ignored, so audit times go by ten times as fast."""
    one = service(interval="1s", out_of_orderness="1s")
    one.config.write_text(one.config.read_text().replace(f"events: {{topics: [{one.name}.events]}}", f"""events:
  topics: [{one.name}.events]
  schemas: [{{when: {{header: {{name: kind, equals: ignored}}}}, ignore: true}}, {{}}]"""))
    ignored = Message(value=b"x" * 100, headers={"kind": "ignored"})
    broker.produce(f"{one.name}.audit", [audit(n, n * 10) for n in range(10_000)])
    one.start(RECON_FAIL_AT="ends")
    wait_until(lambda: metrics(one).get('stream_messages_total{stream="audit"}'), 60, one.said)  # and waits for the others' times
    broker.produce(f"{one.name}.events", (ignored if n % 10 else event(n // 10, n) for n in range(100_000)))
    wait_until(lambda: metrics(one).get('stream_messages_total{stream="events"}') == 100_000, 60, lambda: metrics(one))
    one.stop()
    # o + n, and the 512 messages of one block, 10 ms apart; of 100 s.
    assert 0 < one.lead(T0, T0 + 100_000) <= 2000 + 5120


@pytest.mark.parametrize("damage", ["torn", "flipped", "missing", "empty"])
def test_one_damaged_or_gone_is_told_and_the_older_taken(broker, service, damage):
    one = service()
    end = run_until_two(broker, one)
    newest, older = one.snapshots()
    data = newest.read_bytes()
    if damage == "missing":
        newest.unlink()
    else:
        newest.write_bytes({"torn": data[:-1], "empty": b"", "flipped": data[:-100] + bytes([data[-100] ^ 1]) + data[-99:]}[damage])
    one.start(record=False, RECON_FAIL_AT="snapshot-sync")
    one.until_said("all is read again")
    if damage != "missing":
        assert f"snapshot {newest} is not gone on from" in one.said()
    one.stop()
    assert older.exists()
    assert len(of(one.published(), "missing")) == end // 100


def test_one_that_the_journal_does_not_bear_out_is_not_gone_on_from(broker, service):
    """As where its entry was never committed, or the journal's topic was made anew."""
    one = service()
    end = run_until_two(broker, one)
    ahead = one.snapshots()
    broker.delete_topic(f"recon.{one.name}.journal")
    one.start(record=False, RECON_FAIL_AT="snapshot-sync", **WHOLE)
    one.until_published(lambda all: len(of(all, "missing")) == 2 * (end // 100))  # begun anew, all is published anew
    one.kill()
    one.start(record=False, **WHOLE)
    one.until_said("all is read again")
    assert f"snapshot {ahead[0]} is not gone on from" in one.said()

    def gone():
        feed(broker, one, 0, 1, 1)
        return not any(path.exists() for path in ahead)

    wait_until(gone, 30, one.said)  # once there are two that can be gone on from
    one.stop()


def test_a_disk_that_fails_is_told_and_nothing_is_lost(broker, service):
    one = service()
    broker.produce(f"{one.name}.audit", [audit(n, n * 10) for n in range(100)])
    one.start(record=False, RECON_FAIL_AT="snapshot-piece", **WHOLE)
    one.until_said("no snapshot could be made")
    pass_by(broker, one, 30_000)
    one.until_published(lambda all: len(of(all, "missing")) == 100)
    one.stop()
    assert not one.snapshots()
    equals_replay(one)


def test_a_state_directory_that_is_full_or_no_directory_is_told_and_nothing_is_lost(broker, service):
    one = service()
    one.state.write_text("no directory")
    with one:
        one.until_said("Not a directory")
        broker.produce(f"{one.name}.audit", [audit(1, 0)])
        pass_by(broker, one, 30_000)
        one.until_published(lambda all: of(all, "missing"))
        one.state.unlink()
        wait_until(lambda: feed(broker, one, 100, 1, 1) and one.snapshots(), 30, one.said)
        one.stop()
    assert len(of(one.published(), "missing")) == 1


def test_the_journal_does_not_grow_while_nothing_happens(broker, service):
    """Steps of the clock that nothing came of are not kept; those that made a metric are."""
    one = service(idle_timeout="1s", interval="1s", out_of_orderness="0ms", snapshot_interval="1h")
    broker.produce(f"{one.name}.audit", [audit(1, 0)])
    broker.produce(f"{one.name}.events", [event(1, 0)])
    journal = f"recon.{one.name}.journal"
    one.start(record=False, **WHOLE)
    one.until_published(lambda all: of(all, "metric"), 60)
    before = broker.read(journal)
    # By the clock alone a window is closed every second, in an entry that has little else.
    one.until_published(lambda all: len(of(all, "metric")) >= 4, 60)
    later = broker.read(journal)[len(before):]
    assert len(later) <= 8
    assert all(len(entry.value()) < 100 for entry in later)
    one.kill()
    one.log.unlink()
    shutil.rmtree(one.state, ignore_errors=True)
    one.start(record=True, **WHOLE)
    one.until_said("all is read again")
    one.stop()
    assert counted(one.published()) == counted(one.replayed())


def test_a_step_of_many_results_is_published_in_parts_each_once(broker, service):
    """Killed within the step, also before its commit, it goes on with the result after the last one published."""
    one = service()
    limit = {"RECON_RESULT_COUNT_MAX": "40"} | WHOLE
    broker.produce(f"{one.name}.audit", [audit(n, n) for n in range(1000)])
    pass_by(broker, one, 30_000)
    for place in ("committed:5", "commit:6"):
        one.start(record=False, RECON_KILL_AT=place, **limit)
        assert one.ended(60) == -9, one.said()
        assert 0 < len(of(one.published(), "missing")) < 1000
    one.start(record=False, **limit)
    one.until_published(lambda all: len(of(all, "missing")) == 1000 and len(windows(all)) == 2)
    one.stop()
    assert sorted(r["id"] for r in of(equals_replay(one), "missing")) == sorted(f"a-{n}" for n in range(1000))


def test_settings_may_change_where_nothing_is_to_be_read_again(broker, service):
    one = service()
    broker.produce(f"{one.name}.audit", [audit(1, 0)])
    one.start(record=False)
    one.until_said("running")
    wait_until(one.snapshots, 20, one.said)
    one.stop()
    one.configure(out_of_orderness="20s")
    one.start(record=False, RECON_FAIL_AT="snapshot-sync")
    one.until_said("all is read again")
    pass_by(broker, one, 15_000)
    broker.produce(f"{one.name}.events", [event(1, 0)])  # 15 s behind, and still on time
    pass_by(broker, one, 60_000)
    one.until_published(lambda all: of(all, "metric"))
    one.kill()
    assert not of(one.published(), "missing")
    one.configure(out_of_orderness="30s")
    one.log.unlink()
    one.start(record=False)
    one.until_said("now 'out_of_orderness: 30000 ms', then 'out_of_orderness: 20000 ms'")
    one.until_said("running:")
    one.stop()
    for path in one.snapshots():  # without these there are no settings under which all could be read again
        path.unlink()
    one.log.unlink()
    one.start(record=False)
    one.until_said("begun anew")
    one.stop()
    one.configure(out_of_orderness="30s", interval="20s")
    one.start(record=False)
    assert one.ended() == 2
    assert "another interval" in one.said() and "another name" in one.said()


def test_settings_changed_after_a_crash_hold_once_all_is_read_again_under_those_of_then(broker, service):
    one = service(retention="60s", snapshot_interval="1h")
    broker.produce(f"{one.name}.audit", [audit(n, n * 1000) for n in range(100)])
    broker.produce(f"{one.name}.events", [event(n, n * 1000) for n in range(100) if n % 10])
    one.start(record=False)
    one.until_published(lambda all: len(of(all, "missing")) >= 9)
    one.kill()
    one.log.unlink()
    one.configure(retention="600s")
    one.start(record=False)
    one.until_said("the settings have changed (now 'retention: 600000 ms', then 'retention: 60000 ms')")
    one.until_said("running:")
    # It is forgotten by the retention of then, and found by the new one.
    pass_by(broker, one, 300_000)
    broker.produce(f"{one.name}.events", [event(50, 50_000)])
    one.until_published(lambda all: of(all, "found"))
    one.stop()
    published = one.published()
    assert [r["id"] for r in of(published, "found")] == ["a-50"]
    missing = [r["id"] for r in of(published, "missing")]
    assert len(missing) == len(set(missing)) and set(missing) >= {f"a-{n}" for n in range(0, 90, 10)}
    assert "begun anew" not in one.said()


def lines(first, end, make):
    """A record a second of event time, written at that time."""
    return [Message(value=json.dumps(make(n, n * 1000)), timestamp=T0 + n * 1000) for n in range(first, end) if make(n, 0)]


def revisions(results):
    return collections.Counter((metric["start"], metric["revision"]) for metric in of(results, "metric"))


@pytest.mark.parametrize("gone", ["little", "much"])
def test_without_a_snapshot_it_begins_anew_and_repeats_nothing(broker, service, gone):
    """What was read is gone from its topic: it reads again what could still change, and goes on with what is published."""
    one = service(retention="60s", snapshot_interval="1h")
    broker.produce(f"{one.name}.audit", lines(0, 600, audit))
    broker.produce(f"{one.name}.events", lines(0, 600, lambda n, time: n % 50 and event(n, time)))
    pass_by(broker, one, 600_000)
    one.start(record=False)
    one.until_published(lambda all: len(of(all, "missing")) == 12 and "2023-11-14T22:23:00.000Z" in windows(all))
    one.kill()
    before = one.published()
    at = confluent_kafka.TopicPartition(f"{one.name}.audit", 0, 560 if gone == "much" else 10)
    broker.admin().delete_records([at])[at].result(30)
    one.configure(snapshot_interval="200ms")
    one.start(record=False)
    one.until_said("begun anew")
    # W = 597.999 s, less 60 s, 2 s, 10 s and a minute, is 466 s; after 2 s more the next window begins at 470 s. Or, where
    # 560 s is the first that there is, at 570 s.
    assert f"judged from 2023-11-14T22:{'22:50' if gone == 'much' else '21:10'}.000Z" in one.said()
    broker.produce(f"{one.name}.events", [event(550, 550_000)])  # missing, and late, but not too late
    one.until_published(lambda all: of(all, "found"))
    wait_until(one.snapshots, 20, one.said)
    one.kill()
    one.log.unlink()
    one.start(record=False)
    one.until_said("all is read again")
    assert "begun anew" not in one.said()
    broker.produce(f"{one.name}.events", [event(550, 550_000)])
    broker.produce(f"{one.name}.audit", lines(601, 700, audit))
    broker.produce(f"{one.name}.events", lines(601, 700, event))
    pass_by(broker, one, 720_000)
    one.until_published(lambda all: "2023-11-14T22:25:00.000Z" in windows(all))
    one.stop()
    published = one.published()
    assert not counted(before) - counted(published)
    assert [(r["id"], r["time"]) for r in of(published, "found")] == [("a-550", "2023-11-14T22:22:30.000Z")]
    assert len(of(published, "missing")) == 12
    assert set(revisions(published).values()) == {1}
    last = windows(published)
    assert last["2023-11-14T22:22:20.000Z"]["missing"] == 0 or gone == "much"
    assert {start: last[start] for start in windows(before) if start < "2023-11-14T22:22"} == {
        start: window for start, window in windows(before).items() if start < "2023-11-14T22:22"}
    assert all(last[f"2023-11-14T22:24:{second}.000Z"] == {"expected": 10, "matched": 10, "missing": 0} for second in (10, 20, 30))


@pytest.mark.parametrize("place, why", [("hash", "what was read before is not what is read now"),
                                        ("decoder", "was read by a version of recon that decodes otherwise")], ids=["hash", "decoder"])
def test_it_begins_anew_behind_one_that_decoded_otherwise(broker, service, place, why):
    """And crashed; nothing is repeated. The place `hash` makes entries as of a build with other hashes of records, `decoder` of one
    that says that it decodes otherwise."""
    one = service(retention="60s", snapshot_interval="1h")
    broker.produce(f"{one.name}.audit", lines(0, 600, audit))
    broker.produce(f"{one.name}.events", lines(0, 600, lambda n, time: n % 50 and event(n, time)))
    pass_by(broker, one, 600_000)
    one.start(record=False, RECON_FAIL_AT=place)
    one.until_published(lambda all: len(of(all, "missing")) == 12 and "2023-11-14T22:23:00.000Z" in windows(all))
    one.kill()
    before = one.published()
    one.start(record=False)
    one.until_said(why)
    one.until_said("begun anew")
    broker.produce(f"{one.name}.events", [event(550, 550_000)])
    one.until_published(lambda all: of(all, "found"))
    one.stop()
    published = one.published()
    assert not counted(before) - counted(published)
    assert len(of(published, "missing")) == 12 and [r["id"] for r in of(published, "found")] == ["a-550"]
    one.log.unlink()
    one.start(record=False)  # its own are gone on from
    one.until_said("all is read again")
    one.stop()


def test_begun_anew_again_and_again_it_says_nothing_twice(broker, service):
    """No snapshot can be made: each start reads back what the one before has published."""
    one = service(retention="60s")
    broker.produce(f"{one.name}.audit", lines(0, 100, audit))
    broker.produce(f"{one.name}.events", lines(0, 100, lambda n, time: n % 10 and event(n, time)))
    pass_by(broker, one, 120_000)
    one.start(record=False, RECON_FAIL_AT="snapshot-sync")
    one.until_published(lambda all: len(of(all, "missing")) == 10)
    one.kill()
    at = confluent_kafka.TopicPartition(f"{one.name}.events", 0, 5)
    broker.admin().delete_records([at])[at].result(30)
    for again in range(2):
        one.log.unlink()
        one.start(record=False, RECON_FAIL_AT="snapshot-sync")
        one.until_said("begun anew")
        broker.produce(f"{one.name}.events", [event(80 + 10 * again, 80_000 + 10_000 * again)])
        one.until_published(lambda all: len(of(all, "found")) == again + 1)
        one.kill()
    published = one.published()
    assert sorted(r["id"] for r in of(published, "found")) == ["a-80", "a-90"]
    assert len(of(published, "missing")) == 10
    assert set(revisions(published).values()) == {1}


def test_a_topic_may_be_taken_away_and_come_back(broker, service):
    """One that is not read any more holds nothing back; come back, it is read on from where it was."""
    one = service(interval="10s")
    more = f"{one.name}.more"
    broker.create_topic(more)
    both = f"{one.name}.events, {more}"
    one.configure(events=both)
    broker.produce(f"{one.name}.audit", [audit(n, n) for n in range(4)])
    broker.produce(more, [event(0, 0)])
    one.start(record=False)
    one.until_said("running")
    wait_until(one.snapshots, 20, one.said)
    one.stop()
    one.configure(events=f"{one.name}.events")
    one.start(record=False)
    one.until_said("is not read any more")
    pass_by(broker, one, 30_000)  # nothing comes of the other topic
    one.until_published(lambda all: len(of(all, "missing")) == 3)
    one.kill()
    broker.produce(more, [event(1, 1), event("late", 60_000)])
    one.configure(events=both)
    one.log.unlink()
    one.start(record=False)
    wait_until(lambda: one.process.poll() is not None or "all is read again" in one.said(), 30, one.said)
    if one.process.poll() is not None:  # what was read since the last snapshot is to be read again under the settings of then
        assert "take them back" in one.said()
        one.configure(events=f"{one.name}.events")
        one.start(record=False)
        one.until_said("all is read again")
        one.stop()
        one.configure(events=both)
        one.start(record=False)
    one.until_published(lambda all: of(all, "found"))
    one.stop()
    published = one.published()
    assert [r["id"] for r in of(published, "found")] == ["a-1"]
    assert not of(published, "duplicate")
