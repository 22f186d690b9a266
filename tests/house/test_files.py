"""One function writes every file: `backcheck_reports.storage.files.write_whole`, with what it is made of."""

import ast

import pytest

from tests.house.modules import modules, tree

WRITERS = {
    "write_text",
    "write_bytes",
    "to_csv",
    "to_parquet",
    "savez",
    "savefig",
    "tofile",
    "copyfile",
    "rename",
}
# what else writes: a new file under a name of its own, in a temporary folder or as the part of a shard
ALLOWED = {
    "backcheck_reports.storage.files": ["os.replace", "open", "open", "open", "write_bytes"],
    "backcheck_reports.storage.shards": ["open", "replace"],
    "backcheck_reports.storage.manifest": ["open"],
    "backcheck.processes.worker": ["open"],
    "backcheck.diagnosis.reproducer": ["savez"],
}


def writers(source):
    """The calls of a source that write a file."""
    return sorted(name for node in ast.walk(source) if isinstance(node, ast.Call) and (name := _writer(node)))


def _writer(call):
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    modes = [each.value for each in (*call.args, *(k.value for k in call.keywords)) if isinstance(each, ast.Constant)]
    if name == "open":
        return name if any(str(mode) in {"w", "wb", "x", "xb", "a", "ab", "r+", "rb+", "w+"} for mode in modes) else ""
    if name == "replace":  # of a file, and not of a text or a dataclass
        if ast.unparse(call.func) == "os.replace":
            return "os.replace"
        return name if len(call.args) == 1 and not call.keywords and isinstance(call.func, ast.Attribute) else ""
    return name if name in WRITERS else ""


def test_one_function_writes_every_file():
    found = {module: writers(tree(module)) for module in modules()}
    assert {module: calls for module, calls in found.items() if calls} == {
        module: sorted(calls) for module, calls in ALLOWED.items()
    }


@pytest.mark.parametrize(
    "text",
    [
        "path.write_text(x)",
        "open(p, 'w')",
        "p.open('ab')",
        "open(p, mode='x')",
        "os.replace(a, b)",
        "part.replace(path)",
        "np.savez(p, a=a)",
    ],
)
def test_the_test_can_see_a_writer(text):
    assert writers(ast.parse(text))


@pytest.mark.parametrize(
    "text", ["open(p)", "p.open('rb')", "text.replace('a', 'b')", "replace(run, a=1)", "file.write(x)"]
)
def test_what_writes_no_file_is_let_be(text):
    assert not writers(ast.parse(text))
