#!/usr/bin/env python3
"""The arrows between the rooms, read from #include lines: arrows.py ROOT

A room includes itself, the rooms it may use, and the libraries that live in it; the core nothing that does I/O, reads a
clock or takes memory. Quoted includes are named from include/ or src/ on ("core/limits.h"), never relative.
"""

import pathlib
import re
import sys

# room: what it may include, besides itself and include/recon. The arrows point downwards only.
USES = {
    "core": set(),
    "codec": {"core"},
    "config": {"core", "codec"},
    "io": {"core"},
    "generate": {"core", "codec"},
    "service": {"core", "codec", "config", "io"},
    "web": {"core", "codec", "config", "io", "service"},
    "cli": {"core", "codec", "config", "generate", "io", "service", "web"},
}

# library header: the rooms it may be seen in.
LIBRARIES = {
    "simdjson.h": {"codec"},
    "yaml.h": {"config"},
    "jansson.h": {"codec"},
    "snappy-c.h": {"codec"},
    "zlib.h": {"io", "codec"},  # codec: the deflate blocks of Avro files
    "zstd.h": {"io", "codec"},  # codec: likewise
    "zstd_errors.h": {"io", "codec"},
    "xxhash.h": {"core", "codec"},
    "sodium.h": {"codec"},
    "cctz/": {"codec"},
    "librdkafka/": {"io"},
    "sqlite3.h": {"io"},
    "curl/": {"io"},
    "systemd/": {"cli"},
    "microhttpd.h": {"web"},
}

# What the core may include from the system: types, limits, memcpy, assert, vector instructions.
CORE_SYSTEM = {
    "assert.h", "limits.h", "stdalign.h", "stdbool.h", "stddef.h", "stdint.h", "string.h", "inttypes.h",
    "immintrin.h", "emmintrin.h", "xxhash.h", "cpuid.h",
}  # fmt: skip

# Headers of the C library and of POSIX, C++'s own (no dot): free outside the core.
SYSTEM = re.compile(
    r"^([a-z_]+|(assert|ctype|dirent|endian|errno|fcntl|getopt|inttypes|libgen|limits|locale|malloc|math|poll|pthread|sched|semaphore|"
    r"setjmp|signal|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|strings|termios|"
    r"threads|time|unistd|wchar|immintrin|emmintrin|cpuid|(sys|linux|arpa|netinet)/[a-z_]+)\.h)$"
)

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def faults(root):
    src = root / "src"
    for path in sorted([*src.rglob("*"), *(root / "include").rglob("*")]):
        if path.suffix not in {".c", ".h", ".cpp"}:
            continue
        public = (root / "include") in path.parents
        room = "core" if public else path.relative_to(src).parts[0]
        if room not in USES:
            yield f"{path}: no such room: {room}"
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            quoted, name = match[1] == '"', match[2]
            place = f"{path.relative_to(root)}:{number}: "
            if quoted:
                other = name.split("/")[0]
                if other == "recon":
                    continue
                if public:
                    yield f"{place}a public header includes {name}, which is not public"
                elif other not in USES or "/" not in name:
                    yield f"{place}{name} is not named from include/ or src/ on"
                elif other != room and other not in USES[room]:
                    yield f"{place}{room} must not use {other} ({name})"
                continue
            key = name if "/" not in name else name.split("/")[0] + "/"
            rooms = LIBRARIES.get(key)
            if room == "core" and name not in CORE_SYSTEM:
                yield f"{place}the core must not include <{name}>"
            elif rooms is not None and room not in rooms:
                yield f"{place}<{name}> belongs in src/{', src/'.join(sorted(rooms))} alone"
            elif rooms is None and not SYSTEM.match(name):
                yield f"{place}<{name}> is in no list: say in {pathlib.Path(__file__).name} where it may be used"


def main():
    root = pathlib.Path(sys.argv[1])
    if not any((root / "src").rglob("*.[ch]")):
        sys.exit(f"arrows: no sources under {root}/src")
    found = list(faults(root))
    for fault in found:
        print(fault, file=sys.stderr)
    if found:
        sys.exit(1)
    print("every #include points the right way")


main()
