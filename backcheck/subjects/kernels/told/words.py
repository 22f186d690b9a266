"""What is said of a kernel: a line for each tensor, and the fault where the numbers show which it is."""

import itertools
import math
from collections.abc import Iterator

from backcheck.subjects.kernels.asked.models import Model
from backcheck.subjects.kernels.judged.allowed import TensorVerdict
from backcheck.subjects.kernels.judged.examination import ExaminedKernel
from backcheck_reports.number_format import got_and_want
from backcheck_reports.record import Verdict


def finding(each: TensorVerdict, promised: Model) -> str:
    """The line of one tensor: the model that explains it and how much of the allowed it takes, or the worst entry."""
    if each.verdict is Verdict.AGREE and each.explained_by is None:
        return each.reason
    if each.verdict is Verdict.AGREE:
        more = f"; {each.reason}" if each.reason else ""
        said = f"{each.explained_by} ({_part(each.fraction)} of the allowed)"
        return f"{said}; any relative error above {each.resolution:.0e} would be seen{more}"
    if each.verdict is Verdict.IMPRECISE:
        return (
            f"{each.explained_by}: {_times(each.fraction)} what {promised} explains; "
            f"{got_and_want(each.got, each.want, each.index)}, allowed {each.allowed:.2g}"
        )
    if each.reason or each.verdict is not Verdict.DISAGREE:
        return each.reason
    many = f"{each.wrong} of {each.entries} entries are wrong: " if each.entries > 1 else ""
    beyond = f", {_times(each.fraction)} what {promised} explains" if math.isfinite(each.fraction) else ""
    return f"{many}{got_and_want(each.got, each.want, each.index)}{beyond}"


def _part(fraction: float) -> str:
    if fraction < 0.005 and fraction:
        return f"{fraction:.0e}"
    return f"{math.floor(1000 * fraction) / 1000:g}"  # never 1 for what is below it


def _times(fraction: float) -> str:
    return f"{fraction:.3g} times" if fraction < 1e4 else f"{fraction:.1e} times"


def call_with_shapes(found: ExaminedKernel) -> str:
    """The question: `rms_norm(x[256, 512] bfloat16, weight[512] float32, eps=1e-06)`."""
    question = found.question
    pairs = zip(question.names, question.tensors, strict=True)
    read = ", ".join(f"{name}{list(t.shape)} {str(t.dtype).removeprefix('torch.')}" for name, t in pairs)
    options = "".join(f", {name}={value!r}" for name, value in question.config.items())
    return f"{question.name}({read}{options})"


def in_other_circumstances(found: ExaminedKernel) -> Iterator[str]:
    """One line for each call in other circumstances that went wrong: the tensors, and the numbers of the first."""
    for where, group in itertools.groupby(found.tensors, lambda each: each.where):
        tensors = list(group)
        if where:
            names = " and ".join(filter(None, (", ".join(each.name for each in tensors[:-1]), tensors[-1].name)))
            first = f"{tensors[0].name} " if len(tensors) > 1 else ""
            said = tensors[0].reason or got_and_want(tensors[0].got, tensors[0].want, tensors[0].index)
            how = "wrong" if tensors[0].verdict is Verdict.DISAGREE else str(tensors[0].verdict)
            yield f"where {where}, {names} {'is' if len(tensors) == 1 else 'are'} {how}: {first}{said}"
