"""Which precision PyTorch's own operations keep: asked live, and told in a terminal of 80 columns."""

import json

import numpy as np
import pytest

from backcheck.errors import BadInput
from backcheck.gallery.kept_precision import FLOAT32, LEGEND, NARROW, SAVED, lines, observe
from backcheck.gallery.torch_operations import OPERATIONS
from backcheck_reports.record import Verdict

torch = pytest.importorskip("torch")

ASKED = ("layer_norm", "rms_norm", "tanh", "matmul", "embedding")


@pytest.fixture(scope="module")
def rows():
    return list(observe(only=ASKED))


@pytest.fixture(scope="module")
def words(rows):
    return {(row.operation, row.tensor): row.model for row in rows if row.dtype == "bfloat16"}


def test_what_is_known_of_some_of_them(words):
    assert words["rms_norm", "dx"] == words["matmul", "da"] == FLOAT32
    assert words["layer_norm", "db"] == words["embedding", "dw"] == NARROW
    assert words["tanh", "dx"] == SAVED
    assert {words[name, "output"] for name in ASKED} == {FLOAT32}


def test_each_output_and_gradient_is_judged_in_both_dtypes(rows):
    for operation in OPERATIONS:
        if operation.name in ASKED:
            wanted = {f"d{name}" for name in operation.arrays if name not in operation.integers} | {"output"}
            for dtype in ("bfloat16", "float16"):
                found = [row for row in rows if (row.operation, row.dtype) == (operation.name, dtype)]
                assert {row.tensor for row in found} == wanted
    for row in rows:
        assert (row.times <= 1) == row.is_float32
        assert (row.verdict is Verdict.AGREE) == row.is_float32


def test_a_line_for_each_tensor_in_80_columns(rows):
    told = lines(rows)
    assert max(map(len, told)) <= 80
    assert told[0].split() == ["operation", "tensor", "bfloat16", "float16"]
    assert told[1].split() == ["layer_norm", "output", "float32", "float32"]
    assert [line for line in told if line.startswith("narrow")] == [f"{NARROW:9}{LEGEND[NARROW]}"]
    assert not any(line.startswith("beyond") for line in told)


def test_names_are_names_and_draws_are_repeated():
    names = [each.name for each in OPERATIONS]
    assert len(set(names)) == len(names) >= 40
    assert not any("," in name or " " in name for name in names)
    for operation in OPERATIONS:
        one, other = (operation.draw(torch.bfloat16, np.random.default_rng(3)) for _ in range(2))
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(("asked", "said"), [({"only": ("relu7",)}, "no operation"), ({"dtypes": ("int8",)}, "int8")])
def test_what_there_is_not_is_said(asked, said):
    with pytest.raises(BadInput, match=said):
        list(observe(**asked))


def test_what_is_not_judged_has_its_reason():
    """No form on balls, or no kernel: a line below the table says which."""
    rows = [row for row in observe(("bfloat16",), ("interpolate",)) if not row.model]
    for row in rows:
        assert any(line.startswith(f"interpolate, bfloat16: {row.reason}") for line in lines(rows, ("bfloat16",)))


def test_the_command(capsys):
    from backcheck.commands.options import commands

    commands(["gallery", "--only", "tanh", "--dtype", "bfloat16"], standalone_mode=False)
    printed = capsys.readouterr().out
    assert printed.splitlines()[0].split() == ["operation", "tensor", "bfloat16"]
    commands(["gallery", "--only", "tanh", "--dtype", "bfloat16", "--json"], standalone_mode=False)
    assert [row["tensor"] for row in json.loads(capsys.readouterr().out)] == ["output", "dx"]
