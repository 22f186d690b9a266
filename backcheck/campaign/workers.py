"""A whole run: its shards, shared among workers, whatever ends some of these.

Where a worker ends in the middle of a shard another one goes on at the network that was next. That network is tried
again; where it ends its process again, or takes more than a case may, it is kept as unavailable and the run goes on.
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from backcheck.campaign import crashes
from backcheck.campaign.crashes import Crash
from backcheck.campaign.last_words import alone
from backcheck.campaign.recipe import Recipe
from backcheck.campaign.shard import Failure, check_one, failures_of, run_shard
from backcheck.errors import Ended
from backcheck.problem import SUBJECT
from backcheck.processes.pool import Cause, Event, JobDone, NetworkDone, Pool, WorkerDied
from backcheck.processes.worker import Job
from backcheck.verdicts.parties import FRAMEWORKS
from backcheck_reports import finished_shards

MOST_STARTS = 5  # workers in a row that end before their first network: then it is none of the networks
MOST_KILLS = 100  # the same of workers that others kill
MOST_DEATHS = 5  # of workers at one network: whoever kills them, and whatever it does when it is alone

# told of so many networks more, and of so many of them that fail
Progress = Callable[[int, int], None]


def run(recipe: Recipe, folder: Path, pool: Pool, progress: Progress, resume: bool) -> list[Failure]:
    """Run every shard that is not there yet. Returns a failure per bucket.

    Raises Ended where workers cannot even begin, and what is raised in one of them but not by a network.
    """
    ready = set(finished_shards(folder)) if resume else set()
    for shard in ready & set(recipe.shards):
        progress(recipe.count(shard), 0)
    _Shards(recipe, folder, pool, progress).run([shard for shard in recipe.shards if shard not in ready])
    return failures_of(recipe, folder)


@dataclass
class _Trial:
    """A network that ended its worker, checked by itself. `words` are the last of the first death.

    `without` is the framework that is left out now, None where nobody is.
    """

    network: int
    shard: int
    words: str
    without: str | None = None


@dataclass
class _Shards:
    """The shards of a run, and what is known of the networks at which workers died."""

    recipe: Recipe
    folder: Path
    pool: Pool
    progress: Progress
    jobs: deque[Job] = field(default_factory=deque)
    of_shards: dict[Job, int] = field(default_factory=dict)
    trials: dict[Job, _Trial] = field(default_factory=dict)
    deaths: Counter[int] = field(default_factory=Counter)
    done: set[int] = field(default_factory=set)
    starts: Counter[Cause] = field(default_factory=Counter)

    def run(self, shards: list[int]) -> None:
        for shard in shards:
            self.jobs.append(self._job_of(shard))
        for event in self.pool.run(self.jobs):
            self._meet(event)

    def _meet(self, event: Event) -> None:
        if isinstance(event, NetworkDone):
            self.starts.clear()
            if event.network not in self.done:  # a worker that goes on tells of those before it too
                self.done.add(event.network)
                self.progress(1, int(event.failed))
        elif event.job in self.trials:
            self._tried(self.trials.pop(event.job), event)
        elif isinstance(event, WorkerDied):
            self._died(self.of_shards.pop(event.job), event)

    def _job_of(self, shard: int) -> Job:
        job = Job(run_shard, (self.recipe, shard, self.folder))
        self.of_shards[job] = shard
        return job

    def _again(self, shard: int) -> None:
        self.jobs.appendleft(self._job_of(shard))

    def _died(self, shard: int, death: WorkerDied) -> None:
        """A worker died in a shard."""
        network = death.network
        if network is None:
            self.starts[death.cause] += 1
            if self.starts[death.cause] >= (MOST_KILLS if death.cause is Cause.KILLED else MOST_STARTS):
                raise Ended(
                    f"{self.starts[death.cause]} workers in a row ended before their first network ({death.words}). "
                    "Mend what ends them, the import of the --subject perhaps. What is finished is kept in "
                    f"{self.folder}, and --resume goes on with it"
                )
            self._again(shard)
            return
        self.deaths[network] += 1
        if death.cause is Cause.TIME:
            self._give_up(network, shard, death.words)
        elif death.cause is Cause.KILLED and self.deaths[network] == 1:
            self._again(shard)  # by somebody, or for the memory that all have together: it is the first of a new worker
        elif self.deaths[network] >= MOST_DEATHS:
            self._give_up(network, shard, f"its process ended {MOST_DEATHS} times: {death.words}")
        else:
            self._try(_Trial(network, shard, death.words))

    def _try(self, trial: _Trial) -> None:
        """Check the network by itself, in a process of its own."""
        asked = tuple(name for name in self.recipe.asked if name != trial.without)
        check = partial(check_one, self.recipe, trial.network)
        job = Job(alone, (check, asked), alone=True)
        self.trials[job] = trial
        self.jobs.appendleft(job)

    def _tried(self, trial: _Trial, event: JobDone | WorkerDied) -> None:
        if isinstance(event, JobDone):
            if trial.without is not None:
                self._keep(Crash(trial.network, trial.without, trial.words))
            self._again(trial.shard)
            return
        self.deaths[trial.network] += 1
        killed = event.cause is Cause.KILLED
        words = trial.words if trial.without is not None or killed else event.words
        others = [name for name in FRAMEWORKS if name in self.recipe.oracles]
        left = others[others.index(trial.without) + 1 :] if trial.without is not None else others
        if event.cause is Cause.TIME:
            self._give_up(trial.network, trial.shard, event.words)
        elif killed and self.deaths[trial.network] < MOST_DEATHS:
            self._try(trial)
        elif left and not killed:
            self._try(_Trial(trial.network, trial.shard, words, left[0]))
        else:
            ends = "" if event.cause is Cause.MEMORY else "whoever is asked, its process ends: "
            self._give_up(trial.network, trial.shard, f"{ends}{words}")

    def _give_up(self, network: int, shard: int, words: str) -> None:
        """Nobody is asked about this network, and the shard goes on behind it."""
        self._keep(Crash(network, SUBJECT, words))
        self._again(shard)

    def _keep(self, crash: Crash) -> None:
        crashes.keep(self.folder, {**crashes.known(self.folder), crash.network: crash})
