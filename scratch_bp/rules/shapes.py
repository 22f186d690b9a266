"""The shapes that rules speak of. One name is one axis: the same name in a signature is the same size.

`Shaped` and not `Float`: the same code runs on object arrays of exact numbers.
"""

import numpy as np
from jaxtyping import Int, Shaped

Any = Shaped[np.ndarray, "*shape"]
Left = Shaped[np.ndarray, "*left"]
Right = Shaped[np.ndarray, "*right"]
Broadcast = Shaped[np.ndarray, "*broadcast"]
Rows = Shaped[np.ndarray, "*batch n"]
RowColumn = Shaped[np.ndarray, "*batch 1"]
Vector = Shaped[np.ndarray, " n"]
Features = Shaped[np.ndarray, "*batch n_in"]
Outputs = Shaped[np.ndarray, "*batch n_out"]
Weights = Shaped[np.ndarray, "n_in n_out"]
Bias = Shaped[np.ndarray, " n_out"]
Logits = Shaped[np.ndarray, "batch classes"]
Classes = Int[np.ndarray, " batch"]
Scalar = Shaped[np.ndarray, ""]
Reduced = Shaped[np.ndarray, "*reduced"]
Mask = Int[np.ndarray, "*shape"]
Channels = Shaped[np.ndarray, "batch channels *rest"]
Channel = Shaped[np.ndarray, " channels"]
Signal = Shaped[np.ndarray, "batch channels length"]
Pooled = Shaped[np.ndarray, "batch channels pooled"]
AnyShape = Shaped[np.ndarray, "*_any"]
Sequence = Shaped[np.ndarray, "steps batch inputs"]
SequenceOut = Shaped[np.ndarray, "steps batch outputs"]
States = Shaped[np.ndarray, "states batch hidden"]
Inputs = Shaped[np.ndarray, "batch inputs"]
State = Shaped[np.ndarray, "batch hidden"]
InputWeight = Shaped[np.ndarray, "gates inputs"]
StateWeight = Shaped[np.ndarray, "gates hidden"]
GateBias = Shaped[np.ndarray, " gates"]
