"""What the programs share that time commands beside one another: data, clocks, medians, lines of the table.

Data is generated once into a folder and kept for the next program; what a program makes besides it removes. Files are read once
before the clock starts, so that the page cache is warm. Sides run in turn; ratios are medians of the runs' ratios. Where the
machine has other work, compare processor time: the wall's is then chance.
"""

import argparse
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

FULL_JOIN = """
copy (select time_bucket(interval 1 hour, coalesce(audit.event_time, events.time)) as start,
             count(audit.id) as expected,
             count(*) filter (audit.id is not null and events.id is not null) as matched,
             count(*) filter (events.id is null) as missing,
             count(*) filter (audit.id is null) as unaudited,
             100.0 * matched / expected as completeness_percent
      from {read}('{audit}', {columns} {{id: 'VARCHAR', event_time: 'TIMESTAMP'}}) audit
      full join {read}('{events}', {columns} {{id: 'VARCHAR', time: 'TIMESTAMP'}}) events using (id)
      group by start order by start)
to '{out}' (format csv, header true)
"""


def options_of(text, **more):
    """The options that all have; more: names of further ones, with the default, None where one must be given."""
    parser = argparse.ArgumentParser(description=text.splitlines()[0])
    parser.add_argument("--recon", required=True)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--ids", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=5)
    for name, default in more.items():
        parser.add_argument(f"--{name}", default=default, required=default is None)
    return parser.parse_args()


def generated(options, name, *settings):
    """Paths of the audit and the events file of recon generate with these settings."""
    folder = options.data / name
    command = [options.recon, "generate", "--seed", "1", "--ids", str(options.ids), "--output", str(folder), *settings]
    made = folder / "made"
    if not made.exists() or made.read_text() != str(command):
        subprocess.run([*command, "--force", "--quiet"], check=True)
        made.write_text(str(command))
    return folder / "audit.ndjson", folder / "events.ndjson"


def warm(*paths):
    for path in paths:
        with open(path, "rb", buffering=0) as file:
            while file.read(1 << 24):
                pass


def check(options, audit, events, out, *more):
    """recon check, all judged at the end: metrics by the hour and what is missing, to a file."""
    status = subprocess.run([options.recon, "check", "--audit", audit, "--events", events, "--results", "ndjson", "--output", out,
                             "--quiet", *more]).returncode
    if status not in (0, 1):
        sys.exit(f"recon check ended with {status}")


def full_join(read, columns, audit, events, out):
    duckdb.connect().execute(FULL_JOIN.format(read=read, columns=columns, audit=audit, events=events, out=out))


def processor_seconds():
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


class Taken:
    """Seconds of runs: by the wall's clock, and of all processors."""

    def __init__(self, runs):
        self.wall, self.processor = map(list, zip(*runs))

    def __str__(self):
        return f"{statistics.median(self.wall):.2f} s"

    def to(self, other):
        """How many times as long as another."""
        return statistics.median(own / its for own, its in zip(self.wall, other.wall))

    def processor_to(self, other):
        return statistics.median(own / its for own, its in zip(self.processor, other.processor))

    def ratio(self, other):
        """The cell of the table."""
        return f"{self.to(other):.2f} (in processor time {self.processor_to(other):.2f})"


def alternate(runs, sides, first=None):
    """Runs the sides in turn; a Taken for each. Prints them beside the first one, and calls `first` after each turn."""
    taken = {name: [] for name in sides}
    for _ in range(runs):
        for name, work in sides.items():
            wall, processor = time.perf_counter(), processor_seconds()
            work()
            taken[name].append((time.perf_counter() - wall, processor_seconds() - processor))
        if first:
            first()
    taken = {name: Taken(figures) for name, figures in taken.items()}
    base = next(iter(taken.values()))
    for name, one in taken.items():
        print(f"{name:28} {one} {one.to(base):6.2f} x   processors {statistics.median(one.processor):8.2f} s "
              f"{one.processor_to(base):6.2f} x")
    return taken


def row(what, recon, beside, ratio, to_reach):
    """A line of the table that run.sh writes."""
    print(f"| {what} | {recon} | {beside} | {ratio} | {to_reach} |", flush=True)
