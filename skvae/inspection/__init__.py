"""Why a row is odd: which of its cells, and what they should have been."""

from skvae.inspection._explain import explain
from skvae.inspection._feature_outliers import feature_outliers

__all__ = ["explain", "feature_outliers"]
