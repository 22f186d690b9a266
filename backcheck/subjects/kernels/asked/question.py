"""What is asked of a kernel: at which tensors, by which of them, beside which reference, under which promise."""

import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backcheck.errors import BadInput
from backcheck.subjects.kernels.asked.models import BITS, Model
from backcheck.subjects.kernels.asked.references import Framework, reference_as_torch
from backcheck.subjects.kernels.calls.forms import Kernel
from backcheck_reference.lazy import torch

COTANGENT = 0x6479  # a stream of its own
DTYPES = ("bfloat16", "float16", "float32", "float64")


@dataclass(frozen=True)
class Question:
    """`tensors` are the kernel's own, on its device and in its layout; `wanted` are the places of those that it gives
    gradients of. `plain` is the reference as it was said, in the framework `kind`; `outputs` are the forms of what it
    returns here, where that is known."""

    name: str
    kernel: Kernel
    plain: Any
    kind: Framework
    names: tuple[str, ...]
    tensors: tuple[Any, ...]
    wanted: tuple[int, ...]
    config: Mapping[str, Any]
    model: Model
    fast: bool
    seed: int
    out: bool = False
    backward_only: bool = False
    source: tuple[str, ...] = ()
    call: str = ""
    options: tuple[str, ...] = ()
    outputs: tuple[Any, ...] | None = None

    @functools.cached_property
    def reference(self) -> Any:
        """The plain reference as a function of PyTorch's tensors."""
        return reference_as_torch(self.plain, self.kind)

    @property
    def dtype(self) -> str:
        """The narrowest dtype among the tensors: what the kernel is said to compute in."""
        return narrowest(self.tensors)

    @property
    def device(self) -> Any:
        return self.tensors[0].device

    @property
    def on_cpu(self) -> tuple[Any, ...]:
        return tuple(each.detach().to("cpu") for each in self.tensors)

    def id_with(self, cotangents: Sequence[Any]) -> str:
        """A hash of the name, the options, and of all tensors to the bit."""
        digest = hashlib.sha256(repr((self.name, sorted(self.config.items(), key=str), str(self.model))).encode())
        for tensor in (*self.on_cpu, *cotangents):
            digest.update(repr((tensor.dtype, tuple(tensor.shape))).encode())
            digest.update(tensor.detach().to("cpu").contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()[:12]


def name_of_dtype(tensor: Any) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def narrowest(tensors: Sequence[Any]) -> str:
    """The name of the narrowest float dtype. Raises BadInput where there is none, or one that is not judged."""
    floats = [name_of_dtype(each) for each in tensors if each.is_floating_point()]
    if any(each.layout != torch.strided for each in tensors):
        raise BadInput("kernels are checked on dense tensors; got a sparse one, whose memory cannot be watched")
    odd = [name for name in floats if name not in DTYPES]
    if odd or not floats:
        came = odd[0] if odd else "no tensor of floating-point numbers"
        raise BadInput(f"kernels are checked on tensors of {', '.join(DTYPES)}; got {came}")
    return min(floats, key=BITS.__getitem__)


def drawn_cotangent(shape: Sequence[int], dtype: Any, seed: int) -> Any:
    """A cotangent of normal numbers, none of which is 0: ones would hide a softmax.

    The seed alone would draw what a caller's `default_rng(0).standard_normal` has drawn: a cotangent that is x itself,
    for which the gradient of every norm is near zero.
    """
    numbers = np.random.Generator(np.random.PCG64([seed, COTANGENT])).standard_normal(tuple(shape))
    return torch.from_numpy(np.where(numbers == 0, 1.0, numbers)).to(dtype)


def positions(wrt: Any, names: Sequence[str], tensors: Sequence[Any], fixed: Any = ()) -> tuple[int, ...]:
    """The places of the tensors that gradients are asked by. Raises BadInput for a name that none has."""
    floats = [at for at, each in enumerate(tensors) if each.is_floating_point()]
    said = None if wrt is None else ((wrt,) if isinstance(wrt, str) else tuple(wrt))
    left = (fixed,) if isinstance(fixed, str) else tuple(fixed)
    for each in (*(said or ()), *left):
        if each not in names or names.index(each) not in floats:
            known = ", ".join(names[at] for at in floats)
            raise BadInput(f"{each!r} is no array of floating-point numbers here; there are {known}")
    if said is not None:
        return tuple(sorted(names.index(each) for each in said))
    held = [at for at in floats if tensors[at].requires_grad]
    return tuple(at for at in (held or floats) if names[at] not in left)
