"""Text of others, as it may be shown on a terminal: what would move the cursor or reorder text stands as an escape.

A rule's name, an exception of the code under test, a record of a run that was downloaded: a terminal obeys what stands
in them, as it does for any text.
"""

import unicodedata

SPACES = frozenset({"Zs"})  # wide, narrow and no-break spaces are no orders


def printable(text: str) -> str:
    r"""The text on one line. Control and format characters, line ends and lone surrogates become escapes.

    >>> print(printable("re\x1b[31mlu\u202e\nAGREE"))
    re\x1b[31mlu\u202e\nAGREE
    """
    return text if text.isprintable() else "".join(map(_shown, text))


def printable_lines(text: str) -> str:
    """The same for text that has several lines; those after the first stand under it, and none can pass for ours."""
    return "\n  ".join(map(printable, text.split("\n")))


def _shown(character: str) -> str:
    if character.isprintable() or character == "\t" or unicodedata.category(character) in SPACES:
        return character
    return character.encode("unicode_escape").decode("ascii")
