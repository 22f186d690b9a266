"""A network written down call by call."""

from typing import Any

from scratch_bp.network import ArraySpec, Network, Node


class Program:
    """`p(rule, *names, **options)` adds a node and gives the name under which its value is read."""

    def __init__(self) -> None:
        self._arrays: dict[str, ArraySpec] = {}
        self._nodes: list[Node] = []

    def input(self, name: str, *shape: int) -> str:
        return self._add(name, ArraySpec(shape, "input"))

    def indices(self, name: str, *shape: int, below: int) -> str:
        """Whole numbers from 0 to below `below`: tokens, or the classes that a loss compares with."""
        return self._add(name, ArraySpec(shape, "target" if name == "target" else "input", classes=below))

    def target(self, *shape: int) -> str:
        return self._add("target", ArraySpec(shape, "target"))

    def weight(self, name: str, *shape: int) -> str:
        return self._add(name, ArraySpec(shape))

    def __call__(self, rule: str, *reads: str, **options: Any) -> str:
        name = f"h{len(self._nodes) + 1}"
        self._nodes.append(Node(name, rule, reads, options))
        return name

    def dense(self, x: str, name: str, n_in: int, n_out: int) -> str:
        """x w + b with parameters of its own."""
        return self("dense", x, self.weight(f"{name}_w", n_in, n_out), self.weight(f"{name}_b", n_out))

    def conv(self, x: str, name: str, n_in: int, n_out: int, kernel: int, *, bias: bool = True, **options: Any) -> str:
        """A square two-dimensional convolution with parameters of its own."""
        biases = (self.weight(f"{name}_b", n_out),) if bias else ()
        return self("conv2d", x, self.weight(f"{name}_w", n_out, n_in, kernel, kernel), *biases, **options)

    def norm(self, rule: str, x: str, name: str, width: int, **options: Any) -> str:
        """A layer or batch norm with parameters of its own."""
        return self(rule, x, self.weight(f"{name}_gamma", width), self.weight(f"{name}_beta", width), **options)

    def network(self, output: str) -> Network:
        return Network(self._arrays, tuple(self._nodes), output)

    def _add(self, name: str, spec: ArraySpec) -> str:
        self._arrays[name] = spec
        return name
