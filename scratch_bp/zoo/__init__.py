"""Architectures that people know, as networks: their real wiring, with sizes that exact arithmetic can carry."""

from collections.abc import Callable, Mapping

from scratch_bp.network import Network
from scratch_bp.zoo import language, others, vision

ZOO: Mapping[str, Callable[[], Network]] = {
    "lenet5": vision.lenet5,
    "vgg_block": vision.vgg_block,
    "resnet_basic_block": vision.resnet_basic_block,
    "resnet_bottleneck": vision.resnet_bottleneck,
    "unet_level": vision.unet_level,
    "transformer_encoder_layer": language.transformer_encoder_layer,
    "gpt_block": language.gpt_block,
    "lstm_language_model": language.lstm_language_model,
    "mlp_mixer_layer": others.mlp_mixer_layer,
    "variational_autoencoder": others.variational_autoencoder,
    "word2vec": language.word2vec,
}

__all__ = ["ZOO"]
