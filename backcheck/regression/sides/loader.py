"""One side's code is loaded: its rules, what runs whole networks, and which options its rules take.

This runs in a process of its own, in which the harness has been imported already, with the `scratch_bp` of the harness.
A side with a `scratch_bp` of its own takes over that name: whatever its code imports from then on, also in the middle
of a function, is its own. The harness keeps the modules that it has.
"""

import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backcheck.errors import BadInput
from backcheck.problem import Engine, RuleTable
from backcheck.regression.own_rules.kernel import KernelRule
from backcheck.regression.own_rules.rule import OwnRule
from backcheck.regression.own_rules.table import entry_of
from backcheck.strategies.case import Case
from backcheck.subjects.rule_table import attribute_of, whole_networks
from scratch_bp.network import value_and_grad
from scratch_bp.rules import RULES, Rule

SUBJECT_PACKAGE = "scratch_bp"


@dataclass(frozen=True, slots=True)
class LoadedSide:
    """`whole` runs a network as this side does; `unusable` says of a rule why its entry is no pair of functions.

    `drawn` are the cases that this side has drawn, by id.

    `own` are the rules of somebody's own table, where there is one. Then these are compared and no others: the `rules`
    of ours that stand beside them make whole networks, and never take the place of one that is gone.
    """

    rules: RuleTable
    whole: Engine
    unusable: Mapping[str, str] = field(default_factory=dict)
    drawn: dict[str, Case] = field(default_factory=dict)
    own: Mapping[str, OwnRule] = field(default_factory=dict)
    has_own: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The rules that are compared."""
        return tuple(self.own) if self.has_own else tuple(self.rules)

    def options(self) -> dict[str, dict[str, str]]:
        """The rules that are compared, each with its options and their defaults."""
        return {name: self.own[name].options if name in self.own else options(self.rules[name]) for name in self.names}


def load(root: Path, where: str | None) -> LoadedSide:
    """The side's code. Raises BadInput when there is none: no table of rules, or an import that fails."""
    places = [place for place in (root, root / "src") if place.is_dir()]
    # without the folder that this process was started in: what this side lacks must not be found on the other side
    sys.path[:] = [*map(str, places), *(each for each in sys.path if each not in ("", os.getcwd()))]
    os.chdir(root)
    brings = (root / SUBJECT_PACKAGE / "__init__.py").is_file()
    if not (brings or where):
        raise BadInput(
            f"{root.name or root} has no {SUBJECT_PACKAGE}; say whose gradients to compare with --subject MODULE:ATTR"
        )
    rules, unusable, whole = _own() if brings else (dict(RULES), {}, value_and_grad)
    if where is None:
        return LoadedSide(RuleTable(rules), lambda net, arrays, dy: whole(net, dict(arrays), dy), unusable)
    return _with_subject(where, rules, unusable, whole)


def _own() -> tuple[dict[str, Rule], dict[str, str], Callable[..., Any]]:
    """The table of rules and the reverse pass of the `scratch_bp` that now comes first on the path."""
    for name in [name for name in sys.modules if name.partition(".")[0] == SUBJECT_PACKAGE]:
        del sys.modules[name]
    importlib.invalidate_caches()
    try:
        table = importlib.import_module(f"{SUBJECT_PACKAGE}.rules").RULES
    except Exception as error:  # another version of the code may fail in any way when it is imported
        raise BadInput(
            f"its {SUBJECT_PACKAGE}.rules has no RULES to compare: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(table, Mapping):
        raise BadInput(f"its {SUBJECT_PACKAGE}.rules.RULES must map rule names to pairs, got {type(table).__name__}")
    rules, unusable = pairs(table)
    try:
        own = importlib.import_module(f"{SUBJECT_PACKAGE}.network")
        # a network reaches the side's own reverse pass as JSON, since its classes are its own
        return rules, unusable, lambda net, *rest: own.value_and_grad(own.Network.from_json(net.to_json()), *rest)
    except Exception:  # a version without networks: its rules run in ours
        return rules, unusable, lambda net, arrays, dy: value_and_grad(net, arrays, dy, rules)


def pairs(table: Mapping[str, Any]) -> tuple[dict[str, Rule], dict[str, str]]:
    """The entries of a table as rules: pairs of functions, or objects with a forward and a backward. What is neither is
    named with the reason."""
    rules, unusable = {}, {}
    for name, entry in table.items():
        methods = tuple(getattr(entry, name, None) for name in ("forward", "backward"))
        pair = methods if all(callable(each) for each in methods) else entry
        if isinstance(pair, tuple | list) and len(pair) == 2 and all(callable(each) for each in pair):
            rules[str(name)] = Rule(*pair)
        else:
            unusable[str(name)] = f"expected a (forward, backward) pair of functions, got {entry!r}"
    return rules, unusable


def _with_subject(
    where: str, rules: dict[str, Rule], unusable: dict[str, str], whole: Callable[..., Any]
) -> LoadedSide:
    """The side with MODULE:ATTR or FILE.py:ATTR: a table of rules, or what runs whole networks."""
    where = importable(where)
    found = attribute_of(where)
    _require_own(where.partition(":")[0])
    if callable(found) and not isinstance(found, Mapping):
        engine = whole_networks(found).engine
        assert engine is not None
        table = RuleTable(rules)
        table.engine = engine
        return LoadedSide(table, engine, unusable)
    if not isinstance(found, Mapping):
        raise BadInput(f"--subject {where} must map rule names to what verify_rule takes, got {type(found).__name__}")
    return of_table(found, rules)


def of_table(table: Mapping[Any, Any], beside: Mapping[str, Rule]) -> LoadedSide:
    """The side of somebody's table, with rules of ours `beside` it that make whole networks."""
    own, unusable = dict[str, OwnRule](), dict[str, str]()
    for name, entry in table.items():
        try:
            known = entry_of(str(name), entry)
            own[str(name)] = (OwnRule if known.beside is None else KernelRule)(str(name), known)
        except BadInput as error:
            unusable[str(name)] = str(error)
    theirs = RuleTable({**beside, **{name: rule.rule for name, rule in own.items()}})
    return LoadedSide(
        theirs, lambda net, arrays, dy: value_and_grad(net, arrays, dy, theirs), unusable, own=own, has_own=True
    )


def _require_own(module: str) -> None:
    """Raises BadInput where Python finds the module outside of this side."""
    place = Path(importlib.import_module(module).__file__ or "").resolve()
    if not place.is_relative_to(Path.cwd().resolve()):
        raise BadInput(f"--subject: this side has no module {module!r}; the one that Python finds is {place}")


def importable(where: str) -> str:
    """MODULE:ATTR for that or for FILE.py:ATTR."""
    module, _, attribute = where.rpartition(":")
    return f"{_from_file(module)}:{attribute}" if module.endswith(".py") else where


def _from_file(path: str) -> str:
    """Make the file importable, and say under which name. In a package that is its name in the package, so that its
    relative imports find their modules; the folder that holds the whole package goes first on the path."""
    place = Path(path)
    if not place.is_file():
        raise BadInput(f"--subject: this side has no file {path!r}; the path begins at the side's own folder")
    place = place.resolve()
    parts, folder = [place.stem], place.parent
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    sys.path.insert(0, str(folder))
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def options(rule: Rule) -> dict[str, str]:
    """What the forward takes beside its arrays, with each default as text: by keyword, or by position with a
    default."""
    try:
        parameters = inspect.signature(rule.forward).parameters.values()
    except (TypeError, ValueError):
        return {}
    placed = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return {
        p.name: "" if p.default is p.empty else repr(p.default)
        for p in parameters
        if p.kind is p.KEYWORD_ONLY or (p.kind in placed and p.default is not p.empty)
    }
