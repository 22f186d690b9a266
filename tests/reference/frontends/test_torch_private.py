"""Names that PyTorch keeps private and that we use. A release that moves one of these is named here."""

import importlib

import pytest

# the module, the name in it, and what it serves
PRIVATE = (
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
    pytest.importorskip("torch")
    assert hasattr(importlib.import_module(module), name), f"{module}.{name} is gone; it served: {serves}"
