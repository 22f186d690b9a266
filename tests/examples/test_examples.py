"""The examples run, and say what their first lines promise."""

import ast
import json
import re
import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))
MOST_LINES = 40


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_an_example_says_what_it_promises(script, capsys):
    text = script.read_text(encoding="utf-8")
    assert len(text.splitlines()) < MOST_LINES
    promised = re.search(r"^says: (.+)$", ast.get_docstring(ast.parse(text)) or "", re.MULTILINE)
    runpy.run_path(str(script), run_name="example")
    assert promised
    assert promised.group(1) in capsys.readouterr().out


def test_the_notebook_shows_an_agreement_and_a_fault():
    cells = json.loads((EXAMPLES / "notebook.ipynb").read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert sum(source.count("\n") + 1 for source in sources) < MOST_LINES
    names: dict[str, object] = {}
    shown = []
    for source in sources:
        *before, last = ast.parse(source).body
        exec(compile(ast.Module(before, []), "notebook", "exec"), names)
        if isinstance(last, ast.Expr):
            shown.append(eval(compile(ast.Expression(last.value), "notebook", "eval"), names))
        else:
            exec(compile(ast.Module([last], []), "notebook", "exec"), names)
    right, wrong = shown
    assert right
    assert not wrong
    assert "AGREE" in right._repr_html_().upper()
    assert "2 x want" in wrong._repr_html_()
