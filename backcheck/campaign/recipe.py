"""A recipe decides everything that a run draws and asks. The same recipe draws the same networks in any process."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from backcheck.errors import BadInput
from backcheck.strategies.candidates import some_sizes
from backcheck.strategies.case import Case
from backcheck.strategies.case_strategies import cases, cases_of
from backcheck.strategies.catalogue import signature_of
from backcheck.strategies.pairs import Wish, wish
from backcheck.subjects.rule_table import load
from backcheck.verdicts.parties import ORACLES
from backcheck.verdicts.second_order.products import SECOND
from backcheck_reference.numbers.balls import BITS
from scratch_bp.rules import RULES, Rule
from scratch_bp.zoo import ZOO

SHARD = 50  # networks
DRAWS = 2  # of one network: the simplest, and the one that is meant
SHARDS_A_SIZE = 4  # shards in a row that share their sizes, so that JAX finds its compiled pieces again


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides what a run draws and asks."""

    networks: int = 500
    seed: int = 0
    rules: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ("float64", "float32")
    oracles: tuple[str, ...] = ORACLES
    subject: str | None = None
    order: int = 1
    zoo: bool = False  # the named architectures in turn, in place of drawn networks

    def __post_init__(self) -> None:
        if self.networks < 1:
            raise BadInput(f"--networks must be at least 1, got {self.networks}")
        if self.order not in (1, 2):
            raise BadInput(f"--order must be 1 or 2, got {self.order}")
        if self.zoo and self.rules:
            raise BadInput(f"--zoo has networks of its own, and takes no --rules; got {','.join(self.rules)}")
        _known("rule", self.rules, load(self.subject))
        _known("oracle", self.oracles, ORACLES)
        _known("dtype", self.dtypes, BITS)

    @property
    def asked(self) -> tuple[str, ...]:
        """The oracles, and at order 2 Hessian-vector products of those that have them."""
        return (*self.oracles, SECOND) if self.order == 2 else self.oracles

    @property
    def shards(self) -> range:
        return range(-(-self.networks // SHARD))

    def count(self, shard: int) -> int:
        """How many networks a shard has."""
        return min(SHARD, self.networks - shard * SHARD)

    def stream(self, network: int) -> int:
        """The seed of a network's draws."""
        return int.from_bytes(hashlib.sha256(f"{self.seed}/{network}".encode()).digest()[:8])

    def strategy(self, network: int, table: Mapping[str, Rule]) -> SearchStrategy[Case]:
        """What a network is drawn from: few sizes and one dtype for all of a shard, and a pair of rules of its own."""
        if self.zoo:
            turn, which = divmod(network, len(ZOO))
            dtype = self.dtypes[turn % len(self.dtypes)]
            return cases_of(list(ZOO.values())[which](), (dtype,), ("normal",), tame=True)
        # the shapes of a known rule are ours: a replacement need not be annotated
        known, shard = {**table, **RULES}, network // SHARD
        return cases(
            self.rules or None,
            (self.dtypes[shard % len(self.dtypes)],),
            table=known,
            sizes=some_sizes(shard // SHARDS_A_SIZE),
            wanted=self.wish(network, known),
        )

    def wish(self, network: int, table: Mapping[str, Rule]) -> Wish | None:
        """The pair of rules that a network is about; None where no rule can be first."""
        chosen = tuple(name for name in table if not self.rules or name in self.rules)
        layers = tuple(name for name in chosen if not signature_of(name, table).is_loss)
        first = int.from_bytes(hashlib.sha256(f"{self.seed}".encode()).digest()[:4])
        return wish(first + network, layers, chosen) if layers else None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def _known(what: str, names: tuple[str, ...], known: Any) -> None:
    for name in names:
        if name not in known:
            raise BadInput(f"unknown {what} {name!r}; known are {', '.join(known)}")


def drawn(recipe: Recipe, shard: int, table: Mapping[str, Rule]) -> Iterator[Case]:
    """The cases of a shard, in order."""
    first = shard * SHARD
    return (draw(recipe, network, table) for network in range(first, first + recipe.count(shard)))


def draw(recipe: Recipe, network: int, table: Mapping[str, Rule]) -> Case:
    """One case. Every stream opens with the simplest case there is; only the first network keeps it."""
    found: list[Case] = []

    @seed(recipe.stream(network))
    @settings(
        max_examples=DRAWS,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(recipe.strategy(network, table))
    def collect(case: Case) -> None:
        found.append(case)

    collect()
    return found[0] if network == 0 else found[-1]
