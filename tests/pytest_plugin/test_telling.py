"""What a session says of the gradients that its tests check: the terminal, the page, the JUnit file."""

from xml.etree import ElementTree

import numpy as np

from backcheck import check_vjp
from backcheck.pytest_plugin import report
from backcheck.pytest_plugin.checks import ChecksOfTest
from backcheck_reports import Verdict, read_notes, read_run
from tests.pytest_plugin.helpers import REPORT, section

CHECKS = """
def test_right():
    right().assert_ok()

def test_wrong():
    wrong().assert_ok()
"""


def test_the_page_has_what_every_test_checked(run, pytester, records):
    result = run(CHECKS, REPORT)
    result.assert_outcomes(passed=1, failed=1)
    found = records()
    assert {record.rule for record in found} == {"square"}
    assert {record.verdict for record in found} >= {Verdict.AGREE, Verdict.DISAGREE}
    (note,) = read_notes(pytester.path / "out/page-records").values()
    assert note.again == "pytest test_the_page_has_what_every_test_checked.py::test_wrong"
    page = (pytester.path / "out/page.html").read_text(encoding="utf-8")
    assert note.id in page
    assert note.again in page
    recipe = read_run(pytester.path / "out/page-records").recipe
    assert (recipe["profile"], recipe["seed"], recipe["oracles"]) == ("pr", 0, None)


def test_the_terminal_says_how_it_went_the_page_last(run, pytester):
    lines = section(run(CHECKS, REPORT))
    assert lines[1] == "1 function checked: 1 wrong"
    assert "1 gradient and 1 forward value of 1 network, 6 entries, each computed in " in lines[2]
    assert lines[3].startswith("WRONG  square: the gradient of x is wrong  case ")
    assert "0.5 x want" in lines[4]
    assert lines[5:] == [str(pytester.path / "out/page.html")]


def test_without_a_page_the_terminal_says_it_too_and_nothing_is_left(run, pytester, tmp_path):
    lines = section(run(CHECKS))
    assert len(lines) == 5
    assert not list((tmp_path / "temporary").glob("backcheck-*"))
    left = {path.name for path in pytester.path.iterdir() if path.is_dir()}
    assert left <= {"temporary", "__pycache__", ".hypothesis"}


def test_nothing_is_said_where_nothing_was_checked(run, pytester, records):
    assert not section(run("def test_a(): pass"))
    assert not section(run("def test_a(): pass", REPORT))
    assert "No gradient was judged" in (pytester.path / "out/page.html").read_text(encoding="utf-8")
    assert not records()


def test_many_failures_take_sixteen_lines_at_most(run):
    many = """
@pytest.mark.parametrize("number", range(8))
def test_many(number):
    def forward(x):
        return x * x, x
    forward.__qualname__ = f"rule{number}"
    assert not backcheck.check_vjp(forward, wrong_backward, X)
"""
    lines = section(run(many, REPORT))
    assert len(lines) <= 16
    assert [line.split()[1] for line in lines if line.startswith("WRONG")] == [f"rule{n}:" for n in range(5)]
    assert lines[1] == "8 functions checked: 8 wrong"
    assert lines[-2].startswith("and 3 more findings")


def test_one_kind_of_failure_is_told_once(run):
    lines = section(run("@pytest.mark.parametrize('n', range(4))\ndef test_n(n): assert not wrong(seed=n)\n"))
    assert sum(line.startswith("WRONG") for line in lines) == 1


def test_a_failure_that_cannot_be_told_does_not_end_the_session(tmp_path):
    class Untold:
        name, verdict, records, precise, id = "moody", Verdict.DISAGREE, (), False, "c0ffee00"

        def __bool__(self):
            return False

        @property
        def note(self):
            raise ZeroDivisionError("not now")

    checks = ChecksOfTest("test_a.py::test_a[x y]")
    checks.add(Untold())
    report.RecordLog(tmp_path, 0).add(checks)
    (note,) = read_notes(tmp_path).values()
    assert note.lines == ("disagrees, and to tell more raises ZeroDivisionError: not now",)
    assert note.again == "pytest 'test_a.py::test_a[x y]'"


def test_a_second_session_replaces_the_first(run, records):
    run(CHECKS, REPORT)
    before = {record.verdict for record in records()}
    run("def test_right(): right().assert_ok()", REPORT)
    assert Verdict.DISAGREE in before
    assert Verdict.DISAGREE not in {record.verdict for record in records()}


def test_a_folder_that_no_run_made_is_left_as_it_is(run, pytester):
    theirs = pytester.mkdir("out").joinpath("page-records/notes/mine.txt")
    theirs.parent.mkdir(parents=True)
    theirs.write_text("mine")
    run(CHECKS, REPORT)
    assert theirs.read_text() == "mine"


def test_a_run_has_begun_before_the_first_test(run, pytester):
    tests = """
def test_look():
    from backcheck_reports import read_run
    assert not read_run("out/page-records").complete
"""
    run(tests, REPORT).assert_outcomes(passed=1)
    assert read_run(pytester.path / "out/page-records").complete


def test_a_session_that_breaks_off_says_so(run, pytester):
    run("def test_a_wrong(): wrong().assert_ok()\ndef test_b(): right()\n", REPORT, "-x")
    assert not read_run(pytester.path / "out/page-records").complete
    run("def test_a_wrong(): wrong().assert_ok()\ndef test_b(): right()\n", REPORT)
    assert read_run(pytester.path / "out/page-records").complete


def test_junit_has_a_property_for_each_subject(run, pytester):
    run(CHECKS + "def test_silent(): pass\n", "--junitxml=found.xml")
    cases = {case.get("name"): case for case in ElementTree.parse(pytester.path / "found.xml").iter("testcase")}
    told = {name: [(p.get("name"), p.get("value")) for p in case.iter("property")] for name, case in cases.items()}
    assert told["test_silent"] == []
    ((name, value),) = told["test_wrong"]
    facts = dict(fact.split("=") for fact in value.split("; "))
    assert (name, facts["verdict"], facts["checked"]) == ("backcheck.square", "disagree", "1")
    assert float(facts["worst"]) > 1
    assert len(facts["case"]) == 12
    right = dict(fact.split("=") for fact in told["test_right"][0][1].split("; "))
    assert right["verdict"] == "agree"
    assert float(right["worst"]) <= 1


def test_a_verification_is_told_as_a_check_is(run, pytester, records):
    tests = """
def test_fuzz():
    backcheck.verify_rule((square_forward, wrong_backward), "n d", draws=10).assert_ok()
"""
    result = run(tests, REPORT)
    result.assert_outcomes(failed=1)
    (note,) = read_notes(pytester.path / "out/page-records").values()
    assert note.id in {record.case for record in records()}
    assert section(result)[3].startswith(f"WRONG  square: the gradient of x is wrong  case {note.id}")


def test_what_fixtures_check_is_heard(run, records):
    tests = """
@pytest.fixture
def checked():
    return right()

def test_a(checked):
    pass
"""
    run(tests, REPORT)
    assert records()


def test_a_session_within_a_session_keeps_to_itself(run, pytester, records):
    tests = f'''
INNER = """
def test_inner():
    import test_a_session_within_a_session_keeps_to_itself as outer
    assert not outer.wrong()
"""

def test_outer(pytester):
    pytester.syspathinsert({str(pytester.path)!r})
    pytester.makepyfile(INNER)
    result = pytester.runpytest_inprocess("-p", "backcheck.pytest_plugin.plugin")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*2 disagree*", "WRONG*"])
    right()
'''
    run(tests, REPORT, "-p", "pytester").assert_outcomes(passed=1)
    assert Verdict.DISAGREE not in {record.verdict for record in records()}


def test_records_are_written_while_the_session_runs(tmp_path, monkeypatch, run):
    monkeypatch.setattr(report, "RECORDS_A_SHARD", 1)
    log = report.RecordLog(tmp_path, 7)
    for number in range(3):
        checks = ChecksOfTest("")
        checks.add(_checked(number))
        log.add(checks)
    assert sorted(path.name for path in tmp_path.glob("records-*")) == [f"records-000{n}.jsonl" for n in (7, 8, 9)]
    log.flush()
    assert len(list(tmp_path.glob("records-*"))) == 3


def _checked(number):
    return check_vjp(lambda x: (2 * x, None), lambda _, dy: (2 * dy,), np.array([1.0]), seed=number)


def test_verdict_first(run):
    tests = """
def test_rule():
    backcheck.verify_rule((square_forward, wrong_backward), "n d", draws=4).assert_ok()
"""
    result = run(CHECKS + tests)  # no frame of ours before it
    printed = result.stdout.str()
    result.stdout.fnmatch_lines(["E * AssertionError: DISAGREE  square  float64  case *"])
    result.stdout.fnmatch_lines(["FAILED *::test_wrong - AssertionError: DISAGREE*"])
    assert "raise AssertionError" not in printed
    assert "def assert_ok" not in printed


def test_functions_are_counted_right_wrong_and_not_judged(run):
    tests = """
def named(forward, name):
    forward.__qualname__ = name
    return forward

def test_all():
    same = lambda x: (x * x, x)
    backcheck.check_vjp(named(lambda x: (x * x, x), "right"), square_backward, X)
    backcheck.check_vjp(named(lambda x: (x * x, x), "wrong"), wrong_backward, X)
    backcheck.check_vjp(named(lambda x: (x * x, x), "silent"), square_backward, X, cotangent=ZERO)
"""
    assert section(run(tests))[1] == "3 functions checked: 1 right, 1 wrong, 1 not judged"
