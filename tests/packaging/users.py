"""What users have in their folders under the names of ours, and the ways in which they run code there."""

from pathlib import Path

SAID = "the user's import gives 42, ours agrees"
# tanh by hand, a check of it, and a table for --subject; the user's own import stands above
CODE = f"""
import numpy as np

import backcheck


def forward(x):
    y = np.tanh(x)
    return y, y


def backward(y, dy):
    return (dy * (1 - y * y),)


RULES = {{"tanh": (forward, backward)}}


def test_both():
    assert x == 42
    assert backcheck.check_vjp(forward, backward, [0.5, -1.0]).verdict == "agree"


if __name__ == "__main__":
    test_both()
    print({SAID!r})
"""

FOLDERS = {"reports/monthly.py": "x = 42\n", "reference/layers.py": "y = 42\n"}
FROM_FOLDERS = "import reference.layers\nfrom reports.monthly import x\n\nassert reference.layers.y == 42\n"
# what lies in the user's folder, and the import of it
KINDS: dict[str, tuple[dict[str, str], str]] = {
    "folders with __init__": ({**FOLDERS, "reports/__init__.py": "", "reference/__init__.py": ""}, FROM_FOLDERS),
    "folders without __init__": (FOLDERS, FROM_FOLDERS),
    "reports.py": ({"reports.py": "x = 42\n"}, "from reports import x\n"),
    "tests as a package": ({"tests/__init__.py": "", "tests/helpers.py": "x = 42\n"}, "from tests.helpers import x\n"),
    "tests.py": ({"tests.py": "x = 42\n"}, "from tests import x\n"),
}

# more networks than one shard has, so that two processes work; cheap ones
VERIFY = ("verify", "--subject", "mine:RULES", "--networks", "51", "--rules", "dense,tanh", "--oracles", "differences")
# each way to run the user's code: the command, and what it says when all is well
WAYS: dict[str, tuple[tuple[str, ...], str]] = {
    "script": (("python", "mine.py"), SAID),
    "pytest": (("pytest", "-q", "test_mine.py"), "1 passed"),
    "python -m pytest": (("python", "-m", "pytest", "-q", "test_mine.py"), "1 passed"),
    "backcheck verify": (("backcheck", *VERIFY, "--workers", "2"), " 0 disagree"),
    "python -m backcheck": (("python", "-m", "backcheck", *VERIFY, "--workers", "1"), " 0 disagree"),
}


def user_folder(folder: Path, kind: str) -> Path:
    """A user's folder: `mine.py` has their code, `test_mine.py` the same as a test."""
    files, imports = KINDS[kind]
    text = imports + CODE
    for name, content in {**files, "mine.py": text, "test_mine.py": text}.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder
