#!/usr/bin/env python3
"""recon check beside DuckDB and beside simdjson alone, on two generated NDJSON files.

    check_vs_duckdb.py --recon PROGRAM --simdjson PROGRAM --data DIRECTORY [--ids 10000000] [--runs 5]

The files (recon generate, seed 1) are made in the directory and read once before the clock starts, so that the page cache
is warm. Then, in turn:

    recon        recon check: metrics by the hour and every missing ID, each line judged whole as JSON, to a file
    anti-join    DuckDB: the IDs of the audit file that are not in the events file, to a file
    full join    DuckDB: a full outer join by ID, and from it expected, matched, missing and unaudited by the hour, to a file
    simdjson     simdjson's on-demand parser, an ID and a time from each line, nothing else; a thread for each file

DuckDB has its default threads, reads only the columns that are named, and is timed without its start; recon with its. All
is judged at the end, as the joins do. Figures are medians, ratios those of the runs. That recon and the anti-join find the
same missing IDs is checked in every run. Where the machine has other work, compare processor time: the wall's is then chance.
Without DuckDB the others are measured, and it is said.
"""

import argparse
import json
import pathlib
import resource
import statistics
import subprocess
import sys
import time

try:
    import duckdb
except ImportError:
    duckdb = None

ANTI_JOIN = """
copy (select id from read_ndjson('{audit}', columns = {{id: 'VARCHAR'}}) audit
      anti join read_ndjson('{events}', columns = {{id: 'VARCHAR'}}) events using (id))
to '{out}' (format csv, header false)
"""

FULL_JOIN = """
copy (select time_bucket(interval 1 hour, coalesce(audit.event_time, events.time)) as start,
             count(audit.id) as expected,
             count(*) filter (audit.id is not null and events.id is not null) as matched,
             count(*) filter (events.id is null) as missing,
             count(*) filter (audit.id is null) as unaudited,
             100.0 * matched / expected as completeness_percent
      from read_ndjson('{audit}', columns = {{id: 'VARCHAR', event_time: 'TIMESTAMP'}}) audit
      full join read_ndjson('{events}', columns = {{id: 'VARCHAR', time: 'TIMESTAMP'}}) events using (id)
      group by start order by start)
to '{out}' (format csv, header true)
"""


def processor_seconds():
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def seconds(work):
    """By the wall's clock, and of all processors."""
    wall, processor = time.perf_counter(), processor_seconds()
    work()
    return time.perf_counter() - wall, processor_seconds() - processor


class Bench:
    def __init__(self, options):
        self.recon, self.simdjson, self.data = options.recon, options.simdjson, options.data
        self.files = {name: str(self.data / f"{name}.ndjson") for name in ("audit", "events")}
        self.out = {name: str(self.data / f"{name}.out") for name in ("recon", "anti-join", "full join")}
        command = [self.recon, "generate", "--seed", "1", "--ids", str(options.ids), "--output", str(self.data)]
        subprocess.run([*command, "--force", "--quiet"], check=True)

    def warm(self):
        for path in self.files.values():
            with open(path, "rb", buffering=0) as file:
                while file.read(1 << 24):
                    pass

    def run_recon(self):
        command = [self.recon, "check", "--audit", self.files["audit"], "--events", self.files["events"]]
        command += ["--results", "ndjson", "--output", self.out["recon"], "--quiet"]
        status = subprocess.run(command).returncode
        if status not in (0, 1):
            sys.exit(f"recon check ended with {status}")

    def query(self, text, name):
        duckdb.connect().execute(text.format(**self.files, out=self.out[name]))

    def run_simdjson(self):
        subprocess.run([self.simdjson, self.files["audit"], self.files["events"]], check=True, stdout=subprocess.DEVNULL)

    def missing_by_recon(self):
        with open(self.out["recon"], encoding="utf-8") as file:
            return {json.loads(line)["id"] for line in file if line.startswith('{"type":"missing"')}

    def missing_by_duckdb(self):
        # A doubled audit record is named twice.
        with open(self.out["anti-join"], encoding="utf-8") as file:
            return {line.rstrip("\r\n") for line in file}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recon", required=True)
    parser.add_argument("--simdjson", required=True)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--ids", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    bench = Bench(options)
    bench.warm()
    sides = {"recon check": bench.run_recon, "simdjson alone": bench.run_simdjson}
    if duckdb:
        sides["DuckDB anti-join"] = lambda: bench.query(ANTI_JOIN, "anti-join")
        sides["DuckDB full join"] = lambda: bench.query(FULL_JOIN, "full join")
    taken = {name: [] for name in sides}
    for _ in range(options.runs):
        for name, work in sides.items():
            taken[name].append(seconds(work))
        by_recon = bench.missing_by_recon()
        if duckdb and by_recon != bench.missing_by_duckdb():
            both = len(by_recon & bench.missing_by_duckdb())
            sys.exit(f"missing: recon finds {len(by_recon)}, DuckDB {len(bench.missing_by_duckdb())}, both {both}")
    print(f"{options.ids} IDs, {len(by_recon)} missing, medians of {options.runs} runs")
    print(f"DuckDB {duckdb.__version__} finds the same ones" if duckdb else "DuckDB is not installed: left out")
    for name, figures in taken.items():
        pairs = list(zip(figures, taken["recon check"]))
        wall = statistics.median(own[0] for own, _ in pairs)
        processor = statistics.median(own[1] for own, _ in pairs)
        ratios = [statistics.median(own[i] / recon[i] for own, recon in pairs) for i in (0, 1)]
        print(f"{name:17} {wall:8.3f} s {ratios[0]:6.2f} x recon's   processors {processor:8.3f} s {ratios[1]:6.2f} x recon's")


main()
