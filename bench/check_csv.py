#!/usr/bin/env python3
"""recon check of two CSV files beside DuckDB's full outer join of them.

    check_csv.py --recon PROGRAM --data DIRECTORY [--ids 10000000] [--runs 5]

All columns of the generated NDJSON, written as CSV by DuckDB, which reads the two that it needs, as told; recon judges the
form of every line.
"""

import sys

import beside
from beside import duckdb


def main():
    options = beside.options_of(__doc__)
    if not duckdb:
        sys.exit("DuckDB is not installed: CSV is left out")
    plain = beside.generated(options, "plain")
    files = [path.with_suffix(".csv") for path in plain]
    for path, file in zip(plain, files):
        duckdb.connect().execute(f"copy (select * from read_ndjson('{path}')) to '{file}' (header)")
    beside.warm(*files)
    out = options.data / "csv.out"
    taken = beside.alternate(options.runs, {
        "recon check, CSV": lambda: beside.check(options, *files, out),
        "DuckDB full join": lambda: beside.full_join("read_csv", "header = true, types =", *files, options.data / "csv-join.out")})
    recon, full = taken["recon check, CSV"], taken["DuckDB full join"]
    beside.row(f"recon check, the same from CSV, {options.ids:.0e} lines each", recon,
               f"DuckDB {duckdb.__version__}, full outer join: {full}", full.ratio(recon), "≥ 2")
    for path in files:
        path.unlink()


main()
