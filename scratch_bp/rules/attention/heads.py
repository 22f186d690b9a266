"""Rows to heads and back, and what must hold of their numbers."""

import numpy as np


def split(x: np.ndarray, heads: int) -> np.ndarray:
    """[tokens, batch, heads * width] to [batch, heads, tokens, width], a view."""
    tokens, batch, embed = x.shape
    return x.reshape(tokens, batch, heads, embed // heads).transpose(1, 2, 0, 3)


def merge(x: np.ndarray) -> np.ndarray:
    """[batch, heads, tokens, width] to [tokens, batch, heads * width]."""
    batch, heads, tokens, width = x.shape
    return x.transpose(2, 0, 1, 3).reshape(tokens, batch, heads * width)


def require_heads(rule: str, query: np.ndarray, key: np.ndarray, enable_gqa: bool) -> None:
    """Raises ValueError where the leading axes of query and key do not go together."""
    many, few = query.shape[:-2], key.shape[:-2]
    if many == few:
        return
    if not enable_gqa:
        raise ValueError(
            f"{rule}: without enable_gqa query and key have the same leading axes, got {list(many)} and {list(few)}"
        )
    if len(many) != len(few) or many[:-1] != few[:-1] or not few[-1] or many[-1] % few[-1]:
        raise ValueError(
            f"{rule}: with enable_gqa the last leading axis of query is a multiple of that of key and the others are "
            f"the same, got {list(many)} and {list(few)}"
        )


def require_width(rule: str, option: str, embed: int, heads: int) -> None:
    if heads < 1 or embed % heads:
        raise ValueError(f"{rule}: {option} divides the width of {embed}, got {heads}")
