"""The findings of a comparison: what changed, rule by rule, each in one sentence with its category."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf, log

from backcheck.regression.difference.changes import ComparisonFinding, Memory, Smallest, TensorComparison, TimeRatio
from backcheck.regression.difference.expectations import CATEGORY_OF_KIND, FAILS_BY_CATEGORY, Expected
from backcheck.regression.difference.observations import Observations, RowKey
from backcheck.regression.difference.speed import FASTER, NOTICEABLE, SLOWER
from backcheck.regression.difference.tensors import Kind
from backcheck.regression.sides.raw_runs import VALUE
from backcheck_reference.numbers.balls import BITS
from backcheck_reports.number_format import counted, short

Shown = Mapping[str, tuple[RowKey, Smallest]]
Said = tuple[str, str, str]  # rule, category, sentence


def all_findings(
    seen: Observations, shown: Shown, expected: Expected, speeds: Sequence[TimeRatio], memories: Sequence[Memory]
) -> tuple[ComparisonFinding, ...]:
    """Every finding. Those that fail come first, then they go by category and rule."""
    rows = seen.rows()
    said = [*_coverage(seen), *_not_compared(seen), *_promises(seen), *_options(seen), *_conduct(seen)]

    def enough(kind: Kind) -> bool:
        # what raises somewhere may be wrong elsewhere, and behind what is let pass may be what is not
        return kind is not Kind.BROKEN and (
            expected.fails(CATEGORY_OF_KIND[kind]) or not FAILS_BY_CATEGORY[CATEGORY_OF_KIND[kind]]
        )

    said += [*_of_rows(seen.rows_of_kinds(enough), shown), *over_limit(rows, expected)]
    found = [ComparisonFinding(rule, category, text, expected.fails(category)) for rule, category, text in said]
    found += [*_speed(speeds, expected), *_memory(memories, expected)]
    order = list(FAILS_BY_CATEGORY)
    found.sort(key=lambda each: (not each.fails, order.index(each.category), each.rule))
    return tuple(_with_smallest(found, shown))


def _with_smallest(found: Sequence[ComparisonFinding], shown: Shown) -> Iterator[ComparisonFinding]:
    """The smallest network goes with the first finding of its rule that is about numbers."""
    left = dict(shown)
    for each in found:
        about = each.category in CATEGORY_OF_KIND.values() and each.rule in left
        yield replace(each, smallest=left.pop(each.rule)[1]) if about else each


def _coverage(seen: Observations) -> Iterator[Said]:
    old, new = seen.old.rules, {**seen.new.rules, **seen.new.unusable}
    yield from ((rule, "removed", f"{rule} is gone: coverage lost") for rule in old if rule not in new)
    added = [rule for rule in new if rule not in old]
    if added:
        names = f"{added[0]} is" if len(added) == 1 else f"{len(added)} rules are"
        listed = "" if len(added) == 1 else f": {', '.join(added)}"
        yield ", ".join(added), "new", f"{names} new, with nothing to compare to{listed}"
    for (rule, which), said in seen.errors.items():
        cases = sum(map(len, said.values()))
        reason = next(iter(said))
        if which == "new":
            yield rule, "error", f"{rule} no longer runs in {counted(cases, 'case')}: {reason}"
        elif which == "old" and rule in old:
            yield rule, "mended", f"{rule} runs in {counted(cases, 'case')} where the old one did not: {reason}"


def _not_compared(seen: Observations) -> Iterator[Said]:
    """Rules of both sides of which no tensor was compared: nothing is known of them, and that is no agreement."""
    compared = {rule for rule, _, _ in (*seen.tallies, *seen.ran)}
    for rule in seen.new.rules:
        if rule in seen.old.rules and rule not in compared and (rule, "new") not in seen.errors:
            yield rule, "not compared", f"{rule} was not compared: {_why_not(seen, rule)}"
    for rule in {**seen.old.unusable, **seen.new.unusable}:
        on = [side for side, about in (("old", seen.old), ("new", seen.new)) if rule in about.unusable]
        why = seen.new.unusable.get(rule, seen.old.unusable.get(rule, ""))
        yield rule, "not compared", f"{rule} was not compared, its entry on the {' and the '.join(on)} side: {why}"


def _why_not(seen: Observations, rule: str) -> str:
    if rule in seen.drawn.undrawn:
        return f"nothing can be drawn of it: {seen.drawn.undrawn[rule]}"
    failed = seen.errors.get((rule, "both"))
    if failed:
        return f"neither side runs the {counted(sum(map(len, failed.values())), 'case')} drawn: {next(iter(failed))}"
    return "no case was drawn"


def _conduct(seen: Observations) -> Iterator[Said]:
    for rule, conduct in seen.conduct.items():
        yield from ((rule, category, sentence) for category, sentence in conduct.sentences(rule))


def _promises(seen: Observations) -> Iterator[Said]:
    for rule, (old, new) in seen.broken.items():
        if rule in seen.old.rules:
            yield from ((rule, "promise", f"{rule}: {how}, which it did not before") for how in _only(new, old))
            yield from ((rule, "mended", f"{rule}: no longer so: {how}") for how in _only(old, new))
            yield from ((rule, "as before", f"{rule}: {how}, as before") for p, how in new.items() if p in old)


def _only(some: Mapping[str, str], others: Mapping[str, str]) -> list[str]:
    """How promises are broken on one side only, each way once. What raises has a finding of its own already."""
    said = [how for promise, how in some.items() if promise not in others and not how.startswith("raises ")]
    return list(dict.fromkeys(said))


def _options(seen: Observations) -> Iterator[Said]:
    """Options that one side has only, and defaults that changed."""
    for rule, new in seen.new.rules.items():
        old = seen.old.rules.get(rule)
        if old is None:
            continue
        yield from (
            (rule, "removed", f"{rule} no longer takes {name}: coverage lost") for name in old if name not in new
        )
        yield from ((rule, "new", f"{rule} takes {name} now") for name in new if name not in old)
        for name in new:
            if name in old and old[name] != new[name]:
                yield rule, "default", f"{rule}: the default of {name} went from {old[name]} to {new[name]}"


def _of_rows(rows: Sequence[TensorComparison], shown: Shown) -> Iterator[Said]:
    """One sentence for each rule and kind of change, about all its tensors and dtypes."""
    groups: dict[tuple[str, Kind], list[TensorComparison]] = {}
    for row in rows:
        if row.kind is not Kind.SAME:
            groups.setdefault((row.rule, row.kind), []).append(row)
    for (rule, kind), group in groups.items():
        yield rule, CATEGORY_OF_KIND[kind], SENTENCES[kind](group, shown.get(rule))


def _names(group: Sequence[TensorComparison]) -> str:
    """ "layer_norm.dx and .dgamma", or "the value of layer_norm"."""
    rule, tensors = group[0].rule, list(dict.fromkeys(row.tensor for row in group))
    grads = [name for name in tensors if name != VALUE]
    said = [f"the value of {rule}"] if VALUE in tensors else []
    said += [", ".join([f"{rule}.{grads[0]}", *(f".{name}" for name in grads[1:])])] if grads else []
    return " and ".join(said)


def _verb(group: Sequence[TensorComparison], one: str, more: str) -> str:
    return one if len({row.tensor for row in group}) == 1 else more


def _where(group: Sequence[TensorComparison]) -> str:
    """How many of the cases that were examined, of which dtypes, as in "3 of 7 examined in float64, 2 of 5 in
    float32"."""
    dtypes: dict[str, TensorComparison] = {}
    for row in group:
        known = dtypes.get(row.dtype)
        if known is None or row.showing > known.showing:
            dtypes[row.dtype] = row
    said = _by_dtype({dtype: (row.showing, row.examined) for dtype, row in dtypes.items()})
    return said.replace(" in ", " examined in ", 1)


def _by_dtype(counts: Mapping[str, tuple[int, int]]) -> str:
    ordered = sorted(counts, key=list(BITS).index, reverse=True)
    return ", ".join(f"{counts[dtype][0]} of {counts[dtype][1]} in {dtype}" for dtype in ordered)


def _disagrees(group: Sequence[TensorComparison], shown: tuple[RowKey, Smallest] | None) -> str:
    reason = next((row.reason for row in group if row.reason), "further from the truth than rounding explains")
    reason = re.sub(r" \((\w+|the code)\)", "", reason)  # without the name of the node, since there is only one
    return f"{_names(group)} {_verb(group, 'disagrees', 'disagree')} and did not before ({_where(group)}): {reason}"


def _digits(group: Sequence[TensorComparison], shown: tuple[RowKey, Smallest] | None) -> str:
    row = max(group, key=lambda each: (each.old_digits or 0) - (each.new_digits or 0))
    old, new = row.old_digits or 0.0, row.new_digits or 0.0
    kept, more = f"of {short(old)} digits {short(new)} are left in {row.dtype}", ""
    if new < 1 <= old:
        kept, more = (
            f"of {short(old)} digits none is left in {row.dtype}",
            ", though the rule is right in exact arithmetic",
        )
    if new >= old - 0.1:  # the worst entry of all was as far off before
        kept = f"{row.reason or 'further from the truth than rounding explains'} in {row.dtype}"
    return f"{_names(group)} {_verb(group, 'loses', 'lose')} digits: {kept} ({_where(group)}){more}"


def _function(group: Sequence[TensorComparison], shown: tuple[RowKey, Smallest] | None) -> str:
    follows = "; its gradients follow" if any(row.tensor != VALUE for row in group) else ""
    return f"{group[0].rule} computes another function ({_where(group)}){follows}"


def _convention(group: Sequence[TensorComparison], shown: tuple[RowKey, Smallest] | None) -> str:
    said = f": at the smallest, {shown[1].entry} was {shown[1].old} and is {shown[1].new}" if shown else ""
    return f"{_names(group)} {_verb(group, 'takes', 'take')} another slope at kinks ({_where(group)}){said}"


def _plain(words: str, more: str) -> Callable[[Sequence[TensorComparison], tuple[RowKey, Smallest] | None], str]:
    def said(group: Sequence[TensorComparison], shown: tuple[RowKey, Smallest] | None) -> str:
        reason = next((f": {row.reason}" for row in group if row.reason), "")
        return f"{_names(group)} {_verb(group, words, more)} ({_where(group)}){reason}"

    return said


def _rounding(group: Sequence[TensorComparison], shown: tuple[RowKey, Smallest] | None) -> str:
    moved = max(row.moved for row in group)
    most = {row.dtype: (row.rounding, row.cases) for row in sorted(group, key=lambda row: row.rounding)}
    # a change of less than the smallest step, as between 0.0 and -0.0, or where no scale is known, has no ulps
    far = f"by at most {short(moved)} ulps of the largest entry, " if 0 < moved < inf else ""
    return f"{_names(group)} moved in the last places only, {far}as rounding explains ({_by_dtype(most)})"


SENTENCES: Mapping[Kind, Callable[[Sequence[TensorComparison], tuple[RowKey, Smallest] | None], str]] = {
    Kind.BROKEN: _plain("fails", "fail"),
    Kind.WRONG: _disagrees,
    Kind.DIGITS: _digits,
    Kind.FUNCTION: _function,
    Kind.CONVENTION: _convention,
    Kind.RANGE: _plain("overflows or underflows where it did not", "overflow or underflow where they did not"),
    Kind.NOT_FINITE: _plain(
        "answers otherwise where it is given nan or infinity", "answer otherwise where they are given nan or infinity"
    ),
    Kind.UNJUDGED: _plain("differs and nothing can say which is right", "differ and nothing can say which is right"),
    Kind.STILL_WRONG: _plain("is still wrong, otherwise than before", "are still wrong, otherwise than before"),
    Kind.FIXED: _plain("agrees and did not before", "agree and did not before"),
    Kind.WORKS: _plain("has an answer now and had none", "have answers now and had none"),
    Kind.BEYOND: _plain("differs where floats prove nothing", "differ where floats prove nothing"),
    Kind.ROUNDING: _rounding,
}


def over_limit(rows: Sequence[TensorComparison], expected: Expected) -> Iterator[Said]:
    """What moved by more than --max-ulps and by more than rounding in a single run explains."""
    limit = expected.max_ulps
    over = [row for row in rows if limit is not None and row.kind is Kind.ROUNDING and row.beyond > limit]
    for row in over:
        text = f"{row.rule}.{row.tensor} {row.dtype} moved by {short(row.beyond)} ulps; {limit:g} are let pass"
        yield row.rule, "ulps", text


def _speed(speeds: Sequence[TimeRatio], expected: Expected) -> Iterator[ComparisonFinding]:
    limit = expected.max_slowdown or inf
    for each in sorted(speeds, key=lambda each: abs(log(each.ratio)), reverse=True):
        over = each.low > limit
        if over or each.verdict in (FASTER, SLOWER):
            category = SLOWER if over else each.verdict
            said = f"{each.rule} {each.phase}, {each.size}: {category}, {short(each.ratio)} times the old time"
            bound = f"; {limit:g} is let pass" if over else ""
            text = f"{said} ({short(each.low)} to {short(each.high)}){bound}"
            yield ComparisonFinding(each.rule, category, text, over and expected.fails(category))


def _memory(memories: Sequence[Memory], expected: Expected) -> Iterator[ComparisonFinding]:
    limit = expected.max_memory or inf
    for each in memories:
        if not 1 / NOTICEABLE <= each.ratio <= min(NOTICEABLE, limit):
            category = "memory" if each.ratio > 1 else "less memory"
            said = f"{each.rule} holds {short(each.ratio)} times the memory at its peak"
            text = f"{said} ({each.old_bytes:,} to {each.new_bytes:,} bytes)"
            yield ComparisonFinding(each.rule, category, text, each.ratio > limit and expected.fails(category))
