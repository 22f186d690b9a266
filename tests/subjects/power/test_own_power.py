"""How much an agreement is worth: somebody's own backward is broken, and what is not noticed is said."""

import os
import sys

import numpy as np
import pytest

import backcheck
from backcheck.subjects.power.address import NoAddress, address_of
from backcheck.subjects.power.own_mutants import backward_functions, own_mutants
from backcheck.subjects.power.own_power import power_of
from backcheck.subjects.power.power_of_checks import Fate, MutantOutcome, PowerOfChecks
from tests.subjects import branches

pytest.importorskip("flint")
pytest.importorskip("libcst")
pytest.importorskip("mutmut")

MODULE = """
import numpy as np


def forward(x):
    return x * x, x


def backward(x, dy):
    if x.shape[0] > 10**6:
        return x + dy
    return _twice(x) * dy


def _twice(x):
    return x + x


class Layer:
    def __init__(self, width):
        self.w = np.linspace(1, 2, width)

    def forward(self, x):
        self.x = x
        return x * self.w

    def backward(self, dy):
        self.dw = (dy * self.x).sum(0)
        return dy * self.w
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    (tmp_path / "my_rules.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    import my_rules

    yield my_rules
    del sys.modules["my_rules"]


def test_the_mutants_are_of_backward_and_its_helpers_and_one_seed_draws_the_same(mine):
    names = {each.__name__ for each in backward_functions((mine.forward, mine.backward))}
    assert names == {"backward", "_twice"}
    found = own_mutants((mine.forward, mine.backward), "backward", 500, 0)
    assert {each.edit.function for each in found} == {"backward", "_twice"}
    assert own_mutants((mine.forward, mine.backward), "backward", 5, 3) == own_mutants(
        (mine.forward, mine.backward), "backward", 5, 3
    )
    assert {each.edit.function for each in own_mutants(mine.Layer, "backward", 500, 0)} == {"Layer.backward"}


def test_a_wrong_version_is_noticed_and_one_that_no_draw_runs_is_said_with_its_condition(mine, tmp_path):
    before = (tmp_path / "my_rules.py").read_text()
    found = backcheck.verify_rule((mine.forward, mine.backward), "n", draws=15, power=True)
    assert found
    fates = {each.mutant.edit.lines[1]: each for each in found.power.outcomes}
    assert fates["return x"].noticed
    assert fates["return x + dy"].fate is Fate.SURVIVED if "return x + dy" in fates else True
    never = [each for each in found.power.outcomes if each.fate is Fate.NEVER_RUN]
    assert never
    assert all(each.said == "no draw runs it (if x.shape[0] > 10**6)" for each in never)
    assert all(each.mutant.edit.line == 11 for each in never)
    assert "wrong versions of your backward are noticed" in str(found).replace("\n    ", " ")
    assert (tmp_path / "my_rules.py").read_text() == before
    assert sys.modules["my_rules"] is mine


def test_objects_are_made_of_the_changed_class(mine):
    question = {"arrays": "n d", "config": {"width": backcheck.Axis("d")}, "draws": 8}
    found = backcheck.verify_rule(mine.Layer, **question, power=True)
    assert found.power.noticed == len(found.power.outcomes) - sum(
        each.fate is Fate.SAME for each in found.power.outcomes
    )
    assert found.power.noticed >= 5


def test_an_endless_loop_is_counted_by_itself(mine, tmp_path, monkeypatch):
    from backcheck.subjects.fuzz.rule_check import verified
    from backcheck.subjects.fuzz.rule_question import RuleQuestion
    from backcheck.subjects.power import own_power

    forward = "def forward(x):\n    return x * x, x\n\n\n"
    backward = "def backward(x, dy):\n    n = 1\n    while n > 0:\n        n -= 1\n    return 2 * x * dy\n"
    (tmp_path / "looping_rules.py").write_text(forward + backward)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(own_power, "SECONDS", 6.0)
    import looping_rules

    question = RuleQuestion(rule=(looping_rules.forward, looping_rules.backward), arrays="n")
    right = verified(question, 3, 0, coverage=False)
    every = own_mutants(question.rule, "backward", 500, 0)
    endless = next(each for each in every if each.edit.lines == ("n -= 1", "n += 1"))
    monkeypatch.setattr(own_power, "own_mutants", lambda *_: [endless])
    (found,) = power_of(question, right, 3, 0).outcomes
    assert found.fate is Fate.NOT_ENDED
    assert found.noticed


def test_code_that_cannot_be_found_again_is_no_error():
    def forward(x):
        return x * x, x

    def backward(x, dy):
        return 2 * x * dy

    found = backcheck.verify_rule((forward, backward), "n", draws=5, power=True)
    assert found
    assert "cannot be found by its name" in found.power.reason
    assert "power is not known" in str(found)


def test_code_without_a_backward_in_python_is_said():
    assert "there is no backward in Python" in backcheck_power_of(np.sin).reason


def backcheck_power_of(function):
    from backcheck.subjects.fuzz.rule_question import RuleQuestion
    from backcheck.subjects.fuzz.verification import Verification

    question = RuleQuestion(rule=(branches.square_forward, function), arrays="n")
    return power_of(question, Verification("f", 0, {}, (), None, ()), 3, 0)


def test_addresses_lead_back():
    for value in (branches.square_forward, branches.Scaled, branches.Scaled.forward):
        assert address_of(value).value() is value
    with pytest.raises(NoAddress):
        address_of(lambda x: x)


def test_a_torch_function_and_a_rule_of_jax_have_a_backward_to_be_broken():
    torch = pytest.importorskip("torch")

    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 2 * x

        @staticmethod
        def backward(ctx, dy):
            return 2 * dy

    assert [each.__qualname__.rpartition(".")[2] for each in backward_functions(Twice)] == ["backward"]
    assert {each.edit.lines[1] for each in own_mutants(Twice, "backward", 99, 0)} >= {"return dy", "return 2 / dy"}
    jax = pytest.importorskip("jax")

    @jax.custom_vjp
    def double(x):
        return 2 * x

    def double_bwd(_, dy):
        return (2 * dy,)

    double.defvjp(lambda x: (2 * x, None), double_bwd)
    assert [each.__name__ for each in backward_functions(double)] == ["double_bwd"]


def test_the_share_leaves_out_what_is_the_same():
    outcomes = tuple(MutantOutcome(None, fate) for fate in (Fate.NOTICED, Fate.RAISED, Fate.SURVIVED, Fate.SAME))
    found = PowerOfChecks(3, outcomes)
    assert (found.noticed, len(found.survivors), found.share) == (2, 1, 2 / 3)
    assert np.isnan(PowerOfChecks(3).share)


ONCE = """
import os

if os.environ.setdefault("MY_RULES_WERE_IMPORTED_BY", str(os.getpid())) != str(os.getpid()):
    raise OSError("imported by another process")
"""


def test_code_that_does_not_pass_anew_tells_nothing_of_its_mutants(tmp_path, monkeypatch):
    """Else each of its mutants would count as noticed, by the error that all of them raise."""
    (tmp_path / "once_only.py").write_text(ONCE + MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("MY_RULES_WERE_IMPORTED_BY", str(os.getpid()))
    import once_only

    found = backcheck.verify_rule((once_only.forward, once_only.backward), "n", draws=20, power=True)
    assert found.power.outcomes == ()
    assert "power is not known: your code as it is, imported anew by another process, does not pass there" in str(
        found
    ).replace("\n    ", " ")
    assert "imported by another process" in found.power.reason
