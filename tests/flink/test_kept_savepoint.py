"""A savepoint that version 0.1 wrote is gone on from by the present one.

With RECON_KEEP_SAVEPOINT set, the test instead makes such a savepoint and puts it into tests/flink/data/savepoint-0.1: only while
no version that wrote another one was released."""

import os
import pathlib
import shutil

import pytest

from reconciling import Reconciliation, generated

KEPT = pathlib.Path(__file__).parent / "data/savepoint-0.1"
IDS = 600


@pytest.fixture
def its(broker, tmp_path):
    # At least once, for this broker knows nothing of the transactions of the one that the savepoint is from.
    one = Reconciliation(tmp_path, broker, "kept", partitions=2, interval="1h", out_of_orderness="1m", retention="6h",
                         flink={"job.delivery": "at-least-once"})
    one.parts = [(stream, records[:len(records) // 2], records[len(records) // 2:])
                 for stream, records in zip(("audit", "events"), generated(tmp_path, IDS))]
    return one


def test_the_present_version_goes_on_from_it(its, cluster, tmp_path):
    for stream, first, second in its.parts:
        its.send(stream, first)
    if "RECON_KEEP_SAVEPOINT" in os.environ:
        job = its.submit(cluster)
        its.wait_until_read(job)
        shutil.rmtree(KEPT, ignore_errors=True)
        shutil.copytree(job.stop().removeprefix("file:"), KEPT)
        pytest.skip("a savepoint was made")
    for stream, first, second in its.parts:
        its.send(stream, second)
    savepoint = shutil.copytree(KEPT, tmp_path / "savepoint")
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
