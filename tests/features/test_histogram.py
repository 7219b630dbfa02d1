import numpy as np
import pytest
from sklearn.utils.estimator_checks import (
    check_param_validation,
    check_set_output_transform_pandas,
    check_set_output_transform_polars,
    check_transformer_get_feature_names_out,
    check_transformer_get_feature_names_out_pandas,
    parametrize_with_checks,
)

from skvae.features import DifferenceHistogram
from skvae.features._histogram import RULES


@parametrize_with_checks([DifferenceHistogram(), DifferenceHistogram(bins="auto")])
def test_sklearn_checks(estimator, check):
    check(estimator)


# The checks fit on frames and transform arrays, and the other way round.
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.filterwarnings("ignore:X has feature names")
@pytest.mark.parametrize(
    "check",
    [
        check_param_validation,
        check_set_output_transform_pandas,
        check_set_output_transform_polars,
        check_transformer_get_feature_names_out,
        check_transformer_get_feature_names_out_pandas,
    ],
)
def test_more_sklearn_checks(check):
    check("DifferenceHistogram", DifferenceHistogram())


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("bins", "limits"), [(10, (-0.3, 0.3)), (7, (0.1, 0.7)), (1, (0, 1)), (9, (0.999999, 1))]
)
def test_counts_are_those_of_numpy_with_open_ends(rng, dtype, bins, limits):
    X = rng.uniform(-1, 1, (500, 40)).astype(dtype)
    X[:, :11] = np.linspace(*limits, 11)
    X = np.r_[X, np.nextafter(X, dtype(-9)), np.nextafter(X, dtype(9))]
    expected = [
        np.histogram(np.clip(row.astype(np.float64), *limits), bins, limits)[0] for row in X
    ]
    counts = DifferenceHistogram(bins=bins, range=limits).fit_transform(X)
    np.testing.assert_array_equal(counts, expected)


@pytest.mark.parametrize("n_features", [1, 3, 300_000])
def test_blocks_do_not_show(rng, n_features):
    X = rng.standard_normal((3, n_features))
    histogram = DifferenceHistogram().fit(X)
    alone = np.concatenate([histogram.transform(row[np.newaxis]) for row in X])
    np.testing.assert_array_equal(histogram.transform(X), alone)
    np.testing.assert_array_equal(alone.sum(axis=1), n_features)


def test_a_share_sets_the_limits(rng):
    X = rng.standard_normal((1000, 20))
    edges = DifferenceHistogram(range=0.9).fit(X).bin_edges_
    assert len(edges) == 11
    np.testing.assert_allclose(edges[[0, -1]], np.quantile(X, [0.05, 0.95]))
    edges = DifferenceHistogram(range=1.0).fit(X).bin_edges_
    np.testing.assert_allclose(edges[[0, -1]], [X.min(), X.max()])


def test_a_rule_counts_the_values_of_a_row(rng):
    X = rng.standard_normal((1000, 64))
    n_bins = len(DifferenceHistogram(bins="sturges", range=1.0).fit(X).bin_edges_) - 1
    assert n_bins == np.log2(64) + 1


def test_equal_values_fall_into_one_bin():
    counts = DifferenceHistogram().fit_transform(np.full((4, 6), 2.0))
    assert sorted(counts[0]) == [0] * 9 + [6]


@pytest.mark.filterwarnings("ignore:The number of bins estimated may be suboptimal")
@pytest.mark.parametrize("bins", [*sorted(RULES), 7])
@pytest.mark.parametrize(
    "hard",
    [
        np.r_[1e9, np.linspace(-1, 1, 179)],
        np.r_[1e300, np.linspace(-1, 1, 179)],
        np.full(180, 1e17),
        np.full(180, 1e300),
        np.tile([1e17, 1e17 + 16], 90),
        1e-310 * np.arange(180),
    ],
    ids=["far", "very far", "equal", "equal, large", "two neighbours", "tiny"],
)
def test_hard_values_have_bins_too(bins, hard):
    X = hard.reshape(6, 30)
    histogram = DifferenceHistogram(bins=bins, range=1.0)
    counts = histogram.fit_transform(X)
    assert np.isfinite(histogram.bin_edges_).all()
    assert (np.diff(histogram.bin_edges_) > 0).all()
    assert histogram.bin_edges_[0] <= X.min() <= X.max() <= histogram.bin_edges_[-1]
    assert counts.shape[1] <= 1000
    assert (counts.sum(1) == 30).all()


def test_values_too_far_apart():
    with pytest.raises(ValueError, match=r"from -1e\+308 to 1.7e\+308, too far apart"):
        DifferenceHistogram(range=1.0).fit([[1.7e308, -1e308]])


@pytest.mark.parametrize(
    "limits",
    [(1, 0), (0, 0), (0, np.inf), (0, 1, 2), (np.nan, 1), ("a", "b"), (1j, 1), ([1, 2], 1)],
)
def test_limits_that_are_none(limits):
    histogram = DifferenceHistogram(range=limits)
    with pytest.raises(ValueError, match=r"range must be two finite numbers, .* got \("):
        histogram.fit([[0.0, 1.0]])
    assert not hasattr(histogram, "n_features_in_")
