"""No method of flint is used without its object: given anything but its own kind of number, such a method reads foreign
memory and ends the process, and no `except` can catch that."""

import ast

import pytest

from tests.house.modules import modules, tree

# what is asked of a class of numbers itself, as `flint.arb.pi()`
OF_THE_CLASS = {"pi", "const_e", "const_log2", "const_log10", "const_euler", "nan", "pos_inf", "neg_inf"}
OF_THE_CLASS |= {
    "atan2",
    "dft",
    "elliptic_f",
    "elliptic_e_inc",
}  # static: they take any numbers, and raise TypeError for all else
UNBOUND = "loop(flint.arb.exp, values)", "getattr(flint.arb, name)(value)", "flint.acb.log(value)", "arb.sqrt(value)"
BOUND = "flint.arb.pi()", "value.exp()", "flint.arb(2).sqrt()", "methodcaller('exp')(value)", "isinstance(x, flint.arb)"


def unbound(source: ast.AST) -> list[str]:
    """The methods of flint's numbers that a source takes from their class, as text."""
    found = []
    for node in ast.walk(source):
        if isinstance(node, ast.Attribute) and _is_number_class(node.value) and node.attr not in OF_THE_CLASS:
            found.append(ast.unparse(node))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "getattr" and _is_number_class(node.args[0]):
            found.append(ast.unparse(node))
    return found


def _is_number_class(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return isinstance(node.value, ast.Name) and node.value.id == "flint" and node.attr != "ctx"
    return isinstance(node, ast.Name) and node.id in ("arb", "acb")


def test_methods_are_called_on_numbers():
    assert not {module: found for module in modules() if (found := unbound(tree(module)))}


@pytest.mark.parametrize("text", UNBOUND)
def test_what_ends_the_process_is_found(text):
    assert unbound(ast.parse(text))


@pytest.mark.parametrize("text", BOUND)
def test_what_is_safe_is_not(text):
    assert not unbound(ast.parse(text))
