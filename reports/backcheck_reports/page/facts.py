"""Names with their values as text: the recipe and the environment of a run, and what a training says of itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backcheck_reports.json_values import as_text

WIDE_FROM = 37  # characters of a value that needs a line of its own


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and its value; a `wide` value gets a line of its own."""

    name: str
    value: str
    wide: bool


Facts = tuple[Fact, ...]


def facts(values: Mapping[str, Any]) -> Facts:
    """In their order, but those that need a whole line come last."""
    texts = [(fact_name(name), as_text(value)) for name, value in values.items()]
    found = [Fact(name, text, len(text) >= WIDE_FROM) for name, text in texts]
    return tuple(sorted(found, key=lambda fact: fact.wide))


def fact_name(name: str) -> str:
    """A JSON key as the page shows it."""
    return str(name).replace("_", " ")
