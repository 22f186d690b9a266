"""Which lines of a --subject the workers of a run have reached, kept beside the records and joined at its end.

lines-NNNN.json   of one shard: by file the jumps from line to line that its networks have run

A shard's file is written anew when a network has run what none before it in the shard has. So a worker that is ended,
and a run that goes on later, lose what one network has reached.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from backcheck.campaign.recipe import Recipe
from backcheck.problem import RuleTable
from backcheck.subjects.lines.blocks import Arc
from backcheck.subjects.lines.line_coverage import LineCoverage
from backcheck.subjects.lines.never_run import CodeReached
from backcheck.subjects.lines.own_functions import own_functions
from backcheck.subjects.rule_table import load
from backcheck_reports.storage import schema
from backcheck_reports.storage.codec import marked_json
from backcheck_reports.storage.files import reading
from backcheck_reports.storage.manifest import read_manifest, write_listed
from scratch_bp.rules import RULES, Rule

NAME = "lines-{:04d}.json"


class _Lines(msgspec.Struct):
    """What one shard has reached. `reason` says why nothing was counted."""

    files: dict[str, list[tuple[int, int]]] = {}
    reason: str = ""


class ShardLines:
    """The lines that one shard reaches: `table` has the rules, whose lines are counted."""

    def __init__(self, lines: LineCoverage, table: Mapping[str, Rule], folder: Path | str, shard: int) -> None:
        self._lines, self._folder, self._name = lines, folder, NAME.format(shard)
        self._before = _read(Path(folder) / self._name) or _Lines()
        self._known: dict[str, set[Arc]] = {file: set(arcs) for file, arcs in self._before.files.items()}
        self.table = _watched(table, lines) if lines.counts else table
        if lines.reason:
            self._write(lines.reason)

    @contextmanager
    def network(self) -> Iterator[None]:
        """Around one network that is judged."""
        with self._lines.draw():
            yield
        arcs = self._lines.arcs()
        if any(found - self._known.get(file, set()) for file, found in arcs.items()):
            for file, found in arcs.items():
                self._known.setdefault(file, set()).update(found)
            self._write()

    def _write(self, reason: str = "") -> None:
        files = {file: sorted(arcs) for file, arcs in self._known.items()}
        write_listed(self._folder, self._name, marked_json({"files": files, "reason": reason}, "lines"))


@contextmanager
def counted(recipe: Recipe, table: Mapping[str, Rule], folder: Path | str, shard: int) -> Iterator[ShardLines]:
    """Within the block the lines of the subject's rules are counted, where the recipe has a subject and asks for it."""
    entries = _entries(recipe, table) if recipe.subject is not None and recipe.coverage else []
    with LineCoverage.of(entries, stops=False) as lines:
        yield ShardLines(lines, table, folder, shard)


def of_folder(folder: Path | str, recipe: Recipe) -> CodeReached:
    """What no network of the run has reached of the code that was judged."""
    if recipe.subject is None or not recipe.coverage:
        return CodeReached()
    manifest = read_manifest(folder)
    names = [NAME.format(shard) for shard in recipe.shards]
    found = [_read(Path(folder) / name) for name in names if manifest is None or name in manifest.files]
    shards = [each for each in found if each is not None]
    joined: dict[str, set[Arc]] = {}
    for each in shards:
        for file, arcs in each.files.items():
            joined.setdefault(file, set()).update(arcs)
    if not joined:
        return CodeReached(reason=next((each.reason for each in shards if each.reason), ""))
    return LineCoverage(own_functions(_entries(recipe, load(recipe.subject)))).result(joined)


def _entries(recipe: Recipe, table: Mapping[str, Rule]) -> list[object]:
    """The functions that were handed in, in the place of ours or beside them, or the one that takes whole networks.

    Rules that the run does not draw are not looked at.
    """
    engine = getattr(table, "engine", None)
    if engine is not None:
        return [engine]
    own = [rule for name, rule in table.items() if rule is not RULES.get(name) and name in (recipe.rules or table)]
    return [getattr(each, "__wrapped__", each) for rule in own for each in _functions(rule)]


def _functions(rule: Rule) -> tuple[object, object]:
    """Those of a pair that `rule_form` keeps within its own."""
    form = getattr(rule.backward, "__self__", None)
    return getattr(form, "given", (rule.forward, rule.backward))


def _watched(table: Mapping[str, Rule], lines: LineCoverage) -> Mapping[str, Rule]:
    found = {}
    for name, rule in table.items():
        own = rule is not RULES.get(name)
        forward = lines.watched(f"{name} forward", rule.forward) if own else rule.forward
        found[name] = Rule(forward, lines.watched(f"{name} backward", rule.backward)) if own else rule
    watched = RuleTable(found)
    engine = getattr(table, "engine", None)
    watched.engine = None if engine is None else lines.watched("engine", engine)
    return watched


def _read(path: Path) -> _Lines | None:
    if not path.is_file():
        return None
    with reading(path):
        text = path.read_text(encoding="utf-8", errors="replace")
    found: _Lines = schema.read(text, _Lines, str(path), "delete the file: its shard counts its lines anew")
    return found
