"""recon check: CSV."""

import gzip

import pytest
from checking import check, event, write

EVENTS = [event("a"), event("b")]


def test_csv(tmp_path):
    audits = write(tmp_path / "a.csv", b'id,event_time\n"a ""x"", y",2024-01-01T00:00:00Z\n"two\nlines",1704067200000\nc,\n')
    events = write(tmp_path / "e.csv", b'time,id\n2024-01-01T01:00:00+01:00,"a ""x"", y"\n1704067200000,"two\nlines"\n')
    run = check(audits, events, status=1)
    assert run.row("arrived") == 2
    assert [(r["reason"], r["offset"]) for r in run.of("rejected")] == [("no_time", 5)]


def test_a_csv_header_without_the_column_ends_the_run(tmp_path):
    run = check(write(tmp_path / "a.csv", b"x,event_time\na,2024-01-01\n"), write(tmp_path / "e", EVENTS), status=2)
    assert f"{tmp_path}/a.csv: " in run.stderr and "id" in run.stderr


def test_a_byte_order_mark(tmp_path):
    bom = b"\xef\xbb\xbf"
    audits = write(tmp_path / "a.csv", bom + b"id,event_time\na,2024-01-01\n")
    events = write(tmp_path / "e.csv", bom + b"id,time\na,2024-01-01\n")
    assert check(audits, events).row("arrived") == 1


def test_compressed(tmp_path):
    audits = write(tmp_path / "a.csv.gz", gzip.compress(b"id,event_time\na,2024-01-01\n"))
    events = write(tmp_path / "e.csv.gz", gzip.compress(b"id,time\na,2024-01-01\n"))
    assert check(audits, events).row("arrived") == 1
