"""The programs that measure the service stay alive."""

import os
import pathlib
import re
import subprocess
import sys

from broker import ROOT
from service import RECON


def test_the_service_is_measured_beside_a_bare_loop():
    build = pathlib.Path(RECON).parent
    if "RECON_CHECK_BUILT" not in os.environ:  # else others may just build there
        subprocess.run(["cmake", "--build", build, "--target", "bench_kafka_consume", "--", "-j", str(os.cpu_count())], check=True,
                       capture_output=True)
    ended = subprocess.run([sys.executable, ROOT / "bench/kafka/run.py", "--tiny", "--build", build], stdout=subprocess.PIPE, text=True,
                           timeout=150, check=True)
    assert re.search(r"^medians: bare loop [\d.]+, recon run [\d.]+ million a second; ratio", ended.stdout, re.MULTILINE)
    assert re.search(r"^delay of \d+ missing", ended.stdout, re.MULTILINE)


def test_pauses_for_snapshots_are_measured():
    ended = subprocess.run([sys.executable, ROOT / "bench/kafka/pause.py", "--tiny", "--build", pathlib.Path(RECON).parent],
                           stdout=subprocess.PIPE, text=True, timeout=150, check=True)
    assert re.search(r"^50% are matched: 0.02 million IDs, 0.01 of them pending; .* longest round \d+ ms with a snapshot", ended.stdout,
                     re.MULTILINE)
