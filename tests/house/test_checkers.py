"""The checkers of the house object to a planted fault, and to nothing else."""

import pathlib
import subprocess

import pytest

HOUSE = pathlib.Path(__file__).parent


def run(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60)


def archive(folder, code):
    (folder / "a.c").write_text(code)
    subprocess.run(["cc", "-O2", "-fPIC", "-c", "a.c"], cwd=folder, check=True)
    subprocess.run(["ar", "rcs", "a.a", "a.o"], cwd=folder, check=True)
    return folder / "a.a"


PURE = """
#include <string.h>
static const char *const names[] = {"a", "b"};
const char *name(int i, void *to, size_t n) { memmove(to, names[i], n); return names[i]; }
"""


def test_purity_lets_a_pure_archive_pass(tmp_path):
    assert run("bash", HOUSE / "purity.sh", archive(tmp_path, PURE)).returncode == 0


@pytest.mark.parametrize(
    "code, says",
    [
        ("#include <time.h>\nlong now(void) { return time(0); }\n", "'time'"),
        ("#include <stdlib.h>\nvoid *take(void) { return malloc(1); }\n", "'malloc'"),
        ("int global = 3;\n", "global state"),
        ("int next(void) { static int n; return ++n; }\n", "global state"),
        ("_Thread_local int each;\n", "global state"),
    ],
)
def test_purity_objects(tmp_path, code, says):
    ended = run("bash", HOUSE / "purity.sh", archive(tmp_path, PURE + code))
    assert ended.returncode == 1
    assert says in ended.stderr


def tree(root, **files):
    tidy = {
        "include/recon/a.h": "#include <stdint.h>\n",
        "src/core/a.c": '#include "recon/a.h"\n',
        "src/codec/b.h": '#include "recon/a.h"\n',
    }
    for name, text in {**tidy, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_arrows_let_a_tidy_tree_pass(tmp_path):
    assert run("python3", HOUSE / "arrows.py", tree(tmp_path)).returncode == 0


@pytest.mark.parametrize(
    "name, text",
    [
        ("src/core/x.c", '#include "codec/b.h"\n'),
        ("src/core/x.c", "#include <stdlib.h>\n"),
        ("src/core/x.c", "#include <time.h>\n"),
        ("src/codec/x.c", '#include "io/source.h"\n'),
        ("src/codec/x.c", '#include "b.h"\n'),
        ("src/cli/x.c", "#include <simdjson.h>\n"),
        ("src/codec/x.c", "#include <yaml.h>\n"),
        ("src/io/x.c", "#include <png.h>\n"),
        ("include/recon/x.h", '#include "core/a.h"\n'),
        ("src/attic/x.c", "\n"),
    ],
)
def test_arrows_object(tmp_path, name, text):
    ended = run("python3", HOUSE / "arrows.py", tree(tmp_path, **{name: text}))
    assert ended.returncode == 1
    assert name in ended.stderr


def test_headers_object_to_one_that_leans_on_another(tmp_path):
    root = tree(tmp_path, **{"src/codec/x.h": "uint32_t count(void);\n"})
    ended = run("bash", HOUSE / "headers.sh", root)
    assert ended.returncode == 1
    assert "src/codec/x.h" in ended.stderr
