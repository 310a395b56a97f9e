"""What the tests of `recon check` share: inputs by records, the command, and its results by type."""

import json
import os
import re
import subprocess
from dataclasses import dataclass, field

RECON = os.environ.get("RECON", "build/dev/recon")
SANITIZED = bool(os.environ.get("RECON_SANITIZED"))
NOW = "2024-06-01T00:00:00Z"
BASE_MS = 1704067200000  # 2024-01-01T00:00:00Z
SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000


@dataclass
class Run:
    status: int
    stdout: bytes
    stderr: str
    results: list = field(default_factory=list)

    def of(self, kind):
        return [result for result in self.results if result["type"] == kind]

    def ids(self, kind):
        return sorted(result["id"] for result in self.of(kind))

    def row(self, name):
        """A number of the summary; 0 where the row is not there."""
        match = re.search(rf"^  {re.escape(name)} +([\d,]+)(?:  .*)?$", self.stderr, re.MULTILINE)
        return int(match.group(1).replace(",", "")) if match else 0

    def verdict(self):
        return self.stderr.splitlines()[-1]


def audit(identity, ms=0, **more):
    return {"id": identity, "event_time": BASE_MS + ms, **more}


def event(identity, ms=0, **more):
    return {"id": identity, "time": BASE_MS + ms, **more}


def ndjson(records, end="\n"):
    return b"".join((json.dumps(r) if isinstance(r, dict) else r).encode() + end.encode() for r in records)


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else ndjson(content))
    return path


def command(audits, events, *options, now=NOW):
    def names(files):
        return [str(f) for f in (files if isinstance(files, list) else [files])]

    return [RECON, "check", "--audit", *names(audits), "--events", *names(events), *([f"--now={now}"] if now else []),
            *map(str, options)]  # fmt: skip


def check(audits, events, *options, status=0, stdin=None, now=NOW, timeout=120):
    """Runs it on files, expects the exit status, and reads NDJSON results."""
    run = subprocess.run(command(audits, events, *options, now=now), input=stdin, capture_output=True, timeout=timeout)
    result = Run(run.returncode, run.stdout, run.stderr.decode())
    assert run.returncode == status, result.stderr
    if run.stdout.startswith(b"{"):
        result.results = [json.loads(line) for line in run.stdout.splitlines()]
    return result


def judge(tmp_path, audits, events, *options, **more):
    """The same from records or bytes."""
    return check(write(tmp_path / "audit.ndjson", audits), write(tmp_path / "events.ndjson", events), *options, **more)
