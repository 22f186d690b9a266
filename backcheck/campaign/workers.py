"""A whole run: its shards, in this process or shared among several, also when a framework ends one of these."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path

from backcheck.campaign import crashes
from backcheck.campaign.recipe import NETWORKS_A_SHARD, Recipe
from backcheck.campaign.shard import Failure, ShardResult, check_one, run_shard
from backcheck.errors import Ended
from backcheck_reports import finished_shards
from backcheck_reports.storage.shards import sources


def run(recipe: Recipe, folder: Path, workers: int, progress: Callable[[int], None], resume: bool) -> list[Failure]:
    """Run every shard that is not there yet; `progress(n)` is told of n more networks. Returns a failure per bucket."""
    ready = set(finished_shards(folder)) if resume else set()
    todo = [shard for shard in recipe.shards if shard not in ready]
    for shard in ready & set(recipe.shards):
        progress(recipe.count(shard))
    failures: dict[tuple[str, str, str], Failure] = {}
    for result in _results_despite_crashes(recipe, todo, folder, workers, progress):
        for failure in result.failures:
            best = failures.get(failure.bucket)
            if best is None or failure.shard < best.shard:
                failures[failure.bucket] = failure
    return sorted(failures.values(), key=lambda failure: failure.network)


def _results_despite_crashes(
    recipe: Recipe, todo: list[int], folder: Path, workers: int, progress: Callable[[int], None]
) -> Iterator[ShardResult]:
    """The results of all shards. Where a framework ends a worker, its shard runs again without that framework.

    Raises Ended when no framework is the cause.
    """
    in_this_process = min(workers, len(todo)) <= 1
    if in_this_process:
        # a crash ends this process too, and nothing can look for its cause: that is done when the run is resumed
        _find_crash(recipe, folder)
    while todo:
        try:
            for result in _results(recipe, todo, folder, 1 if in_this_process else max(2, workers), progress):
                todo = [shard for shard in todo if shard != result.shard]
                yield result
        except BrokenProcessPool as error:
            if not _find_crash(recipe, folder):
                raise Ended(
                    "a process of the run was ended, and none of its networks does that again alone; was the memory "
                    "enough? Fewer --workers need less; --resume goes on with what is finished"
                ) from error


def _find_crash(recipe: Recipe, folder: Path) -> bool:
    """Check again the networks at which unfinished shards stopped, and keep the first crash. Was there one?"""
    known = crashes.known(folder)
    begun = [source for source in sources(folder, "cases") if not source.whole and source.shard in recipe.shards]
    for source in begun:
        with open(source.path, "rb") as lines:
            network = source.shard * NETWORKS_A_SHARD + sum(line.endswith(b"\n") for line in lines)
        if network in known:
            continue
        crash = crashes.find_cause(network, partial(check_one, recipe, network), recipe.asked)
        if crash is not None:
            crashes.keep(folder, known | {network: crash})
            return True
    return False


def _results(
    recipe: Recipe, todo: list[int], folder: Path, workers: int, progress: Callable[[int], None]
) -> Iterator[ShardResult]:
    if workers == 1:
        for shard in todo:
            yield run_shard(recipe, shard, folder, lambda: progress(1))
        return
    # spawn and not fork: PyTorch and JAX start threads, which a fork would break
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(todo)), mp_context=context) as pool:
        futures = [pool.submit(run_shard, recipe, shard, folder) for shard in todo]
        try:
            for future in as_completed(futures):
                progress(recipe.count(future.result().shard))
                yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
