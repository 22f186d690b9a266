"""What the losses refuse, and what single points of them are known to give."""

import numpy as np
import pytest

from scratch_bp.rules import LOSSES, RULES

X, P = np.array([[0.5, -1.0, 2.0], [0.0, 1.5, -0.5]]), np.array([[0.2, 0.3, 0.5], [0.1, 0.8, 0.1]])
CLASS, SIGN = np.array([0, 2]), np.array([[1, -1, 1], [-1, 1, 0]])
LOGITS, LABELS = np.linspace(-1, 1, 24).reshape(4, 2, 3), np.array([[1, 2], [2, 1]])
LENGTHS = {"input_lengths": (4, 4), "target_lengths": (2, 2)}


def run(rule, *arrays, **config):
    """The value, and the gradients for a cotangent of ones."""
    value, saved = RULES[rule].forward(*arrays, **config)
    return value, RULES[rule].backward(saved, np.ones(np.shape(value)))


@pytest.mark.parametrize(
    ("rule", "arrays", "config", "says"),
    [
        ("mse", (X, X), {"reduction": "median"}, "reduction is one of mean, sum, none, got 'median'"),
        ("kl_div", (X, P), {"reduction": "median"}, "kl_div: reduction is one of mean, sum, none, batchmean"),
        (
            "kl_div",
            (np.array(0.5), np.array(0.5)),
            {"reduction": "batchmean"},
            "kl_div: the reduction 'batchmean' needs an axis",
        ),
        ("huber", (X, X), {"delta": 0.0}, "huber: delta must be above 0, got 0.0"),
        ("smooth_l1", (X, X), {"beta": -1.0}, "smooth_l1: beta must be 0 or above, got -1.0"),
        ("nll", (X, np.array([0, 3])), {}, r"nll: targets are indices 0..2 of 3 classes, got 0..3"),
        ("cross_entropy", (X, np.array([-1, 0])), {}, r"cross_entropy: targets are indices 0..2 of 3 classes"),
        ("multi_margin", (X, np.array([-1, 0])), {}, r"multi_margin: targets are indices 0..2 of 3 classes"),
        ("multi_margin", (X, CLASS), {"p": 3}, "multi_margin: p is 1 or 2, got 3"),
        ("cross_entropy", (X, CLASS), {"label_smoothing": 1.5}, "cross_entropy: label_smoothing is a probability"),
        ("cross_entropy_probabilities", (X, P), {"label_smoothing": -0.1}, "label_smoothing is a probability"),
        ("bce", (P, P, P[:, :2]), {}, r"bce: weight must broadcast to the terms' shape \[2, 3\], got \[2, 2\]"),
        ("bce_with_logits", (X, P, P[None]), {}, "bce_with_logits: weight must broadcast"),
        ("bce_with_logits", (X, P, None, P[:, :2]), {}, "bce_with_logits: pos_weight must broadcast"),
        ("poisson_nll", (X, P), {"eps": 0.0}, "poisson_nll: eps must be above 0, got 0.0"),
        ("gaussian_nll", (X, X, P), {"eps": 0.0}, "gaussian_nll: eps must be above 0, got 0.0"),
        ("gaussian_nll", (X, X, P[0]), {}, "gaussian_nll: var has one of the shapes"),
        ("triplet_margin", (X, X, X), {"margin": -1.0}, "triplet_margin: margin must be 0 or above, got -1.0"),
        ("triplet_margin", (X, X, X), {"p": 0.5}, "triplet_margin: p must be 1 or above, got 0.5"),
        ("ctc", (LOGITS, LABELS), {**LENGTHS, "blank": 3}, "ctc: blank is one of the 3 classes, got 3"),
        ("ctc", (LOGITS, LABELS + 1), LENGTHS, r"ctc: targets are indices 0..2 of 3 classes, got 0..3"),
        ("ctc", (LOGITS, LABELS), {**LENGTHS, "input_lengths": (4, 5)}, "ctc: input_lengths are 2 numbers from 1 to 4"),
        ("ctc", (LOGITS, LABELS), {**LENGTHS, "target_lengths": (2,)}, "ctc: target_lengths are 2 numbers from 0 to 2"),
    ],
)
def test_what_makes_no_loss_is_refused(rule, arrays, config, says):
    with pytest.raises(ValueError, match=says):
        run(rule, *arrays, **config)


ARRAYS = {
    "huber": (3 * X, P),
    "bce": (P, P[::-1]),
    "nll": (np.log(P), CLASS),
    "cross_entropy": (X, CLASS),
    "multi_margin": (X, CLASS),
    "margin_ranking": (X, P, X - 1),
    "gaussian_nll": (X, 0 * X, P),
    "hinge_embedding": (X, SIGN),
    "soft_margin": (X, SIGN),
    "cosine_embedding": (X, P, SIGN[0, :2]),
    "triplet_margin": (X, P, X[::-1]),
}


@pytest.mark.parametrize("rule", [rule for rule in LOSSES if rule not in ("ctc", "l2_penalty")])
def test_mean_and_sum_gather_the_terms_that_none_leaves_alone(rule):
    arrays = ARRAYS.get(rule, (X, P))
    terms, grads = run(rule, *arrays, reduction="none")
    for reduction, gathered in (("sum", terms.sum()), ("mean", terms.mean())):
        value, found = run(rule, *arrays, reduction=reduction)
        np.testing.assert_allclose(value, gathered, rtol=1e-14)
        for each, whole in zip(grads, found, strict=True):
            if each is not None:
                np.testing.assert_allclose(whole * (1 if reduction == "sum" else terms.size), each, rtol=1e-13)


@pytest.mark.parametrize("rule", ["nll", "cross_entropy"])
def test_what_is_ignored_neither_counts_nor_has_a_gradient(rule):
    weight, target = np.array([0.5, 1.0, 2.0]), np.array([2, -100])
    value, (dx, *_) = run(rule, X, target, weight)
    alone, (dx_alone, *_) = run(rule, X[:1], target[:1], weight)
    assert value == alone
    np.testing.assert_array_equal(dx, np.concatenate([dx_alone, np.zeros((1, 3))]))


def test_one_hot_probabilities_give_what_the_indices_give():
    for smoothing in (0.0, 0.25):
        value, (dx, _) = run("cross_entropy", X, CLASS, label_smoothing=smoothing)
        same, (same_dx, _) = run("cross_entropy_probabilities", X, np.eye(3)[CLASS], label_smoothing=smoothing)
        np.testing.assert_allclose(value, same, rtol=1e-15)
        np.testing.assert_allclose(dx, same_dx, rtol=1e-14)


def test_a_target_of_probability_0_has_no_divergence():
    value, (dx, _) = run("kl_div", np.log(P), np.array([[0, 0.5, 0.5], [1, 0, 0]]), reduction="batchmean")
    np.testing.assert_allclose(value, (np.log(0.5 / 0.3) / 2 + np.log(0.5 / 0.5) / 2 + np.log(1 / 0.1)) / 2)
    np.testing.assert_array_equal(dx, [[0, -0.25, -0.25], [-0.5, 0, 0]])


def test_targets_of_exactly_0_and_1_are_probabilities_too():
    value, (dx, _) = run("bce", np.array([0.25, 0.25]), np.array([0.0, 1.0]), reduction="none")
    np.testing.assert_allclose(value, [np.log(4 / 3), np.log(4)])
    np.testing.assert_allclose(dx, [4 / 3, -4])


def test_a_logarithm_below_minus_100_is_held_there_and_has_no_slope():
    value, (dx, dt) = run("bce", np.array([1e-50, 1 - 2.0**-53]), np.array([1.0, 0.0]), reduction="none")
    np.testing.assert_allclose(value, [100, 53 * np.log(2)])
    np.testing.assert_allclose(dx, [0, 2.0**53], atol=1)
    assert dt[0] == 100


def test_a_variance_below_eps_has_no_slope():
    _, (_, _, dvar) = run("gaussian_nll", X, 0 * X, np.full((2, 1), 1e-9))
    np.testing.assert_array_equal(dvar, [[0], [0]])


def test_pytorchs_own_gradient_by_a_variance_below_eps_is_not_that_of_its_value():
    """If this fails PyTorch has changed, and the mirror need not clamp before it."""
    torch = pytest.importorskip("torch")
    var = torch.tensor([1e-9], dtype=torch.float64, requires_grad=True)
    loss = torch.nn.functional.gaussian_nll_loss(0 * var, 0 * var, var)
    assert torch.autograd.grad(loss, var)[0].item() == pytest.approx(5e5)


def test_pytorchs_ctc_gradient_is_by_logits_and_not_by_log_probabilities():
    """If this fails PyTorch has changed, and the rule could take log-probabilities."""
    torch = pytest.importorskip("torch")
    log_p = torch.tensor(LOGITS).log_softmax(-1).requires_grad_()
    loss = torch.nn.functional.ctc_loss(log_p, torch.tensor(LABELS), (4, 4), (2, 2), reduction="sum")
    found = torch.autograd.grad(loss, log_p)[0].numpy()
    _, (by_logits, _) = run("ctc", LOGITS, LABELS, **LENGTHS, reduction="sum")
    np.testing.assert_allclose(found, by_logits, rtol=1e-12)
    # of the labels at one frame one is seen: all log-probabilities of a frame moved by 1 move the loss by -1
    true = by_logits - np.exp(log_p.detach().numpy())
    np.testing.assert_allclose(true.sum(-1), -1, rtol=1e-12)


def test_a_target_that_does_not_fit_into_its_frames_has_an_infinite_loss_or_none():
    config = {"input_lengths": (2, 3), "target_lengths": (2, 2), "reduction": "none"}
    repeated = np.array([[1, 1], [2, 2]])  # needs three frames
    with np.errstate(invalid="ignore"):
        value, (dx, _) = run("ctc", LOGITS, repeated, **config)
    assert np.isinf(value).tolist() == [True, False]
    assert np.isnan(dx[:2, 0]).all()
    value, (dx, _) = run("ctc", LOGITS, repeated, **config, zero_infinity=True)
    assert value[0] == 0 < value[1]
    assert not dx[:, 0].any()
    assert not dx[3, 1].any()
    assert dx[:3, 1].all()


def test_ctc_is_the_sum_over_all_ways_to_read_a_target():
    from itertools import groupby, product

    p = np.exp(LOGITS[:, 0]) / np.exp(LOGITS[:, 0]).sum(-1, keepdims=True)

    def reads(way):
        return [label for label, _ in groupby(way) if label != 0]

    for target in ([1, 2], [1, 1], [2], []):
        ways = [way for way in product(range(3), repeat=4) if reads(way) == target]
        total = sum(np.prod([p[t, c] for t, c in enumerate(way)]) for way in ways)
        labels, lengths = np.array([[*target, 0, 0][:2]]), {"input_lengths": (4,), "target_lengths": (len(target),)}
        value, _ = run("ctc", LOGITS[:, :1], labels, **lengths, reduction="sum")
        np.testing.assert_allclose(value, -np.log(total), rtol=1e-14)


def test_no_loss_of_large_logits_overflows():
    x = np.array([1000.0, -1000.0])
    assert run("soft_margin", x, np.array([-1, 1]), reduction="none")[0].tolist() == [1000, 1000]
    assert run("bce_with_logits", x, np.array([0.0, 1.0]), reduction="none")[0].tolist() == [1000, 1000]
    assert run("cross_entropy", x[None], np.array([1]))[0] == 2000
