#!/usr/bin/env python3
"""Makes messages.txt beside it: Kafka messages as Confluent's Avro serializer and the CloudEvents SDK write them.
pip install confluent-kafka==2.16.0 cloudevents==1.12.0 fastavro httpx attrs cachetools authlib orjson

The file is kept, so that the tests need none of these; made again, it is the same. A line is

    message NAME            a message begins
    key HEX                 what a message hasn't has no line
    header NAME HEX
    value HEX
    schema NAME JSON        what the registry answers for an ID or a GUID
"""

import datetime
import json
import pathlib
import random
import uuid

random.seed(17)
uuid.uuid4 = lambda: uuid.UUID(int=random.getrandbits(128), version=4)

from cloudevents.http import CloudEvent
from cloudevents.kafka import to_binary, to_structured
from confluent_kafka.schema_registry import SchemaRegistryClient, header_schema_id_serializer
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

HERE = pathlib.Path(__file__).parent
NOON = datetime.datetime(2013, 2, 8, 11, 0, 0, 123456, tzinfo=datetime.timezone.utc)  # 1360321200123.456 ms
lines = []


def message(name, value, key=None, headers=()):
    lines.append(f"message {name}")
    if key is not None:
        lines.append(f"key {bytes(key).hex()}")
    for header, content in dict(headers).items():
        content = content.encode() if isinstance(content, str) else bytes(content)
        lines.append(f"header {header} {content.hex()}")
    if value is not None:
        value = value.encode() if isinstance(value, str) else bytes(value)
        lines.append(f"value {value.hex()}")


def record(name, /, **fields):
    return {"type": "record", "name": name, "fields": [{"name": n, "type": t} for n, t in fields.items()]}


MILLIS = {"type": "long", "logicalType": "timestamp-millis"}
MICROS = {"type": "long", "logicalType": "timestamp-micros"}

# Two writers of one stream: fields in another order, more of them, another type for the same.
first = record("shop.Order", id="string", time=MILLIS, amount="double")
second = record(
    "shop.Order",
    tags={"type": "array", "items": "string"},
    customer=record("shop.Customer", name="string", id="int"),
    time=["null", MICROS],
    id="long",
)
other = record("shop.Tick", time=MILLIS)
audit = json.loads((HERE.parents[2] / "schemas" / "audit.avsc").read_text())

registry = SchemaRegistryClient.new_client({"url": "mock://"})


def avro(name, schema, value, topic="orders", **config):
    headers = {}
    serialize = AvroSerializer(registry, json.dumps(schema), conf=config)
    value = serialize(value, SerializationContext(topic, MessageField.VALUE, headers))
    message(name, value, headers=headers)
    return value


order = {"id": "a-1", "time": NOON, "amount": 9.5}
later = {"tags": ["x", "y"], "customer": {"name": "Zoë", "id": 3}, "time": NOON, "id": 17}
guid = {"schema.id.serializer": header_schema_id_serializer}
avro("avro-id-first", first, order)
avro("avro-id-second", second, later)
avro("avro-id-tick", other, {"time": NOON}, topic="ticks")
avro("avro-guid-first", first, order, **guid)
avro("avro-guid-second", second, later, **guid)
avro("avro-audit", audit, {"id": "a-1", "event_time": NOON, "emitted_time": NOON, "source": "shop", "context": "c"}, topic="audit")
text = avro("avro-text", "string", "just a text", topic="texts")



def keyed(name, schema, key, **config):
    headers = {}
    serialize = AvroSerializer(registry, json.dumps(schema), conf=config)
    key = serialize(key, SerializationContext("keys", MessageField.KEY, headers))
    write = AvroSerializer(registry, json.dumps(first), conf=config)
    message(name, write(order, SerializationContext("orders", MessageField.VALUE, headers)), key=key, headers=headers)


keyed("key-text", "string", "käy-1")
keyed("key-text-guid", "string", "käy-1", **guid)
keyed("key-number", "long", -17)
keyed("key-record", record("shop.Key", id="long"), {"id": 5})

known = {}
for subject in ("orders-value", "ticks-value", "audit-value", "texts-value", "keys-key"):
    for version in registry.get_versions(subject):
        registered = registry.get_version(subject, version)
        schema = registry.get_schema(registered.schema_id)
        answer = json.dumps({"schema": schema.schema_str, "schemaType": schema.schema_type})
        known[str(registered.schema_id)] = answer
        known[registered.guid] = answer
lines += [f"schema {name} {answer}" for name, answer in known.items()]


def event(kind, data, **more):
    attributes = {
        "id": "e-1",
        "source": "/shop",
        "type": kind,
        "time": "2013-02-08T11:00:00.123456+00:00",
        "datacontenttype": "application/json",
    }
    return CloudEvent({**attributes, **more}, data)


def cloudevent(name, made, **more):
    lines_before = len(lines)
    message(name, made.value, key=made.key.encode() if isinstance(made.key, str) else made.key, headers=made.headers, **more)
    assert len(lines) > lines_before


placed = event("com.example.order.placed", {"order": {"id": 17, "ts": 1360321200}}, partitionkey="p-1")
cloudevent("event-structured", to_structured(placed))
cloudevent("event-binary", to_binary(placed))
plain = event("com.example.note", "no JSON", datacontenttype="text/plain", priority="high")
cloudevent("event-binary-text", to_binary(plain, data_marshaller=lambda data: data.encode()))
avro_data = event("com.example.order.avro", b"", datacontenttype="application/avro")
framed = AvroSerializer(registry, json.dumps(first))(order, SerializationContext("orders", MessageField.VALUE))
cloudevent("event-binary-avro", to_binary(avro_data, data_marshaller=lambda data: framed))
empty = event("com.example.ping", None)
made = to_binary(empty, data_marshaller=lambda data: None)
cloudevent("event-binary-empty", made)

# The Kafka binding has no batches; the JSON event format has.
batch = [json.loads(to_structured(event("com.example.order.placed", {"n": n}, id=f"b-{n}")).value) for n in (1, 2, 3)]
message("event-batch", json.dumps(batch), headers={"content-type": "application/cloudevents-batch+json; charset=utf-8"})

(HERE / "messages.txt").write_text("\n".join(lines) + "\n")
