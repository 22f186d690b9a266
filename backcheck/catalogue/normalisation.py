"""What can be drawn of the normalisations."""

from collections.abc import Mapping

from backcheck.catalogue.row import Row

ROWS: Mapping[str, Row] = {
    "layer_norm": Row({"eps": (1e-5, 1e-3, 0.25)}, plain={"gamma": "ones", "beta": "zeros"}, weight=3),
    "rms_norm": Row({"eps": (1e-5, 1e-3, 0.25)}, plain={"weight": "ones"}),
    "batch_norm": Row({"eps": (1e-5, 1e-3, 0.25)}, plain={"weight": "ones", "bias": "zeros"}, least={"batch": 2}),
}
