"""Avro by a real schema registry: both streams, several writers, the registry away at first."""

import io
import json
import struct

import fastavro
import pytest
from confluent_kafka.schema_registry import Schema

from broker import wait_until
from cluster import LIMIT_S
from reconciling import ROOT, outcome
from registry import Gate, Registry

MILLIS = {"type": "long", "logicalType": "timestamp-millis"}
ORDER = {"type": "record", "name": "Order", "namespace": "shop", "fields": [
    {"name": "number", "type": "int"}, {"name": "id", "type": "string"}, {"name": "time", "type": MILLIS}]}
# Another writer of the same.
ORDER_2 = dict(ORDER, fields=[{"name": "place", "type": "string"}, *reversed(ORDER["fields"][1:])])
COUNT = 300


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    with Registry(tmp_path_factory.mktemp("registry")) as one:
        yield one


def framed(number, schema, records):
    """As Confluent's serializers write them."""
    for record in records:
        out = io.BytesIO(struct.pack(">bI", 0, number))
        out.seek(0, io.SEEK_END)
        fastavro.schemaless_writer(out, schema, record)
        yield out.getvalue()


@pytest.mark.parametrize("resolves", [True, False], ids=["resolves", "does-not"])
def test_both_streams_are_read_once_it_answers(reconciliation, submit, cluster, registry, resolves):
    its = reconciliation(audit={"format": "avro"}, events={"format": "avro"})
    client = registry.client()
    with Gate(registry, knows_resolved=resolves, opens=False) as gate:
        its.settings["flink"] = {"schema.registry.url": gate.url}
        times = range(0, COUNT * 60_000, 60_000)
        audit = json.loads((ROOT / "schemas/audit.avsc").read_text())
        number = client.register_schema(f"{its.name}-audit", Schema(json.dumps(audit), "AVRO"))
        its.send("audit", framed(number, fastavro.parse_schema(audit), [
            {"id": f"a-{n}", "event_time": time, "context": f"order {n}"} for n, time in enumerate(times)]))
        there = [{"number": n, "place": "Ys", "id": f"a-{n}", "time": time} for n, time in enumerate(times) if n % 10]
        written = []  # by one, by the other, in turn: in order of time
        for schema, part in ((ORDER, there[::2]), (ORDER_2, there[1::2])):
            number = client.register_schema(f"{its.name}-{schema['fields'][0]['name']}", Schema(json.dumps(schema), "AVRO"))
            written.append(framed(number, fastavro.parse_schema(schema), part))
        its.send("events", [one for pair in zip(*written) for one in pair])
        said = cluster.log_text().count("asking again")
        job = submit(its)
        wait_until(lambda: cluster.log_text().count("asking again") > said, LIMIT_S, "a source waits for it")
        gate.open()
        its.wait_until_read(job)
        job.stop(drain=True)
        published = its.published()
        assert not [one for one in published if one["type"] == "rejected"]
        windows, missing = outcome(published)
        assert missing == {(None, f"a-{n}") for n in range(0, COUNT, 10)}
        assert [sum(column) for column in zip(*windows.values())] == [COUNT, COUNT * 9 // 10, COUNT // 10, 0]
        assert {one["context"] for one in published if one["type"] == "missing"} >= {"order 0", "order 290"}
        asked = {path.split("?")[0] for path in gate.asked}
        assert len(asked) == 3
        assert any("format=resolved" not in path for path in gate.asked) == (not resolves)
