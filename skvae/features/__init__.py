"""Transformers from rows to what a detector could not reconstruct of them."""

from skvae.features._difference import ReconstructionDifference
from skvae.features._histogram import DifferenceHistogram

__all__ = ["DifferenceHistogram", "ReconstructionDifference"]
