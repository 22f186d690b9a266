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
# an underscore before a name: nobody asks that two of them be alike
Part = Shaped[np.ndarray, "*_part"]
Product = Shaped[np.ndarray, "*product"]
Stacked = Shaped[np.ndarray, "*stacked"]
Arranged = Shaped[np.ndarray, "*arranged"]
Table = Shaped[np.ndarray, "num_embeddings embedding_dim"]
Lookup = Int[np.ndarray, "*batch"]
Embedded = Shaped[np.ndarray, "*batch embedding_dim"]
Index = Int[np.ndarray, "*index"]
Gathered = Shaped[np.ndarray, "*index"]
Condition = Int[np.ndarray, "*condition"]
Left1 = Shaped[np.ndarray, "*batch n_left"]
Right1 = Shaped[np.ndarray, "*batch n_right"]
Bilinear = Shaped[np.ndarray, "n_out n_left n_right"]
Image = Shaped[np.ndarray, "batch channels height width"]
Resized = Shaped[np.ndarray, "batch channels resized_height resized_width"]
Packed = Shaped[np.ndarray, "*batch packed height width"]
Unpacked = Shaped[np.ndarray, "*batch unpacked taller wider"]
