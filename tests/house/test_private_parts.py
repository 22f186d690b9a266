"""Names that others keep private and that we use: each is here, so that a new version which moves one is told by name.

pyproject.toml bounds these libraries above for the same reason.
"""

import importlib
import inspect

import pytest
from hypothesis import given
from hypothesis.strategies import SearchStrategy

# the module, the name in it, and what it serves
PRIVATE = (
    *(
        (f"numpy.random.{module}", "np", "a generator in code under test makes floats, not exact numbers")
        for module in ("_bounded_integers", "_common", "_generator", "_mt19937", "_pcg64", "_philox", "_sfc64")
    ),
    ("numpy.random.bit_generator", "np", "as above"),
    ("numpy.random.mtrand", "np", "as above"),
    ("torch._C", "_DisableTorchDispatch", "PyTorch's operations on exact numbers"),
    ("torch._C", "_disabled_torch_function_impl", "the tensors that carry exact numbers"),
    ("torch._C", "_set_throw_on_mutable_data_ptr", "no kernel reads the memory of such a tensor"),
    ("torch._C", "_set_grad_enabled", "code under test that switches gradients off"),
    ("torch._decomp", "get_decompositions", "operations in terms of simpler ones"),
    ("torch._VF", "rnn_tanh", "the mirrors of recurrent layers, with rnn_relu, lstm and gru"),
    ("torch", "_weight_norm", "the mirror of weight_norm"),
)


@pytest.mark.parametrize(("module", "name", "serves"), PRIVATE, ids=lambda part: part)
def test_it_is_there(module, name, serves):
    pytest.importorskip(module.partition(".")[0])
    assert hasattr(importlib.import_module(module), name), f"{module}.{name} is gone; it served: {serves}"


class Recorded(SearchStrategy):
    """A strategy that draws by itself, as backcheck's do: the data of `do_draw` has `draw_integer` and `draw`."""

    def do_draw(self, data):
        return data, data.draw_integer(0, 3), data.draw(SEVEN)


class Seven(SearchStrategy):
    def do_draw(self, data):
        return 7


SEVEN = Seven()


@given(Recorded())
def test_a_strategy_may_draw_by_itself(drawn):
    data, number, seven = drawn
    assert 0 <= number <= 3
    assert seven == 7
    assert list(inspect.signature(data.draw_integer).parameters)[:2] == ["min_value", "max_value"]
