"""`make demo-kafka` ends by itself, says of the flights what there is to say, and docs/run.md shows what it prints."""

import os
import re
import subprocess
import sys

from broker import ROOT
from service import RECON


def test_the_demo_counts_the_flights_and_the_page_shows_it():
    ended = subprocess.run([sys.executable, ROOT / "examples/kafka/demo.py", RECON], stdout=subprocess.PIPE, text=True,
                           timeout=150, check=True, env={**os.environ, "HOURS": "24"})
    assert "4304 flights were to leave, 3336 left, 968 never did" in ended.stdout
    assert "    missing  " in ended.stdout and "    found    " in ended.stdout and " ^ " in ended.stdout
    assert ended.stdout.splitlines()[-1].endswith(" info: stopped")
    [shown] = re.findall(r"<!-- demo-kafka .*?-->\n```text\n(.*?)```", (ROOT / "docs/run.md").read_text(), flags=re.S)
    lines = [line for line in shown.splitlines() if line.strip() != "…"]
    assert {shape(line) for line in lines} <= {shape(line) for line in ended.stdout.splitlines()}


def shape(line):
    """A line without its numbers and IDs: which ones are late depends on how far the streams are apart just then."""
    return re.sub(r"[^ ]*\d[^ ]*|#+|\^| ", "", line)
