"""Architectures that people know, as networks: their real wiring, with sizes that exact arithmetic can carry."""

from collections.abc import Callable, Mapping

from scratch_bp.network import Network
from scratch_bp.zoo import language, others, vision

_BUILDERS = (
    vision.lenet5,
    vision.vgg_block,
    vision.resnet_basic_block,
    vision.resnet_bottleneck,
    vision.unet_level,
    language.transformer_encoder_layer,
    language.gpt_block,
    language.lstm_language_model,
    others.mlp_mixer_layer,
    others.variational_autoencoder,
    language.word2vec,
)

ZOO: Mapping[str, Callable[[], Network]] = {build.__name__: build for build in _BUILDERS}

__all__ = ["ZOO"]
