"""The script that asks a question about a kernel again: to the bit where its tensors are small."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from backcheck.diagnosis.reproducer import literal
from backcheck.subjects.kernels.asked.question import Question
from backcheck.subjects.kernels.judged.examination import ExaminedKernel
from backcheck_reference.frontends.torch_code.callable import as_array

MOST_WRITTEN = 2000  # entries; a script with more of them would be read by nobody


def script(found: ExaminedKernel) -> str:
    """The source text. The tensors of a large case are the reader's own."""
    question = found.question
    pairs = [*zip(question.names, question.on_cpu, strict=True)]
    dys = list(found.cotangents)
    if sum(tensor.numel() for _, tensor in (*pairs, *(("", dy) for dy in dys if dy is not None))) > MOST_WRITTEN:
        given = [f"    {name},  # {list(tensor.shape)}, your own" for name, tensor in pairs]
        cotangent = [f"    seed={question.seed},"]
    else:
        given = [f"    {_literal(tensor, question.call)}," for _, tensor in pairs]
        texts = ["None" if dy is None else _literal(dy.cpu(), question.call) for dy in dys]
        several = ", ".join(texts)
        cotangent = [f"    cotangent={several if len(texts) == 1 else f'({several})'},"]
    options = [f"    {text}," for text in (*_wrt(question), *question.options)]
    config = [f"    config={dict(question.config)!r},"] if question.config else []
    return (
        "\n".join([*question.source, "", f"print({question.call}", *given, *config, *cotangent, *options, "))"]) + "\n"
    )


def _wrt(question: Question) -> Sequence[str]:
    """By which tensors was asked, where the question says it by those that require a gradient: the script's do not."""
    floats = [at for at, each in enumerate(question.tensors) if each.is_floating_point()]
    said = any(text.startswith("wrt=") for text in question.options)
    if said or not question.wanted or list(question.wanted) == floats:
        return ()
    return (f"wrt={tuple(question.names[at] for at in question.wanted)!r}",)


def _literal(tensor: Any, call: str) -> str:
    array = as_array(tensor)
    if "check_torch" not in call:
        return literal(array)
    dtype = str(tensor.dtype)
    wide = array.astype(np.float64) if tensor.is_floating_point() else array
    return f"torch.from_numpy({literal(wide)}).to({dtype})"
