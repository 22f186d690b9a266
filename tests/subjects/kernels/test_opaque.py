"""Kernels that nobody can look into, for real: they compute what they are meant to, where their package is installed.

Triton runs under its interpreter where no GPU is. What backcheck says of them is tested elsewhere.
"""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tests.subjects.kernels.corpus.catalogue import NAMED  # noqa: E402
from tests.subjects.kernels.corpus.numpy_pairs import torch_function  # noqa: E402
from tests.subjects.kernels.measures import (  # noqa: E402
    FLOAT32,
    ROUNDED_ONCE,
    SEEN,
    allowed,
    answer,
    cotangent,
    drawn,
    errors,
    transposed,
    worst,
)  # fmt: skip

TRITON = (
    *("softmax", "layer_norm", "rms_norm", "cross_entropy", "matmul_tiled", "attention", "attention_causal"),
    "rms_norm_last_writer",
)
CUT_OFF = 5.0  # a result that is cut off is up to twice as far as one to nearest, twice on average of squares


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("name", TRITON)
def test_triton(triton_entries, name, dtype):
    entry = triton_entries[f"triton_{name}"]
    found = max(worst(entry, dtype, size) for size in ("small", "odd"))
    if not entry.right:
        assert found > SEEN[dtype]
    elif dtype in entry.truncated:
        assert ROUNDED_ONCE < found <= CUT_OFF
    else:
        assert found <= allowed(entry, dtype)


def test_every_triton_kernel_is_listed(triton_entries):
    assert {f"triton_{name}" for name in TRITON} == set(triton_entries)


def test_cpp(cpp_entries):
    right, careless = cpp_entries
    for dtype in right.dtypes:
        assert worst(right, dtype, "odd") <= allowed(right, dtype)
        assert worst(careless, dtype, "odd") <= allowed(right, dtype)
        turned = worst(careless, dtype, "odd", dy=lambda y: transposed(torch.randn(y.shape).to(y.dtype)))
        assert turned > SEEN[dtype]


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32], ids=str)
def test_numba(dtype):
    pytest.importorskip("numba", reason="needs numba: pip install backcheck[kernels]")
    from tests.subjects.kernels.opaque.numba_layer_norm import backward, forward

    like = NAMED["layer_norm"]
    tensors, generator = drawn(like, dtype, "odd")
    got, dy = answer(torch_function(forward, backward), tensors, lambda y: cotangent(y, generator))
    want, _ = answer(like.reference, [x.double() for x in tensors], dy)
    assert max(errors(got, want)) <= allowed(like, dtype)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32"])
def test_pallas(dtype):
    jax = pytest.importorskip("jax")
    from tests.subjects.kernels.opaque.pallas_softmax import softmax, wrong_softmax

    (x,), generator = drawn(NAMED["softmax"], kind := getattr(torch, dtype), "odd")
    dy = torch.randn(x.shape, generator=generator).to(kind)
    want, _ = answer(NAMED["softmax"].reference, [x.double()], dy)
    narrow = FLOAT32 if dtype == "float32" else ROUNDED_ONCE
    got, wrong = (_by_jax(jax, function, x, dy) for function in (softmax, wrong_softmax))
    assert max(errors(got, want)) <= narrow
    assert max(errors(wrong, want)) > SEEN[kind]


def _by_jax(jax, function, x, dy):
    x, dy = (jax.numpy.asarray(each.float().numpy()).astype(str(each.dtype)[6:]) for each in (x, dy))
    y, pull = jax.vjp(function, x)
    kind = getattr(torch, str(x.dtype))
    return [torch.from_numpy(np.array(each, np.float32)).to(kind) for each in (y, *pull(dy))]


@pytest.mark.slow  # half a minute of C++
@pytest.mark.filterwarnings("ignore:`torch.jit.script_method`:DeprecationWarning")
def test_compile():
    """What is compiled is itself a reference: Inductor widens inside, and is float32 inside where eager is not."""
    like = NAMED["softmax"]
    compiled = torch.compile(lambda x: torch.softmax(x, -1))
    for dtype in like.dtypes:
        tensors, generator = drawn(like, dtype, "odd")
        free = tensors[0].requires_grad_()
        y = compiled(free)
        y.backward(dy := cotangent(y, generator))
        want, _ = answer(like.reference, [tensors[0].detach().double()], dy)
        assert max(errors([y.detach(), free.grad], want)) <= 4 * FLOAT32
