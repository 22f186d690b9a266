"""What is found of one problem while the passes of `check` go over it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from backcheck.keys import TensorKey
from backcheck.problem import Problem
from backcheck.verdicts.differences import Slope
from backcheck.verdicts.measure import Key, Measure, measure
from backcheck.verdicts.parties import Answer
from backcheck.verdicts.truth.truth import Truth


@dataclass(slots=True)
class Examination:
    """What the passes have found so far."""

    problem: Problem
    oracles: Sequence[str]
    answers: dict[str, Answer] = field(default_factory=dict)
    truth: Truth = field(default_factory=lambda: Truth({}, {}, why="the exact oracle was not asked"))
    slopes: Mapping[TensorKey, Slope] = field(default_factory=dict)
    measures: dict[Key, Measure] = field(default_factory=dict)

    @property
    def out_of_reach(self) -> bool:
        """The exact oracle was asked and found no truth, although the numbers are finite."""
        return "exact" in self.oracles and not self.truth.known and self.truth.finite

    def measure_answers(self) -> None:
        """Every answer against the truth that is known now."""
        self.measures = {
            (key, party): measure(self.problem, party, answer, self.truth, key)
            for party, answer in self.answers.items()
            for key in self.problem.tensors
        }

    @property
    def ordinary(self) -> bool:
        """The truth is known, the point is smooth, and every answer is within the tolerance: nothing calls for more."""
        if not self.truth.ordinary or any(answer.malformed for answer in self.answers.values()):
            return False
        return all(found.fraction <= 1 or self.answers[p].unavailable for (_, p), found in self.measures.items())
