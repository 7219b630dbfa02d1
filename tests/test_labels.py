import numpy as np
import pytest

from skvae.labels import is_outlier


def test_minus_one_is_an_outlier():
    np.testing.assert_array_equal(is_outlier([1, -1, 1]), [False, True, False])


@pytest.mark.parametrize("y", [[0, 1, 1], [1, 2], ["a", "b"], [1.0, -1.0, np.nan]])
def test_other_labels_are_refused_with_the_convention(y):
    with pytest.raises(ValueError, match=r"\+1 for normal rows and -1 for outliers, got \['?\w"):
        is_outlier(y)
