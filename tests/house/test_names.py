"""Names tell: no module is named by a gerund, and a class name means one thing in the whole tree."""

from collections import defaultdict

from tests.house.modules import classes, modules

# modules that end in -ing and are no gerunds of ours: the field's own nouns
NOUNS = {"pooling", "embedding", "rotary_embedding", "cosine_embedding", "hinge_embedding"}
NOUNS |= {"positional_encoding", "training", "rounding", "shaping", "margin_ranking", "clipping"}
# what every rule's forward keeps for its backward: one meaning, and a class of its own for each rule
SAME_FOR_EVERY_RULE = {"Saved"}


def test_no_module_is_named_by_a_gerund():
    names = {module.rpartition(".")[2] for module in modules()}
    assert not [name for name in sorted(names) if name.endswith("ing") and name not in NOUNS]


def test_no_exception_is_kept_for_what_is_gone():
    names = {module.rpartition(".")[2] for module in modules()}
    assert names >= NOUNS


def test_no_class_name_is_used_twice():
    where = defaultdict(list)
    for module in modules():
        for name in set(classes(module)) - SAME_FOR_EVERY_RULE:
            where[name].append(module)
    assert not {name: places for name, places in where.items() if len(places) > 1}
