"""A tensor that is written into, as NumPy's arrays are, though each write makes a new tensor that autograd follows.

Arrays that look into a written one, by an index or a transpose, are looked up anew, and a write into such a view goes
to the array that it looks into.
"""

from collections.abc import Callable
from typing import Any

from backcheck_reference.frontends.numpy_code.tensors.values import floated, tensor
from backcheck_reference.lazy import Unavailable, torch


class WrittenTensor:
    """`held` is the tensor, or a view of `base` by the function `look`."""

    __slots__ = ("_base", "_held", "_is_view", "_look", "_seen", "_version")

    def __init__(self, held: Any, base: Any = None, look: Callable[[Any], Any] | None = None) -> None:
        self._held, self._base, self._look = held, base, look
        self._version, self._seen, self._is_view = 0, -1 if base is None else base.version, True

    @property
    def version(self) -> int:
        """How often the numbers were changed, in this array or in the one that it looks into."""
        return self._version if self._base is None else self._base.version

    @property
    def tensor(self) -> Any:
        if self._base is not None and self._seen != self._base.version:
            self._require_view()
            self._held, self._seen = self._look(self._base.tensor), self._base.version  # type: ignore[misc]
        return self._held

    def through(self, look: Callable[[Any], Any], name: str = "") -> Any:
        """A view of this array, by a function that moves entries about."""
        found = type(self)(look(self.tensor), self, look)
        found._is_view = self._base is None or name not in ("reshape", "ravel")
        return found

    def _require_view(self) -> None:
        """Of a view, NumPy's reshape is a view or a copy, by how it lies in memory, of which nothing is known here."""
        if not self._is_view:
            raise Unavailable(
                "a write after np.reshape of a view has no form on tensors; take a copy() of the view first"
            )

    def put(self, value: Any, places: Any = None, add: bool = False) -> None:
        """Write at these places, numbers of entries in order; everywhere where none are given."""
        old = self.tensor
        if places is None:
            places = torch.arange(old.numel(), device=old.device).reshape(old.shape)
        if self._base is not None:
            self._require_view()
            base = self._base.tensor
            within = self._look(torch.arange(base.numel(), device=base.device).reshape(base.shape))  # type: ignore[misc]
            self._base.put(value, within.reshape(-1)[places], add)
            return
        value = tensor(value)
        value = floated(value) if old.is_floating_point() else value.to(old.dtype)
        value = torch.broadcast_to(value, places.shape).reshape(-1)
        new = torch.index_put(old.reshape(-1), (places.reshape(-1),), value, accumulate=add)
        self._held, self._version = new.reshape(old.shape), self._version + 1
