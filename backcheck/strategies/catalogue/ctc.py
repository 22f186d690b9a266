"""What can be drawn of the connectionist temporal classification loss: lengths, labels and a blank that go together."""

from backcheck.strategies.arrays import Shape
from backcheck.strategies.catalogue.row import REDUCTION, Array, Binding, Choices, Config, Row, unique


def _input_lengths(bound: Binding) -> Choices:
    """All frames, and fewer for every other sample."""
    frames, batch = bound["frames"], bound["batch"]
    fewer = tuple(max(1, frames - i % 2) for i in range(batch))
    return unique((frames,) * batch, fewer)


def _target_lengths(bound: Binding) -> Choices:
    """One label each, as many as always fit, fewer and none, and more than there are frames."""
    frames, batch = bound["frames"], bound["batch"]
    most = (frames + 1) // 2
    fewer = tuple(max(0, most - 1 - i % 2) for i in range(batch))
    return unique((1,) * batch, (most,) * batch, fewer, (1,) * (batch - 1) + (frames + 1,))


def _fits(bound: Binding, config: Config) -> bool:
    """Is there a frame for each label and one between any two, which may have to be a blank?

    A longer target has no probability at all: its loss is infinite, and 0 with zero_infinity. The blank is the first
    class or, where that leaves two others, the last.
    """
    pairs = zip(config["input_lengths"], config["target_lengths"], strict=True)
    short = all(2 * labels - 1 <= frames for frames, labels in pairs)
    endless = max(config["target_lengths"]) > bound["frames"]
    other = config["blank"] == 0 or bound["classes"] > 2
    return bool((short or (endless and config["zero_infinity"])) and other)


def _labels(bound: Binding, config: Config) -> tuple[Shape, ...]:
    longest = max(config["target_lengths"])
    return (bound["batch"], longest), (bound["batch"], longest + 1)


def _label_count(bound: Binding, config: Config) -> int:
    return int(bound["classes"] - 1 - (config["blank"] > 0))


CTC = Row(
    {
        "input_lengths": _input_lengths,
        "target_lengths": _target_lengths,
        "blank": lambda bound: (0, bound["classes"] - 1),
        "zero_infinity": (False, True),
        **REDUCTION,
    },
    fits=_fits,
    axes={"classes": 2},
    arrays={"targets": Array(shapes=_labels, indices=_label_count, lowest=1)},
)
