"""Short forms for the rows of the catalogue."""

from collections.abc import Callable

from backcheck.campaign.power.fault import OCCASIONAL, PlantedFault
from backcheck.campaign.power.kinds import SURVEY
from backcheck.campaign.power.patches import SourceChange, SourceChanges, Wrapped
from scratch_bp.rules import Rule

Part = tuple[str, str, str]


def _row(
    patch: SourceChange | SourceChanges | Wrapped,
    rule: str,
    what: str,
    kind: str,
    wrong: str,
    says: str,
    common: str,
    needs: str,
    seen: str,
) -> PlantedFault:
    """Words by blanks are several: of the tensors that come out `wrong`, and of what the diagnosis `says`."""
    tensors, told = tuple(wrong.split()), tuple(says.split())
    return PlantedFault(
        name=f"{rule}: {what}", rule=rule, kind=kind, patch=patch, tensors=tensors, says=told, common=common,
        needs=needs, seen=seen,
    )  # fmt: skip


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
    return _row(SourceChange(old, new, where), rule, what, kind, wrong, says, common, needs, seen)


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
    return _row(SourceChanges(told), rule, what, kind, wrong, says, common, needs, seen)


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
    return _row(Wrapped(wrong_rule), rule, what, kind, wrong, says, common, needs, seen)
