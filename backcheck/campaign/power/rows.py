"""Short forms for the rows of the catalogue."""

from collections.abc import Callable

from backcheck.campaign.power.fault import OCCASIONAL, PlantedFault
from backcheck.campaign.power.kinds import SURVEY
from backcheck.campaign.power.patches import SourceChange, SourceChanges, Wrapped
from scratch_bp.rules import Rule

Part = tuple[str, str, str]


def fault(
    rule: str,
    what: str,
    kind: str,
    old: str,
    new: str,
    wrong: str,
    says: str = "",
    *,
    module: str = "",
    common: str = OCCASIONAL,
    needs: str = "",
    seen: str = SURVEY,
) -> PlantedFault:
    """A part of a rule's source, or of the `module` that it uses, replaced; `wrong` and `says` are words by blanks."""
    where = f"scratch_bp.{module}" if module else ""
    return PlantedFault(
        name=f"{rule}: {what}",
        rule=rule,
        kind=kind,
        patch=SourceChange(old, new, where),
        tensors=tuple(wrong.split()),
        says=tuple(says.split()),
        common=common,
        needs=needs,
        seen=seen,
    )


def changes(
    rule: str,
    what: str,
    kind: str,
    parts: tuple[Part, ...],
    wrong: str,
    says: str = "",
    *,
    common: str = OCCASIONAL,
    needs: str = "",
    seen: str = SURVEY,
) -> PlantedFault:
    """Several parts replaced at once: (module or "", old, new)."""
    told = tuple((f"scratch_bp.{module}" if module else "", old, new) for module, old, new in parts)
    return PlantedFault(
        name=f"{rule}: {what}",
        rule=rule,
        kind=kind,
        patch=SourceChanges(told),
        tensors=tuple(wrong.split()),
        says=tuple(says.split()),
        common=common,
        needs=needs,
        seen=seen,
    )


def wrapped(
    rule: str,
    what: str,
    kind: str,
    wrong_rule: Callable[[Rule], Rule],
    wrong: str,
    says: str = "",
    *,
    common: str = OCCASIONAL,
    needs: str = "",
    seen: str = SURVEY,
) -> PlantedFault:
    """A function, of a module and with a name, that makes the wrong rule of the right one."""
    return PlantedFault(
        name=f"{rule}: {what}",
        rule=rule,
        kind=kind,
        patch=Wrapped(wrong_rule),
        tensors=tuple(wrong.split()),
        says=tuple(says.split()),
        common=common,
        needs=needs,
        seen=seen,
    )
