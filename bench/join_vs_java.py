#!/usr/bin/env python3
"""The join beside the same one with Java's HashMap, in turn, a process each.

    join_vs_java.py --join bench_join [--java java] [--ids 20000000] [--runs 5]

The Java machine gets as much memory as it wants and the collector that stops for the least time in all (parallel); its time
is by the wall's clock, compiled before; recon's is processor time, with memory touched for the first time as Java's is.
"""

import argparse
import pathlib
import re
import statistics
import subprocess

import beside


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--join", required=True)
    parser.add_argument("--java", default="java")
    parser.add_argument("--ids", type=int, default=20_000_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    classes = pathlib.Path(options.join).parent / "java"
    subprocess.run([options.java + "c", "-d", classes, pathlib.Path(__file__).with_name("HashMapJoin.java")], check=True)
    sides = {
        "recon": [options.join, "--ids", str(options.ids), "--runs", "0", "--texts", "0"],
        "java.util.HashMap": [options.java, "-XX:+UseParallelGC", "-Xms6g", "-Xmx10g", "-cp", classes, "HashMapJoin", str(options.ids)]}
    if options.ids < 1_000_000:
        sides["java.util.HashMap"][2:4] = []
    taken = {name: [] for name in sides}
    for _ in range(options.runs):
        for name, command in sides.items():
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            taken[name].append(float(re.search(r"([\d.]+) ns (?:a record$|first touch)", said, re.M)[1]))
    recon, java = (statistics.median(one) for one in taken.values())
    ratio = statistics.median(its / own for own, its in zip(*taken.values()))
    beside.row(f"join, {options.ids:.0e} IDs in flight", f"{recon:.1f} ns a record", f"Java's HashMap: {java:.1f} ns",
               f"{ratio:.2f}", "≥ 15")


main()
