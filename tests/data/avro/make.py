#!/usr/bin/env python3
"""Makes the Avro files beside it, with fastavro (cramjam and backports.zstd are for two codecs):
pip install fastavro cramjam backports.zstd

The files are kept, so that the tests need none of these; made again, they are the same bytes.
"""

import datetime
import decimal
import pathlib
import uuid

import fastavro

HERE = pathlib.Path(__file__).parent
SYNC = bytes(range(16))
UTC = datetime.timezone.utc
NOON = datetime.datetime(2013, 2, 8, 11, 0, 0, 123456, tzinfo=UTC)  # 1360321200123.456 ms


def write(name, schema, records, **options):
    with open(HERE / f"{name}.avro", "wb") as file:
        fastavro.writer(file, schema, records, sync_marker=SYNC, **options)


def record(name, **fields):
    return {"type": "record", "name": name, "fields": [{"name": n, "type": t} for n, t in fields.items()]}


def logical(kind, name, **more):
    return {"type": kind, "logicalType": name, **more}


# The audit record's own schema, as users of other tools write it.
schema = fastavro.schema.load_schema(HERE.parents[2] / "schemas" / "audit.avsc")
write(
    "audit",
    schema,
    [
        {"id": "a-1", "event_time": NOON, "emitted_time": NOON + datetime.timedelta(seconds=1), "source": "shop", "context": "order 17"},
        {"id": "a-2", "event_time": NOON, "emitted_time": None, "source": None, "context": None},
    ],
)

# Each codec, in several blocks.
plain = record("com.example.Event", id="string", time="long")
many = [{"id": f"id-{i}", "time": 1000 * i} for i in range(1500)]
for codec in ("null", "deflate", "snappy", "zstandard"):
    write(f"codec-{codec}", plain, many, codec=codec, sync_interval=4096)
write("codec-bzip2", plain, many[:3], codec="bzip2")

# Every type that may be an ID or a time, each in a union with null too, and what surrounds them to be skipped.
numbers = record("Numbers", i="int", l="long", f="float", d="double", b="boolean", n="null")
colour = {"type": "enum", "name": "Colour", "symbols": ["RED", "GREEN"]}
types = {
    "type": "record",
    "name": "Types",
    "namespace": "com.example",
    "fields": [
        {"name": "before", "type": {"type": "array", "items": {"type": "map", "values": ["null", "double"]}}},
        {"name": "text", "type": "string"},
        {"name": "int", "type": "int"},
        {"name": "long", "type": "long"},
        {"name": "bytes", "type": "bytes"},
        {"name": "fixed", "type": {"type": "fixed", "name": "Three", "size": 3}},
        {"name": "enum", "type": colour},
        {"name": "uuid", "type": logical("string", "uuid")},
        {"name": "float", "type": "float"},
        {"name": "double", "type": "double"},
        {"name": "boolean", "type": "boolean"},
        {"name": "decimal", "type": logical("bytes", "decimal", precision=9, scale=2)},
        {"name": "millis", "type": logical("long", "timestamp-millis")},
        {"name": "micros", "type": logical("long", "timestamp-micros")},
        {"name": "nanos", "type": logical("long", "timestamp-nanos")},
        {"name": "local", "type": logical("long", "local-timestamp-micros")},
        {"name": "date", "type": logical("int", "date")},
        {"name": "maybe", "type": ["null", "string", logical("long", "timestamp-micros"), "Colour"]},
        {"name": "nested", "type": ["null", {"type": "record", "name": "Order", "fields": [
            {"name": "id", "type": ["null", "long"]},
            {"name": "numbers", "type": numbers},
            {"name": "colours", "type": {"type": "array", "items": "Colour"}},
            {"name": "headers", "type": {"type": "map", "values": "string"}},
            {"name": "parent", "type": ["null", "Order"]},
        ]}]},
    ],
}


def order(number, parent=None):
    return {
        "id": number,
        "numbers": {"i": -1, "l": 2**40, "f": 0.1, "d": 1e300, "b": True, "n": None},
        "colours": ["GREEN", "RED"],
        "headers": {"trace": f"t{number}", "other \"x\"": "é\n"},
        "parent": parent,
    }


row = {
    "before": [{"a": 1.5, "b": None}, {}],
    "text": "é-1", "int": -7, "long": 2**62, "bytes": b"raw", "fixed": b"abc", "enum": "GREEN",
    "uuid": uuid.UUID("0123456789abcdef0123456789abcdef"),
    "float": 0.5, "double": 2.5, "boolean": True, "decimal": decimal.Decimal("1.25"),
    "millis": NOON, "micros": NOON, "nanos": 1360321200123456789, "local": NOON.replace(tzinfo=None),
    "date": NOON.date(), "maybe": "text", "nested": order(1, order(2)),
}
write(
    "types",
    types,
    [
        row,
        {**row, "bytes": b"\xff\xfe", "fixed": b"\xff\0\0", "maybe": None, "nested": None, "micros": NOON - datetime.timedelta(days=20000)},
        {**row, "maybe": NOON, "nested": order(None), "date": datetime.date(1969, 12, 31), "local": datetime.datetime(1969, 12, 31, 23, 59, 59, 999999)},
    ],
)

# Several kinds of records in one file.
placed = {"type": "record", "name": "com.example.Placed", "fields": [{"name": "id", "type": "string"}, {"name": "at", "type": logical("long", "timestamp-millis")}]}
beat = {"type": "record", "name": "com.example.Beat", "fields": [{"name": "time", "type": "long"}]}
other = {"type": "record", "name": "com.other.Placed", "fields": [{"name": "number", "type": "int"}]}
write(
    "kinds",
    ["null", placed, beat, other],
    [("com.example.Placed", {"id": "p", "at": NOON}), ("com.example.Beat", {"time": 5}), ("com.other.Placed", {"number": 3}), None],
)

write("empty", plain, [])
write("no-record", "string", ["a"])
