"""The property that the project is about: on drawn networks the subject, PyTorch, JAX and the truth agree."""

import numpy as np
import pytest
from hypothesis import given, settings

from backcheck.strategies.case import draw_as_text
from backcheck.strategies.case_strategies import cases
from backcheck.strategies.catalogue.sizes import Sizes
from backcheck.verdicts.cases import check_case
from backcheck_reference.frameworks import jax_oracle, jax_pieces
from backcheck_reference.frameworks.mirrors import MIRRORS
from backcheck_reports import Verdict
from scratch_bp.network import run
from scratch_bp.rules import RULES

FEW = Sizes(leads=((2,), (4,)), widths=(1, 3, 2))


def explain(checked, case):
    return [(key, checked.measures[key]) for key in checked.disagreements], draw_as_text(case.network)


@settings(max_examples=300)
@given(case=cases())
def test_no_drawn_network_disagrees(case):
    checked = check_case(case, RULES, ("torch", "differences", "exact"))
    assert not checked.disagreements, explain(checked, case)


@settings(max_examples=40)
@given(case=cases(sizes=FEW))
def test_jax_agrees_too(case):
    checked = check_case(case, RULES, ("jax", "exact"))
    assert not checked.disagreements, explain(checked, case)


@settings(max_examples=300)
@given(case=cases())
def test_every_right_rule_has_an_exact_residual_below_1e_30(case):
    checked = check_case(case, RULES, ("exact",))
    for (name, party), measure in checked.measures.items():
        if party == "exact" and measure.verdict is Verdict.AGREE:
            assert measure.relative < 1e-30, (name, measure, draw_as_text(case.network))


@settings(max_examples=8)
@given(case=cases(["dense", "tanh", "add", "mse"], ("float64",), ("normal",), sizes=FEW))
def test_rules_put_together_give_what_jax_gives_for_the_whole_program(case):
    arrays, dy = case.make()

    def program(apply, values):
        return run(case.network, values, apply)

    wanted = case.network.differentiable
    value, pieced = jax_oracle.value_and_grad(program, arrays, dy, wanted)
    whole_value, whole = jax_oracle.whole_program(program, arrays, dy, wanted)
    assert value == pytest.approx(whole_value, rel=1e-12, abs=1e-12)
    for name in wanted:
        assert pieced[name] == pytest.approx(whole[name], rel=1e-10, abs=1e-12)


def test_jax_forgets_what_it_compiled_before_the_process_is_full(monkeypatch):
    """5,000 networks compiled so much that the process ran out of mappings; the answers stay the same."""
    monkeypatch.setattr(jax_pieces.Compiled, "most", 3)
    jax_pieces.cached_piece.cache_clear()
    met = []
    for size in range(1, 9):
        x = np.linspace(-1, 1, size)
        piece = jax_pieces.piece(MIRRORS["tanh"].jax, {})
        piece.zeros((x,))
        value, _ = piece((x,), np.ones(size))
        value_again, _ = jax_pieces.Piece(MIRRORS["tanh"].jax, {})((x,), np.ones(size))
        np.testing.assert_array_equal(value, value_again)
        met.append(piece)
    assert any(piece is not met[0] for piece in met)
