"""The Triton kernels as rows of the corpus. Without a GPU they run under the interpreter: small sizes."""

from dataclasses import replace

import torch

from tests.subjects.kernels.corpus.catalogue import NAMED
from tests.subjects.kernels.opaque.triton_rows import CrossEntropy, LayerNorm, RmsNorm, Softmax
from tests.subjects.kernels.opaque.triton_tiles import Attention, Matmul

# the interpreter stores float32 in bfloat16 by leaving out the lower half
CUT = () if torch.cuda.is_available() else (torch.bfloat16,)


def _entry(like, kernel, truncated=CUT, **rest):
    return replace(NAMED[like], name=f"triton_{like}", kernel=kernel, truncated=truncated, **rest)


def _attention(q, k, v):
    return Attention.apply(q, k, v, False)


def _causal_attention(q, k, v):
    return Attention.apply(q, k, v, True)


class LastWriter(RmsNorm):
    atomic = False


ENTRIES = (
    _entry("softmax", Softmax.apply),
    _entry("layer_norm", LayerNorm.apply),
    _entry("rms_norm", RmsNorm.apply),
    _entry("cross_entropy", CrossEntropy.apply, truncated=()),
    _entry("matmul_tiled", Matmul.apply),
    _entry("attention", _attention),
    _entry("attention_causal", _causal_attention),
    replace(
        _entry("rms_norm", LastWriter.apply), name="triton_rms_norm_last_writer", insides="",
        fault="dw is stored and not added by an atomic: the last row stays",
    ),
)  # fmt: skip
