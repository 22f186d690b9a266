"""Three planted faults at once: each shows in the gradients of the rules before it as well."""

from backcheck.campaign.power.catalogue import CATALOGUE
from scratch_bp.rules import RULES

PLANTED = (
    "dense: bias averaged",
    "layer_norm: the mean's term left out",
    "silu: the product rule's second term left out",
)


def _planted():
    table = RULES
    for fault in CATALOGUE:
        if fault.name in PLANTED:
            table = fault.apply(table)
    return {name: table[name] for name in ("dense", "layer_norm", "silu")}


WRONG = _planted()


def raises(*_):
    raise ValueError("no")


# one wrong rule that ends the pass, at which no other is to be blamed for what is missing then
RAISING = {"sigmoid": (RULES["sigmoid"].forward, raises)}
SHAPED = {"sigmoid": (RULES["sigmoid"].forward, lambda y, dy: ((dy * y * (1 - y)).sum(0),))}
WITHOUT_VALUE = {"sigmoid": (raises, RULES["sigmoid"].backward)}
