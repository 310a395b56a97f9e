import pathlib
import re
import sys

FOLDER = pathlib.Path(__file__).parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent / "kafka")]

import pytest  # noqa: E402


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    from cluster import Cluster
    from reconciling import LINE

    with Cluster(tmp_path_factory.mktemp("flink"), line=LINE) as one:
        yield one


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    from broker import Broker

    with Broker(tmp_path_factory.mktemp("broker")) as one:
        yield one


@pytest.fixture
def reconciliation(broker, tmp_path, request):
    """Makes one, named after the test."""
    from reconciling import Reconciliation

    name = re.sub("[^a-z]+", "-", request.node.name)[:60]

    def make(**settings):
        return Reconciliation(tmp_path, broker, settings.pop("name", name), **settings)

    return make


@pytest.fixture
def submit(cluster):
    """Submits a reconciliation's job; cancels all of them in the end."""
    jobs = []

    def run(reconciliation, **options):
        jobs.append(reconciliation.submit(cluster, **options))
        return jobs[-1]

    yield run
    for job in jobs:
        job.cancel()
