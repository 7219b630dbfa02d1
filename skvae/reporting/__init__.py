"""A page about the rows that a detector flags."""

from skvae.reporting._report import report

__all__ = ["report"]
