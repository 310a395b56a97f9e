"""recon check: what may stand in a file."""

import gzip
import json
import shutil
import subprocess

import pytest
from checking import BASE_MS, MINUTE, audit, check, event, judge, ndjson, write

AUDITS = [audit("a"), audit("b", MINUTE)]
EVENTS = [event("a"), event("b", MINUTE)]
A_TIME = b'"event_time":%d' % BASE_MS


def test_no_newline_at_the_end(tmp_path):
    run = judge(tmp_path, ndjson(AUDITS)[:-1], ndjson(EVENTS)[:-1])
    assert run.row("arrived") == 2


def test_crlf(tmp_path):
    run = judge(tmp_path, ndjson(AUDITS, "\r\n"), ndjson(EVENTS, "\r\n"))
    assert run.row("arrived") == 2
    assert run.of("rejected") == []


def test_a_byte_order_mark(tmp_path):
    bom = b"\xef\xbb\xbf"
    run = judge(tmp_path, bom + ndjson(AUDITS), bom + ndjson(EVENTS))
    assert (run.row("arrived"), run.of("rejected")) == (2, [])


def test_a_line_of_100_mb_is_rejected_and_the_rest_read(tmp_path):
    with open(tmp_path / "audit.ndjson", "wb") as file:
        file.write(b'{"id":"a","event_time":%d,"x":"' % BASE_MS)
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b'"}\n')
        file.write(ndjson([audit("b", MINUTE)]))
    run = check(tmp_path / "audit.ndjson", write(tmp_path / "e", EVENTS), status=1)
    assert [(r["reason"], r["offset"]) for r in run.of("rejected")] == [("malformed", 1)]
    assert run.row("arrived") == 1


@pytest.mark.parametrize(
    "line, reason",
    [
        (b'{"id":"a\0",' + A_TIME + b"}", "malformed"),
        (b'{"id":"a",' + A_TIME + b"}\0", "malformed"),
        (b"\0", "malformed"),
        (b'{"id":"\xff",' + A_TIME + b"}", "malformed"),
        (b'{"id":"a","x":"\xc3",' + A_TIME + b"}", "malformed"),
        (b'{"id":"a","x":[1,],' + A_TIME + b"}", "malformed"),
        (b'{"id":"a","x":' + b"[" * 100_000 + b"]" * 100_000 + b"," + A_TIME + b"}", "malformed"),
        (b"[1]", "malformed"),
        (b'{"id":1.5,' + A_TIME + b"}", "malformed"),
        (b'{"id":true,' + A_TIME + b"}", "malformed"),
        (b'{"id":["a"],' + A_TIME + b"}", "malformed"),
        (b'{"id":null,' + A_TIME + b"}", "no_id"),
        (b'{"id":"",' + A_TIME + b"}", "no_id"),
        (b"{" + A_TIME + b"}", "no_id"),
        (b'{"id":"a"}', "no_time"),
        (b'{"id":"a","event_time":"yesterday"}', "no_time"),
        (b'{"id":"a","event_time":99999999999999999999}', "no_time"),
        (b'{"id":"a","event_time":1e400}', None),
    ],
    ids=lambda value: repr(value)[:40],  # pytest puts the name of a test into the environment, which has its bounds
)
def test_an_unreadable_audit_record_is_named_by_line_and_reason(tmp_path, line, reason):
    run = judge(tmp_path, ndjson(AUDITS) + line + b"\n" + ndjson([audit("c")]), EVENTS + [event("c")], status=1)
    [rejected] = run.of("rejected")
    assert rejected["offset"] == 3
    if reason:
        assert rejected["reason"] == reason
    assert run.row("arrived") == 3


def test_of_duplicate_keys_one_counts_and_the_record_is_read(tmp_path):
    # RFC 8259 leaves open which; that there is one answer, and no crash, is what is promised.
    line = b'{"id":"a","id":"b",' + A_TIME + b"}\n"
    run = judge(tmp_path, line, line.replace(b"event_time", b"time"))
    assert run.row("arrived") == 1


@pytest.mark.parametrize("number", ["18446744073709551615", "-9223372036854775808", "123456789012345678901234567890"])
def test_an_id_may_be_an_integer_past_64_bits(tmp_path, number):
    run = judge(tmp_path, b'{"id":%s,%s}' % (number.encode(), A_TIME), [event(number)])
    assert run.row("arrived") == 1


def test_a_leap_second_is_the_second_after(tmp_path):
    audits = [{"id": "a", "event_time": "2016-12-31T23:59:60Z"}]
    run = judge(tmp_path, audits, [{"id": "a", "time": "2017-01-01T00:00:00Z"}], "--interval=1s")
    assert [m["start"] for m in run.of("metric")] == ["2017-01-01T00:00:00.000Z"]


def test_a_directory_is_refused(tmp_path):
    run = check(tmp_path, write(tmp_path / "e", EVENTS), status=2)
    assert run.stderr == f"recon check: {tmp_path}: is a directory; name the files in it\n"


def test_what_is_no_text_at_all_is_rejected(tmp_path):
    import random

    noise = random.Random(7).randbytes(1 << 20)
    run = judge(tmp_path, AUDITS, noise, "--time=time", "--audit-time=event_time", status=1)
    assert run.row("unreadable events") == len(run.of("rejected")) > 0


# --- formats


def test_cloudevents(tmp_path):
    def cloud(identity, ms, source):
        time = f"2024-01-01T00:00:{ms // 1000:02}Z"
        return {"specversion": "1.0", "type": "t", "id": identity, "source": source, "time": time, "data": {"id": 5}}

    audits = [audit("1", 1000, source="x"), audit("1", 2000, source="y")]
    run = judge(tmp_path, audits, [cloud("1", 1000, "x")], "--identity=source,id", status=1)
    assert [m["source"] for m in run.of("missing")] == ["y"]


# --- compression


def compressed(kind, data):
    if kind == "gz":
        return gzip.compress(data)
    return subprocess.run(["zstd", "-q", "-c"], input=data, capture_output=True, check=True).stdout


KINDS = ["gz", pytest.param("zst", marks=pytest.mark.skipif(not shutil.which("zstd"), reason="no zstd command"))]


@pytest.mark.parametrize("kind", KINDS)
def test_compressed_files_are_read_as_they_are(tmp_path, kind):
    audits = [audit(f"{i}", i) for i in range(5000)]
    events = [event(f"{i}", i) for i in range(5000)]
    # Two members, and a name that does not tell.
    half = ndjson(audits[:2500]), ndjson(audits[2500:])
    first = write(tmp_path / "audit", compressed(kind, half[0]) + compressed(kind, half[1]))
    second = write(tmp_path / f"events.ndjson.{kind}", compressed(kind, ndjson(events)))
    assert check(first, second).row("arrived") == 5000


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", ["truncated", "damaged"])
def test_broken_compression_never_looks_like_a_whole_run(tmp_path, kind, fault):
    records = [audit(f"{i}", i * MINUTE, context=str(i * 7919 % 10007)) for i in range(50000)]
    packed = bytearray(compressed(kind, ndjson(records)))
    if fault == "truncated":
        del packed[len(packed) * 3 // 4 :]
    else:
        packed[len(packed) * 3 // 4] ^= 0xFF
    first = write(tmp_path / "a", bytes(packed))
    second = write(tmp_path / "e", [event(f"{i}", i * MINUTE) for i in range(0, 50000, 2)])
    output = tmp_path / "results.ndjson"
    options = ["--out-of-orderness=1m", "--retention=1h", "--output", output]
    run = check(first, second, *options, status=2)
    assert f"{first}: " in run.stderr and " at byte " in run.stderr
    assert "OK" not in run.stderr
    assert not output.exists()
    # What came before was judged.
    partial = (tmp_path / "results.ndjson.partial").read_bytes()
    assert f"{output}.partial" in run.stderr
    assert json.loads(partial.splitlines()[0])["type"]


def test_a_source_in_the_identity_that_one_stream_does_not_map_is_refused_with_the_mend(tmp_path):
    audits = [audit("a", source="shop"), audit("a", MINUTE, source="web")]
    events = [event("a", origin="shop"), event("a", MINUTE, origin="web")]
    run = judge(tmp_path, audits, events, "--identity=source,id", status=2)
    assert "events.ndjson: " in run.stderr and "--events-source" in run.stderr
    run = judge(tmp_path, audits, events, "--identity=source,id", "--events-source=origin")
    assert run.row("arrived") == 2
