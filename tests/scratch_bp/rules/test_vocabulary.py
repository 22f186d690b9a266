"""What people write by hand is all there: a name that is missing fails here, by name."""

import pytest

from scratch_bp.optimisers import OPTIMISERS, SCHEDULES
from scratch_bp.rules import RULES
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


@pytest.mark.parametrize("family", VOCABULARY)
def test_every_rule_of_the_vocabulary_is_there(family):
    assert [name for name in VOCABULARY[family].split() if name not in RULES] == []


def test_every_rule_stands_in_the_folder_of_its_family():
    for family, names in VOCABULARY.items():
        for name in names.split():
            assert RULES[name].forward.__module__ == f"scratch_bp.rules.{family}.{name}"


def test_every_optimiser_schedule_and_architecture_is_there():
    assert " ".join(OPTIMISERS) == "sgd rmsprop adagrad adadelta adam adamw nadam lion"
    assert " ".join(SCHEDULES) == "step cosine warm-up"
    assert " ".join(ZOO) == (
        "lenet5 vgg_block resnet_basic_block resnet_bottleneck unet_level transformer_encoder_layer gpt_block "
        "lstm_language_model mlp_mixer_layer variational_autoencoder word2vec"
    )
