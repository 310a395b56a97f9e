"""Avro by a real schema registry: read by whoever wrote it, waited for while the registry is away, the same when read again."""

import base64
import json
import struct
import subprocess

import pytest
from confluent_kafka.schema_registry import Schema
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from broker import wait_until
from registry import Gate, Registry
from service import counted, of
from test_run import audit, event, pass_by

ORDER = {"type": "record", "name": "Order", "fields": [
    {"name": "id", "type": "string"}, {"name": "time", "type": {"type": "long", "logicalType": "timestamp-millis"}}]}
# Another writer of the same: other order, further fields, a text that may be null.
ORDER_2 = {"type": "record", "name": "Order", "fields": [
    {"name": "note", "type": ["null", "string"], "default": None},
    {"name": "time", "type": {"type": "long", "logicalType": "timestamp-millis"}}, {"name": "id", "type": "string"}]}


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    with Registry(tmp_path_factory.mktemp("registry")) as one:
        yield one


@pytest.fixture
def avro(registry):
    """Confluent's own serializer."""
    def serialize(topic, records, schema=ORDER):
        writer = AvroSerializer(registry.client(), json.dumps(schema), conf={"subject.name.strategy": lambda *_: f"{topic}-{schema['fields'][0]['name']}"})
        return [writer(record, SerializationContext(topic, MessageField.VALUE)) for record in records]

    return serialize


def by(one, gate, **more):
    """Makes the service ask there."""
    properties = [f'schema.registry.{name.replace("_", ".")}: "{value}"' for name, value in {"url": gate.url, **more}.items()]
    one.config.write_text(one.config.read_text().replace("librdkafka: {", f"librdkafka: {{{', '.join(properties)}, "))


def feed(broker, one, avro, first, count):
    topic = f"{one.name}.events"
    numbers = [n for n in range(first, first + count) if n % 10]
    broker.produce(f"{one.name}.audit", [audit(n, n * 100) for n in range(first, first + count)])
    values = {}
    for schema, part in ((ORDER, numbers[::2]), (ORDER_2, numbers[1::2])):
        values |= zip(part, avro(topic, [{"note": "x", **event(n, n * 100)} if schema is ORDER_2 else event(n, n * 100) for n in part],
                                 schema))
    broker.produce(topic, [values[n] for n in numbers])


def missing(results):
    return sorted(result["id"] for result in of(results, "missing"))


def test_avro_of_two_writers_is_read_and_each_schema_is_asked_for_once(broker, service, registry, avro):
    one = service()
    with Gate(registry) as gate:
        by(one, gate)
        feed(broker, one, avro, 0, 200)
        pass_by(broker, one, 60_000)
        with one:
            one.until_published(lambda all: len(of(all, "missing")) == 20)
            one.stop()
        assert missing(one.published()) == sorted(f"a-{n}" for n in range(0, 200, 10))
        assert not of(one.published(), "rejected")
        assert counted(one.published()) == counted(one.replayed())
        assert len(gate.asked) == 2 and all("format=resolved" in path for path in gate.asked)


def test_a_registry_that_is_away_is_waited_for_at_the_start_and_within(broker, service, registry, avro):
    one = service()
    with Gate(registry, opens=False) as gate:
        by(one, gate)
        feed(broker, one, avro, 0, 100)
        pass_by(broker, one, 60_000)
        with one:
            one.until_said("waiting: schema registry")
            assert "onnect" in one.said()
            gate.open()
            one.until_published(lambda all: len(of(all, "missing")) == 10)
            gate.shut()
            # What needs no new schema goes on; what does waits, and nothing is rejected or lost.
            feed(broker, one, avro, 1000, 100)
            pass_by(broker, one, 160_000)
            one.until_published(lambda all: len(of(all, "missing")) == 20)
            topic = f"{one.name}.events"
            said = one.said().count("waiting: schema registry")
            other = dict(ORDER, name="Other")
            broker.produce(topic, avro(f"{topic}-other", [event(2001, 200_100)], other))
            broker.produce(f"{one.name}.audit", [audit(2001, 200_100), audit(2002, 200_200)])
            wait_until(lambda: one.said().count("waiting: schema registry") > said + 2, 20, "it says that it waits")
            assert one.process.poll() is None and not of(one.published(), "rejected")
            gate.open()
            pass_by(broker, one, 300_000)
            one.until_published(lambda all: "a-2002" in missing(all))
            one.stop()
        assert "a-2001" not in missing(one.published())
        assert not of(one.published(), "rejected")
        assert counted(one.published()) == counted(one.replayed())


def test_stopped_while_it_waits_for_the_registry_it_ends_in_time_and_the_next_start_goes_on(broker, service, registry, avro):
    one = service()
    with Gate(registry, opens=False) as gate:
        by(one, gate)
        feed(broker, one, avro, 0, 100)
        pass_by(broker, one, 60_000)
        with one:
            one.until_said("waiting: schema registry")
            one.stop()
        gate.open()
        with one:
            one.until_published(lambda all: len(of(all, "missing")) == 10)
            one.stop()
    assert counted(one.published()) == counted(one.replayed())


def test_a_schema_that_there_is_not_rejects_and_the_same_when_it_is_read_again_though_it_came(broker, service, registry, avro):
    one = service()
    topic = f"{one.name}.events"
    [known] = avro(topic, [event(1, 100)])
    # One past the last: what is registered next.
    last = registry.client().register_schema(f"{topic}-probe", Schema(json.dumps(dict(ORDER, name="Probe")), "AVRO"))
    unknown = known[:1] + struct.pack(">I", last + 1) + known[5:]
    with Gate(registry) as gate:
        by(one, gate)
        broker.produce(f"{one.name}.audit", [audit(1, 100), audit(2, 200)])
        broker.produce(topic, [unknown])
        with one:
            one.until_published(lambda all: of(all, "rejected"))
            one.stop()
        [rejected] = of(one.published(), "rejected")
        assert rejected["reason"] == "malformed"
        assert f"no schema {last + 1}" in one.said()
        came = registry.client().register_schema(f"{topic}-late", Schema(json.dumps(dict(ORDER, name="Late")), "AVRO"))
        assert came == last + 1
        broker.produce(topic, [unknown])
        with one:  # the first one stays rejected, a second one is read
            pass_by(broker, one, 60_000)
            one.until_published(lambda all: "a-2" in missing(all))
            one.stop()
    assert missing(one.published()) == ["a-2"]
    assert len(of(one.published(), "rejected")) == 1
    assert counted(one.published()) == counted(one.replayed())


@pytest.mark.parametrize("kind", ["basic", "bearer"])
def test_it_says_who_it_is_over_tls_and_does_without_resolved(broker, service, registry, avro, kind, tmp_path):
    one = service()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"],
                   check=True, capture_output=True)
    more = {"basic_auth_user_info": "joe:secret"} if kind == "basic" else {"bearer_auth_token": "secret"}
    told = "Basic " + base64.b64encode(b"joe:secret").decode() if kind == "basic" else "Bearer secret"
    with Gate(registry, authorization=told, certificate=(tmp_path / "cert.pem", tmp_path / "key.pem"), knows_resolved=False) as gate:
        by(one, gate, ssl_ca_location=tmp_path / "cert.pem", **more)
        feed(broker, one, avro, 0, 100)
        pass_by(broker, one, 60_000)
        with one:
            one.until_published(lambda all: len(of(all, "missing")) == 10)
            one.stop()
        assert "secret" not in one.said()
        assert len(gate.asked) == 4


def test_one_that_does_not_let_us_in_is_told_and_waited_for(broker, service, registry, avro):
    one = service()
    with Gate(registry, authorization="Bearer other") as gate:
        by(one, gate, bearer_auth_token="secret")
        feed(broker, one, avro, 0, 100)
        with one:
            one.until_said("it answers with status 401")
            one.stop()
        assert "secret" not in one.said()


def test_no_registry_named_is_told_with_the_mend(broker, service, registry, avro):
    one = service()
    feed(broker, one, avro, 0, 100)
    one.start()
    assert one.ended() == 2
    assert "librdkafka: {schema.registry.url: ...}" in one.said()
