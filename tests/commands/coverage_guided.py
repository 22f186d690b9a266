"""Damage to a run's files, sought by libFuzzer: it keeps what reaches new branches of the code that reads them.

    pip install atheris
    python -m tests.commands.coverage_guided report -runs=20000
    python -m tests.commands.coverage_guided replay -runs=20000

A traceback ends it, with the bytes in crash-HASH; `report` and `replay` are the commands that read the files.
"""

import contextlib
import io
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["backcheck", "backcheck_reports", "scratch_bp"]):
    import backcheck_reports.storage.store  # noqa: F401

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.commands.test_damaged_files import CHECKS, sound_run


def main() -> None:
    check = CHECKS[sys.argv.pop(1)]
    folder = Path(tempfile.mkdtemp(prefix="backcheck-fuzz-"))
    sound, work = sound_run(folder), folder / "work"
    work.mkdir()

    @settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def ends_in_a_sentence(data):
        with contextlib.redirect_stdout(io.StringIO()):
            check(sound, work, data)

    atheris.Setup(sys.argv, ends_in_a_sentence.hypothesis.fuzz_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
