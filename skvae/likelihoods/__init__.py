"""Likelihoods: what a decoder's outputs say about the cells of a row."""

from skvae.likelihoods.base import Likelihood
from skvae.likelihoods.categorical import Categorical
from skvae.likelihoods.location_scale import MAX_SIGMA, MIN_SIGMA, Gaussian, LocationScale, StudentT
from skvae.likelihoods.numbers_and_words import MOST_ONE_HOT, WORD_DIM, Columns, NumbersAndWords
from skvae.likelihoods.squared_error import SquaredError

__all__ = [
    "MAX_SIGMA",
    "MIN_SIGMA",
    "MOST_ONE_HOT",
    "WORD_DIM",
    "Categorical",
    "Columns",
    "Gaussian",
    "Likelihood",
    "LocationScale",
    "NumbersAndWords",
    "SquaredError",
    "StudentT",
]
