"""The operations of PyTorch whose precision is asked: a call, and tensors at which its sums are long."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from backcheck_reference.lazy import F, torch

Shape = tuple[int, ...]
ROWS: Shape = (64, 512)
WIDE: Shape = (512,)


@dataclass(frozen=True, slots=True)
class Operation:
    """`arrays` are names, each with a shape in `shapes`. `integers` are the ends of those that hold integers, and
    `fixed` are targets, by which nobody asks a gradient."""

    name: str
    function: Callable[..., Any]
    shapes: dict[str, Shape]
    integers: dict[str, int]
    fixed: tuple[str, ...] = ()

    @property
    def arrays(self) -> tuple[str, ...]:
        return tuple(self.shapes)

    def draw(self, dtype: Any, generator: np.random.Generator) -> tuple[Any, ...]:
        """Normal numbers; parameters near 1 and 0 would hide what multiplies them."""
        return tuple(self._drawn(name, dtype, generator) for name in self.shapes)

    def _drawn(self, name: str, dtype: Any, generator: np.random.Generator) -> Any:
        if name in self.integers:
            return torch.from_numpy(np.asarray(generator.integers(0, self.integers[name], self.shapes[name])))
        return torch.from_numpy(np.asarray(generator.standard_normal(self.shapes[name]))).to(dtype)

    def by(self, tensors: tuple[Any, ...]) -> tuple[int, ...]:
        """The places of the tensors to differentiate by."""
        named = enumerate(zip(self.shapes, tensors, strict=True))
        return tuple(at for at, (name, x) in named if x.is_floating_point() and name not in self.fixed)


def _of(name: str, function: Callable[..., Any], fixed: tuple[str, ...] = (), **shapes: Any) -> Operation:
    """A shape, or (shape, end) for integers below the end."""
    integers = {key: each[1] for key, each in shapes.items() if isinstance(each[0], tuple)}
    plain = {key: each[0] if key in integers else each for key, each in shapes.items()}
    return Operation(name, function, plain, integers, fixed)


def _normalised(x: Any, w: Any, b: Any) -> Any:
    return F.batch_norm(x, None, None, w, b, training=True)


OPERATIONS = (
    _of("layer_norm", lambda x, w, b: F.layer_norm(x, WIDE, w, b), x=(256, 512), w=WIDE, b=WIDE),
    _of("rms_norm", lambda x, w: F.rms_norm(x, WIDE, w, 1e-6), x=(256, 512), w=WIDE),
    _of("group_norm", lambda x, w, b: F.group_norm(x, 4, w, b), x=(8, 16, 16, 16), w=(16,), b=(16,)),
    _of("batch_norm", _normalised, x=(8, 16, 16, 16), w=(16,), b=(16,)),
    _of("instance_norm", lambda x: F.instance_norm(x), x=(8, 16, 16, 16)),
    _of("softmax", lambda x: F.softmax(x, -1), x=ROWS),
    _of("log_softmax", lambda x: F.log_softmax(x, -1), x=ROWS),
    _of("logsumexp", lambda x: torch.logsumexp(x, -1), x=ROWS),
    _of("gelu", lambda x: F.gelu(x), x=ROWS),
    _of("gelu_tanh", lambda x: F.gelu(x, approximate="tanh"), x=ROWS),
    _of("silu", lambda x: F.silu(x), x=ROWS),
    _of("mish", lambda x: F.mish(x), x=ROWS),
    _of("sigmoid", lambda x: torch.sigmoid(x), x=ROWS),
    _of("logsigmoid", lambda x: F.logsigmoid(x), x=ROWS),
    _of("tanh", lambda x: torch.tanh(x), x=ROWS),
    _of("softplus", lambda x: F.softplus(x), x=ROWS),
    _of("elu", lambda x: F.elu(x), x=ROWS),
    _of("leaky_relu", lambda x: F.leaky_relu(x), x=ROWS),
    _of("prelu", lambda x, w: F.prelu(x, w), x=(256, 16), w=(16,)),
    _of("exp", lambda x: torch.exp(x), x=ROWS),
    _of("linear", lambda x, w, b: F.linear(x, w, b), x=(256, 128), w=(64, 128), b=(64,)),
    _of("matmul", lambda a, b: a @ b, a=(64, 256), b=(256, 64)),
    _of("bmm", lambda a, b: torch.bmm(a, b), a=(4, 32, 256), b=(4, 256, 32)),
    _of("conv1d", lambda x, w, b: F.conv1d(x, w, b, padding=1), x=(8, 16, 64), w=(16, 16, 3), b=(16,)),
    _of("conv2d", lambda x, w, b: F.conv2d(x, w, b, padding=1), x=(4, 8, 16, 16), w=(8, 8, 3, 3), b=(8,)),
    _of(
        "attention", lambda q, k, v: F.scaled_dot_product_attention(q, k, v),
        q=(1, 4, 128, 32), k=(1, 4, 128, 32), v=(1, 4, 128, 32),
    ),
    _of("cross_entropy", lambda x, t: F.cross_entropy(x, t), x=ROWS, t=((64,), 512)),
    _of("nll_loss", lambda x, t: F.nll_loss(x, t), x=ROWS, t=((64,), 512)),
    _of("mse_loss", lambda x, t: F.mse_loss(x, t), x=ROWS, t=ROWS),
    _of("huber_loss", lambda x, t: F.huber_loss(x, t), x=ROWS, t=ROWS),
    _of("kl_div", lambda x, t: F.kl_div(x, t, reduction="batchmean", log_target=True), ("t",), x=ROWS, t=ROWS),
    _of("sum", lambda x: x.sum(0), x=(512, 64)),
    _of("mean", lambda x: x.mean(0), x=(512, 64)),
    _of("var", lambda x: x.var(0), x=(512, 64)),
    _of("norm", lambda x: torch.linalg.vector_norm(x, dim=0), x=(512, 64)),
    _of("cumsum", lambda x: torch.cumsum(x, 0), x=(512, 16)),
    _of("broadcast_add", lambda x, b: x + b, x=(512, 64), b=(64,)),
    _of("broadcast_mul", lambda x, w: x * w, x=(512, 64), w=(64,)),
    _of("expand", lambda b: b.expand(512, 64) * 1.0, b=(64,)),
    _of("cdist", lambda a, b: torch.cdist(a, b), a=(32, 64), b=(48, 64)),
    _of("max_pool2d", lambda x: F.max_pool2d(x, 3, 1, 1), x=(4, 8, 16, 16)),
    _of("avg_pool2d", lambda x: F.avg_pool2d(x, 3, 1, 1), x=(4, 8, 16, 16)),
    _of("adaptive_avg_pool2d", lambda x: F.adaptive_avg_pool2d(x, 1), x=(4, 8, 16, 16)),
    _of("interpolate", lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"), x=(4, 8, 16, 16)),
    _of("embedding", lambda t, w: F.embedding(t, w), t=((512,), 8), w=(8, 64)),
    _of("indexing", lambda x, t: x[t], x=(8, 64), t=((512,), 8)),
    _of("gather", lambda x, t: x.gather(0, t), x=(8, 32), t=((512, 32), 8)),
    _of("index_select", lambda x, t: x.index_select(0, t), x=(8, 64), t=((512,), 8)),
    _of("index_add", lambda x, t, s: x.index_add(0, t, s), x=(8, 64), t=((512,), 8), s=(512, 64)),
    _of("scatter_add", lambda x, t, s: x.scatter_add(0, t, s), x=(8, 64), t=((512, 64), 8), s=(512, 64)),
)  # fmt: skip
