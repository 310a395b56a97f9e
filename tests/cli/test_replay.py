"""recon replay as a person runs it: where traces come from, where results go, and what is said when something is wrong."""

import csv
import gzip
import io
import json
import os
import pathlib
import pty
import random
import re
import select
import subprocess

import pytest

RECON = os.environ.get("RECON", "build/dev/recon")
FOLDER = pathlib.Path(__file__).resolve().parent.parent / "traces"
EXAMPLE = FOLDER / "worked-example.trace.ndjson"
EXPECTED = (FOLDER / "worked-example.expected.ndjson").read_text(encoding="utf-8")
EVERYTHING = "missing,found,unaudited,audited,duplicate,too_late,rejected"
SETTINGS = ["--interval", "10ms", "--out-of-orderness", "2ms", "--retention", "100ms"]


def replay(*arguments, status=0, stdin=None, environment=None):
    run = subprocess.run(
        [RECON, "replay", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        timeout=120,
        env={**os.environ, **(environment or {})},
    )
    run.out, run.err = run.stdout.decode(), run.stderr.decode()
    assert run.returncode == status, (run.returncode, run.err)
    return run


def test_a_file_and_standard_input_give_the_same():
    assert replay(*SETTINGS, EXAMPLE).out == EXPECTED
    assert replay(*SETTINGS, "-", stdin=EXAMPLE.read_bytes()).out == EXPECTED


def test_the_summary_goes_to_standard_error_and_quiet_leaves_it_out():
    run = replay(*SETTINGS, EXAMPLE)
    assert run.err == (
        "audit      3 records\n"
        "events     3 records\n"
        "IDs        3 matched, 0 missing, 1 missing and found later\n"
        "watermark  the end\n"
    )
    assert replay(*SETTINGS, "--quiet", EXAMPLE).err == ""


def test_the_summary_counts_what_went_wrong():
    trace = b"""{"at":0,"stream":"audit","id":"a","time":21}
{"at":0,"stream":"events","id":"a","time":21}
{"at":0,"stream":"events","id":"a","time":21}
{"at":1,"stream":"audit","id":"b","time":1}
{"at":1,"stream":"audit","rejected":"no_id"}
{"at":1,"stream":"events","heartbeat":true,"time":30}
{"at":2,"stream":"audit","id":"c","time":25}
{"at":2,"stream":"events","id":"d","time":35}
"""
    run = replay("--interval", "10ms", "--out-of-orderness", "0ms", "--retention", "10ms", "-", stdin=trace)
    assert run.err == (
        "audit      4 records, 1 too late, 1 rejected (no_id)\n"
        "events     3 records, 1 duplicate, 1 heartbeat\n"
        "IDs        1 matched, 0 missing, 1 pending\n"
        "watermark  1970-01-01T00:00:00.024Z, held by audit partition 0\n"
    )


def test_settings_may_come_from_a_configuration_and_options_override_it(tmp_path):
    config = tmp_path / "orders.yaml"
    config.write_text("interval: 1h\nout_of_orderness: 2ms\nretention: 100ms\n")
    assert replay(config, EXAMPLE, "--interval", "10ms").out == EXPECTED
    assert replay(config, EXAMPLE).out != EXPECTED


@pytest.mark.parametrize(
    "change",
    [
        lambda trace: b"\xef\xbb\xbf" + trace,
        lambda trace: trace.replace(b"\n", b"\r\n"),
        lambda trace: trace.replace(b"\n", b"\n\n  \n"),
        lambda trace: trace.rstrip(b"\n"),
        lambda trace: gzip.compress(trace),
        lambda trace: trace.replace(b'"time"', b'"note":{"x":[1e5,"' + b"y" * 1000000 + b'"]},"time"'),
    ],
    ids=["byte order mark", "CRLF", "blank lines", "no final newline", "gzip", "lines of a megabyte"],
)
def test_odd_forms_are_read_as_what_they_are(change, tmp_path):
    path = tmp_path / "odd"
    path.write_bytes(change(EXAMPLE.read_bytes()))
    assert replay(*SETTINGS, path).out == EXPECTED


@pytest.mark.parametrize("trace", [b"", b"\n\n", b'{"identity":"id"}\n', b'{"at":5}'])
def test_a_trace_without_records_gives_nothing(trace):
    run = replay(*SETTINGS, "-", stdin=trace)
    assert run.out == ""
    assert "watermark  none yet" in run.err


@pytest.mark.parametrize(
    "lines, number, words",
    [
        (['{"at":0}', '{"at":'], 2, "not a line of a trace"),
        (['{"at":0}', "", "[1]"], 3, "not a JSON object"),
        (['{"at":5}', '{"at":4}'], 2, "`at` is 4"),
        (['{"at":0,"stream":"events","partition":1,"id":"a","time":0}'], 1, "no partition 1"),
        (['{"at":0,"stream":"events","end":true}', '{"at":0,"stream":"events","alive":true}'], 2, "has ended"),
        (['{"at":0,"stream":"audit","id":"a","time":"noon"}'], 1, "`time` must be"),
        (['{"at":0,"stream":"audit","rejected":"odd"}'], 1, "`rejected` must be"),
        (['{"partitions":{"audit":"two"}}'], 1, "`partitions.audit` must be"),
        (['{"at":0,"stream":"audit","id":"\xe9"}'], 1, "not a line of a trace"),
        (['{"at":0,"stream":"audit","id":"a\0b"}'], 1, "not a line of a trace"),
    ],
)
def test_a_fault_names_the_line(lines, number, words, tmp_path):
    path = tmp_path / "faulty.ndjson"
    path.write_bytes("\n".join(lines).encode("latin-1"))
    err = replay(*SETTINGS, path, status=2).err
    assert err.startswith(f"{path}:{number}: ") and words in err
    assert "standard input:1" in replay(*SETTINGS, "-", stdin=b"{", status=2).err


def test_the_trace_is_not_written_over(tmp_path):
    trace = tmp_path / "trace.ndjson"
    trace.write_bytes(EXAMPLE.read_bytes())
    for name in (trace, tmp_path / "." / "trace.ndjson"):
        err = replay(*SETTINGS, trace, "--output", name, status=2).err
        assert f"--output: {trace} is an input, which would be written over" in err
    assert trace.read_bytes() == EXAMPLE.read_bytes()


def test_results_before_a_fault_are_written(tmp_path):
    trace = EXAMPLE.read_bytes() + b"}\n"
    assert replay(*SETTINGS, "-", stdin=trace, status=2).out == EXPECTED
    output = tmp_path / "results.ndjson"
    err = replay(*SETTINGS, "-", "--output", output, stdin=trace, status=2).err
    assert not output.exists()
    assert (tmp_path / "results.ndjson.partial").read_text() == EXPECTED
    assert "results.ndjson.partial" in err


def test_output_goes_to_a_file(tmp_path):
    output = tmp_path / "results.ndjson"
    assert replay(*SETTINGS, EXAMPLE, "--output", output).out == ""
    assert output.read_text() == EXPECTED


def test_a_full_disk_is_told():
    run = subprocess.run(
        f"{RECON} replay {' '.join(SETTINGS)} {EXAMPLE} > /dev/full", shell=True, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 2
    assert "No space left on device" in run.stderr
    assert "No space left on device" in replay(*SETTINGS, EXAMPLE, "--output", "/dev/full", status=2).err


def test_a_closed_pipe_ends_it_quietly(tmp_path):
    path = tmp_path / "long.ndjson"
    with open(path, "w", encoding="utf-8") as file:
        for i in range(50000):
            file.write('{"at":%d,"stream":"audit","id":"%d","time":%d}\n{"at":%d,"stream":"events","heartbeat":true,"time":%d}\n' % (i, i, 7 * i, i, 7 * i))
    run = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {RECON} replay {' '.join(SETTINGS)} {path} | head -n 1"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0
    assert json.loads(run.stdout)["type"] == "missing"
    assert run.stderr == ""


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--interval", "10ms"], "TRACE"),
        ([EXAMPLE], "interval"),
        (["--interval", "10", EXAMPLE], "10"),
        ([*SETTINGS, "/no/such/trace"], "/no/such/trace"),
        ([*SETTINGS, FOLDER], "directory"),
        ([*SETTINGS, "/no/such/config", EXAMPLE], "/no/such/config"),
        ([*SETTINGS, EXAMPLE, "--results", "xml"], "xml"),
        ([*SETTINGS, EXAMPLE, "--output", "/no/such/folder/x"], "/no/such/folder"),
        ([*SETTINGS, "--audit", "x", EXAMPLE], "--audit"),
    ],
)
def test_bad_usage_is_refused(arguments, words):
    run = replay(*arguments, status=2)
    assert words.lower() in run.err.lower()
    assert run.out == ""


def test_csv_has_the_values_of_the_ndjson():
    rows = list(csv.DictReader(io.StringIO(replay(*SETTINGS, EXAMPLE, "--results", "csv").out)))
    lines = [json.loads(line) for line in EXPECTED.splitlines()]
    assert len(rows) == len(lines)
    for row, line in zip(rows, lines):
        said = {name: value for name, value in row.items() if value != ""}
        assert said == {name: str(value) for name, value in line.items() if value is not None}


def on_a_terminal(environment):
    """What a terminal would be sent."""
    main, side = pty.openpty()
    run = subprocess.Popen([RECON, "replay", "--quiet", *SETTINGS, EXAMPLE], stdout=side, env={**os.environ, **environment})
    os.close(side)
    shown = b""
    while select.select([main], [], [], 60)[0]:
        try:
            piece = os.read(main, 4096)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(main)
    assert run.wait(timeout=60) == 0
    return shown.decode()


def test_a_terminal_gets_a_table_in_colour_unless_told_not_to():
    plain = {"NO_COLOR": "1", "TERM": "xterm"}
    shown = on_a_terminal(plain)
    assert "window, UTC" in shown and "\x1b" not in shown
    assert shown.replace("\r\n", "\n") == replay(*SETTINGS, EXAMPLE, "--results", "table", "--quiet").out
    environment = {"TERM": "xterm"}
    os.environ.pop("NO_COLOR", None)
    assert "\x1b[31m" in on_a_terminal(environment)


def test_results_come_while_a_trace_is_still_being_written():
    run = subprocess.Popen(
        [RECON, "replay", "--quiet", *SETTINGS, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    )
    lines = EXAMPLE.read_bytes().splitlines(keepends=True)
    run.stdin.write(b"".join(lines[:5]))
    assert select.select([run.stdout], [], [], 60)[0]
    assert json.loads(run.stdout.readline())["type"] == "missing"
    run.stdin.write(b"".join(lines[5:]))
    run.stdin.close()
    assert run.stdout.read().decode().endswith(EXPECTED.splitlines(keepends=True)[-1])
    assert run.wait(timeout=60) == 0


def test_a_trace_gives_the_same_bytes_each_time(tmp_path):
    path = tmp_path / "random.ndjson"
    chance = random.Random(3)
    with open(path, "w", encoding="utf-8") as file:
        for at in range(20000):
            stream, id, time = chance.choice(["audit", "events"]), chance.randrange(6000), at + chance.randrange(-200, 200)
            file.write(json.dumps({"at": at, "stream": stream, "id": id, "time": time}) + "\n")
    settings = ["--interval", "1s", "--out-of-orderness", "100ms", "--retention", "2s", "--report", EVERYTHING]
    first = replay(*settings, path).stdout
    assert len(first.splitlines()) > 10000
    assert replay(*settings, path).stdout == first


def test_it_is_said_where_the_trace_overrides_the_identity_asked_for():
    trace = b'{"identity":"id"}\n'
    assert "note: the trace says" in replay(*SETTINGS, "--identity", "source,id", "-", stdin=trace).err
    assert "note:" not in replay(*SETTINGS, "--identity", "id", "-", stdin=trace).err


def test_the_lines_of_the_documentation_are_a_trace():
    page = (FOLDER.parent.parent / "docs" / "traces.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\| `(\{.*\})` \|", page, flags=re.M)
    assert len(lines) == 9
    head = '{"partitions": {"audit": 1, "events": 3}, "identity": "id"}'
    trace = "\n".join([head, *lines]).encode()
    assert '"reason":"no_id"' in replay(*SETTINGS, "-", stdin=trace).out
