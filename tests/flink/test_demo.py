"""`make demo-flink` ends by itself, and says of the flights what there is to say."""

import subprocess
import sys

from cluster import LIMIT_S
from reconciling import JAR, ROOT


def test_the_demo_counts_the_flights():
    ended = subprocess.run([sys.executable, ROOT / "examples/flights/demo_flink.py", JAR], stdout=subprocess.PIPE, text=True,
                           timeout=2 * LIMIT_S, check=True)
    assert "4304 flights were to leave, 3336 left, 968 never did" in ended.stdout
    assert "    missing  " in ended.stdout and "    found    " in ended.stdout and " ^ " in ended.stdout
