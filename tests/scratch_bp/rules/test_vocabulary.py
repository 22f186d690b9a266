"""What people write by hand is all there: a name that is missing fails here, by name."""

import importlib
import pkgutil
import sys
from types import ModuleType

import pytest

from scratch_bp import rules
from scratch_bp.optimisers import OPTIMISERS, SCHEDULES
from scratch_bp.rules import RULES
from scratch_bp.rules.rule import family as family_of
from scratch_bp.zoo import ZOO

VOCABULARY = {
    "linear": "dense bilinear matmul embedding einsum",
    "activations": "sigmoid tanh relu relu6 leaky_relu prelu elu selu celu gelu silu mish softplus softsign hardtanh "
    "hardsigmoid hardswish hardshrink softshrink tanhshrink threshold log_sigmoid glu swiglu softmax log_softmax "
    "softmin identity abs exp log sqrt square reciprocal power clamp",
    "normalisation": "batch_norm batch_norm_with_statistics batch_norm_eval layer_norm rms_norm group_norm "
    "instance_norm local_response_norm normalize weight_norm",
    "convolution": "conv1d conv2d conv3d conv_transpose1d conv_transpose2d unfold fold",
    "pooling": "max_pool1d max_pool2d avg_pool1d avg_pool2d adaptive_avg_pool1d adaptive_avg_pool2d "
    "adaptive_max_pool2d lp_pool2d global_avg_pool global_max_pool",
    "recurrent": "rnn lstm gru rnn_cell lstm_cell gru_cell",
    "attention": "scaled_dot_product_attention masked_attention multi_head_attention rotary_embedding "
    "positional_encoding transformer_encoder_layer",
    "combination": "add subtract multiply divide concat stack where maximum minimum",
    "shaping": "split slice gather flatten reshape transpose permute squeeze expand pad upsample pixel_shuffle",
    "reductions": "sum mean max min prod var std logsumexp norm cumsum amax amin",
    "regularisation": "dropout spatial_dropout stochastic_depth",
    "losses": "mse mae huber smooth_l1 cross_entropy cross_entropy_probabilities nll bce bce_with_logits kl_div "
    "poisson_nll gaussian_nll hinge_embedding margin_ranking multi_margin soft_margin cosine_embedding triplet_margin "
    "ctc l2_penalty",
}

# modules with a forward and a backward that are no rules: several rules of their family are made of them
SHARED = {
    "attention": {"core", "projection"},
    "convolution": {"convolve"},
    "pooling": {"maxima", "means"},
    "recurrent": {"cell", "scan"},
}


def is_pair(module: ModuleType) -> bool:
    return hasattr(module, "forward") and hasattr(module, "backward")


@pytest.mark.parametrize("family", VOCABULARY)
def test_every_rule_of_the_vocabulary_is_there(family):
    assert [name for name in VOCABULARY[family].split() if name not in RULES] == []


def test_every_rule_stands_in_the_folder_of_its_family():
    for family, names in VOCABULARY.items():
        for name in names.split():
            assert RULES[name].forward.__module__ == f"scratch_bp.rules.{family}.{name}"


FAMILIES = [found.name for found in pkgutil.iter_modules(rules.__path__) if found.ispkg]
MODULES = [
    (family, found.name)
    for family in FAMILIES
    for found in pkgutil.iter_modules(importlib.import_module(f"{rules.__name__}.{family}").__path__)
]


@pytest.mark.parametrize(("family", "name"), MODULES)
def test_a_pair_in_a_familys_folder_is_on_its_list(family, name):
    """Selected by the name of the rule too: `-k my_rule` says that my_rule was forgotten on the list."""
    package = importlib.import_module(f"{rules.__name__}.{family}")
    if is_pair(importlib.import_module(f"{package.__name__}.{name}")) and name not in SHARED.get(family, set()):
        assert name in package.RULES, f"list {name} in {package.__file__}, or in SHARED here"


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_in_the_table_of_all_rules(family):
    listed = importlib.import_module(f"{rules.__name__}.{family}").RULES
    assert set(listed) <= {name for of, name in MODULES if of == family}
    assert set(listed) <= set(RULES), f"{family} is not in the table of all rules"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "lists the rule 'cube': write house_family/cube.py, or take the name off the list"),
        ("def forward(x): ...", "lists the rule 'cube': define backward in house_family/cube.py"),
        ("", "define forward and backward in house_family/cube.py"),
        ("import no_such_module", "No module named 'no_such_module'"),
    ],
)
def test_a_name_on_the_list_without_its_pair_is_told_what_to_do(tmp_path, monkeypatch, text, said):
    folder = tmp_path / "house_family"
    folder.mkdir()
    (folder / "__init__.py").touch()
    if text is not None:
        (folder / "cube.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match=said):
        family_of("house_family", "cube")
    for name in ("house_family", "house_family.cube"):
        sys.modules.pop(name, None)


def test_every_optimiser_schedule_and_architecture_is_there():
    assert " ".join(OPTIMISERS) == "sgd rmsprop adagrad adadelta adam adamw nadam lion"
    assert " ".join(SCHEDULES) == "step cosine warm-up"
    assert " ".join(ZOO) == (
        "lenet5 vgg_block resnet_basic_block resnet_bottleneck unet_level transformer_encoder_layer gpt_block "
        "lstm_language_model mlp_mixer_layer variational_autoencoder word2vec"
    )
