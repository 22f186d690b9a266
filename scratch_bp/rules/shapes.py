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
Image = Shaped[np.ndarray, "batch channels height width"]
Volume = Shaped[np.ndarray, "batch channels depth height width"]
SignalOut = Shaped[np.ndarray, "batch filters length_out"]
ImageOut = Shaped[np.ndarray, "batch filters height_out width_out"]
VolumeOut = Shaped[np.ndarray, "batch filters depth_out height_out width_out"]
Kernel1d = Shaped[np.ndarray, "filters share kernel_width"]
Kernel2d = Shaped[np.ndarray, "filters share kernel_height kernel_width"]
Kernel3d = Shaped[np.ndarray, "filters share kernel_depth kernel_height kernel_width"]
BackKernel1d = Shaped[np.ndarray, "channels share kernel_width"]
BackKernel2d = Shaped[np.ndarray, "channels share kernel_height kernel_width"]
Filters = Shaped[np.ndarray, " filters"]
PooledImage = Shaped[np.ndarray, "batch channels height_out width_out"]
Columns = Shaped[np.ndarray, "batch columns windows"]
Maps = Shaped[np.ndarray, "batch channels *rest width"]
