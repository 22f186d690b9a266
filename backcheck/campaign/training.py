"""The textbook network is trained, and its gradients are verified at the start, in the middle and at the end."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from backcheck.diagnosis.blame import blamed
from backcheck.diagnosis.locate import diagnose
from backcheck.problem import pose
from backcheck.strategies.case import Case
from backcheck.verdicts.check import Checked, examine
from backcheck.verdicts.parties import ORACLES, calm
from backcheck.verdicts.records import records
from backcheck_reports import ShardWriter
from scratch_bp.data import Dataset
from scratch_bp.rules import RULES, Rule
from scratch_bp.train import Settings, Trained, TrainingStep, landmark, train

TRAINING_SHARD = 9000  # the number of the shard that holds the records of the training


def learn(
    data: Dataset,
    chosen: Settings,
    *,
    oracles: tuple[str, ...] = ORACLES,
    rules: Mapping[str, Rule] = RULES,
    folder: Path | str | None = None,
    progress: Callable[[TrainingStep], None] = lambda step: None,
) -> tuple[dict[str, Any], list[Checked]]:
    """Train and verify. Returns the story of the training as plain data, as the page takes it, and the checks.

    With a `folder` the records are kept there.
    """
    calm()
    seen: list[tuple[str, TrainingStep, Checked]] = []

    def on_step(step: TrainingStep) -> None:
        when = landmark(step)
        if when:
            dy = np.ones((), dtype=data.train.x.dtype)
            with np.errstate(all="ignore"):
                seen.append((when, step, examine(pose(step.network, step.arrays, dy, rules=rules), oracles)))
        progress(step)

    trained = train(data, chosen, on_step=on_step, rules=rules)
    if folder is not None:
        _keep(folder, seen)
    return _story(data, chosen, trained, seen), [checked for _, _, checked in seen]


def _keep(folder: Path | str, seen: list[tuple[str, TrainingStep, Checked]]) -> None:
    with ShardWriter(folder, TRAINING_SHARD) as out:
        for when, step, checked in seen:
            case = Case.of(step.network, step.arrays, checked.problem.dy)
            own = blamed(checked, diagnose(checked))
            number, profile = -step.number - 1, f"digits, {when}"
            out.records(records(checked, case=case.id, network=number, profile=profile, blamed=own))
            out.case({"id": case.id, "network": number, "case": case.to_json()})


def _story(
    data: Dataset, chosen: Settings, trained: Trained, seen: list[tuple[str, TrainingStep, Checked]]
) -> dict[str, Any]:
    return {
        "data": data.name,
        "layers": list(chosen.sizes),
        "activation": chosen.activation,
        "epochs": chosen.epochs,
        "eta": chosen.eta,
        "batch": chosen.batch,
        "seed": chosen.seed,
        "loss": [epoch.loss for epoch in trained.epochs],
        "accuracy": [epoch.accuracy for epoch in trained.epochs],
        "checked": [_moment(when, step, checked) for when, step, checked in seen],
    }


def _moment(when: str, step: TrainingStep, checked: Checked) -> dict[str, Any]:
    verdicts = Counter(str(m.verdict) for m in checked.measures.values())
    ulps = [m.ulps for (_, party), m in checked.measures.items() if party == "numpy" and np.isfinite(m.ulps)]
    residuals = [m.relative for (_, party), m in checked.measures.items() if party == "exact"]
    return {
        "when": when,
        "step": step.number,
        "verdicts": dict(verdicts),
        "worst_ulps": max(ulps, default=0.0),
        "residual": max((r for r in residuals if np.isfinite(r)), default=0.0),
    }
