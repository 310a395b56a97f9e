#!/usr/bin/env python3
"""recon check of two .zst files beside zstd -dc of both at once, and beside the same files unpacked.

    check_zstd.py --recon PROGRAM --data DIRECTORY [--ids 10000000] [--runs 5]

Packed with zstd's own default. The baseline is whichever of the two is slower.
"""

import subprocess

import beside


def main():
    options = beside.options_of(__doc__)
    plain = beside.generated(options, "plain")
    subprocess.run(["zstd", "-qfk", *plain], check=True)
    packed = [path.with_suffix(".ndjson.zst") for path in plain]
    beside.warm(*plain, *packed)
    out = options.data / "zstd.out"

    def unpack():
        each = [subprocess.Popen(["zstd", "-qdc", path], stdout=subprocess.DEVNULL) for path in packed]
        assert not any([one.wait() for one in each])

    taken = beside.alternate(options.runs, {
        "recon check, .zst": lambda: beside.check(options, *packed, out),
        "recon check, plain": lambda: beside.check(options, *plain, out),
        "zstd -dc of both": unpack})
    recon, unpacked, plain_check = taken["recon check, .zst"], taken["zstd -dc of both"], taken["recon check, plain"]
    slower, name = (unpacked, "`zstd -dc` of both") if unpacked.to(plain_check) > 1 else (plain_check, "the same unpacked")
    beside.row(f"recon check, the same from .zst, {options.ids:.0e} lines each", recon, f"{name}: {slower}",
               recon.ratio(slower), "≤ 1.3")
    for path in packed:
        path.unlink()


main()
