"""Transformers from rows to what a detector says of them."""

from skvae.features._difference import ReconstructionDifference
from skvae.features._histogram import DifferenceHistogram
from skvae.features._scores import ScoreTransformer

__all__ = ["DifferenceHistogram", "ReconstructionDifference", "ScoreTransformer"]
