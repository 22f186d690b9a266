"""`backcheck train`: the textbook network learns from real data, and its gradients are verified."""

from pathlib import Path
from typing import TYPE_CHECKING

from backcheck.campaign import training
from backcheck.campaign.recipe import Recipe
from backcheck.commands.outcome import facts, lines, say
from backcheck.commands.run_folder import limits, now, prepared, progress_bar
from backcheck.errors import AGREE, DISAGREE
from backcheck_reports import Run, capture, write_run
from backcheck_reports.exports.formats import export, held

if TYPE_CHECKING:
    from scratch_bp.data import Dataset
    from scratch_bp.train import Settings


def train(
    *, data: str, sizes: tuple[int, ...], activation: str, eta: float, batch: int, epochs: int, seed: int,
    dtype: str, oracles: tuple[str, ...], out: str, as_json: bool,
) -> int:  # fmt: skip
    """Train, verify, write the page, and say how it went."""
    from scratch_bp.data import load_digits, load_npz
    from scratch_bp.train import Settings

    recipe = Recipe(seed=seed, oracles=oracles)
    settings = Settings(sizes=sizes, activation=activation, eta=eta, batch=batch, epochs=epochs, seed=seed)
    examples = load_digits(seed=seed, dtype=dtype) if data == "digits" else load_npz(data, seed=seed, dtype=dtype)
    folder = Path(out)
    with prepared(folder, recipe, False):
        return _trained(examples, data, settings, recipe, folder, as_json)


def _trained(examples: "Dataset", data: str, settings: "Settings", recipe: Recipe, folder: Path, as_json: bool) -> int:
    started = now()
    with progress_bar(not as_json) as bar:
        task = bar.add_task("training", total=None)
        story, checks = training.learn(
            examples,
            settings,
            oracles=recipe.oracles,
            folder=folder,
            progress=lambda step: bar.update(task, completed=step.number + 1, total=step.total),
        )
    described = {"train": data, **{k: v for k, v in story.items() if k not in ("loss", "accuracy", "checked")}}
    write_run(folder, Run(described, capture(), started, now(), story, limits(), complete=True))
    run = held(folder)
    page = export("html", run)
    told = {**facts(described, run.summary, page, folder), "training": story}
    say(told, lines(run.summary, page, folder, story), as_json)
    return DISAGREE if any(checked.disagreements for checked in checks) else AGREE
