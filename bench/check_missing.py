#!/usr/bin/env python3
"""recon check where a tenth of all IDs is missing beside one where none is.

    check_missing.py --recon PROGRAM --data DIRECTORY [--ids 10000000] [--runs 5]
"""

import shutil

import beside


def main():
    options = beside.options_of(__doc__)
    none = beside.generated(options, "none", "--loss", "0%")
    tenth = beside.generated(options, "tenth", "--loss", "10%")
    beside.warm(*none, *tenth)
    out = options.data / "missing.out"
    taken = beside.alternate(options.runs, {
        "a tenth missing": lambda: beside.check(options, *tenth, out),
        "none missing": lambda: beside.check(options, *none, out)})
    many, few = taken.values()
    beside.row(f"recon check, a tenth of {options.ids:.0e} IDs missing", many, f"itself, none missing: {few}",
               many.ratio(few), "≤ 1.3")
    for folder in (none[0].parent, tenth[0].parent):
        shutil.rmtree(folder)


main()
