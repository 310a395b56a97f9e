"""The cluster of the tests: jobs start, stop with a savepoint and go on, also after kill -9 of a TaskManager."""

import pathlib
import subprocess

import pytest

from broker import wait_until
from cluster import LIMIT_S


@pytest.fixture(scope="module")
def jar(cluster, tmp_path_factory):
    folder = tmp_path_factory.mktemp("counting")
    source = pathlib.Path(__file__).parent / "java/Counting.java"
    libraries = ":".join(map(str, (cluster.home / "lib").glob("*.jar")))
    subprocess.run(["javac", "-cp", libraries, "-d", folder / "classes", source], check=True)
    subprocess.run(["jar", "--create", "--file", folder / "counting.jar", "-C", folder / "classes", "."], check=True)
    return folder / "counting.jar"


def test_a_job_goes_on_from_its_savepoint_and_over_a_killed_task_manager(cluster, jar):
    job = cluster.submit(jar, entry_class="Counting")
    job.wait_for_running()
    job.wait_for_checkpoint(2)
    cluster.add_task_manager()
    cluster.kill_task_manager()
    wait_until(job.last_restart, LIMIT_S, "it was started again")
    job.wait_for_running()
    job.wait_for_checkpoint()
    savepoint = job.stop()
    job = cluster.submit(jar, entry_class="Counting", savepoint=savepoint, parallelism=2)
    job.wait_for_running()
    job.wait_for_checkpoint(2)
    assert job.last_restart() == 0, job.failure()
    job.cancel()
    assert job.state() == "CANCELED"
