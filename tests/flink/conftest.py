import pathlib
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
