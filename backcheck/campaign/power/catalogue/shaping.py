"""Faults in rules that move entries about, and in dropout."""

from backcheck.campaign.power.fault import COMMON, RARE
from backcheck.campaign.power.rows import changes, fault

RESHAPED = "dy.copy().reshape(saved.shape)"
FAULTS = (
    fault("expand", "averaged over what was repeated", "reduction", "sum_to(dy, saved.shape).copy()",
          "sum_to(dy, saved.shape) / sum_to(dy * 0 + 1, saved.shape)", "x", common=COMMON,
          needs="an axis that is repeated"),
    fault("flatten", "axes in reverse", "layout", RESHAPED, "dy.reshape(saved.shape[::-1]).T.copy()", "x",
          needs="two axes longer than 1"),
    fault("reshape", "entries in the order of memory", "layout", RESHAPED,
          'dy.ravel("K").reshape(saved.shape).copy()', "x", common=COMMON, needs="a cotangent in another memory layout",
          seen="torch/nn pull request 345, Dao-AILab/flash-attention issue 355"),
    fault("permute", "the same order again", "layout", "dy.transpose(inverse)", "dy.transpose(saved.order)", "x",
          common=COMMON, needs="an order that is not its own inverse"),
    fault("transpose", "reshaped", "layout", 'dy.swapaxes(*saved).copy("K")',
          "dy.reshape(dy.swapaxes(*saved).shape).copy()", "x", common=COMMON, needs="both axes longer than 1"),
    fault("pad", "borders that are read twice assigned", "index", "dx[along(axis, sources[place])] +=",
          "dx[along(axis, sources[place])] =", "x", common=COMMON, needs="another mode than constant"),
    fault("pad", "the border behind ignored", "window",
          "for place in (*range(before), *range(before + n, len(sources))):",
          "for place in range(before):", "x", needs="another mode than constant, and a border behind"),
    fault("pad", "the border before taken for the one behind", "window", "dx[inner] = dy[outer]",
          "dx[inner] = np.roll(dy, [a - b for b, a in saved.widths], range(dy.ndim))[outer]"
          " if min(min(w) for w in saved.widths) >= 0 else dy[outer]", "x",
          needs="mode constant and borders that differ"),
    fault("pixel_shuffle", "rows and columns exchanged", "layout", "n + 2, n + 4, n + 1, n + 3)",
          "n + 4, n + 2, n + 1, n + 3)", "x", common=COMMON, needs="a factor above 1"),
    fault("slice", "step ignored", "window", "dx[saved.part] = dy",
          "axis = len(saved.part) - 1\n    first = saved.part[-1].indices(saved.shape[axis])[0]\n"
          "    dx[(*saved.part[:-1], slice(first, first + dy.shape[axis]))] = dy", "x", needs="a step above 1"),
    fault("split", "the parts in reverse", "gate", "np.concatenate(dy, axis", "np.concatenate(dy[::-1], axis", "x",
          common=RARE, needs="two parts"),
    fault("upsample", "the mean of a block for its sum", "reduction", "(_resized(saved.rows.T, dy, saved.columns),)",
          "(_resized(saved.rows.T, dy, saved.columns) * (saved.rows.shape[1] / saved.rows.shape[0]),)", "x",
          common=COMMON, needs="another height"),
    fault("squeeze", "a view of dy", "aliasing", RESHAPED, "dy.reshape(saved.shape)", "aliases", common=COMMON,
          needs="a look at shared memory"),
    fault("dropout", "not rescaled", "option", "kept(dy, *saved), None", "kept(dy, saved.mask, 0.0), None", "x",
          common=COMMON, needs="an entry that is kept"),
    fault("dropout", "a mask drawn anew", "randomness", "    return kept(dy, *saved), None",
          "    import numpy as np\n\n    mask = np.random.default_rng().integers(0, 2, saved.mask.shape)\n"
          "    return kept(dy, mask, saved.p), None", "x again", common=COMMON, needs="more than a few entries"),
    fault("dropout", "the mask ignored", "mask", "kept(dy, *saved), None",
          "kept(dy, saved.mask * 0 + 1, saved.p), None",
          "x", common=COMMON, needs="an entry that is dropped"),
    fault("spatial_dropout", "not rescaled", "option", "return _kept(dy, *saved), None",
          "return _kept(dy, saved.mask, 0.0), None", "x", needs="a channel that is kept"),
    fault("spatial_dropout", "the first sample's mask", "mask", "return _kept(dy, *saved), None",
          "return _kept(dy, saved.mask[:1] + 0 * saved.mask, saved.p), None", "x", common=RARE,
          needs="a batch of more than 1"),
    fault("stochastic_depth", "the mask inverted", "mask", "return _kept(dy, *saved), None",
          "return _kept(dy, 1 - saved.mask, saved.p), None", "x"),
    changes("unsqueeze", "dy itself", "aliasing", (("", RESHAPED, "dy.reshape(saved.shape)"),), "aliases",
            needs="a look at shared memory"),
)  # fmt: skip
