import numpy as np
import pytest

from skvae.thresholds import offset_from_scores


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
