#!/usr/bin/env python3
"""The writing of missing IDs as NDJSON beside `cat` of what was written.

    check_results.py --recon PROGRAM --data DIRECTORY [--ids 10000000] [--runs 5]

The audit file alone, so that every ID of it is missing, with and without `missing` among the results: the difference is what
reporting and writing them takes. Written to a file that is there, as `cat` does.
"""

import os
import statistics
import subprocess

import beside


def main():
    options = beside.options_of(__doc__)
    audit, _ = beside.generated(options, "plain")
    nothing = options.data / "nothing.ndjson"
    nothing.touch()
    beside.warm(audit)
    out, copy = options.data / "results.out", options.data / "results.copy"

    def cat():
        with open(copy, "wb") as to:
            subprocess.run(["cat", out], stdout=to, check=True)

    taken = beside.alternate(options.runs, {
        "check without results": lambda: beside.check(options, audit, nothing, options.data / "none.out", "--report", ""),
        "check": lambda: beside.check(options, audit, nothing, out),
        "cat": cat})
    without, written, copied = (one.wall for one in taken.values())
    more = [a - b for a, b in zip(written, without)]
    ratio = statistics.median(one / its for one, its in zip(more, copied))
    beside.row(f"results: {options.ids:.0e} missing, {os.path.getsize(out) / 1e9:.1f} GB of NDJSON", f"{statistics.median(more):.2f} s",
               f"`cat` of them to a file: {taken['cat']}", f"{ratio:.2f}", "≤ 3")
    out.unlink()
    copy.unlink()


main()
