"""Usage: help, version, bad command lines, and recon validate."""

import os
import pathlib
import re
import subprocess

import pytest

RECON = os.environ["RECON"]
ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMANDS = ["check", "replay", "generate", "validate", "size", "run", "help"]


def recon(*arguments, text="", **environment):
    return subprocess.run(
        [RECON, *map(str, arguments)],
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
    )


def refused(result, *lines):
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.splitlines() == list(lines)


def test_version_is_one_line():
    for option in ("--version", "-V"):
        result = recon(option)
        assert (result.returncode, result.stderr) == (0, "")
        assert re.fullmatch(r"recon \d+\.\d+\.\d+\n", result.stdout)


def test_help_lists_all_commands():
    for arguments in (["help"], ["--help"], ["-h"]):
        result = recon(*arguments)
        assert (result.returncode, result.stderr) == (0, "")
        for command in COMMANDS:
            assert re.search(rf"^  {command} +\S", result.stdout, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_within_80_columns(command):
    result = recon("help", command)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith(f"Usage: recon {command}")
    assert "\nExamples:\n  " in result.stdout
    assert "\nExit status:\n  0" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "\x1b" not in result.stdout
    assert not re.search(r" $", result.stdout, re.MULTILINE)


@pytest.mark.parametrize("command", ["validate", "help", "generate"])
def test_the_option_help_is_the_command_help(command):
    for option in ("--help", "-h"):
        assert recon(command, option).stdout == recon("help", command).stdout


def on_a_terminal(*arguments, **environment):
    """What the program writes when standard output is a terminal."""
    primary, secondary = os.openpty()
    variables = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    variables.update({"TERM": "xterm", **environment})
    with subprocess.Popen([RECON, *arguments], stdout=secondary, env=variables) as process:
        os.close(secondary)
        written = b""
        try:
            while chunk := os.read(primary, 65536):
                written += chunk
        except OSError:  # the terminal is gone with the program
            pass
        assert process.wait(60) == 0
    os.close(primary)
    return written


def test_a_terminal_gets_bold_titles_unless_no_color_is_set():
    assert b"\x1b[1mUsage:" in on_a_terminal("help")
    assert b"\x1b" not in on_a_terminal("help", NO_COLOR="1")
    assert b"\x1b" not in on_a_terminal("help", TERM="dumb")
    assert b"\x1b" in on_a_terminal("help", NO_COLOR="")


def test_no_command_is_bad_usage():
    refused(recon(), "Usage: recon COMMAND [ARGUMENT]...", "Try 'recon help'.")


def test_unknown_commands_come_with_what_was_likely_meant():
    refused(recon("chekc"), "recon: unknown command 'chekc'; did you mean 'check'?", "Try 'recon help'.")
    refused(recon("xyzzy"), "recon: unknown command 'xyzzy'", "Try 'recon help'.")
    refused(recon("--frob"), "recon: unknown option '--frob'", "Try 'recon help'.")
    refused(recon("help", "vlaidate"), "recon help: unknown command 'vlaidate'; did you mean 'validate'?", "Try 'recon help'.")


def test_all_faults_of_a_command_line_are_named_at_once():
    refused(
        recon("validate", "--fro", "run", "a.yaml", "b.yaml", "--quiet=yes", "-x", "--for"),
        "recon validate: --fro: unknown option; did you mean --for?",
        "recon validate: --quiet takes no value",
        "recon validate: -x: unknown option",
        "recon validate: --for needs a value: --for HOME",
        "recon validate: unexpected argument 'b.yaml'",
        "Try 'recon help validate'.",
    )


def test_the_value_of_an_unknown_option_is_no_argument():
    refused(
        recon("check", "--audit", "a", "--events", "b", "--audit-tiem", "ts", "--interval", "5", "none.yaml"),
        "none.yaml: No such file or directory",
        "recon check: --audit-tiem: unknown option; did you mean --audit-time?",
        "recon check: --interval: '5' is not a duration: a bare number has no unit: write `30s`, `5m` or `2h`",
        "Try 'recon help check'.",
    )


def test_lists_go_up_to_the_next_option_or_have_one_value_behind_an_equals_sign():
    refused(
        recon("check", "--audit=a", "none.yaml", "--evnets", "b", "c"),
        "none.yaml: No such file or directory",
        "recon check: --evnets: unknown option; did you mean --events?",
        "recon check: --events: no file is given; - is standard input",
        "Try 'recon help check'.",
    )


def test_the_last_value_counts():
    result = recon("validate", "--for", "run", "-", "--for=check", text="")
    assert result.stdout == "stdin: good for check\n"


def test_an_option_that_contradicts_the_file_is_named(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("from: 2013-02-08\nretention: 5\n")
    refused(
        recon("check", path, "--audit", "a", "--events", "b", "--to", "2013-02-07"),
        f"{path}:2:12: retention: '5' is not a duration: a bare number has no unit: write `30s`, `5m` or `2h`",
        "recon check: --to: 'from' must lie before 'to': nothing lies between them",
    )


def test_a_value_that_is_none_of_the_choices_is_refused():
    refused(
        recon("validate", "--for=chek", "a.yaml"),
        "recon validate: --for: 'chek' is not one of check, replay, run or flink",
        "Try 'recon help validate'.",
    )


def test_a_missing_argument_is_named():
    refused(
        recon("validate"),
        "recon validate: CONFIG is missing: recon validate CONFIG [OPTION]...",
        "Try 'recon help validate'.",
    )


def test_two_dashes_end_the_options(tmp_path):
    refused(recon("validate", "--", "--for"), "--for: No such file or directory")
    (tmp_path / "--for").write_text("interval: 5m\n")
    result = subprocess.run([RECON, "validate", "--", "--for"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0


def test_a_full_disk_is_told():
    with open("/dev/full", "w", encoding="ascii") as full:
        result = subprocess.run([RECON, "help"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert result.returncode == 2
    assert result.stderr == "recon: standard output: No space left on device\n"


def test_a_reader_that_left_ends_it_quietly():
    read, write = os.pipe()
    os.close(read)
    result = subprocess.run([RECON, "help", "check"], stdout=write, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(write)
    assert result.stderr == ""


# ---- validate


def test_validate_says_what_a_file_is_good_for():
    result = recon("validate", "-", text="interval: 5m\n")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "stdin: good for check and replay; not for run and flink (--for run says why)\n"
    result = recon("validate", "-", text="")
    assert result.stdout == "stdin: good for check; not for replay, run and flink (--for replay says why)\n"
    result = recon("validate", "--quiet", "-", text="")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_validate_for_a_home_asks_for_what_it_needs():
    result = recon("validate", "--for", "check", "-", text="")
    assert (result.returncode, result.stdout) == (0, "stdin: good for check\n")
    refused(
        recon("validate", "--for", "replay", "-", text=""),
        "stdin: replay needs the length of a window: --interval 5m, or 'interval: 5m'",
    )
    result = recon("validate", "--for", "run", "-", text="name: a\n")
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 6


def test_validate_names_every_fault_by_file_line_and_column(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text("intervall: 5m\nretention: 60\nevents:\n  format: jsn\n")
    refused(
        recon("validate", path),
        f"{path}:1:1: unknown key 'intervall'; did you mean 'interval'?",
        f"{path}:2:12: retention: '60' is not a duration: a bare number has no unit: write `30s`, `5m` or `2h`",
        f"{path}:4:11: format: 'jsn' is not one of auto, json, csv, cloudevents, avro, raw; did you mean 'json'?",
    )


def test_validate_fills_variables_from_the_environment():
    text = "interval: ${WINDOW_OF_TEST}\n"
    refused(
        recon("validate", "-", text=text),
        "stdin:1:11: interval: the environment variable WINDOW_OF_TEST is not set: set it, or give a default: "
        "${WINDOW_OF_TEST:...}",
    )
    assert recon("validate", "-", text=text, WINDOW_OF_TEST="5m").returncode == 0


def test_what_is_no_readable_file_is_refused(tmp_path):
    result = recon("validate", tmp_path)
    assert result.returncode == 2
    assert result.stderr.startswith(f"{tmp_path}: is a directory")
    refused(recon("validate", tmp_path / "none"), f"{tmp_path}/none: No such file or directory")
    large = tmp_path / "large.ndjson"
    large.write_text("# x\n" * 300_000)
    refused(recon("validate", large), f"{large}: longer than 1 MiB: is this a configuration?")


# ---- examples, documentation, manual


@pytest.mark.parametrize("path", sorted((ROOT / "examples").rglob("*.yaml")), ids=lambda path: path.name)
def test_the_examples_are_good(path):
    result = recon("validate", path)
    assert (result.returncode, result.stderr) == (0, "")


def test_the_example_of_the_service_is_good_for_all():
    result = recon("validate", ROOT / "examples/config/service.yaml")
    assert result.stdout.endswith(": good for check, replay, run and flink\n")


def options_of(command):
    return set(re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", recon("help", command).stdout, re.MULTILINE))


def test_the_documentation_knows_every_option_and_its_yaml_is_good():
    text = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    missing = {option for option in options_of("check") - {"--help"} if not re.search(rf"`{option}\b", text)}
    assert missing == set()
    blocks = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert len(blocks) > 10
    for block in blocks:
        result = recon("validate", "-", text=block, KAFKA_PASSWORD="secret")
        assert (result.returncode, result.stderr) == (0, ""), block


def test_the_manual_has_every_command_and_option():
    result = recon("help", "--man")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith(".TH RECON 1")
    plain = result.stdout.replace("\\-", "-")
    for command in COMMANDS:
        assert f".SH RECON {command}\n" in plain
        for option in options_of(command):
            assert f"\\fB{option}\\fR" in plain


def completed(*words):
    """What bash offers for the last word."""
    script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _recon 2>/dev/null; printf "%s\\n" "${COMPREPLY[@]}"'
    result = subprocess.run(
        ["bash", "-c", script, "bash", ROOT / "completions/recon.bash", RECON, *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(result.stdout.split())


def test_bash_completes_commands_options_and_choices():
    assert completed("") == {*COMMANDS, "--help", "--version"}
    assert completed("va") == {"validate"}
    assert completed("help", "re") == {"replay"}
    for command in set(COMMANDS) - {"help"}:
        assert completed(command, "--") == options_of(command)
    assert completed("check", "--results", "") == {"ndjson", "csv", "table"}
    assert completed("validate", "--for", "") == {"check", "replay", "run", "flink"}


@pytest.mark.parametrize(
    "option, value", [("--format", "jsom"), ("--audit-format", "raw"), ("--time-unit", "sec"), ("--output", "")]
)
def test_a_value_that_is_none_is_told_once(option, value):
    result = recon("check", "--audit", "/dev/null", "--events", "/dev/null", option, value)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.count(f"{option}: ") == 1
