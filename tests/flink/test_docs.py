"""The example of docs/flink.md is a program that runs and prints what the page says."""

import pathlib
import re
import subprocess

from cluster import LIMIT_S
from reconciling import JAR, ROOT


def test_the_library_example_finds_what_is_missing(cluster, tmp_path):
    [program] = re.findall(r"```java\n(.*?)```", (ROOT / "docs/flink.md").read_text(), flags=re.S)
    (tmp_path / "Orders.java").write_text(program)
    libraries = ":".join(map(str, [JAR, *(cluster.home / "lib").glob("*.jar")]))
    subprocess.run(["javac", "-cp", libraries, "-d", tmp_path, tmp_path / "Orders.java"], check=True)
    # A cluster within the program's own process, as one runs a job while one writes it.
    opens = [f"--add-opens=java.base/{one}=ALL-UNNAMED" for one in ("java.util", "java.lang", "java.time", "java.nio")]
    ended = subprocess.run(
        ["java", *opens, "-XX:TieredStopAtLevel=1", "-cp", f"{tmp_path}:{libraries}", "Orders"], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, timeout=LIMIT_S)
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert '"type":"missing","id":"b"' in ended.stdout
    assert '"completeness_percent":50' in ended.stdout
