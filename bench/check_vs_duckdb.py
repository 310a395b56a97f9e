#!/usr/bin/env python3
"""recon check beside DuckDB and beside simdjson alone, on two generated NDJSON files.

    check_vs_duckdb.py --recon PROGRAM --simdjson PROGRAM --data DIRECTORY [--ids 10000000] [--runs 5]

    recon        recon check: metrics by the hour and every missing ID, each line judged whole as JSON, to a file
    anti-join    DuckDB: the IDs of the audit file that are not in the events file, to a file
    full join    DuckDB: a full outer join by ID, and from it expected, matched, missing and unaudited by the hour, to a file
    simdjson     simdjson's on-demand parser, an ID and a time from each line, nothing else; a thread for each file

DuckDB has its default threads, reads only the columns that are named, and is timed without its start; recon with its. All
is judged at the end, as the joins do. That recon and the anti-join find the same missing IDs is checked in every run.
Without DuckDB the others are measured, and it is said.
"""

import json
import subprocess
import sys

import beside
from beside import duckdb

ANTI_JOIN = """
copy (select id from read_ndjson('{audit}', columns = {{id: 'VARCHAR'}}) audit
      anti join read_ndjson('{events}', columns = {{id: 'VARCHAR'}}) events using (id))
to '{out}' (format csv, header false)
"""


def main():
    options = beside.options_of(__doc__, simdjson=None)
    audit, events = beside.generated(options, "plain")
    beside.warm(audit, events)
    out = {name: options.data / f"{name}.out" for name in ("recon", "anti-join", "full-join")}
    found = set()

    def same():
        with open(out["recon"], encoding="utf-8") as file:
            found.update(json.loads(line)["id"] for line in file if line.startswith('{"type":"missing"'))
        if duckdb:
            with open(out["anti-join"], encoding="utf-8") as file:
                by_duckdb = {line.rstrip("\r\n") for line in file}  # a doubled audit record is named twice
            if found != by_duckdb:
                sys.exit(f"missing: recon finds {len(found)}, DuckDB {len(by_duckdb)}, both {len(found & by_duckdb)}")

    sides = {
        "recon check": lambda: beside.check(options, audit, events, out["recon"]),
        "simdjson alone": lambda: subprocess.run([options.simdjson, audit, events], check=True, stdout=subprocess.DEVNULL)}
    if duckdb:
        sides["DuckDB anti-join"] = lambda: duckdb.connect().execute(
            ANTI_JOIN.format(audit=audit, events=events, out=out["anti-join"]))
        sides["DuckDB full join"] = lambda: beside.full_join("read_ndjson", "columns =", audit, events, out["full-join"])
    taken = beside.alternate(options.runs, sides, same)
    print(f"{options.ids} IDs, {len(found)} missing, medians of {options.runs} runs")
    print(f"DuckDB {duckdb.__version__} finds the same ones" if duckdb else "DuckDB is not installed: left out")
    recon, simdjson = taken["recon check"], taken["simdjson alone"]
    what = f"recon check, two NDJSON files of {options.ids:.0e} lines"
    if duckdb:
        full = taken["DuckDB full join"]
        beside.row(what, recon, f"DuckDB {duckdb.__version__}, full outer join: {full}", full.ratio(recon), "≥ 3")
    beside.row(what, recon, f"simdjson alone, on both cores: {simdjson}", simdjson.ratio(recon), "≥ 0.6")


main()
