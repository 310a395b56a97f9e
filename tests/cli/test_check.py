"""recon check: its outcome, and what it says of it."""

import json
import subprocess

import pytest
from checking import BASE_MS, HOUR, MINUTE, RECON, audit, check, command, event, judge, ndjson, write

TWO = [audit("a"), audit("b", MINUTE)]


# --- exit status


def test_0_where_every_audited_id_arrived(tmp_path):
    run = judge(tmp_path, TWO, [event("b", MINUTE), event("a"), event("more")])
    assert run.verdict() == "OK: every audited ID arrived (2)."
    assert run.of("missing") == []
    [metric] = run.of("metric")
    assert (metric["expected"], metric["matched"], metric["unaudited"]) == (2, 2, 1)
    assert metric["completeness_percent"] == 100


def test_1_where_one_is_missing(tmp_path):
    run = judge(tmp_path, TWO, [event("a")], status=1)
    assert run.ids("missing") == ["b"]
    assert run.verdict() == "NOT OK: 1 of 2 audited IDs did not arrive."
    assert (run.row("audited IDs"), run.row("arrived"), run.row("missing")) == (2, 1, 1)
    assert "50 %" in run.stderr


def test_1_where_an_audit_record_is_unreadable(tmp_path):
    run = judge(tmp_path, ndjson(TWO) + b"{oops\n", [event("a"), event("b", MINUTE)], status=1)
    assert "1 audit record could not be judged" in run.verdict()
    assert f"{tmp_path}/audit.ndjson:3: malformed" in run.stderr
    [rejected] = run.of("rejected")
    assert (rejected["stream"], rejected["reason"], rejected["offset"]) == ("audit", "malformed", 3)


def test_1_where_an_audit_record_is_too_late(tmp_path):
    audits = [audit("a"), audit("b", HOUR), audit("late", -HOUR), audit("c", HOUR)]
    events = [event("a"), event("b", HOUR), event("c", HOUR), event("late", -HOUR)]
    run = judge(tmp_path, audits, events, "--out-of-orderness=0s", "--retention=1m", status=1)
    assert run.row("audits too late") == 1
    assert run.row("missing") == 0
    assert run.verdict().startswith("NOT OK: every audited ID arrived (3), but 1 audit record could")


def test_an_unreadable_event_alone_is_no_fault(tmp_path):
    run = judge(tmp_path, TWO, ndjson([event("a"), event("b", MINUTE)]) + b"{oops\n")
    assert run.row("unreadable events") == 1
    assert run.verdict().startswith("OK")


def test_the_outcome_does_not_depend_on_what_is_reported(tmp_path):
    run = judge(tmp_path, ndjson(TWO) + b"oops\n", [event("a")], "--report=duplicate", status=1)
    assert {r["type"] for r in run.results} == {"metric"}
    assert run.row("missing") == 1
    assert run.row("unreadable audits") == 1
    assert ":3: malformed" in run.stderr


def test_found_in_the_end_is_arrived(tmp_path):
    audits = [audit("a"), audit("b", HOUR), audit("c", 2 * HOUR)]
    events = [event("b", HOUR), event("c", 2 * HOUR), event("a")]
    run = judge(tmp_path, audits, events, "--out-of-orderness=1m", "--retention=1d")
    assert run.ids("missing") == ["a"]
    assert run.ids("found") == ["a"]
    assert run.row("found late") == 1
    last = [m for m in run.of("metric") if m["start"] == "2024-01-01T00:00:00.000Z"][-1]
    assert (last["completeness_percent"], last["revision"]) == (100, 1)


@pytest.mark.parametrize(
    "mark, status",
    [("100", 1), ("99.9", 0), ("99.900001", 1), ("99", 0), ("0", 0), ("99.95%", 1)],
)
def test_fail_under_is_the_share_that_must_have_arrived(tmp_path, mark, status):
    audits = [audit(f"{i}") for i in range(1000)]
    run = judge(tmp_path, audits, [event(f"{i}") for i in range(999)], f"--fail-under={mark}", status=status)
    assert "99.90 %" in run.stderr
    assert ("no more than --fail-under allows" in run.stderr) == (status == 0)


def test_fail_under_does_not_excuse_unreadable_audits(tmp_path):
    judge(tmp_path, ndjson(TWO) + b"oops\n", [event("a"), event("b", MINUTE)], "--fail-under=0", status=1)


def test_completeness_is_rounded_down(tmp_path):
    audits = [audit(f"{i}") for i in range(30000)]
    run = judge(tmp_path, audits, [event(f"{i}") for i in range(29999)], "--report=rejected", status=1)
    assert "99.99 %" in run.stderr


@pytest.mark.parametrize(
    "options, words",
    [
        (["--fail-under=101"], "--fail-under"),
        (["--fail-under=lots"], "--fail-under"),
        (["--memory-limit=5"], "--memory-limit"),
        (["--interval=5"], "interval"),
        (["--now=then"], "--now"),
        (["--intervall=5m"], "--interval"),
        (["--report=nothing"], "report"),
    ],
)
def test_2_for_bad_usage_with_the_option_named(tmp_path, options, words):
    run = judge(tmp_path, TWO, TWO, *options, status=2, now=None)
    assert words in run.stderr
    assert run.stdout == b""


def test_2_where_a_stream_has_no_file(tmp_path):
    run = subprocess.run([RECON, "check", "--audit", write(tmp_path / "a", TWO)], capture_output=True, timeout=60)
    assert run.returncode == 2
    assert b"--events: no file" in run.stderr


def test_2_where_the_configuration_is_taken_for_an_input(tmp_path):
    name = write(tmp_path / "a", TWO)
    run = check(name, [name, tmp_path / "c.yaml"], status=2)
    assert "--events" in run.stderr and "c.yaml is no input; the configuration comes before --audit" in run.stderr


def test_2_where_a_file_is_not_there(tmp_path):
    run = check(write(tmp_path / "a", TWO), tmp_path / "nowhere", status=2)
    assert run.stderr == f"recon check: {tmp_path}/nowhere: No such file or directory\n"


# --- order, files


def test_both_streams_unsorted_are_judged_whole_at_the_end(tmp_path):
    audits = [audit(f"{i}", (i * 7919) % 1000 * MINUTE) for i in range(1000)]
    events = [event(f"{i}", (i * 7919) % 1000 * MINUTE) for i in range(999, -1, -1) if i % 100]
    run = judge(tmp_path, audits, events, status=1)
    assert run.ids("missing") == sorted(str(i) for i in range(0, 1000, 100))
    assert sum(m["expected"] for m in run.of("metric")) == 1000
    assert all(m["revision"] == 0 for m in run.of("metric"))


def test_results_are_the_same_in_every_run(tmp_path):
    audits = [audit(f"{i}", i * 997 % 5000 * MINUTE) for i in range(5000)]
    for part in range(3):
        write(tmp_path / f"a{part}", audits[part::3])
        write(tmp_path / f"e{part}", [event(r["id"], r["event_time"] - BASE_MS) for r in audits[part::3] if int(r["id"]) % 9])
    files = [[tmp_path / f"{s}{p}" for p in range(3)] for s in "ae"]
    options = ["--out-of-orderness=10h", "--retention=30h", "--report=missing,found,unaudited,audited,too_late,duplicate"]
    outputs = {check(*files, *options, status=1).stdout for _ in range(10)}
    assert len(outputs) == 1


def test_a_hundred_files_are_one_stream(tmp_path):
    audits, events = [], []
    for i in range(100):
        records = range(i, 20000, 100)
        audits.append(write(tmp_path / f"a{i}", [audit(f"{k}", k * MINUTE) for k in records]))
        events.append(write(tmp_path / f"e{i}", [event(f"{k}", k * MINUTE) for k in records if k != 4711]))
    run = check(audits, events, "--out-of-orderness=10m", "--retention=1h", status=1)
    assert run.ids("missing") == ["4711"]
    [missing] = run.of("missing")
    assert (missing["partition"], missing["offset"], missing["topic"]) == (11, 48, str(tmp_path / "a11"))
    assert run.row("audit records") == 20000


def test_more_files_than_can_be_open_are_refused(tmp_path):
    name = write(tmp_path / "a", TWO)
    run = check([name] * 1100, name, "--quiet", status=2)
    assert "1101 files" in run.stderr


def test_two_inputs_that_are_the_same_file(tmp_path):
    name = write(tmp_path / "a", [{**audit("a"), "time": BASE_MS}])
    run = check(name, name, "--audit-time=time")
    assert "is given twice, as audit and as events" in run.stderr
    run = check([name, name], name, "--audit-time=time", "--report=duplicate")
    assert run.row("duplicate audits") == 1
    assert [d["stream"] for d in run.of("duplicate")] == ["audit"]


def test_empty_files(tmp_path):
    run = judge(tmp_path, b"", b"")
    assert run.results == []
    assert run.verdict() == "OK: nothing was audited."
    run = judge(tmp_path, b"", [event("a")])
    assert [m["unaudited"] for m in run.of("metric")] == [1]
    run = judge(tmp_path, TWO, b"", status=1)
    assert run.ids("missing") == ["a", "b"]


def test_one_stream_may_be_standard_input(tmp_path):
    name = write(tmp_path / "audit", TWO)
    run = check(name, "-", stdin=ndjson([event("a"), b"oops".decode()]), status=1)
    assert run.ids("missing") == ["b"]
    assert "standard input:2: malformed" in run.stderr
    run = check("-", "-", stdin=b"", status=2)
    assert "standard input can be read only once" in run.stderr


# --- settings


def test_options_override_the_configuration(tmp_path):
    config = write(tmp_path / "c.yaml", b"interval: 30m\naudit:\n  id: key\n  time: at\nevents:\n  id: key\n  time: at\n")
    audits = write(tmp_path / "a", [{"key": "x", "at": BASE_MS, "other": "y"}])
    events = write(tmp_path / "e", [{"key": "x", "at": BASE_MS, "other": "z"}])

    def run(*options, status):
        done = subprocess.run([RECON, "check", config, *command(audits, events, *options)[2:]], capture_output=True)
        assert done.returncode == status, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    assert run(status=0)[-1]["end"] == "2024-01-01T00:30:00.000Z"
    refused = subprocess.run(
        [RECON, "check", config, *command(audits, events, "--output", config)[2:]], capture_output=True, check=False
    )
    assert refused.returncode == 2 and b"c.yaml is the configuration, which would be written over" in refused.stderr
    assert config.read_bytes().startswith(b"interval: 30m")
    assert run("--interval=1h", status=0)[-1]["end"] == "2024-01-01T01:00:00.000Z"
    assert [r["id"] for r in run("--id=other", status=1) if r["type"] == "missing"] == ["y"]


def test_faults_of_the_configuration_and_the_options_are_told_at_once(tmp_path):
    config = write(tmp_path / "c.yaml", b"intervall: 30m\nretention: 5\n")
    name = write(tmp_path / "a", TWO)
    run = subprocess.run([RECON, "check", config, *command(name, name, "--fail-under=x")[2:]], capture_output=True)
    assert run.returncode == 2
    for words in (b"c.yaml:1:1", b"interval", b"c.yaml:2:", b"--fail-under"):
        assert words in run.stderr


def test_schemas_each_with_a_mapping_of_its_own(tmp_path):
    config = write(
        tmp_path / "c.yaml",
        b"""
events:
  schemas:
    - when: {field: {name: kind, equals: old}}
      id: order
      time: {field: at, unit: s}
    - when: {field: {name: kind, equals: new}}
      id: body.id
      time: body.time
    - when: {field: {name: kind, equals: ping}}
      ignore: true
""",
    )
    audits = write(tmp_path / "a", TWO)
    events = write(
        tmp_path / "e",
        [
            {"kind": "old", "order": "a", "at": BASE_MS // 1000},
            {"kind": "new", "body": {"id": "b", "time": "2024-01-01T00:01:00Z"}},
            {"kind": "ping"},
            {"kind": "strange", "id": "a"},
        ],
    )
    run = subprocess.run([RECON, "check", config, *command(audits, events)[2:]], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert f"{events}:4: unmapped" in run.stderr
    assert "ignored" in run.stderr


def test_only_ids_are_compared_where_there_is_no_time(tmp_path):
    run = judge(tmp_path, [{"id": "a"}, {"id": "b"}], [{"id": "b"}, {"id": "c"}], "--report=missing,unaudited", status=1)
    assert run.ids("missing") == ["a"]
    assert run.ids("unaudited") == ["c"]
    assert all("time" not in r for r in run.of("missing"))
    [metric] = run.of("metric")
    assert (metric["expected"], metric["matched"], metric["start"], metric["end"]) == (2, 1, None, None)
    assert "only IDs are compared" in run.stderr
    assert "--audit-time" in run.stderr


def test_unreadable_records_do_not_tell_that_there_is_no_time(tmp_path):
    run = judge(tmp_path, TWO, b"{oops\n" * 3, status=1)
    assert "only IDs" not in run.stderr
    assert run.of("metric")[0]["start"] == "2024-01-01T00:00:00.000Z"


def test_times_that_come_only_later_are_told_and_not_passed_over(tmp_path):
    audits = [{"id": f"{i}"} for i in range(4000)]
    late = audits[:2000] + [audit(f"{i}") for i in range(2000, 4000)]
    run = judge(tmp_path, late, [event(f"{i}") for i in range(4000)], status=2)
    assert "audit.ndjson: its first records have no time, but later ones do" in run.stderr
    assert "--audit-time" in run.stderr and "OK" not in run.stderr
    # Times in the stream whose file has them from the start are no such fault.
    judge(tmp_path, audits, [event(f"{i}") for i in range(4000)])


def test_times_in_one_stream_alone_are_not_used(tmp_path):
    run = judge(tmp_path, TWO, [{"id": "b"}], "--retention=1h", "--out-of-orderness=1m", status=1)
    assert run.ids("missing") == ["a"]
    assert "are left aside" in run.stderr
    run = judge(tmp_path, TWO, [{"id": "b"}], "--from=2024-01-01", status=2)
    assert "from and to" in run.stderr


def test_a_first_record_in_a_strange_year_is_noted(tmp_path):
    run = judge(tmp_path, [{"id": "a", "event_time": BASE_MS // 1000}], [event("a")])
    assert "in 1970" in run.stderr and "--audit-time-unit" in run.stderr
    run = judge(tmp_path, [audit("a")], [{"id": "a", "time": BASE_MS * 1000}])
    assert "past the year 2100" in run.stderr and "--events-time-unit" in run.stderr
    run = judge(tmp_path, [audit("a")], [{"id": "a", "time": BASE_MS * 1000}], "--events-time-unit=us")
    assert "note" not in run.stderr


def test_times_far_apart_are_noted(tmp_path):
    audits, events = [audit("a"), audit("b", HOUR)], [event("a", 5 * MINUTE), event("b", HOUR)]
    run = judge(tmp_path, audits, events, "--out-of-orderness=1m")
    assert "up to 5 min apart" in run.stderr
    run = judge(tmp_path, audits, events, "--out-of-orderness=5m")
    assert "apart" not in run.stderr


def test_a_time_in_the_far_future_decides_nothing(tmp_path):
    far = event("far", 10**12)
    run = judge(tmp_path, TWO, [far, event("a"), event("b", MINUTE)], "--out-of-orderness=1m", "--retention=1m")
    assert [r["reason"] for r in run.of("rejected")] == ["future"]
    run = judge(tmp_path, TWO, [far, event("a"), event("b", MINUTE)], now="2100-01-01T00:00:00Z")
    assert run.of("rejected") == []


def test_composite_ids_are_compared_field_by_field(tmp_path):
    audits = [{"x": "a|b", "y": "c", "time": BASE_MS}, {"x": "k", "y": 7, "time": BASE_MS}]
    events = [{"x": "a", "y": "b|c", "time": BASE_MS}, {"x": "k", "y": "7", "time": BASE_MS}]
    run = judge(tmp_path, audits, events, "--id=x,y", "--time=time", status=1)
    assert run.ids("missing") == ["a|b|c"]


def test_identity_with_the_source(tmp_path):
    audits = [audit("1", source="x"), audit("1", source="y")]
    events = [event("1", source="x"), event("1", source="z")]
    options = ["--identity=source,id", "--source=source"]
    run = judge(tmp_path, audits, events, *options, status=1)
    assert [(m["id"], m["source"]) for m in run.of("missing")] == [("1", "y")]


# --- what it says


def test_quiet_leaves_the_errors(tmp_path):
    run = judge(tmp_path, ndjson(TWO) + b"oops\n", [event("a")], "--quiet", status=1)
    assert run.stderr == ""
    assert run.of("missing") and run.of("rejected")
    assert "No such file" in check(tmp_path / "x", tmp_path / "y", "--quiet", status=2).stderr


def test_the_first_few_unreadable_records_are_named(tmp_path):
    run = judge(tmp_path, TWO, ndjson([event("a"), event("b", MINUTE)]) + b"oops\n" * 100)
    assert [f":{n}: malformed" in run.stderr for n in (3, 7, 8)] == [True, True, False]
    assert run.row("unreadable events") == 100
    assert "malformed 100" in run.stderr
    assert len(run.of("rejected")) == 100


def test_results_as_csv_and_as_a_table(tmp_path):
    csv = judge(tmp_path, TWO, [event("a")], "--results=csv", status=1).stdout.decode()
    assert csv.splitlines()[0].startswith("type,")
    table = judge(tmp_path, TWO, [event("a")], "--results=table", status=1).stdout.decode()
    assert not table.startswith("{") and "50" in table


def test_from_and_to_bound_what_is_judged(tmp_path):
    run = judge(tmp_path, TWO, [event("a")], "--to=2024-01-01T00:01:00Z")
    assert run.row("outside from, to") == 1
    assert run.verdict() == "OK: every audited ID arrived (1)."
