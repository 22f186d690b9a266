"""Compiled code that writes through real pointers, and allocates by itself."""

import ctypes
import math
import shutil
import subprocess

import pytest
import torch

from backcheck.subjects.kernels.calls.call import call, torch_kernel

COMPILER = shutil.which("g++")
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="there is no C++ compiler (g++) here")

C_SOURCE = """
extern "C" void doubled(const float* x, float* y, long entries) {
    for (long i = 0; i < entries; i++) y[i] = 2 * x[i];
}
"""
TORCH_SOURCE = """
torch::Tensor doubled(torch::Tensor x, int64_t more) {
    auto y = torch::empty_like(x);
    const float* from = x.data_ptr<float>();
    float* to = y.data_ptr<float>();
    for (int64_t i = 0; i < x.numel() + more; i++) to[i] = 2 * from[i];
    return y;
}
"""


@needs_compiler
def test_a_compiled_loop_that_goes_too_far_is_seen(tmp_path):
    (tmp_path / "doubled.cpp").write_text(C_SOURCE, encoding="utf-8")
    library = tmp_path / "doubled.so"
    subprocess.run([COMPILER, "-shared", "-fPIC", "-o", library, tmp_path / "doubled.cpp"], check=True)
    doubled = ctypes.CDLL(str(library)).doubled
    doubled.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_long]

    def forward(x, *, more):
        y = torch.empty_like(x)
        doubled(x.data_ptr(), y.data_ptr(), x.numel() + more)
        return y

    x = [torch.arange(6.0).reshape(2, 3)]
    right = call(torch_kernel(forward), x, None, {"more": 0}, fill=math.nan)
    assert (right.damage, right.outputs[0].tolist()) == ((), (2 * x[0]).tolist())
    wrong = call(torch_kernel(forward), x, None, {"more": 4}, fill=math.nan)
    assert wrong.damage == ("writes 4 entries beyond the end of y, of shape [2, 3]",)  # though 2 * NaN is that NaN


@needs_compiler
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("ninja") is None, reason="there is no ninja to build an extension with")
def test_what_an_extension_allocates_is_watched(tmp_path):
    from torch.utils.cpp_extension import load_inline

    module = load_inline("doubled", TORCH_SOURCE, functions=["doubled"], build_directory=str(tmp_path))
    kernel = torch_kernel(lambda x, more: module.doubled(x, more))
    run = call(kernel, [torch.ones(2, 3)], None, {"more": 0}, fill=math.nan)
    assert (run.raised, run.damage, run.outputs[0].tolist()) == ("", (), [[2.0] * 3] * 2)
    run = call(kernel, [torch.ones(2, 3)], None, {"more": 3}, fill=math.nan)
    assert run.damage == ("writes 3 entries beyond the end of y, of shape [2, 3]",)
