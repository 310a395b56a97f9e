"""recon check: Avro object files."""

import json

import pytest
from checking import BASE_MS, check, event, write

SYNC = bytes(range(16))
SCHEMA = {
    "type": "record",
    "name": "Order",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "event_time", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "note", "type": ["null", "string"]},
    ],
}


def number(value):
    """Avro's zig-zag variable-length long."""
    value = (value << 1) ^ (value >> 63)
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def text(value):
    data = value.encode()
    return number(len(data)) + data


def block(rows):
    data = b"".join(text(i) + number(t) + (number(0) if n is None else number(1) + text(n)) for i, t, n in rows)
    return number(len(rows)) + number(len(data)) + data + SYNC


def avro_file(*blocks):
    head = b"Obj\1" + number(2) + text("avro.schema") + text(json.dumps(SCHEMA)) + text("avro.codec") + text("null")
    return head + number(0) + SYNC + b"".join(block(rows) for rows in blocks)


ROWS = [("a", BASE_MS, None), ("b", BASE_MS + 1, "x"), ("c", BASE_MS + 2, "y")]


def test_an_object_file_beside_ndjson(tmp_path):
    audits = write(tmp_path / "audit.avro", avro_file(ROWS[:2], ROWS[2:]))
    run = check(audits, write(tmp_path / "e", [event("a"), event("b", 1)]), status=1)
    [missing] = run.of("missing")
    assert (missing["id"], missing["time"], missing["offset"]) == ("c", "2024-01-01T00:00:00.002Z", 3)


@pytest.mark.parametrize("keep", [-1, -20, 100])
def test_one_that_breaks_off_ends_the_run(tmp_path, keep):
    audits = write(tmp_path / "audit.avro", avro_file(ROWS[:2], ROWS[2:])[:keep])
    run = check(audits, write(tmp_path / "e", [event("a")]), status=2)
    assert str(audits) in run.stderr
    assert "OK" not in run.stderr
