"""The script for a wrong Hessian-vector product of a framework prints the numbers of the finding."""

import contextlib
import io
import json
import re

import numpy as np
import pytest

from backcheck.diagnosis import note as notes
from backcheck.diagnosis.locate import diagnose
from backcheck.diagnosis.reproducer import script
from backcheck.keys import product
from backcheck.strategies.case import Case
from backcheck.verdicts.cases import check_case
from backcheck.verdicts.second_order import products
from backcheck_reference.frameworks import jax_oracle
from backcheck_reference.frameworks.mirrors import MIRRORS
from scratch_bp.network import ArraySpec, Network, Node
from scratch_bp.rules import RULES

ARRAYS = {"x": np.array([[0.3, -0.7], [1.1, -1.9]]), "w": np.array([[0.5, 2.0, -1.0], [1.5, 0.25, 0.75]])}
ROWS = Network(
    {"x": ArraySpec((2, 2)), "w": ArraySpec((2, 3)), "b": ArraySpec((3,))},
    (Node("h", "dense", ("x", "w", "b")), Node("y", "tanh", ("h",))),
    "y",
)
ALONE = Network({"x": ArraySpec((2, 2))}, (Node("y", "tanh", ("x",)),), "y")
DY = np.array([[0.5, 1.5, -0.25], [-1.0, 2.0, 1.25]])
CASES = {
    "alone": Case.of(ALONE, {"x": ARRAYS["x"]}, DY[:, :2]),
    "in a network": Case.of(ROWS, {**ARRAYS, "b": np.array([0.1, -0.2, 0.3])}, DY),
}


def twice_at_second_order(x):
    """tanh in PyTorch with the right value and slope; its second derivative is counted twice."""
    import torch

    y = torch.tanh(x)
    return y.detach() + (1 - y * y) * (x - x.detach())


@pytest.fixture
def planted(request, monkeypatch):
    """A fault of one framework that the first order does not show."""
    if request.param == "torch":
        monkeypatch.setitem(MIRRORS, "tanh", MIRRORS["tanh"]._replace(torch=twice_at_second_order))
        return "torch"
    own = jax_oracle.hessian_vector

    def off(*question):
        return {name: 1.25 * product for name, product in own(*question).items()}

    monkeypatch.setattr(jax_oracle, "hessian_vector", off)
    monkeypatch.setitem(products.PARTIES, "jax", off)
    return "jax"


@pytest.mark.parametrize("planted", ["torch", "jax"], indirect=True)
@pytest.mark.parametrize("name", CASES)
def test_the_script_prints_the_product_that_the_finding_complains_of(name, planted):
    case = CASES[name]
    checked = check_case(case, RULES, (planted, "exact", "second"))
    finding = diagnose(checked)
    assert finding.bucket == (planted, "tanh", "H.x")
    assert {key for key, _ in checked.disagreements} == set(map(product, case.arrays))
    printed = _printed_by(script(case, finding, None))
    for array, v in products.direction(checked.problem).items():
        measure = checked.measures[product(array), planted]
        told = printed[f"H.{array}"]
        assert np.array_equal(told["along"], v)
        assert told["got"][measure.index] == measure.got
        assert told["want"][measure.index] == measure.want


def _printed_by(script):
    """What a script prints, with all digits, by tensor and by the word before each array."""
    out = io.StringIO()
    exact = np.printoptions(formatter={"float": lambda number: repr(float(number))})
    with contextlib.redirect_stdout(out), exact:
        exec(compile(script, "again", "exec"), {})
    tables = re.split(r"^(H\.\w+)\n", out.getvalue(), flags=re.MULTILINE)[1:]
    words = [re.split(r"^(along|got|want)\n", text, flags=re.MULTILINE)[1:] for text in tables[1::2]]
    arrays = [dict(zip(each[::2], map(_array, each[1::2]), strict=True)) for each in words]
    return dict(zip(tables[::2], arrays, strict=True))


def _array(printed):
    return np.array(json.loads(re.sub(r"\s+", ", ", printed.strip())))


@pytest.mark.parametrize("planted", ["torch"], indirect=True)
def test_the_case_is_replayed_from_the_script_and_the_note_shows_the_worst_entry(planted):
    case = CASES["alone"]
    note = notes.tell(case, RULES)
    line = next(line for line in note.reproducer.splitlines() if line.startswith("# @example("))
    text = line.removeprefix("# @example(case=Case.from_json(json.loads(").removesuffix(")))")
    again = Case.from_json(json.loads(eval(text)))
    assert again.id == case.id
    assert diagnose(check_case(again, RULES)).bucket == ("torch", "tanh", "H.x")
    measure = check_case(case, RULES).measures[product("x"), "torch"]
    row = f"{measure.got:.9g}", f"{measure.want:.9g}", f"{measure.allowed:.2g}"
    assert note.table == ((f"H.x[{', '.join(map(str, measure.index))}]", *row),)
    assert "value_and_grad" not in note.reproducer
