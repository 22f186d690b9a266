"""A drawn case of a kernel: sizes, options, arrays, layouts, the cotangent and the dtype."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis.strategies import SearchStrategy

from backcheck.errors import BadInput
from backcheck.strategies.arrays import ArrayRecipe, make
from backcheck.strategies.choice import Pick
from backcheck.subjects.drawn.shapes import Described, options, specs
from backcheck.subjects.kernels.calls.layouts import CONTIGUOUS, draw_layouts, laid_out
from backcheck.subjects.kernels.drawn.draws import TILES, draw_kernel_arrays, draw_kernel_cotangent
from backcheck_reference.frameworks.torch_oracle import to_tensor
from backcheck_reference.lazy import Unavailable


@dataclass(frozen=True)
class KernelCase:
    """`bound` has the sizes by axis. Every tensor is made from its recipe, and laid out as `layouts` says."""

    dtype: str
    bound: Mapping[str, Any]
    arrays: Mapping[str, ArrayRecipe]
    booleans: frozenset[str]
    config: Mapping[str, Any]
    cotangents: tuple[ArrayRecipe | None, ...] = ()
    layouts: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        said = (self.dtype, sorted(self.bound.items()), sorted(self.arrays.items()), self.cotangents)
        rest = (sorted(self.config.items(), key=str), sorted(self.layouts.items()))
        return hashlib.sha256(repr((said, rest)).encode()).hexdigest()[:12]

    @property
    def entries(self) -> int:
        return sum(recipe.size for recipe in self.arrays.values())

    def tensors(self, device: Any = None) -> tuple[Any, ...]:
        """The tensors as the kernel is given them."""
        return tuple(self._laid_out(name, self._made(name, device)) for name in self.arrays)

    def dys(self, device: Any = None) -> tuple[Any | None, ...]:
        """The cotangents, None for an output of integers."""
        made = [None if r is None else to_tensor(make(r, self.dtype)).to(device or "cpu") for r in self.cotangents]
        return tuple(None if dy is None else self._laid_out(f"dy{at}", dy) for at, dy in enumerate(made))

    def _made(self, name: str, device: Any) -> Any:
        tensor = to_tensor(make(self.arrays[name], self.dtype))
        return (tensor.bool() if name in self.booleans else tensor).to(device or "cpu")

    def _laid_out(self, name: str, tensor: Any) -> Any:
        layout = self.layouts.get(name, CONTIGUOUS)
        other = laid_out(tensor, layout) if layout != CONTIGUOUS else None
        return tensor if other is None else other


@dataclass(frozen=True)
class KernelPlan:
    """What is drawn. `outputs(case)` gives the shapes of the reference's outputs, None for those of integers; it raises
    what the reference raises where it does not take these shapes or options."""

    described: Sequence[Described]
    config: Mapping[str, Any]
    dtypes: Sequence[str]
    outputs: Callable[[KernelCase], Sequence[tuple[int, ...] | None]]

    def strategy(self, refused: Callable[[Exception], None]) -> "KernelCases":
        """Cases as Hypothesis draws them; `refused` is told of shapes and options that the reference does not take."""
        return KernelCases(self, refused)

    def drawn(self, pick: Pick, draw: Callable[[Any], Any], refused: Callable[[Exception], None]) -> KernelCase:
        drawn = draw_kernel_arrays(pick, self.described, self.dtypes)
        config = options(pick, draw, self.config, drawn.sizes)
        booleans = frozenset(each.name for each in self.described if each.boolean)
        case = KernelCase(drawn.style.dtype, drawn.sizes, drawn.arrays, booleans, config)
        try:
            shapes = self.outputs(case)
        except (BadInput, Unavailable) as error:
            refused(error)
            shapes = ()
        dys = tuple(None if shape is None else draw_kernel_cotangent(pick, shape, drawn.style) for shape in shapes)
        case = replace(case, cotangents=dys)
        named = dict(zip(drawn.arrays, case.tensors(), strict=True))
        given = {f"dy{at}": dy for at, dy in enumerate(case.dys()) if dy is not None}
        return replace(case, layouts=draw_layouts(pick, {**named, **given}))

    def smaller(self, case: KernelCase, axis: str) -> KernelCase | None:
        """The same case with one axis at the next smaller size of a tile; None where there is none.

        Numbers, layouts and options stay what they are, so that nothing but the size has changed.
        """
        size = case.bound[axis]
        below = [each for each in TILES if isinstance(size, int) and each < size]
        if not below:
            return None
        bound = {**case.bound, axis: below[-1]}
        shapes = specs(self.described, bound)
        if any(recipe.values is not None for recipe in case.arrays.values()):
            return None
        arrays = {
            name: replace(r, shape=shapes[name].shape, classes=shapes[name].classes) for name, r in case.arrays.items()
        }
        other = replace(case, bound=bound, arrays=arrays)
        try:
            outputs = self.outputs(other)
        except (BadInput, Unavailable):  # the reference does not take it
            return None
        dys = tuple(
            None if r is None or shape is None else replace(r, shape=shape)
            for r, shape in zip(case.cotangents, outputs, strict=True)
        )
        return replace(other, cotangents=dys)


class KernelCases(SearchStrategy[KernelCase]):
    """The strategy of a plan. One operation for each draw, for the reasons that `strategies.choice` gives."""

    def __init__(self, plan: KernelPlan, refused: Callable[[Exception], None]) -> None:
        super().__init__()
        self._plan, self._refused = plan, refused

    def do_draw(self, data: Any) -> KernelCase:
        def pick(choices: Sequence[Any], /) -> Any:
            return choices[data.draw_integer(0, len(choices) - 1)]

        return self._plan.drawn(pick, data.draw, self._refused)

    def __repr__(self) -> str:
        return "cases of a kernel"
