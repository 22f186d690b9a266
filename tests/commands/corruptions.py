"""Damage to files of JSON, as a disk, an editor, a newer version or somebody with bad intentions may do it."""

import json

from hypothesis import strategies as st

ODD = st.sampled_from(
    [None, True, -1, 0, 2**63, 10**400, 0.5, 1e308, "", "nan", "inf", "\ud800", "\x1b]0;title\x07", "x" * 5000, [], {}]
)
ANYTHING = st.recursive(
    ODD | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=4,
)
NESTED = tuple((opening * 100_000).encode() for opening in ("[", '{"a":', "[["))


@st.composite
def damaged(draw, text: bytes, lines: bool) -> bytes:
    """The file with one to three pieces of damage; `lines` for a file with an object a line."""
    for _ in range(draw(st.integers(1, 3))):
        text = draw(_bytes(text) if draw(st.integers(0, 3)) == 0 else _values(text, lines))
    return text


@st.composite
def _bytes(draw, text: bytes) -> bytes:
    """The bytes changed without regard to what they mean."""
    at = draw(st.integers(0, len(text)))
    end = draw(st.integers(at, min(len(text), at + 60)))
    kind = draw(st.sampled_from(["cut", "drop", "put", "repeat", "nest", "flip"]))
    if kind == "cut":
        return text[:at]
    if kind == "drop":
        return text[:at] + text[end:]
    if kind == "put":
        return text[:at] + draw(st.binary(max_size=12)) + text[at:]
    if kind == "repeat":
        return text[:end] + text[at:end] + text[end:]
    if kind == "nest":
        return text[:at] + draw(st.sampled_from(NESTED)) + text[end:]
    return text[:at] + bytes(byte ^ 1 << draw(st.integers(0, 7)) for byte in text[at : at + 1]) + text[at + 1 :]


@st.composite
def _values(draw, text: bytes, lines: bool) -> bytes:
    """A value somewhere in the JSON replaced, removed, doubled, or given a place elsewhere."""
    parts = text.split(b"\n") if lines else [text]
    which = draw(st.integers(0, len(parts) - 1))
    try:
        whole = json.loads(parts[which])
    except (ValueError, RecursionError):
        return text
    place = draw(st.sampled_from(list(_places(whole)) or [()]))
    if not place:
        changed = draw(ANYTHING)
    else:
        changed = whole
        holder = whole
        for step in place[:-1]:
            holder = holder[step]
        _change(draw, holder, place[-1], whole)
    parts[which] = json.dumps(changed).encode()
    return b"\n".join(parts)


def _change(draw, holder, key, whole) -> None:
    kind = draw(st.sampled_from(["replace", "replace", "remove", "double", "move"]))
    if kind == "replace":
        holder[key] = draw(ANYTHING)
    elif kind == "remove":
        del holder[key]
    elif kind == "double":
        value = json.loads(json.dumps(holder[key]))
        holder.insert(key, value) if isinstance(holder, list) else holder.update({f"{key}1": value})
    else:
        other = draw(st.sampled_from(list(_places(whole))))
        value = whole
        for step in other:
            value = value[step]
        holder[key] = json.loads(json.dumps(value))


def _places(value, before=()):
    """The way to each value in the JSON."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*before, key)
        yield from _places(inner, (*before, key))
