"""Mirrors of the recurrent rules."""

from collections.abc import Mapping

from reference.mirrors.mirror import Mirror

MIRRORS: Mapping[str, Mirror] = {}
