"""The examples run, and say what their first lines promise."""

import ast
import json
import re
import runpy
import shutil
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))
MOST_LINES = 40
MOST_LINES_OF_A_KERNEL = 80  # a layer norm in Triton is not shorter
KERNELS = {"triton_layer_norm", "cpp_softmax"}
# what an example cannot run without, beside what the test suite installs
NEEDS = {"triton_layer_norm": "triton"}


def builds_extensions():
    """Skips where no C++ can be built."""
    from torch.utils import cpp_extension

    if not cpp_extension.is_ninja_available() or not shutil.which(cpp_extension.get_cxx_compiler()):
        pytest.skip("needs a C++ compiler and ninja: pip install backcheck[kernels]")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_an_example_says_what_it_promises(script, capsys, tmp_path, monkeypatch):
    text = script.read_text(encoding="utf-8")
    assert len(text.splitlines()) < (MOST_LINES_OF_A_KERNEL if script.stem in KERNELS else MOST_LINES)
    if script.stem in NEEDS:
        pytest.importorskip(NEEDS[script.stem], reason="pip install backcheck[kernels]")
    if script.stem.startswith("cpp"):
        builds_extensions()
        # in the user's own folder a build that was killed leaves a lock, for which the next would wait without end
        monkeypatch.setenv("TORCH_EXTENSIONS_DIR", str(tmp_path))
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
