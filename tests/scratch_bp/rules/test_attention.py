"""What attention refuses, and what a query that sees nothing is given."""

import numpy as np
import pytest

from scratch_bp.rules import RULES

RNG = np.random.default_rng(0)
ATTENTION = ("scaled_dot_product_attention", "masked_attention")


def arrays(heads, shared, mask):
    query, key, value = (RNG.standard_normal((2, n, length, 4)) for n, length in ((heads, 3), (shared, 5), (shared, 5)))
    return query, key, value, mask


@pytest.mark.parametrize("rule", ATTENTION)
@pytest.mark.parametrize(
    ("heads", "shared", "options", "says"),
    [
        (4, 2, {}, r"without enable_gqa query and key have the same leading axes, got \[2, 4\] and \[2, 2\]"),
        (3, 2, {"enable_gqa": True}, "is a multiple of that of key"),
        (2, 4, {"enable_gqa": True}, "is a multiple of that of key"),
    ],
)
def test_heads_that_do_not_fit_are_refused(rule, heads, shared, options, says):
    mask = np.ones((3, 5), int) if rule == "masked_attention" else np.ones((3, 5))
    with pytest.raises(ValueError, match=f"{rule}: .*{says}"):
        RULES[rule].forward(*arrays(heads, shared, mask), **options)


@pytest.mark.parametrize("is_causal", [False, True])
def test_minus_infinity_shuts_a_key_out_and_a_row_of_it_alone_all_of_them_as_in_pytorch(is_causal):
    torch = pytest.importorskip("torch")
    mask = RNG.standard_normal((3, 5))
    mask[1], mask[2, :4] = -np.inf, -np.inf
    if is_causal:
        mask[2, 1] = 0.5  # of the keys 0 to 2, the only one that this query sees
    given = arrays(2, 2, mask)
    y, saved = RULES["scaled_dot_product_attention"].forward(*given, is_causal=is_causal)
    dy = RNG.standard_normal(y.shape)
    grads = RULES["scaled_dot_product_attention"].backward(saved, dy)
    shut = np.where(np.tri(3, 5, dtype=bool), mask, -np.inf) if is_causal else mask
    tensors = [torch.tensor(each, requires_grad=True) for each in (*given[:3], shut)]
    theirs = torch.nn.functional.scaled_dot_product_attention(*tensors)
    theirs.backward(torch.tensor(dy))
    np.testing.assert_allclose(y, theirs.detach().numpy(), rtol=1e-12)
    for got, tensor in zip(grads, tensors, strict=True):
        np.testing.assert_allclose(got, tensor.grad.numpy(), rtol=1e-10, atol=1e-13)
    assert not y[:, :, 1].any()


def test_a_mask_that_overflows_to_minus_infinity_is_no_fault_of_the_rule():
    """A network of float16 came here: its mask was computed, and all of a row was below what float16 holds."""
    exact = pytest.importorskip("flint")
    mask = np.array([[-np.inf, -np.inf]])
    query, key, value = np.ones((1, 1)), np.ones((2, 1)), np.ones((2, 1))
    found = [np.vectorize(exact.arb, otypes=[object])(each) for each in (query, key, value, mask)]
    for given in ((query, key, value, mask), found):
        y, saved = RULES["scaled_dot_product_attention"].forward(*given)
        grads = RULES["scaled_dot_product_attention"].backward(saved, y + 1)
        assert all((grad == 0).all() for grad in (y, *grads))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_query_that_sees_no_key_has_the_output_and_the_gradients_zero_as_in_pytorch(dtype):
    torch = pytest.importorskip("torch")
    mask = np.ones((3, 5), int)
    mask[1] = 0
    query, key, value = (each.astype(dtype) for each in arrays(2, 2, None)[:3])
    with np.errstate(all="raise", under="ignore"):
        y, saved = RULES["masked_attention"].forward(query, key, value, mask)
        dquery, *_ = RULES["masked_attention"].backward(saved, np.ones_like(y))
    tensors = [torch.tensor(each, requires_grad=True) for each in (query, key, value)]
    theirs = torch.nn.functional.scaled_dot_product_attention(*tensors, torch.tensor(mask != 0))
    theirs.sum().backward()
    for found in (y, dquery, theirs.detach().numpy(), tensors[0].grad.numpy()):
        assert not found[:, :, 1].any()
        assert found[:, :, 0].any()


@pytest.mark.parametrize(
    ("rule", "shapes", "options", "says"),
    [
        ("rotary_embedding", [(2, 3)], {}, "the width is even, so that its halves are pairs, got 3"),
        ("rotary_embedding", [(2, 4)], {"base": 0.0}, "base is above 0, got 0.0"),
        ("positional_encoding", [(2, 4)], {"base": -1.0}, "base is above 0, got -1.0"),
        (
            "multi_head_attention",
            [(3, 2, 4)] * 3 + [(12, 4), (12,), (4, 4), (4,)],
            {"num_heads": 3},
            "num_heads divides the width of 4, got 3",
        ),
        (
            "transformer_encoder_layer",
            [(3, 2, 4), (12, 4), (12,), (4, 4), (4,), (5, 4), (5,), (4, 5), (4,), (4,), (4,), (4,), (4,)],
            {"nhead": 0},
            "nhead divides the width of 4, got 0",
        ),
        (
            "transformer_encoder_layer",
            [(3, 2, 4), (12, 4), (12,), (4, 4), (4,), (5, 4), (5,), (4, 5), (4,), (4,), (4,), (4,), (4,)],
            {"nhead": 2, "activation": "tanh"},
            "activation is one of relu, gelu, got 'tanh'",
        ),
    ],
)
def test_bad_options_are_refused(rule, shapes, options, says):
    with pytest.raises(ValueError, match=f"^{rule}: {says}"):
        RULES[rule].forward(*map(np.ones, shapes), **options)
