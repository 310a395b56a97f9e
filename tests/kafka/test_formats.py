"""Every format from a topic to a result, written by producers of other makes: confluent-kafka, the CloudEvents SDK, Kafka's own
client, kcat. (Avro by a registry: test_registry.py.)"""

import datetime
import json
import pathlib
import shutil
import subprocess

import pytest
from cloudevents.core.bindings.kafka import to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from broker import Message, fetched
from service import counted, of
from test_run import T0, audit, event

COUNT = 100


def when(number):
    return datetime.datetime.fromtimestamp((T0 + number * 100) / 1000, datetime.timezone.utc)


def cloud_event(number):
    return CloudEvent(attributes={
        "id": f"a-{number}", "source": "/shop", "type": "com.example.order", "time": when(number), "specversion": "1.0",
        "datacontenttype": "application/json"}, data={"amount": number})


def sdk(convert):
    def write(broker, topic, numbers):
        messages = [convert(cloud_event(number), JSONFormat()) for number in numbers]
        broker.produce(topic, [Message(value=message.value, key=message.key, headers=dict(message.headers)) for message in messages])

    return write


def batch(broker, topic, numbers):
    """Several events in one message."""
    values = [json.loads(to_structured(cloud_event(number), JSONFormat()).value) for number in numbers]
    broker.produce(topic, [json.dumps(values[at:at + 7]).encode() for at in range(0, len(values), 7)])


def java(compression):
    def write(broker, topic, numbers):
        lines = "".join(f"a-{number}\t{json.dumps(event(number, number * 100))}\n" for number in numbers)
        subprocess.run(["java", "-cp", f"{fetched('kafka')}/*", pathlib.Path(__file__).parent / "Produce.java", broker.address, topic,
                        compression, topic], input=lines, text=True, check=True, timeout=90)

    return write


def kcat(*options):
    def write(broker, topic, numbers):
        for number in numbers[:5]:
            subprocess.run([shutil.which("kcat"), "-P", "-b", broker.address, "-t", topic, *(
                option.format(id=f"a-{number}", time=T0 + number * 100) for option in options)], input="whatever", text=True,
                check=True, timeout=60)
        # One call a header is slow: the rest by keys and headers of another producer.
        broker.produce(topic, [
            Message(value=b"whatever", key=f"a-{number}", timestamp=T0 + number * 100,
                    headers={"id": f"a-{number}", "at": str(T0 + number * 100)}) for number in numbers[5:]])

    return write


def plain(make):
    def write(broker, topic, numbers):
        broker.produce(topic, [make(number) for number in numbers])

    return write


WRITERS = {
    "json": ("", plain(lambda n: event(n, n * 100))),
    "json-of-another-form": (
        "format: json, id: [order.shop, order.number], time: {field: order.ts, unit: us}",
        plain(lambda n: {"order": {"shop": "a", "number": n, "ts": (T0 + n * 100) * 1000}})),
    "cloudevents-binary": ("", sdk(to_binary)),
    "cloudevents-structured": ("format: cloudevents", sdk(to_structured)),
    "cloudevents-batch": ("", batch),
    "java-zstd-aborted-before": ("", java("zstd")),
    "raw-headers": ("format: raw, id: header.id, time: header.at", kcat("-H", "id={id}", "-H", "at={time}")),
}


@pytest.mark.parametrize("name", WRITERS)
def test_what_others_write_is_read(broker, service, name):
    mapping, write = WRITERS[name]
    one = service()
    events = f"{one.name}.events"
    own = "" if name != "json-of-another-form" else ", id: [shop, number]"
    one.config.write_text(one.config.read_text()
                          .replace(f"events: {{topics: [{events}]}}", f"events: {{topics: [{events}]{mapping and ', ' + mapping}}}")
                          .replace(f"audit: {{topics: [{one.name}.audit]}}", f"audit: {{topics: [{one.name}.audit]{own}}}"))
    broker.produce(f"{one.name}.audit", [dict(audit(n, n * 100), shop="a", number=n) for n in range(COUNT)])
    write(broker, events, [n for n in range(COUNT) if n % 10])
    if not mapping or name == "cloudevents-structured":
        broker.produce(f"{one.name}.audit", [audit("end", 60_000)])
        write(broker, events, [600])
    else:
        broker.produce(f"{one.name}.audit", [dict(audit("end", 60_000), shop="b", number=1)])
        write(broker, events, [600] * 6)
    with one:
        one.until_published(lambda all: len(of(all, "missing")) >= COUNT // 10)
        one.stop()
    published = one.published()
    ids = {f"a|{n}" if own else f"a-{n}" for n in range(0, COUNT, 10)}
    assert {result["id"] for result in of(published, "missing")} == ids
    assert not of(published, "rejected") and not of(published, "found")
    assert counted(published) == counted(one.replayed())
