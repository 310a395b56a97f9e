"""tools/packages.sh installs what is missing and nothing else, and says what it can't do. Programs are stand-ins."""

import pathlib
import subprocess

import pytest

SCRIPT = pathlib.Path(__file__).parents[2] / "tools/packages.sh"


@pytest.fixture
def system(tmp_path):
    """A folder of stand-ins that is the whole PATH: `here` is installed, `gone` was once, anything else never was."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "env", "cat", "mktemp", "rm"):
        (folder / name).symlink_to(subprocess.check_output(["which", name], text=True).strip())

    def program(name, text):
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)

    program("dpkg-query", 'case $3 in here*) echo installed ;; gone*) echo config-files ;; *) exit 1 ;; esac')
    program("id", "echo 0")
    program("apt-get", f'echo "$DEBIAN_FRONTEND $*" >>{tmp_path}/calls')

    def run(*packages):
        ended = subprocess.run(["sh", SCRIPT, *packages], env={"PATH": str(folder)}, capture_output=True, text=True, timeout=30)
        calls = tmp_path / "calls"
        return ended, calls.read_text().splitlines() if calls.exists() else []

    run.program = program
    return run


def test_nothing_is_done_where_nothing_is_missing(system):
    ended, calls = system("here1", "here2")
    assert (ended.returncode, ended.stdout, ended.stderr, calls) == (0, "", "", [])


def test_only_what_is_missing_is_installed_after_an_update(system):
    ended, calls = system("here1", "never", "gone")
    assert ended.returncode == 0, ended.stderr
    assert [call.split()[0] for call in calls] == ["noninteractive"] * 2
    assert calls[0].split()[-1] == "update"
    assert calls[1].split("--no-install-recommends ")[1] == "never gone"


def test_an_npm_that_is_no_package_will_do(system):
    system.program("npm", "exit 0")
    ended, calls = system("here1", "npm")
    assert (ended.returncode, calls) == (0, [])


def test_sudo_is_asked_where_there_is_no_root(system):
    system.program("id", "echo 1000")
    system.program("sudo", 'echo "with sudo"; exec "$@"')
    ended, calls = system("never")
    assert ended.returncode == 0, ended.stderr
    assert len(calls) == 2


def test_without_root_and_sudo_it_says_what_to_do(system):
    system.program("id", "echo 1000")
    ended, calls = system("never")
    assert (ended.returncode, calls) == (2, [])
    assert "apt-get install --no-install-recommends never" in ended.stderr


def test_what_apt_says_is_shown_when_it_fails(system):
    system.program("apt-get", "echo E: no route to anywhere; exit 100")
    ended, _ = system("never")
    assert ended.returncode == 2
    assert "no route to anywhere" in ended.stderr
    assert "apt-get update" in ended.stderr


def test_elsewhere_than_on_debian_the_packages_are_named(system, tmp_path):
    (tmp_path / "bin/dpkg-query").unlink()
    ended, _ = system("libyaml-dev")
    assert ended.returncode == 2
    assert "libyaml-dev" in ended.stderr
