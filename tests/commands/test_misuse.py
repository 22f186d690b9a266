"""Wrong use of the command line: one sentence that says what came and what is expected, exit 2 or 3, no traceback."""

import pytest

from backcheck import errors
from tests.reports.conftest import SOUND

FILES = {
    "bad_syntax.py": "def f(:\n",
    "raises.py": "\nraise ZeroDivisionError('at import')\n",
    "exits.py": "import sys\nsys.exit(0)\n",
    "names.py": "NAMES = {3: (len, len)}\nNUMBER = 3\ndef __getattr__(name): raise RuntimeError(name)\n",
    "nested.py": "import no_such_module_of_mine\n",
    "text.txt": "not a case\n",
    "list.json": "[1]",
    "three.json": '{"case": 3}',
    "empty": "",
    "bytes.bin": "\x80\x81",
    "bad.npz": "PK\x03\x04",
}
EXPECTED = "a name or several, separated by commas, are expected; got"
TABLE = """
verify --dtype ''                       | {EXPECTED} ''
verify --dtype ,                        | {EXPECTED} ','
verify --rules ,                        | {EXPECTED} ','
verify --oracles ''                     | {EXPECTED} ''
verify --subject ''                     | a name is expected; got ''
verify --subject :                      | --subject takes MODULE:ATTR, got ':'
verify --subject :b                     | --subject takes MODULE:ATTR, got ':b'
verify --subject ..x:Y                  | --subject takes MODULE:ATTR, got '..x:Y'
verify --subject x:                     | --subject takes MODULE:ATTR, got 'x:'
verify --subject bad_syntax:R           | 'bad_syntax' cannot be imported: SyntaxError: invalid syntax (bad_syntax.py,
verify --subject raises:R               | 'raises' cannot be imported: ZeroDivisionError: at import (
verify --subject exits:R                | --subject: the module 'exits' calls sys.exit(0)
verify --subject nested:R               | 'nested' cannot be imported: No module named 'no_such_module_of_mine'
verify --subject names:OTHER            | 'names' has no 'OTHER'; it must map rule names to pairs
verify --subject names:NAMES            | must map rule names to (forward, backward) pairs, got the name 3
verify --subject names:NUMBER           | must map rule names to (forward, backward) pairs, got int
verify --subject builtins:dict          | does not say what it takes, expected (network, arrays, dy)
verify --seed -1                        | '--seed': -1 is not in the range
verify --seed 1{ZEROS}                  | '--seed': 1000
verify --networks 1{ZEROS}              | --networks must be at most 100000000
verify --networks 1e3                   | '1e3' is not a valid integer
verify --workers 0                      | --workers must be at least 1, got 0
verify --out ''                         | a name is expected; got ''
verify --out text.txt                   | cannot write text.txt: it is a file, expected a folder
verify --out loop                       | cannot write loop
verify --rules slu                      | unknown rule 'slu', did you mean silu or
verify --rules SiLU                     | unknown rule 'SiLU', did you mean silu or
verify --dtype float46                  | unknown dtype 'float46', did you mean float64 or
verify --oracles tosh                   | unknown oracle 'tosh', did you mean torch? known are torch, jax
veryfy                                  | unknown command 'veryfy', did you mean verify?
baseline sav                            | unknown command 'sav', did you mean save?
train --seed -1                         | '--seed': -1 is not in the range
train --layers ''                       | layer sizes are whole numbers like 64,32,10; got ''
train --eta nan                         | eta is a finite number above 0, got nan
train --epochs 0                        | epochs is 1 or more, got 0
train --data ''                         | a name is expected; got ''
train --data text.txt                   | text.txt is not a whole .npz archive of numbers: it is another file,
train --data bad.npz                    | bad.npz is not a whole .npz archive of numbers: File is not a zip file
train --data loop                       | no such file: loop
replay run/run.json                     | run/run.json is the run itself, expected a case
replay text.txt                         | text.txt is not a case
replay list.json                        | list.json is not a case: expected object, got array
replay three.json                       | three.json is not a case: case: expected object, got int
replay empty                            | empty is not a case
replay bytes.bin                        | bytes.bin is not a case
replay loop --out run                   | no case of run has an id that starts with 'loop'
report text.txt                         | text.txt is a file, expected the folder of a run
report loop                             | loop does not exist, expected the folder of a run
report run -o ''                        | a name is expected; got ''
report run -o run                       | cannot write run: it is a folder, expected a file
report run -o text.txt                  | cannot write text.txt: it was not written by backcheck, and it is kept
report run -o loop                      | cannot write loop: Too many levels of symbolic links
report run -o run/run.json --force      | run/run.json holds what the run is read from
report run --format pdf                 | 'pdf' is not one of
baseline save --file ''                 | a name is expected; got ''
baseline save --file .                  | cannot write .: it is a folder, expected a file
baseline save --file text.txt           | cannot write text.txt: it was not written by backcheck, and it is kept
baseline save --workers 0               | --workers must be at least 1, got 0
baseline compare --file bytes.bin       | bytes.bin is no baseline
baseline compare --file nope            | there is no baseline nope; make one
baseline compare --floor nan            | a number of ulps, 0 or more, is expected; got nan
baseline accept ,                       | {EXPECTED} ','
compare --against ''                    | a name is expected; got ''
compare --against . --allow ,           | {EXPECTED} ','
compare --against . --allow erorr       | --allow: unknown category 'erorr', did you mean error?
compare --against . --max-ulps nan      | --max-ulps must be at least 0, got nan
"""
ROWS = [tuple(part.strip() for part in line.split(" | ")) for line in TABLE.strip().splitlines()]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    from backcheck_reports import Run, ShardWriter, write_run

    for name, text in FILES.items():
        (tmp_path / name).write_bytes(text.encode("latin-1"))
    (tmp_path / "loop").symlink_to("loop")
    write_run(tmp_path / "run", Run())
    with ShardWriter(tmp_path / "run", 0) as out:
        out.records([SOUND])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*__import__("sys").path])
    return tmp_path


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts}


@pytest.mark.parametrize(("line", "says"), ROWS, ids=[line for line, _ in ROWS])
def test_one_sentence_and_nothing_is_written(command, folder, line, says):
    zeros = "0" * 4000
    arguments = ["" if each == "''" else each.replace("{ZEROS}", zeros) for each in line.split()]
    before = contents(folder)
    code, printed, complaint = command(*arguments)
    assert code in (errors.USAGE, errors.COULD_NOT)
    assert says.replace("{EXPECTED}", EXPECTED) in complaint
    assert printed == ""
    for word in ("Traceback", "fault of its own", 'File "'):
        assert word not in complaint
    assert len([each for each in complaint.splitlines() if each.startswith("Error: ")]) == 1
    assert len(complaint) < 10_000
    after = contents(folder)
    assert {path: after.get(path) for path in before} == before


def test_the_names_of_an_option_count_once(command, folder, monkeypatch):
    seen = {}
    monkeypatch.setattr("backcheck.commands.verify.verify", lambda **given: seen.update(given))
    command("verify", "--dtype", "float64, float32,,float64", "--rules", "relu")
    assert (seen["dtypes"], seen["rules"]) == (("float64", "float32"), ("relu",))
    command("verify")
    assert seen["rules"] == ()
