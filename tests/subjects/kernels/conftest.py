"""Triton decides when it is first imported whether it interprets: the variable is set before any test runs."""

import importlib.util
import os
import shutil

import pytest

if importlib.util.find_spec("torch"):
    import torch

    if not torch.cuda.is_available():
        os.environ.setdefault("TRITON_INTERPRET", "1")


@pytest.fixture(scope="session")
def triton_entries():
    pytest.importorskip("triton", reason="needs triton: pip install backcheck[kernels]")
    from tests.subjects.kernels.opaque.triton_entries import ENTRIES

    return {entry.name: entry for entry in ENTRIES}


@pytest.fixture(scope="session")
def cpp_entries(tmp_path_factory):
    """The C++ kernels, built once: 10 to 30 s."""
    pytest.importorskip("torch", reason="needs PyTorch")
    from torch.utils import cpp_extension

    if not cpp_extension.is_ninja_available():
        pytest.skip("needs ninja: pip install backcheck[kernels]")
    if not shutil.which(cpp_extension.get_cxx_compiler()):
        pytest.skip("needs a C++ compiler")
    from tests.subjects.kernels.opaque.cpp_softmax import built

    return built(tmp_path_factory.mktemp("extension"))
