import sys

import pytest

sys.path.insert(0, __file__.rsplit("/", 1)[0])

from broker import Broker  # noqa: E402
from service import Service  # noqa: E402


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    with Broker(tmp_path_factory.mktemp("broker")) as one:
        yield one


@pytest.fixture
def service(broker, tmp_path, request):
    """A Service of its own name; its topics are made as the test says."""
    name = request.node.name.replace("[", "-").replace("]", "")[:60]
    made = []

    def make(audit_partitions=1, events_partitions=1, **settings):
        for topic, partitions in ((f"{name}.audit", audit_partitions), (f"{name}.events", events_partitions)):
            if partitions:
                broker.create_topic(topic, partitions=partitions)
        one = Service(broker, tmp_path, name, **settings)
        made.append(one)
        return one

    yield make
    for one in made:
        if one.process is not None and one.process.poll() is None:
            one.kill()
