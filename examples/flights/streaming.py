"""The flights as two streams of Kafka, and their results as lines for people: what the demonstrations share."""

import csv
import json
import os
import pathlib

FOLDER = pathlib.Path(__file__).parent
STREAMS = {"flights.schedule": ("schedule.csv", "scheduled"), "flights.departures": ("departures.csv", "departed")}
HOURS_AT_ONCE = int(os.environ.get("HOURS", "6"))
BREAKS_SHOWN = 12


def say(text=""):
    print(text, flush=True)


class Printer:
    """Prints what is new in the two topics."""

    def __init__(self, metrics, breaks):
        self.metrics = metrics
        self.breaks = breaks
        self.counts = {}
        self.windows = {}

    def new(self):
        for message in self.metrics.to_end():
            self.metric(json.loads(message.value()))
        for message in self.breaks.to_end():
            self.told(json.loads(message.value()))
        return sum(self.counts.values()) + len(self.windows)

    def metric(self, one):
        again = "^" if one["revision"] else " "
        self.windows[one["start"]] = one
        if one["expected"]:
            percent = one["completeness_percent"]
            bar = "#" * round(percent / 5)
            say(f"  {one['start'][:16].replace('T', ' ')} {again} {one['expected']:>4} to leave {one['missing']:>4} missing "
                f"{percent:6.1f} %  {bar}")

    def told(self, one):
        kind = one["type"]
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if self.counts[kind] <= BREAKS_SHOWN:
            say(f"    {kind:<8} {one['id']:<24} scheduled {one['time'][:16].replace('T', ' ')}")
        elif self.counts[kind] == BREAKS_SHOWN + 1:
            say(f"    {kind:<8} ... and so on; the topic flights.breaks has them all")

    def total(self):
        total = {name: sum(one[name] for one in self.windows.values()) for name in ("expected", "matched", "missing")}
        say(f"  {total['expected']} flights were to leave, {total['matched']} left, {total['missing']} never did;"
            f" {self.counts.get('found', 0)} were late and found again.")


def slices():
    """The flights by their time, some hours at once: for each slice the records of each topic."""
    hours = {}
    for topic, (name, time) in STREAMS.items():
        with (FOLDER / name).open() as lines:
            for record in csv.DictReader(lines):
                day, hour = record[time][:10], int(record[time][11:13]) // HOURS_AT_ONCE
                hours.setdefault((day, hour), {}).setdefault(topic, []).append(record)
    return [topics for _, topics in sorted(hours.items())]
