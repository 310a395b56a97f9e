"""schemas/audit.schema.json: what it takes, recon reads, and what it refuses for its form, recon rejects."""

import json
import pathlib

import jsonschema
import pytest
from checking import check, write

SCHEMA = json.loads((pathlib.Path(__file__).parents[2] / "schemas" / "audit.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

TIME = "2024-01-01T00:00:00Z"
GOOD = [
    {"id": "a", "event_time": TIME},
    {"id": 7, "event_time": 1704067200000},
    {"id": "b", "event_time": "2024-01-01 00:00:00.123456+01:00", "emitted_time": TIME, "source": "shop", "context": "x"},
    {"id": "c", "event_time": "2024-01-01", "emitted_time": None, "source": None, "context": None, "more": [1]},
    {"id": "d", "event_time": "2024-01-01T00:00", "context": {"order": 17}},
    {"id": "e", "event_time": -1, "source": "shop"},
]
BAD = [
    {"event_time": TIME},
    {"id": "a"},
    {"id": "", "event_time": TIME},
    {"id": None, "event_time": TIME},
    {"id": True, "event_time": TIME},
    {"id": 1.5, "event_time": TIME},
    {"id": ["a"], "event_time": TIME},
    {"id": "a", "event_time": None},
    {"id": "a", "event_time": ""},
    {"id": "a", "event_time": "yesterday"},
    {"id": "a", "event_time": 1.5},
    {"id": "a", "event_time": "20240101T000000Z"},
    {"id": "a", "event_time": 10**20},
    ["a", TIME],
]


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("record", GOOD, ids=json.dumps)
def test_what_it_takes_is_read(record, tmp_path):
    VALIDATOR.validate(record)
    run = check(write(tmp_path / "audit.ndjson", [json.dumps(record)]), write(tmp_path / "events.ndjson", []), status=1)
    assert not run.of("rejected")
    assert run.ids("missing") == [str(record["id"])]


@pytest.mark.parametrize("record", BAD, ids=json.dumps)
def test_what_it_refuses_is_rejected(record, tmp_path):
    assert not VALIDATOR.is_valid(record)
    lines = [json.dumps(record), json.dumps(GOOD[0])]  # one that has a time, so that times are compared
    run = check(write(tmp_path / "audit.ndjson", lines), write(tmp_path / "events.ndjson", []), status=1)
    assert len(run.of("rejected")) == 1
