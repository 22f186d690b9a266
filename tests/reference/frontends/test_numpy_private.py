"""What exact runs rely on in NumPy that NumPy does not promise. A release that changes one of these is named here."""

import ast
import importlib

import numpy as np
import pytest

from backcheck_reference.frontends.numpy_code import running
from backcheck_reference.frontends.numpy_code.random_modules import random_modules
from backcheck_reference.lazy import Unavailable
from tests.house.modules import modules, tree

# Each is compiled and calls `np.empty` or `np.zeros` by its global name `np`, then writes floats or integers into the
# memory. In an exact run that memory would be one of Python objects, and the process would die. So each is given an
# `np` of its own, and this is why the name must be there.
WHY = {
    "mtrand": "np.random.rand and the other functions of np.random, and RandomState",
    "_generator": "np.random.default_rng and Generator",
    "bit_generator": "the seeds of every generator, SeedSequence",
    "_common": "the loops that fill an array with draws, for mtrand and _generator",
    "_bounded_integers": "integers below a bound, for randint and integers",
    "_mt19937": "the state of MT19937, which np.random itself uses",
    "_pcg64": "the state of PCG64, which default_rng uses",
    "_philox": "the state of Philox",
    "_sfc64": "the state of SFC64",
}


@pytest.mark.parametrize("name", WHY)
def test_a_module_of_random_numbers_holds_numpy_under_a_global_name(name):
    said = f"NumPy {np.__version__}: numpy.random.{name} ({WHY[name]})"
    try:
        module = importlib.import_module(f"numpy.random.{name}")
    except ImportError as error:
        pytest.fail(f"{said} is gone: {error}. What holds its code now must be kept from exact buffers")
    assert vars(module).get("np") is np, f"{said} no longer calls NumPy by the name np: see buffers.places"
    with running():
        assert vars(module)["np"].empty is not np.empty, f"{said} would fill exact buffers with floats"


def test_no_other_module_of_random_numbers_holds_numpy():
    found = {name.removeprefix("numpy.random."): own for name, (_, own) in random_modules().items()}
    assert {name for name, own in found.items() if own} == set(WHY)


def test_where_generators_cannot_be_kept_apart_exact_arithmetic_says_so(monkeypatch):
    moved = type("Generator", (), {"__module__": "numpy.random._elsewhere"})
    monkeypatch.setattr(np.random, "Generator", moved)
    with pytest.raises(Unavailable, match=r"numpy\.random\._elsewhere cannot be kept from writing floats"):
        random_modules()


def test_nothing_private_of_numpy_is_imported_by_name():
    for module in modules():
        for node in ast.walk(tree(module)):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            else:
                continue
            private = [n for n in names if n.startswith("numpy.") and any(p.startswith("_") for p in n.split("."))]
            assert not private, f"{module} imports {private}"
