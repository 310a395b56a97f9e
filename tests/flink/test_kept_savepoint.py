"""Savepoints in every form that there has been are gone on from by the present version.

tests/flink/data/savepoint-1: version 0.1 before the windows' head had a checksum; savepoint-2: since; savepoint-3: matchers
written in the snapshot's second version. With RECON_KEEP_SAVEPOINT=N set, the test instead makes savepoint-N: one for each new form, and
none is ever made again."""

import os
import pathlib
import shutil

import pytest

from reconciling import Reconciliation, generated

KEPT = pathlib.Path(__file__).parent / "data"
IDS = 600


@pytest.fixture
def its(broker, tmp_path):
    for topic in ("audit", "events", "metrics", "breaks"):
        broker.delete_topic(f"kept.{topic}")
    # At least once, for this broker knows nothing of the transactions of the one that the savepoint is from.
    one = Reconciliation(tmp_path, broker, "kept", partitions=2, interval="1h", out_of_orderness="1m", retention="6h",
                         flink={"job.delivery": "at-least-once"})
    one.parts = [(stream, records[:len(records) // 2], records[len(records) // 2:])
                 for stream, records in zip(("audit", "events"), generated(tmp_path, IDS))]
    return one


@pytest.mark.parametrize("kept", sorted(KEPT.glob("savepoint-*")), ids=lambda path: path.name)
def test_the_present_version_goes_on_from_it(its, kept, cluster, tmp_path):
    for stream, first, second in its.parts:
        its.send(stream, first)
    if "RECON_KEEP_SAVEPOINT" in os.environ:
        job = its.submit(cluster)
        its.wait_until_read(job)
        shutil.copytree(job.stop().removeprefix("file:"), KEPT / f"savepoint-{os.environ['RECON_KEEP_SAVEPOINT']}")
        pytest.exit("a savepoint was made", 0)
    for stream, first, second in its.parts:
        its.send(stream, second)
    savepoint = shutil.copytree(kept, tmp_path / "savepoint")
    job = its.submit(cluster, savepoint=savepoint, parallelism=2)
    try:
        its.wait_until_read(job)
        job.stop(drain=True)
    finally:
        job.cancel()
    published, checked = its.outcome(), its.checked()
    # What was closed and never changed before the savepoint was published where it was made.
    assert {start: checked.windows[start] for start in published.windows} == published.windows
    assert sorted(checked.windows)[-12:] == sorted(published.windows)[-12:]
    assert len(published.windows) < len(checked.windows)
    assert published.missing <= checked.missing
