"""recon check: pipes, full disks, deaths, and memory."""

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
import time
from pathlib import Path

import pytest
from checking import BASE_MS, MINUTE, RECON, SANITIZED, audit, check, command, event, judge, ndjson, write

LIMIT_S = 60


def wait_until(condition):
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.01)


def many(count, make):
    return [make(f"{i:08}", i * MINUTE) for i in range(count)]


# --- inputs


def test_a_fifo_that_drips(tmp_path):
    fifo = tmp_path / "events"
    os.mkfifo(fifo)

    def drip():
        with open(fifo, "wb", buffering=0) as file:
            for byte in ndjson([event("a"), event("b", MINUTE)]):
                file.write(bytes([byte]))

    writer = threading.Thread(target=drip)
    writer.start()
    run = check(write(tmp_path / "a", [audit("a"), audit("b", MINUTE), audit("c")]), fifo, status=1)
    writer.join()
    assert run.ids("missing") == ["c"]


def test_a_pipe_is_not_torn_apart_between_two_readers(tmp_path):
    fifo = tmp_path / "both"
    os.mkfifo(fifo)
    run = check(fifo, fifo, status=2)
    assert f"{fifo}: is given twice, and a pipe can be read only once" in run.stderr
    done = subprocess.run(command("/dev/stdin", "-", "--format=json"), input=ndjson([audit("a")]), capture_output=True)
    assert done.returncode == 2 and b"standard input: is given twice" in done.stderr


def test_standard_input_that_is_closed_is_no_other_file(tmp_path):
    audits = write(tmp_path / "a", many(100, audit))
    closed = "exec \"$@\" <&-"
    words = ["sh", "-c", closed, "sh", *command(audits, "-", "--events-format=json", "--events-time=event_time")]
    done = subprocess.run(words, capture_output=True, check=False)
    assert done.returncode == 2, done.stderr
    assert b"standard input: Bad file descriptor" in done.stderr


def test_results_come_while_a_pipe_is_still_open(tmp_path):
    audits = write(tmp_path / "a", many(100, audit))
    process = subprocess.Popen(
        command(audits, "-", "--out-of-orderness=1m", "--retention=1h", "--time=time", "--audit-time=event_time"),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    process.stdin.write(ndjson(many(60, event)[1:]))
    process.stdin.flush()
    first = json.loads(process.stdout.readline())
    assert (first["type"], first["id"]) == ("missing", "00000000")
    process.stdin.close()
    assert process.wait(LIMIT_S) == 1
    process.stdout.close()


def in_turn(tmp_path, *records, size=0):
    """A pipe for each list of records, which one writer fills a line at a time; lines are of that size at least."""
    fifos = [tmp_path / f"fifo{i}" for i in range(len(records))]
    for fifo in fifos:
        os.mkfifo(fifo)

    def write_in_turn():
        files = [open(fifo, "wb", buffering=0) for fifo in fifos]
        for lines in zip(*records):
            for file, record in zip(files, lines):
                file.write(ndjson([{**record, "x": "x" * size} if size else record]))
        for file in files:
            file.close()

    writer = threading.Thread(target=write_in_turn, daemon=True)
    writer.start()
    return fifos, writer


def test_pipes_written_in_turn_do_not_stand_still_where_records_have_no_time(tmp_path):
    records = [{"id": str(i)} for i in range(1500)]
    fifos, writer = in_turn(tmp_path, records, [{**record, "x": "x" * 500} for record in records])
    run = check(*fifos, status=0)
    writer.join()
    assert run.row("arrived") == 1500


@pytest.mark.parametrize("size", [100_000, 200_000, 300_000])
def test_pipes_written_in_turn_do_not_stand_still_where_lines_are_long(tmp_path, size):
    fifos, writer = in_turn(tmp_path, many(20, audit), many(20, event), size=size)
    run = check(*fifos, status=0)
    writer.join()
    assert run.row("arrived") == 20


@pytest.mark.parametrize("size", [131_072, 140_000, 262_144, 500_000])
def test_a_result_that_is_due_waits_for_no_more_input_however_long_its_line_is(tmp_path, size):
    """The line that makes it due may just fill the buffer, or more than half of it."""
    audits = write(tmp_path / "a", [audit("a"), audit("b", 10 * MINUTE)])
    process = subprocess.Popen(
        command(audits, "-", "--out-of-orderness=1m", "--retention=1h"),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    line = ndjson([event("b", 10 * MINUTE, x="")])
    process.stdin.write(line.replace(b'"x":""', b'"x":"' + b"x" * (size - len(line)) + b'"'))
    process.stdin.flush()
    first = json.loads(process.stdout.readline())
    assert (first["type"], first["id"]) == ("missing", "a")
    process.stdin.close()
    assert process.wait(LIMIT_S) == 1
    process.stdout.close()


def test_a_reader_that_leaves_ends_it_quietly(tmp_path):
    audits = write(tmp_path / "a", many(50000, audit))
    process = subprocess.Popen(command(audits, "/dev/null"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(LIMIT_S) == 2
    assert said == ""


def test_a_reader_that_leaves_ends_it_also_while_a_pipe_is_silent(tmp_path):
    audits = write(tmp_path / "a", many(50000, audit))
    fifo = tmp_path / "more"
    os.mkfifo(fifo)
    process = subprocess.Popen(
        command(audits, fifo, "--time=time", "--audit-time=event_time", "--out-of-orderness=0s", "--retention=1h"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    writer = os.open(fifo, os.O_WRONLY)
    os.write(writer, ndjson([event("x", 60000 * MINUTE)]))
    assert process.stdout.readline()
    process.stdout.close()
    os.write(writer, ndjson([event("y", 60001 * MINUTE)]))
    assert process.wait(LIMIT_S) == 2
    os.close(writer)
    assert process.stderr.read() == b""
    process.stderr.close()


# --- results


def test_a_full_disk(tmp_path):
    audits = write(tmp_path / "a", many(1000, audit))
    with open("/dev/full", "wb") as full:
        run = subprocess.run(command(audits, "/dev/null"), stdout=full, stderr=subprocess.PIPE, timeout=LIMIT_S)
    assert run.returncode == 2
    assert b"standard output: No space left on device" in run.stderr
    assert b"OK" not in run.stderr
    # Little enough to be written only at the end.
    with open("/dev/full", "wb") as full:
        run = subprocess.run(command("/dev/null", audits), stdout=full, stderr=subprocess.PIPE, timeout=LIMIT_S)
    assert run.returncode == 2
    run = check(audits, "/dev/null", "--output=/dev/full", status=2)
    assert "/dev/full: No space left on device" in run.stderr


def test_an_output_file_has_its_name_once_it_is_whole(tmp_path):
    output = write(tmp_path / "results", b"of last time")
    run = judge(tmp_path, many(10, audit), [], "--output", output, status=1)
    assert run.stdout == b""
    results = [json.loads(line) for line in output.read_bytes().splitlines()]
    assert [r["type"] for r in results].count("missing") == 10
    assert not (tmp_path / "results.partial").exists()
    run = check(tmp_path / "audit.ndjson", tmp_path / "events.ndjson", "--output", tmp_path / "no/such", status=2)
    assert "no/such" in run.stderr


def test_an_input_is_not_written_over(tmp_path):
    audits = write(tmp_path / "a", many(10, audit))
    other = write(tmp_path / "b.partial", many(10, audit))
    before = audits.read_bytes()
    run = check(audits, "/dev/null", "--output", audits, status=2)
    assert "is an input" in run.stderr
    (tmp_path / "link").symlink_to(audits)
    check(audits, "/dev/null", "--output", tmp_path / "link", status=2)
    check(other, "/dev/null", "--output", tmp_path / "b", status=2)
    assert audits.read_bytes() == other.read_bytes() == before


def test_what_is_said_does_not_get_among_the_results_where_standard_streams_are_closed(tmp_path):
    audits = write(tmp_path / "a", ndjson(many(10, audit)) + b"oops\n")
    output = tmp_path / "results"
    line = " ".join(map(str, command(audits, audits, "--output", output))) + " <&- >&- 2>&-"
    assert subprocess.run(["sh", "-c", line], timeout=LIMIT_S).returncode == 1
    types = [json.loads(line)["type"] for line in output.read_bytes().splitlines()]
    assert types.count("rejected") == 2


def test_killed_half_way_what_is_left_is_plainly_a_part(tmp_path):
    audits = write(tmp_path / "a", many(20000, audit))
    fifo = tmp_path / "events"
    os.mkfifo(fifo)
    output = write(tmp_path / "results", b"of last time")
    partial = tmp_path / "results.partial"
    options = ["--output", output, "--out-of-orderness=1m", "--retention=1h", "--time=time", "--audit-time=event_time"]
    process = subprocess.Popen(command(audits, fifo, *options), stderr=subprocess.DEVNULL)
    writer = os.open(fifo, os.O_WRONLY)
    os.write(writer, ndjson([event("x", 10000 * MINUTE)]))
    wait_until(lambda: partial.exists() and partial.stat().st_size > 10000)
    process.send_signal(signal.SIGKILL)
    assert process.wait(LIMIT_S) == -signal.SIGKILL
    os.close(writer)
    assert output.read_bytes() == b"of last time"
    assert json.loads(partial.read_bytes().splitlines()[0])["type"] == "missing"
    # The next run takes over what was left.
    check(audits, "/dev/null", "--output", output, status=1)
    assert not partial.exists()
    assert b"of last time" not in output.read_bytes()


def test_two_runs_do_not_write_the_same_file(tmp_path):
    audits = write(tmp_path / "a", many(10, audit))
    fifo = tmp_path / "events"
    os.mkfifo(fifo)
    output = tmp_path / "results"
    process = subprocess.Popen(
        command(audits, fifo, "--output", output, "--time=time", "--audit-time=event_time"), stderr=subprocess.DEVNULL
    )
    writer = os.open(fifo, os.O_WRONLY)
    wait_until((tmp_path / "results.partial").exists)
    run = check(audits, "/dev/null", "--output", output, status=2)
    assert "another process is writing it" in run.stderr
    os.close(writer)
    assert process.wait(LIMIT_S) == 1


# --- terminals


def on_terminal(arguments, feed=None, stdout_too=False, environment=None):
    """What a terminal of 80 columns is sent by the standard error (and output) of the command, fed by feed(pipe)."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=slave if stdout_too else subprocess.DEVNULL, stderr=slave,
        env={**os.environ, "TERM": "xterm", **(environment or {})},
    )  # fmt: skip
    os.close(slave)
    seen = bytearray()

    def read():
        while True:
            try:
                seen.extend(os.read(master, 4096))
            except OSError:  # the other end is closed
                return

    reader = threading.Thread(target=read)
    reader.start()
    if feed:
        feed(process.stdin)
    process.stdin.close()
    process.wait(LIMIT_S)
    reader.join(LIMIT_S)
    os.close(master)
    return seen.decode()


def test_progress_is_one_line_on_a_terminal_and_is_wiped(tmp_path):
    audits = generated(tmp_path / "a", 300_000, "event_time")

    def feed(pipe):
        # A run that lasts, whatever the machine: it can't end before its input does.
        end = time.monotonic() + 1.0
        count = 0
        while time.monotonic() < end:
            pipe.write(ndjson([event(f"x{count}", count * 10)]))
            pipe.flush()
            count += 1

    said = on_terminal(command(audits, "-", "--time=time", "--audit-time=event_time"), feed)
    drawn = [part for part in said.split("\r") if " records  " in part and "/s" in part]
    assert drawn, said
    assert all(len(part) < 80 + len("\x1b[K") and part.endswith("\x1b[K") for part in drawn)
    assert "\r\x1b[K" in said[said.rindex(drawn[-1]) :]
    assert said.rstrip().endswith("did not arrive.")


def test_no_progress_where_standard_error_is_no_terminal_or_quiet(tmp_path):
    audits = generated(tmp_path / "a", 200_000, "event_time")
    assert "\r" not in check(audits, "/dev/null", "--report=rejected", status=1).stderr
    assert on_terminal(command(audits, "/dev/null", "--quiet")) == ""


def test_a_terminal_gets_a_table_and_no_colour_is_obeyed(tmp_path):
    audits = write(tmp_path / "a", [audit("a")])
    said = on_terminal(command(audits, "/dev/null"), stdout_too=True)
    assert '{"type"' not in said and "missing" in said
    plain = on_terminal(command(audits, "/dev/null"), stdout_too=True, environment={"NO_COLOR": "1"})
    assert "\x1b[3" not in plain and "\x1b[1" not in plain


# --- memory


def peak_bytes(arguments):
    """The child's largest resident set, by a process of its own that has no other child."""
    program = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)\n"
        "sys.stderr.buffer.write(done.stderr)\n"
        "print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)\n"
    )
    done = subprocess.run(["python3", "-c", program, *map(str, arguments)], capture_output=True, text=True, timeout=600)
    status, peak = done.stdout.split()
    assert status == "0", done.stderr
    return int(peak)


def generated(path, count, name):
    filler = "x" * 200
    with open(path, "w", encoding="ascii") as file:
        for i in range(count):
            file.write(f'{{"id":"order-{i}","{name}":{BASE_MS + i * 10},"data":"{filler}"}}\n')
    return path


@pytest.mark.skipif(SANITIZED, reason="a sanitizer has memory of its own")
def test_memory_depends_on_what_is_remembered_not_on_the_size_of_the_file(tmp_path):
    def peak(count, *options):
        audits = generated(tmp_path / "a", count, "event_time")
        events = generated(tmp_path / "e", count, "time")
        return peak_bytes(command(audits, events, *options))

    # What the command holds besides, most of it in what its threads run ahead of each other, is less than that. (How
    # far they do depends on the machine's mood.)
    besides = 60e6
    whole = peak(1_000_000, "--out-of-orderness=10s", "--retention=1m")
    assert (tmp_path / "a").stat().st_size > 200e6
    assert whole < besides, whole
    # And without retention all IDs are remembered: the measure does see them.
    assert peak_bytes(command(tmp_path / "a", tmp_path / "e")) > whole + 10e6


@pytest.mark.skipif(SANITIZED, reason="a sanitizer has memory of its own")
@pytest.mark.parametrize("size, count", [(2000, 40_000), (1_000_000, 150)])
def test_a_file_runs_no_further_ahead_of_a_pipe_because_its_contexts_are_long(tmp_path, size, count):
    audits = write(tmp_path / "a", many(count, lambda i, ms: audit(i, ms, context="x" * size)))
    events = tmp_path / "e"
    os.mkfifo(events)
    words = command(audits, events, "--out-of-orderness=1s", "--retention=1m", "--quiet")
    with subprocess.Popen([*map(str, words)], stdout=subprocess.DEVNULL) as process:
        records = ndjson(many(count, event))
        with open(events, "wb", buffering=0) as pipe:
            pipe.write(records[:100])

            def is_asleep():
                """Whoever reads the file waits, and has read some of it."""
                tasks = [Path(task, "stat").read_text() for task in Path(f"/proc/{process.pid}/task").iterdir()]
                read = int(Path(f"/proc/{process.pid}/io").read_text().split()[1])
                return read > 10e6 and len(tasks) > 2 and all(t.rsplit(")", 1)[1].split()[0] == "S" for t in tasks)

            wait_until(lambda: all(is_asleep() for _ in range(20)))
            status = Path(f"/proc/{process.pid}/status").read_text()
            pipe.write(records[100:])
    assert process.returncode == 0
    peak_kib = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])
    assert peak_kib * 1024 < 60e6, peak_kib


def test_the_memory_limit_is_kept_and_named(tmp_path):
    audits = generated(tmp_path / "a", 400_000, "event_time")
    run = check(audits, "/dev/null", "--memory-limit=8M", status=2)
    assert "--memory-limit" in run.stderr and "IDs remembered" in run.stderr
    assert "OK" not in run.stderr


@pytest.mark.skipif(SANITIZED, reason="sanitizers want more address space than that")
def test_where_the_system_has_no_more_memory_the_limit_is_not_blamed(tmp_path):
    audits = write(tmp_path / "a", many(20000, lambda i, ms: audit(i, ms, context="x" * 8000)))
    words = ["sh", "-c", "ulimit -v 300000; exec \"$@\"", "sh"]
    done = subprocess.run([*words, *command(audits, "/dev/null", "--quiet")], capture_output=True, check=False)
    assert done.returncode == 2
    assert b"out of memory with" in done.stderr and b"the system gives no more" in done.stderr


@pytest.mark.skipif(SANITIZED, reason="a sanitizer has memory of its own")
def test_a_hundred_files_take_little_memory_each(tmp_path):
    files = [[generated(tmp_path / f"{n}{i}", 2000, n) for i in range(100)] for n in ("event_time", "time")]
    assert peak_bytes(command(*files, "--out-of-orderness=1s", "--retention=1s")) < 200e6
