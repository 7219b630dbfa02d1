"""Displays of scores, explanations, reconstructions, latent codes and losses."""

from skvae.plotting._error_distribution import ErrorDistributionDisplay
from skvae.plotting._explanation import ExplanationDisplay
from skvae.plotting._latent import LatentDisplay
from skvae.plotting._loss import LossDisplay
from skvae.plotting._reconstruction import ReconstructionDisplay
from skvae.plotting._score import ScoreDisplay

__all__ = [
    "ErrorDistributionDisplay",
    "ExplanationDisplay",
    "LatentDisplay",
    "LossDisplay",
    "ReconstructionDisplay",
    "ScoreDisplay",
]
