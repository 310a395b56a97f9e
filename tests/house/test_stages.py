"""The runner of stages: a failure in any lane fails the whole and is told, and an end in whatever way leaves nothing behind."""

import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

STAGES = pathlib.Path(__file__).parent / "stages.sh"
SCRIPT = """
cd "$(dirname "$0")"
logs=.
. {stages}
stage_first() {{ echo "97% tests passed, 1 tests failed out of 33"; return 1; }}
stage_second() {{ mkfifo here 2>/dev/null; [ "$(cat here)" = met ]; }}
stage_third() {{ echo met >here; }}
stage_waits() {{ sh -c 'echo $$ >child; exec sleep 1000' | cat; }}
stages_begin "$@"
{lanes}
stages_end
"""


def start(folder, lanes):
    script = folder / "script.sh"
    script.write_text(SCRIPT.format(stages=STAGES, lanes=lanes))
    return subprocess.Popen(["bash", script], stdout=subprocess.PIPE, text=True)


def wait_until(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_lanes_run_beside_one_another_and_add_up(tmp_path):
    os.mkfifo(tmp_path / "here")
    one = start(tmp_path, 'run_lanes "second" "third"')
    said, _ = one.communicate(timeout=30)
    assert one.returncode == 0
    assert said.endswith("\n2 passed, 0 failed\n")


def test_a_failure_fails_the_whole_and_its_lane_goes_on(tmp_path):
    os.mkfifo(tmp_path / "here")
    one = start(tmp_path, 'run_lanes "second" "first third"')
    said, _ = one.communicate(timeout=30)
    assert one.returncode == 1
    assert re.search(r"^FAILED first +\d+ s  32 of 33 tests\n +\| 97% tests passed", said, re.MULTILINE)
    assert "failed: first (" in said
    assert said.endswith("\n34 passed, 1 failed\n")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_it_ends_nothing_is_left(tmp_path, how):
    os.mkfifo(tmp_path / "here")
    one = start(tmp_path, 'run_lanes "third" "waits"')
    child = tmp_path / "child"
    wait_until(lambda: child.exists() and child.read_text().strip())
    one.send_signal(how)
    assert one.wait(20) != 0
    wait_until(lambda: not pathlib.Path(f"/proc/{child.read_text().strip()}").exists())
