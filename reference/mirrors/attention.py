"""Mirrors of the attention rules."""

from collections.abc import Mapping

from reference.mirrors.mirror import Mirror

MIRRORS: Mapping[str, Mirror] = {}
