"""Modules that hold the memory of a parameter in a second place, where other parameters would not be seen.

A module is checked at parameters that are handed to it by name. `self.ws = [self.W]`, `self.W = self.flat[:6]` and a
buffer that is a view of a parameter stay with the numbers that they had: the value no longer follows the parameter, and
its gradient would be missing, or judged against half of the truth. Two parameters that share memory are none of this:
PyTorch gives each the gradient of its own use, and a step on both adds them up.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from backcheck.errors import BadInput
from backcheck.subjects.pairs.generators import generators_of
from backcheck_reference.frontends.torch_code.callable import value_of, with_parameters
from backcheck_reference.lazy import torch


def require_followed(module: Any, inputs: Sequence[np.ndarray], config: Mapping[str, Any]) -> None:
    """Raises BadInput where the value of a module follows its parameters through more than the parameters."""
    own = [each for each in module.parameters() if each.requires_grad]
    found = sorted({name for name, tensor in _held(module) if any(_meet(tensor, each) for each in own)})
    if found and not _follows(module, own, inputs, config):
        raise BadInput(
            f"{type(module).__name__} reads the memory of its parameters through {' and '.join(found)} too, which do "
            "not follow when it is called with other parameters; take them from the parameters in forward"
        )


def _follows(module: Any, own: Sequence[Any], inputs: Sequence[np.ndarray], config: Mapping[str, Any]) -> bool:
    """Is the value at other parameters the same whether they are handed in or written into the memory?"""
    before = [each.detach().clone() for each in own]
    generators = generators_of(module)
    try:
        with generators.at(generators.start), torch.no_grad():
            for each in own:
                each.data.copy_(each.data * 1.25 + 0.125)  # by its data, of which no graph takes notice
            moved, written = with_parameters(module)[1], value_of(module, {}, inputs, config)
        with generators.at(generators.start), torch.no_grad():
            _put_back(own, before)
            return written == value_of(module, moved, inputs, config)
    except Exception:  # it may not take such parameters, and then nothing is known
        return True
    finally:
        _put_back(own, before)


def _put_back(own: Sequence[Any], before: Sequence[Any]) -> None:
    for each, numbers in zip(own, before, strict=True):
        each.data.copy_(numbers)


def _meet(one: Any, other: Any) -> bool:
    kept = one.untyped_storage(), other.untyped_storage()
    return bool(kept[0].nbytes() and kept[0].data_ptr() == kept[1].data_ptr())


def _held(module: Any) -> Iterator[tuple[str, Any]]:
    """The tensors that a module and its parts hold otherwise than as parameters to be learned, by name."""
    for path, part in module.named_modules():
        fixed = {n: each for n, each in part._parameters.items() if each is not None and not each.requires_grad}
        for name, value in {**vars(part), **part._buffers, **fixed}.items():
            if name not in ("_parameters", "_modules", "_buffers"):
                for tensor in _tensors(value, set()):
                    yield f"{path}.{name}" if path else name, tensor


def _tensors(value: Any, seen: set[int]) -> Iterator[Any]:
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, Mapping):
        yield from (tensor for each in value.values() for tensor in _tensors(each, seen))
    elif isinstance(value, list | tuple | set):
        yield from (tensor for each in value for tensor in _tensors(each, seen))
    else:
        for cell in getattr(value, "__closure__", None) or ():
            yield from _tensors(cell.cell_contents, seen)
