"""recon size: what it says a load needs, beside what recon check then takes."""

import os
import re
import subprocess

import pytest

RECON = os.environ.get("RECON", "build/dev/recon")
MIB = 1 << 20


def size(*arguments):
    return subprocess.run([RECON, "size", *arguments], capture_output=True, text=True, timeout=60)


def rows(*arguments):
    result = size(*arguments)
    assert (result.returncode, result.stderr) == (0, "")
    found = re.findall(r"^(\w+) +([\d,.]+) ", result.stdout, re.MULTILINE)
    return {name: float(number.replace(",", "")) for name, number in found}


def test_what_is_remembered_is_the_rate_times_how_long():
    said = rows("--rate", "1000/s", "--retention", "1h", "--out-of-orderness", "30s", "--delay", "0s", "--missing", "0")
    assert said["IDs"] == 1000 * 3630
    assert said["pending"] == said["missing"] == 0
    said = rows("--rate", "1000", "--retention", "1h", "--out-of-orderness", "1m", "--delay", "10s", "--missing", "1%")
    assert said["IDs"] == 1000 * 3670
    assert said["pending"] == 1000 * 10 + 10 * 60
    assert said["missing"] == 10 * 3600


@pytest.mark.parametrize("rate", ["7200k/h", "2k/s", "2000", "0.12M/min", "172.8M/d"])
def test_a_rate_has_a_unit_of_time(rate):
    assert rows("--rate", rate, "--retention", "10s", "--out-of-orderness", "0s", "--delay", "0s")["IDs"] == 20000


@pytest.mark.parametrize("rate", ["", "0", "-1/s", "x", "5/week", "5kk", "nan", "inf", "1e300", "+5"])
def test_what_is_no_rate_is_refused_with_the_mend(rate):
    result = size("--rate", rate, "--retention", "1h")
    assert (result.returncode, result.stdout) == (2, "")
    assert "--rate: " in result.stderr and "write 200000/s, 5k/s or 12M/h" in result.stderr


def test_all_faults_are_told_at_once():
    result = size("--retention", "10", "--missing", "2", "--id-bytes", "many")
    assert result.returncode == 2
    for option in ("--rate is missing", "--retention: ", "--missing: ", "--id-bytes: "):
        assert option in result.stderr


def test_past_what_one_matcher_takes_there_are_several():
    assert rows("--rate", "1000/s", "--retention", "1h")["matchers"] == 1
    assert rows("--rate", "100k/s", "--retention", "1h")["matchers"] == 2
    assert rows("--rate", "1M/s", "--retention", "1h")["matchers"] == 14


@pytest.mark.skipif(bool(os.environ.get("RECON_SANITIZED")), reason="sanitizers take memory of their own")
@pytest.mark.parametrize("delay_s, retention_s", [(1, 240), (60, 60)])
def test_the_memory_it_says_is_what_check_takes(tmp_path, delay_s, retention_s):
    """Each record is late by up to n / 6, so the second one of an ID comes some part of that after the first."""
    rate, wait_s = 5000, delay_s * 6
    subprocess.run(
        [RECON, "generate", "--seed", "7", "--ids", str(rate * 400), "--rate", str(rate), "--stalls", "0", "--quiet"]
        + ["--retention", f"{retention_s}s", "--out-of-orderness", f"{wait_s}s", "--output", str(tmp_path)],
        check=True,
        timeout=300,
    )
    settings = ["--retention", f"{retention_s}s", "--out-of-orderness", f"{wait_s}s"]
    said = rows("--rate", str(rate), *settings, "--delay", f"{delay_s * 250}ms", "--missing", "0.2%")

    def check(limit_bytes):
        process = subprocess.Popen(
            [RECON, "check", "--audit", tmp_path / "audit.ndjson", "--events", tmp_path / "events.ndjson", *settings]
            + ["--output", tmp_path / "out.ndjson", "--memory-limit", f"{int(limit_bytes) >> 10}K", "--quiet"],
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode, usage.ru_maxrss * 1024

    status, resident = check(1.15 * said["memory"] * MIB)
    assert status == 1  # some are missing: it did its work
    assert 0.6 * said["resident"] * MIB < resident < 1.1 * said["resident"] * MIB
    assert check(0.6 * said["memory"] * MIB)[0] == 2  # the limit was passed
