"""A recipe: what a run draws and which oracles it asks. The same recipe draws the same networks in any process."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from backcheck.errors import BadInput, unknown
from backcheck.strategies.case import Case
from backcheck.strategies.case_strategies import cases, cases_of
from backcheck.strategies.catalogue import signature_of
from backcheck.strategies.catalogue.sizes import some_sizes
from backcheck.strategies.pairs import Wish, wish
from backcheck.strategies.side_by_side.branches import branched
from backcheck.strategies.side_by_side.first_networks import Branch, branches, digest
from backcheck.strategies.storage import kept_elsewhere
from backcheck.subjects.rule_table import load
from backcheck.verdicts.parties import ORACLES
from backcheck.verdicts.second_order.products import SECOND
from backcheck_reference.numbers.balls import BITS
from scratch_bp.rules import RULES, Rule
from scratch_bp.zoo import ZOO

NETWORKS_A_SHARD = 50
MOST_NODES = 9  # of one rule every other network is that rule by itself: nothing else hides what it does
MOST_NETWORKS = 10**8
DRAWS_A_NETWORK = 2  # Hypothesis draws the simplest case first, so the second one is kept
SHARDS_A_SIZE = 4  # shards in a row with the same sizes: JAX compiles anew for every size


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to draw, which oracles to ask, and the subject to judge."""

    networks: int = 500
    seed: int = 0
    rules: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ("float64", "float32")
    oracles: tuple[str, ...] = ORACLES
    subject: str | None = None
    order: int = 1
    zoo: bool = False  # the named architectures in turn, in place of drawn networks
    coverage: bool = True  # whether the lines of a subject are counted

    def __post_init__(self) -> None:
        if self.networks < 1:
            raise BadInput(f"--networks must be at least 1, got {self.networks}")
        if self.networks > MOST_NETWORKS:
            raise BadInput(f"--networks must be at most {MOST_NETWORKS}, got {self.networks}; use several seeds")
        if self.order not in (1, 2):
            raise BadInput(f"--order must be 1 or 2, got {self.order}")
        if self.zoo and self.rules:
            raise BadInput(f"--zoo has networks of its own, and takes no --rules; got {','.join(self.rules)}")
        require_known("rule", self.rules, load(self.subject))
        require_known("oracle", self.oracles, ORACLES)
        require_known("dtype", self.dtypes, BITS)

    @property
    def asked(self) -> tuple[str, ...]:
        """The oracles, and at order 2 Hessian-vector products of those that have them."""
        return (*self.oracles, SECOND) if self.order == 2 else self.oracles

    @property
    def shards(self) -> range:
        return range(-(-self.networks // NETWORKS_A_SHARD))

    def count(self, shard: int) -> int:
        """How many networks a shard has."""
        return min(NETWORKS_A_SHARD, self.networks - shard * NETWORKS_A_SHARD)

    @property
    def first(self) -> int:
        """The number from which a run counts what it takes in turn, sizes and pairs of rules: another for each seed."""
        return int.from_bytes(hashlib.sha256(f"{self.seed}".encode()).digest()[:4])

    def stream(self, network: int) -> int:
        """The seed of a network's draws."""
        return digest(f"{self.seed}/{network}")

    def strategy(self, network: int, table: Mapping[str, Rule]) -> SearchStrategy[Case]:
        """What a network is drawn from: few sizes and one dtype for a whole shard, and two rules that it must have."""
        if self.zoo:
            turn, which = divmod(network, len(ZOO))
            dtype = self.dtypes[turn % len(self.dtypes)]
            return cases_of(list(ZOO.values())[which](), (dtype,), ("normal",), tame=True)
        # the shapes of a known rule are ours: a replacement need not be annotated
        known, shard = {**table, **RULES}, network // NETWORKS_A_SHARD
        return cases(
            self.rules or None,
            (self.dtypes[shard % len(self.dtypes)],),
            table=known,
            sizes=some_sizes(self.first + shard // SHARDS_A_SIZE),
            wanted=self.wish(network, known),
            max_nodes=1 if len(self.rules) == 1 and network % 2 else MOST_NODES,
            code=table,
        )

    def branches(self, network: int, table: Mapping[str, Rule]) -> list[Branch]:
        """What one of the first networks has side by side; nothing for the others."""
        known = {**table, **RULES}
        names = tuple(name for name in known if not self.rules or name in self.rules)
        dtype = self.dtypes[network // NETWORKS_A_SHARD % len(self.dtypes)]
        return [] if self.zoo else branches(network, self.seed, self.first, names, dtype, known, table)

    def wish(self, network: int, table: Mapping[str, Rule]) -> Wish | None:
        """The pair of rules that a network must have side by side; None where no rule can be first."""
        chosen = tuple(name for name in table if not self.rules or name in self.rules)
        layers = tuple(name for name in chosen if not signature_of(name, table).is_loss)
        return wish(self.first + network, layers, chosen) if layers else None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def require_known(what: str, names: Iterable[str], known: Collection[str]) -> None:
    """Raises BadInput for the first name that is not known."""
    for name in names:
        if name not in known:
            raise BadInput(unknown(what, name, known))


def cases_of_shard(recipe: Recipe, shard: int, table: Mapping[str, Rule]) -> Iterator[Case]:
    """The cases of a shard, in order."""
    first = shard * NETWORKS_A_SHARD
    return (draw(recipe, network, table) for network in range(first, first + recipe.count(shard)))


def draw(recipe: Recipe, network: int, table: Mapping[str, Rule]) -> Case:
    """One case. All streams begin with the same simplest case; only the first network keeps that one."""
    if several := recipe.branches(network, table):
        return branched([draw_branch(each) for each in several])
    drawn = draw_cases(recipe.strategy(network, table), DRAWS_A_NETWORK, recipe.stream(network))
    return drawn[0] if network == 0 else drawn[-1]


def draw_branch(branch: Branch) -> Case:
    """The case of one branch."""
    return draw_cases(branch.strategy, DRAWS_A_NETWORK, branch.stream)[-1]


def draw_cases(strategy: SearchStrategy[Case], number: int, stream: int) -> list[Case]:
    """At most this many cases; the same stream draws the same ones."""
    drawn: list[Case] = []

    @seed(stream)
    @settings(
        max_examples=number,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(strategy)
    def collect(case: Case) -> None:
        drawn.append(case)

    with kept_elsewhere():
        collect()
    return drawn
