"""A fit that fails, or is interrupted, leaves the estimator as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["undone_on_failure"]


@contextmanager
def undone_on_failure(estimator: Any) -> Iterator[None]:
    """Put an estimator's attributes back if what is done to it raises, Ctrl-C included.

    They may be set, but not changed in place.
    """
    before = vars(estimator).copy()
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise
