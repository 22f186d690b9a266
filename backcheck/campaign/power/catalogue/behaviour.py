"""Faults beside the numbers: shared memory, written inputs, what is kept from call to call; and the reverse pass."""

from collections.abc import Callable
from typing import Any

from backcheck.campaign.power import wrong_rules
from backcheck.campaign.power.fault import COMMON, OCCASIONAL, PlantedFault
from backcheck.campaign.power.rows import changes, fault
from backcheck.diagnosis.locate import REVERSE_PASS

TWICE = "a value that is read twice"


def _reverse(
    what: str, kind: str, reverse: Callable[..., Any], says: str, common: str = OCCASIONAL
) -> PlantedFault:  # fmt: skip
    return PlantedFault(
        name=f"{REVERSE_PASS}: {what}", rule=REVERSE_PASS, kind=kind, patch=None, reverse=reverse, says=(says,),
        common=common, needs=TWICE, seen="seen in engines written for teaching",
    )  # fmt: skip


FAULTS = (
    fault("identity", "dy itself", "aliasing", "(dy.copy(),)", "(dy,)", "aliases", common=COMMON,
          needs="a look at shared memory"),
    fault("add", "dy itself for both", "aliasing", "sum_to(dy, saved.left).copy()", "sum_to(dy, saved.left)",
          "aliases", common=COMMON, needs="a look at shared memory"),
    fault("relu", "written into dy", "mutation", "    return (zero_unless(x > 0, dy),)",
          "    dy[~(x > 0)] = like(dy, 0)\n    return (dy.copy(),)", "untouched", common=COMMON,
          needs="a look at dy after the call, or a value that is read twice",
          seen="pytorch/pytorch issue 75312: a dy that is written to"),
    fault("silu", "the forward writes into its input", "mutation", "    return x * s, Saved(x, s)",
          "    x *= s\n    return x.copy(), Saved(x, s)", "x untouched", common=COMMON,
          needs="a look at the input after the call"),
    fault("mae", "backward writes into what was saved", "mutation", "    dx = sign(residual) *",
          "    residual[...] = sign(residual)\n    dx = residual *", "untouched",
          needs="a second call, or a look at what was saved"),
    changes("sigmoid", "the value of the latest forward", "stale",
            (("", "    y = logistic(x)\n", "    y = forward.last = logistic(x)\n"),
             ("", "    return (dy * y * (1 - y),)", "    y = forward.last\n    return (dy * y * (1 - y),)")),
            "x", common=COMMON, needs="the rule twice in a network, with different values of one shape",
            seen="layers that keep their value on self and are used twice"),
    fault("dense", "grows with every call", "stale", "    return (dx, dw, rows.sum(axis=0))",
          "    backward.calls = getattr(backward, \"calls\", 0) + 1\n    dw = dw * backward.calls\n"
          "    return (dx, dw, rows.sum(axis=0))", "w again", common=COMMON, needs="a second call",
          seen="gradients that are never set to zero"),
    _reverse("the last reader alone", "fan-out", wrong_rules.overwriting, "overwritten", COMMON),
    _reverse("the first reader alone", "fan-out", wrong_rules.first_reader, "overwritten", COMMON),
    _reverse("averaged over the readers", "fan-out", wrong_rules.averaged, "factor"),
)  # fmt: skip
