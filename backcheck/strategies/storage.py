"""Where Hypothesis keeps its files while it draws for us.

It has no database of ours. But it also caches what it reads from the modules of a project, in a folder `.hypothesis` of
the current folder. Whoever does not use Hypothesis is not to find that folder in their project.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import configuration

from backcheck_reference.cache import cache_folder

PRIVATE = "__hypothesis_home_directory"  # None until Hypothesis first needs it


@contextmanager
def kept_elsewhere() -> Iterator[None]:
    """Within the block that folder is in our cache, unless the user has chosen one, or uses Hypothesis already."""
    if configuration.__dict__[PRIVATE] is not None or "HYPOTHESIS_STORAGE_DIRECTORY" in os.environ:
        yield
        return
    configuration.set_hypothesis_home_dir(cache_folder("hypothesis"))
    try:
        yield
    finally:
        configuration.set_hypothesis_home_dir(None)
