import numpy as np
import pytest
from sklearn.metrics import f1_score

from skvae.thresholds import (
    conformal_offset,
    conformal_p_values,
    labelled_offset,
    offset_from_scores,
    pool_folds,
)


@pytest.mark.parametrize("contamination", [0.001, 0.01, 0.1, 0.25, 0.5])
@pytest.mark.parametrize("n_samples", [2, 7, 300, 1001])
def test_a_share_of_distinct_scores_is_below_the_offset(rng, n_samples, contamination):
    scores = rng.standard_normal(n_samples)
    offset = offset_from_scores(scores, contamination)
    assert abs((scores < offset).sum() - contamination * n_samples) < 1


def test_auto_flags_the_tail_and_nothing_of_the_bulk(rng):
    bulk = rng.uniform(0, 1, 900)
    tail = rng.uniform(-20, -10, 100)
    scores = np.r_[bulk, tail]
    np.testing.assert_array_equal(
        scores < offset_from_scores(scores, "auto"), np.r_[np.zeros(900, bool), np.ones(100, bool)]
    )


def test_auto_flags_the_lowest_hundredth_where_there_is_no_tail(rng):
    scores = rng.uniform(0, 1, 1000)
    flagged = scores < offset_from_scores(scores, "auto")
    np.testing.assert_array_equal(np.flatnonzero(flagged), np.sort(scores.argsort()[:10]))


@pytest.mark.parametrize("contamination", ["auto", 0.1])
def test_moving_and_stretching_the_scores_moves_and_stretches_the_offset(rng, contamination):
    scores = rng.standard_normal(500)
    assert offset_from_scores(3 * scores - 7, contamination) == pytest.approx(
        3 * offset_from_scores(scores, contamination) - 7
    )


def test_equal_scores_are_never_outliers():
    scores = np.full(100, -1.5)
    with pytest.warns(UserWarning, match=r"'auto' asks for 1 outliers among 100 rows, but 0 are"):
        assert offset_from_scores(scores, "auto") == -1.5
    with pytest.warns(UserWarning, match=r"asks for 10 outliers among 100 rows, but 0 are below"):
        assert offset_from_scores(scores, 0.1) == -1.5


@pytest.mark.parametrize(("n_lowest", "flagged"), [(60, 60), (150, 0)])
def test_auto_flags_all_that_share_the_lowest_score_or_none(rng, n_lowest, flagged, recwarn):
    scores = np.r_[np.zeros(n_lowest), rng.uniform(1, 2, 1000 - n_lowest)]
    # Without a fence below the lowest scores.
    scores[n_lowest : n_lowest + 400] = 0.5
    assert (scores < offset_from_scores(scores, "auto")).sum() == flagged
    assert len(recwarn) == (flagged == 0)


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.07, 0.2, 0.5])
@pytest.mark.parametrize("n_rows", [99, 100, 251])
def test_rows_below_the_conformal_offset_are_those_with_small_p_values(rng, rate, n_rows):
    # Whole numbers, so that many scores are equal.
    held_out, new = rng.randint(0, 60, n_rows) * 1.0, rng.randint(-5, 65, 500) * 1.0
    offset = conformal_offset(held_out, rate)
    p_values = conformal_p_values(held_out, new)
    np.testing.assert_array_equal(new < offset, p_values <= rate + 1e-12)
    assert (held_out < offset).sum() <= rate * (n_rows + 1)


def test_new_rows_are_flagged_at_the_rate_and_no_more():
    shares = []
    for seed in range(400):
        scores = np.random.RandomState(seed).standard_normal(100 + 1)
        shares.append(scores[-1] < conformal_offset(scores[:-1], 0.05))
    # Five of a hundred and one are below the fifth lowest but for chance.
    assert abs(np.mean(shares) - 5 / 101) < 3 * np.sqrt(0.05 * 0.95 / 400)


def test_p_values_count_the_rows_that_score_as_low(rng):
    p_values = conformal_p_values(np.array([3.0, 1.0, 2.0]), np.array([0.0, 1.0, 2.5, 9.0]))
    np.testing.assert_allclose(p_values, [0.25, 0.5, 0.75, 1.0])


@pytest.mark.parametrize(("rate", "needed"), [(0.01, 99), (0.05, 19)])
def test_too_few_rows_for_a_rate(rng, rate, needed):
    with pytest.warns(UserWarning, match=rf"needs the scores of {needed} .* but there are 18"):
        offset = conformal_offset(np.arange(18.0), rate)
    assert offset == 0.0
    assert conformal_offset(rng.permutation(needed) * 1.0, rate) == 0.0


def test_labels_set_the_offset_of_the_highest_f1(rng):
    scores = np.r_[rng.normal(0, 1, 200), rng.normal(-2, 1, 40)]
    outlier = np.arange(240) >= 200

    def f1(offset):
        return f1_score(outlier, scores < offset)

    best = labelled_offset(scores, outlier)
    assert f1(best) >= max(f1(offset) for offset in np.r_[scores, np.inf])
    assert not (scores == best).any()


@pytest.mark.parametrize("outlier_scores", [-3.0, 5.0])
def test_labels_that_tell_all_apart_or_nothing(outlier_scores):
    scores = np.r_[np.zeros(10), np.full(5, outlier_scores)]
    outlier = np.arange(15) >= 10
    flagged = scores < labelled_offset(scores, outlier)
    np.testing.assert_array_equal(flagged, outlier if outlier_scores < 0 else np.ones(15, bool))


def test_folds_are_pooled_on_one_scale(rng):
    fold = rng.permutation(np.arange(3000) % 3)
    scores = rng.standard_normal(3000)
    pooled = pool_folds(scores * np.array([1.0, 1.5, 0.8])[fold] - 5 * fold, fold)
    quartiles = [np.percentile(pooled[fold == k], [25, 50, 75]) for k in range(3)]
    ranges = [third - first for first, _, third in quartiles]
    np.testing.assert_allclose(ranges, ranges[0])
    np.testing.assert_allclose([median for _, median, _ in quartiles], quartiles[0][1])
    for k in range(3):
        order = scores[fold == k].argsort()
        assert (np.diff(pooled[fold == k][order]) >= 0).all()


def test_folds_with_a_range_of_their_own_alone_are_stretched(rng):
    fold = np.arange(300) % 3
    scores = rng.standard_normal(300)
    # Most rows of one fold are equal, and another fold is far too narrow to tell.
    scores[(fold == 1) & (np.arange(300) < 240)] = 0.0
    widths = [np.ptp(pool_folds(scores, fold)[fold == k]) for k in range(3)]
    np.testing.assert_allclose(widths, [np.ptp(scores[fold == k]) for k in range(3)])
    narrow = np.where(fold == 1, 1e-9, 1.0) * rng.standard_normal(300)
    assert np.ptp(pool_folds(narrow, fold)[fold == 1]) == pytest.approx(
        2 * np.ptp(narrow[fold == 1])
    )


def test_small_folds_keep_their_scores(rng):
    scores = rng.standard_normal(20)
    np.testing.assert_array_equal(pool_folds(scores, np.arange(20) % 3), scores)
