"""A drawn case of a kernel: sizes, options, arrays, layouts, the cotangent and the dtype."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from backcheck.errors import BadInput
from backcheck.strategies.arrays import ArrayRecipe, make
from backcheck.strategies.choice import ChoiceStrategy, Pick
from backcheck.subjects.drawn.shapes import Described, options, specs
from backcheck.subjects.drawn.value_range import in_range
from backcheck.subjects.kernels.calls.layouts import CONTIGUOUS, draw_layouts, laid_out
from backcheck.subjects.kernels.drawn.draws import (
    TILES,
    draw_kernel_cotangent,
    draw_kernel_recipe,
    draw_style,
    draw_tile_sizes,
)
from backcheck_reference.frameworks.torch_oracle import to_tensor
from backcheck_reference.lazy import Unavailable

Shapes = Sequence[tuple[int, ...]]


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

    def strategy(self, refused: Callable[[Exception], None]) -> ChoiceStrategy[KernelCase]:
        """Cases as Hypothesis draws them; `refused` is told of shapes and options that the reference does not take."""

        def build(pick: Pick) -> KernelCase:
            return self._drawn(pick, refused)

        return ChoiceStrategy("cases of a kernel", build)

    def _drawn(self, pick: Pick, refused: Callable[[Exception], None]) -> KernelCase:
        style = draw_style(pick, self.dtypes)
        bound = draw_tile_sizes(pick, self.described)
        config = options(pick, lambda strategy: strategy.example(), self.config, bound)
        arrays = {}
        for each, (name, spec) in zip(self.described, specs(self.described, bound).items(), strict=True):
            recipe = draw_kernel_recipe(pick, spec, style)
            within = each.within
            arrays[name] = recipe if within.whole else in_range(pick, recipe, style.dtype, within, False)
        booleans = frozenset(each.name for each in self.described if each.boolean)
        case = KernelCase(style.dtype, bound, arrays, booleans, config)
        try:
            shapes = self.outputs(case)
        except (BadInput, Unavailable) as error:
            refused(error)
            shapes = ()
        dys = tuple(None if shape is None else draw_kernel_cotangent(pick, shape, style) for shape in shapes)
        case = replace(case, cotangents=dys)
        named = dict(zip(arrays, case.tensors(), strict=True))
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
