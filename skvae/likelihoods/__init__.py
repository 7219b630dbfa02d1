"""Likelihoods: what a decoder's outputs say about the cells of a row."""

from skvae.likelihoods.base import Likelihood
from skvae.likelihoods.location_scale import MIN_SIGMA, Gaussian, LocationScale, StudentT
from skvae.likelihoods.squared_error import SquaredError

__all__ = ["MIN_SIGMA", "Gaussian", "Likelihood", "LocationScale", "SquaredError", "StudentT"]
