"""Faults in optimisers. No gradient is wrong: what is judged is the parameters after some steps, beside PyTorch's."""

from backcheck.campaign.power.fault import COMMON, OCCASIONAL, RARE, PlantedFault
from backcheck.campaign.power.patches import SourceChange

ADAM_EPS = "tensorflow/tensorflow issue 35102, karpathy/nanochat issue 304"
ROOT = "/ number(w, unbiased(w, betas[1], t) ** 0.5)"


def _fault(
    optimiser: str, what: str, old: str, new: str, needs: str, *, common: str = OCCASIONAL, module: str = "",
    seen: str = "seen in optimisers written for teaching",
) -> PlantedFault:  # fmt: skip
    where = f"scratch_bp.optimisers.{module or optimiser}"
    return PlantedFault(
        name=f"{optimiser}: {what}", rule=optimiser, kind="optimiser", patch=SourceChange(old, new, where),
        tensors=("parameters",), common=common, needs=needs, seen=seen,
    )  # fmt: skip


FAULTS = (
    _fault("adam", "the mean not unbiased", "lr / unbiased(w, betas[0], t)", "lr", "the first steps", common=COMMON,
           seen="Oneflow-Inc/oneflow pull request 5960"),
    _fault("adam", "the mean square not unbiased", ROOT, "/ 1", "the first steps", common=COMMON,
           seen="karpathy/convnetjs pull request 107"),
    _fault("adam", "eps before the bias is corrected",
           f"root = np.sqrt(most if amsgrad else v) {ROOT}",
           f"root = (np.sqrt(most if amsgrad else v) + like(w, eps)) {ROOT} - like(w, eps)",
           "an error of 1e-8 to be seen, or a large eps", common=COMMON, seen=ADAM_EPS),
    _fault("adam", "eps inside of the root", "np.sqrt(most if amsgrad else v)",
           "np.sqrt((most if amsgrad else v) + like(w, eps))", "an error of 1e-8 to be seen, or a large eps",
           common=COMMON),
    _fault("adam", "the steps counted from 0", "lr / unbiased(w, betas[0], t)", "lr / unbiased(w, betas[0], t + 1)",
           "the first steps"),
    _fault("adam", "the largest mean square forgotten", "np.maximum(most, v) if amsgrad", "v if amsgrad",
           "amsgrad and a gradient that becomes smaller"),
    _fault("adamw", "decay through the gradient", "_down(w * like(w, 1 - lr * weight_decay), g, slots",
           "_down(w, decayed(w, g, weight_decay), slots", "weight decay", common=COMMON, module="adam",
           seen="L2 regularisation for decoupled decay, which AdamW was written against"),
    _fault("adamw", "decay without the rate", "like(w, 1 - lr * weight_decay)", "like(w, 1 - weight_decay)",
           "weight decay", common=COMMON, module="adam", seen="joennlae/tensorli issue 1"),
    _fault("sgd", "dampening ignored", "like(w, 1 - dampening) * g if slots", "g if slots", "momentum and dampening"),
    _fault("sgd", "the first step dampened too", "if slots else g.copy()", "if slots else like(w, 1 - dampening) * g",
           "momentum and dampening", common=RARE),
    _fault("sgd", "nesterov without the look ahead", "g + like(w, momentum) * b if nesterov else b", "b", "nesterov"),
    _fault("sgd", "the decay's sign", "g + like(w, weight_decay) * w", "g - like(w, weight_decay) * w",
           "weight decay", module="optimiser", common=RARE),
    _fault("rmsprop", "eps inside of the root", "np.sqrt(square - mean * mean if centered else square) + like(w, eps)",
           "np.sqrt((square - mean * mean if centered else square) + like(w, eps))",
           "an error of 1e-8 to be seen, or a large eps", common=COMMON, seen="the form of TensorFlow and optax"),
    _fault("rmsprop", "the mean not squared", "square - mean * mean", "square - mean", "centered"),
    _fault("adagrad", "the rate's decay one step ahead", "(t - 1) * lr_decay", "t * lr_decay", "a decay of the rate"),
    _fault("adadelta", "the step's mean square too late", "mixed(steps, step * step, rho)", "steps", "two steps"),
    _fault("nadam", "the momentum's product forgotten", "product = product * now", "product = now", "two steps"),
)  # fmt: skip
