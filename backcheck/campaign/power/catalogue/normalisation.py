"""Faults in normalisations."""

from backcheck.campaign.power import wrong_rules
from backcheck.campaign.power.fault import COMMON, RARE
from backcheck.campaign.power.kinds import COURSE
from backcheck.campaign.power.rows import fault, wrapped

STANDARDISE = "rules.normalisation.standardise"
VARIANCE = "dx = g - xhat * mean_over(g * xhat, axes, keepdims=True)"
AXES = "xhat, axes = saved.xhat, saved.axes"
MEAN = "np.asanyarray(dx - mean_over(g, axes, keepdims=True) if centred else dx)"
FACTOR = "saved.inv_std if saved.w is None else np.asanyarray(saved.inv_std * saved.w)"
FAULTS = (
    fault("layer_norm", "the mean's term left out", "term", MEAN, "dx", "x", module=STANDARDISE, common=COMMON,
          needs="a cotangent whose mean is not 0", seen="apache/mxnet issue 1053: the mean's term"),
    fault("layer_norm", "the variance's term left out", "term", VARIANCE, "dx = g", "x", module=STANDARDISE,
          common=COMMON),
    fault("layer_norm", "gamma left out of dx", "factor", FACTOR, "saved.inv_std", "x", module=STANDARDISE,
          common=COMMON, needs="a gamma that is not 1"),
    fault("layer_norm", "float32 inside", "precision", "g = seen(saved, dy) * direct_factor(saved)",
          "g = (seen(saved, dy) * direct_factor(saved)).astype(np.float32).astype(saved.xhat.dtype)", "x linear",
          module=STANDARDISE, common=COMMON, needs="float64, and an error of 1e-8 to be seen"),
    fault("layer_norm", "gamma averaged over the rows", "reduction", "terms.sum((0, 3))", "terms.mean((0, 3))",
          "gamma beta", module=STANDARDISE, needs="a batch of more than 1"),
    wrapped("layer_norm", "eps outside of the root", "eps", wrong_rules.layer_norm_std_plus_eps, "x", common=COMMON,
            needs="an error of 1e-5 to be seen, or a small variance"),
    fault("batch_norm", "statistics taken for constants", "stale", f"    {VARIANCE}", "    return g", "x",
          module=STANDARDISE, common=COMMON, seen="facebookresearch/CrypTen pull request 143"),
    fault("batch_norm", "the mean's term left out", "term", MEAN, "dx", "x", module=STANDARDISE, common=COMMON,
          needs="a cotangent whose mean is not 0", seen=COURSE),
    fault("batch_norm", "weight left out of dx", "factor", FACTOR, "saved.inv_std", "x", module=STANDARDISE,
          needs="a weight that is not 1", seen=COURSE),
    fault("batch_norm", "the batch alone, not the space", "axis", AXES, "xhat, axes = saved.xhat, (0,)", "x",
          module=STANDARDISE, needs="images"),
    wrapped("batch_norm", "eps outside of the root", "eps", wrong_rules.batch_norm_std_plus_eps, "x", common=COMMON,
            needs="an error of 1e-5 to be seen, or a small variance"),
    wrapped("batch_norm", "eps left out", "eps", wrong_rules.batch_norm_without_eps, "x", common=COMMON,
            needs="an error of 1e-5 to be seen, or a small variance"),
    wrapped("rms_norm", "eps left out", "eps", wrong_rules.rms_norm_without_eps, "x", common=COMMON,
            needs="an error of 1e-5 to be seen, or small entries"),
    fault("rms_norm", "layer norm's mean term", "term", "pull_back(saved, dy, centred=False)", "pull_back(saved, dy)",
          "x", common=COMMON),
    fault("rms_norm", "the scale's term left out", "term", VARIANCE, "dx = g", "x", module=STANDARDISE),
    fault("batch_norm_eval", "as in training", "stale", "    dx = wide * factor\n",
          "    g = wide * factor\n"
          "    dx = g - g.mean(BATCH, keepdims=True) - xhat * (g * xhat).mean(BATCH, keepdims=True)\n",
          "x", common=COMMON, needs="given statistics"),
    fault("batch_norm_eval", "the variance's sign", "sign", "dvar = -(wide", "dvar = (wide", "running_var",
          common=RARE),
    fault("batch_norm_with_statistics", "the statistics send nothing back", "carry",
          "pulled_to_input(standard, dout) + through_mean + through_var * centred",
          "pulled_to_input(standard, dout)", "x", needs="a cotangent of the running statistics"),
    fault("batch_norm_with_statistics", "the old statistics' share", "option", "(1 - m) * dmean, (1 - m) * dvar",
          "m * dmean, m * dvar", "running_mean running_var", needs="a cotangent of the running statistics"),
    fault("group_norm", "all groups as one", "axis", AXES, "xhat, axes = saved.xhat, (1, 2, 3)", "x",
          module=STANDARDISE, common=COMMON, needs="more groups than one"),
    fault("group_norm", "the first image's weight", "reduction", "terms.sum((0, 3))", "terms[:1].sum((0, 3))",
          "weight bias", module=STANDARDISE, needs="a batch of more than 1"),
    fault("instance_norm", "over the batch too", "axis", AXES, "xhat, axes = saved.xhat, (0, 2, 3)", "x",
          module=STANDARDISE, common=COMMON, needs="a batch of more than 1"),
    fault("local_response_norm", "the neighbours left out", "term",
          "direct - 2 * (like(u, alpha) / size) * like(u, beta) * _added_back(direct * ratio * u, size // 2)", "direct",
          "x", common=COMMON, needs="an alpha that is not tiny, or entries that are large"),
    fault("local_response_norm", "the window of the forward", "window", "ratio * u, size // 2)",
          "ratio * u, (size - 1) // 2)", "x", needs="a window of even size"),
    fault("normalize", "the norm's term left out", "term", "dx - dlength * slope(norm)", "dx", "x", common=COMMON),
    fault("normalize", "the limit of the norm ignored", "clamp",
          "np.where(above, (dx * y).sum(norm.axes, keepdims=True), like(divisor, 0))",
          "(dx * y).sum(norm.axes, keepdims=True)", "x", needs="a norm below eps"),
    fault("weight_norm", "the norm's term left out", "term", "dy - unit * dg", "dy", "v", common=COMMON),
    fault("weight_norm", "g left out", "factor", "(g / length)", "(1 / length)", "v", needs="a g that is not 1"),
)  # fmt: skip
