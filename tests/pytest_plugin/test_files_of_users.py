"""A user's files and terminal: the page takes nobody's place, and what a test says is shown and not obeyed."""

import os
import stat

import pytest

from backcheck.errors import COULD_NOT
from tests.pytest_plugin.helpers import REPORT, section

MINE = "def test_mine():\n    pass\n"
RIGHT = "def test_right():\n    right()\n"


def test_a_test_file_is_not_taken_for_the_page(run, pytester):
    """pytest --backcheck-report tests/test_b.py, where the PATH was forgotten."""
    pytester.path.joinpath("test_b.py").write_text(MINE)
    for path in ("test_b.py", "test_c.py", "test_b.py::test_mine", "sub/test_d.py"):
        result = run(RIGHT, "--backcheck-report", path)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(
            [f"*backcheck-report: PATH is a file for the page, and '{path}' came; was PATH left*"]
        )
    assert pytester.path.joinpath("test_b.py").read_text() == MINE
    assert not list(pytester.path.glob("*-records")) + list(pytester.path.glob("*c.py"))


@pytest.mark.parametrize("name", ["notes.html", "README"])
def test_a_file_that_backcheck_did_not_write_is_kept(run, pytester, name):
    page = pytester.path / name
    page.write_text(MINE)
    result = run("def test_never(): print('ran')", "-s", f"--backcheck-report={name}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"*cannot write *{name}: it was not written by backcheck, and it is kept; *--backcheck-force*"]
    )
    result.stdout.no_fnmatch_line("*ran*")
    assert page.read_text() == MINE
    run(RIGHT, f"--backcheck-report={name}", "--backcheck-force").assert_outcomes(passed=1)
    assert page.read_text().startswith("<!doctype html>")
    run(RIGHT, f"--backcheck-report={name}").assert_outcomes(passed=1)


def test_a_file_that_comes_to_stand_there_during_the_session_is_kept(run, pytester):
    tests = f"""
import pathlib
def test_right():
    right()
    pathlib.Path("page.html").write_text({MINE!r})
"""
    result = run(tests, "--backcheck-report=page.html")
    assert result.ret == COULD_NOT
    assert section(result)[1].startswith("not written: cannot write ")
    result.stdout.no_fnmatch_line("*INTERNALERROR*")
    assert pytester.path.joinpath("page.html").read_text() == MINE


def test_a_link_stays_and_leads_to_the_page(run, pytester):
    place = pytester.mkdir("place")
    (place / "page.html").touch()
    link = pytester.path / "page.html"
    link.symlink_to("place/page.html")
    run(RIGHT, "--backcheck-report=page.html").assert_outcomes(passed=1)
    assert link.is_symlink()
    assert (place / "page.html").read_text().startswith("<!doctype html>")


def test_a_device_stays_and_has_no_folder_beside_it(run, pytester):
    device = pytester.path / "null"
    try:
        os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 3))
        device.open("rb").close()
    except (AttributeError, OSError):
        pytest.skip("only a superuser makes devices, on a file system that has them")
    run(RIGHT, "--backcheck-report=null").assert_outcomes(passed=1)
    assert device.stat().st_rdev == os.makedev(1, 3)
    assert not pytester.path.joinpath("null-records").exists()
    assert not list((pytester.path.parent / "temporary").glob("backcheck-*"))


@pytest.mark.parametrize(
    ("path", "said"), [("-", "standard output is pytest's own"), (".", "*it is a folder"), ("..", "*")]
)
def test_what_is_no_file_is_refused(run, path, said):
    result = run(RIGHT, f"--backcheck-report={path}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*backcheck-report: {said}*"])


def test_a_baseline_takes_nobodys_place(run, pytester):
    file = pytester.path / "mine.txt"
    file.write_text(MINE)
    result = run(RIGHT, "--backcheck-compare=mine.txt", "--backcheck-update=new")
    result.stderr.fnmatch_lines(["*backcheck-compare: *mine.txt is no baseline*"])  # before any test has run
    assert result.ret == 3
    assert file.read_text() == MINE


@pytest.mark.parametrize("option", ["report", "compare"])
def test_a_path_that_the_system_refuses_is_a_sentence(run, option):
    name = "n" * 300
    result = run(RIGHT, f"--backcheck-{option}={name}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*backcheck-{option}: cannot *{name}: *, expected *; *"])
    result.stdout.no_fnmatch_line("*INTERNALERROR*")


@pytest.mark.parametrize("seed", ["9" * 5000, "١" * 5000, "1" * 21])
def test_a_seed_of_many_digits_is_refused_in_a_line(run, seed):
    result = run(RIGHT, f"--backcheck-seed={seed}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"*backcheck-seed: '*'... ({len(seed)} characters) came; a whole number of 1 to 20 digits*"]
    )
    assert max(map(len, result.errlines)) < 200


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("oracles=3", "*oracles are names of torch, jax, differences, exact, got 3*"),
        ("oracles=None", "*oracles are names of torch, jax, differences, exact, got None*"),
        ("oracles=()", "*oracles are names of torch, jax, differences, exact, got ()*"),
        ("oracles=[1]", "*unknown oracle 1; known are torch*"),
        ("oracles=[['torch']]", "*unknown oracle ?'torch'?, did you*"),
        ("oracles='tosh'", "*unknown oracle 'tosh', did you mean torch?*"),
        ("precise='no'", "*precise is True or False, got 'no'*"),
        ("report=None", "*report is True or False, got None*"),
    ],
)
def test_a_marker_of_the_wrong_type_is_one_sentence(run, given, said):
    result = run(f"@pytest.mark.backcheck({given})\ndef test_a(): pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([said])
    result.stdout.no_fnmatch_line("*Traceback*")


HOSTILE = r"\x1b[2J\x1b]0;title\x07\x9b31m\u202egreen\nAGREE"
OBEYED = set("\x1b\x07\x9b\u202e")


def test_what_a_test_says_is_shown_and_not_obeyed(run):
    tests = f"""
def hostile_backward(x, dy):
    return (x * dy,)

hostile_backward.__name__ = hostile_backward.__qualname__ = "{HOSTILE}"

def raising(x, dy):
    raise ValueError("{HOSTILE}")

def test_wrong(backcheck_subtests):
    backcheck.check_vjp(square_forward, hostile_backward, X)

def test_asserted():
    assert backcheck.check_vjp(square_forward, hostile_backward, X)

def test_explained():
    backcheck.check_vjp(square_forward, hostile_backward, X).assert_ok()

def test_raises(backcheck_subtests):
    backcheck.check_vjp(square_forward, raising, X)
"""
    result = run(tests, REPORT, "-rA")
    assert section(result), "the lines at the end are printed"
    for line in (*result.outlines, *result.errlines):
        if not line.startswith(("    ", ">", "E ")):  # pytest's own print of the source
            assert not OBEYED & set(line), line
        assert not line.startswith("AGREE")
