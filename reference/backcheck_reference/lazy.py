"""PyTorch and JAX, imported on first use, so that a harness without them starts quickly and says what is missing."""

import importlib
from typing import Any


def _import(name: str) -> Any:
    return importlib.import_module(name)


class Unavailable(RuntimeError):
    """An oracle cannot answer here. The message says why and, where it helps, what to install."""


class OtherShape(ValueError):
    """A framework's value has another shape than the cotangent, which has that of the subject's value."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__(f"the value has shape {list(shape)}")
        self.shape = shape


class LazyModule:
    """Stands for a module until one of its names is asked for, and imports it then.

    With `fixed` what a name stands for never changes, and is looked up once: a small check asks for flint.arb and its
    like a hundred times.
    """

    def __init__(self, name: str, extra: str, *, fixed: bool = False) -> None:
        self._name, self._extra, self._module, self._fixed = name, extra, None, fixed

    def load(self) -> Any:
        if self._module is None:
            try:
                self._module = _import(self._name)
            except ImportError as error:
                package = self._name.partition(".")[0]
                raise Unavailable(
                    f'{package} cannot be imported ({error}); pip install "backcheck[{self._extra}]"'
                ) from error
        return self._module

    @property
    def installed(self) -> bool:
        """Can the module be imported?"""
        try:
            return self.load() is not None
        except Unavailable:
            return False

    @property
    def loaded(self) -> Any:
        """The module, or None as long as nobody has asked for one of its names."""
        return self._module

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._module or self.load(), name)
        if self._fixed:
            vars(self)[name] = found
        return found


torch = LazyModule("torch", "torch")
F = LazyModule("torch.nn.functional", "torch")
jax = LazyModule("jax", "jax")
jnp = LazyModule("jax.numpy", "jax")
flint = LazyModule("flint", "exact", fixed=True)


def is_ball(value: Any) -> bool:
    """Is this one of python-flint's numbers? Where that is not installed nothing is."""
    module = flint.loaded
    return module is not None and type(value) in (module.arb, module.acb)
