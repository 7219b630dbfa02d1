"""What displays draw: artists, labels and limits."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from instances import cheap
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import KernelPCA
from sklearn.ensemble import IsolationForest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skvae import AEGMMDetector, AEOutlierDetector, Conv2d, VAEOutlierDetector
from skvae.datasets import make_bumps
from skvae.inspection import explain
from skvae.plotting import (
    ErrorDistributionDisplay,
    ExplanationDisplay,
    LatentDisplay,
    LossDisplay,
    ReconstructionDisplay,
    ScoreDisplay,
)
from skvae.plotting._look import NORMAL, OUTLIER


@pytest.fixture(autouse=True)
def _closed():
    with mpl.rc_context({"backend": "agg"}):
        yield
        plt.close("all")


@pytest.fixture(scope="module")
def rows():
    X = np.random.RandomState(0).normal(size=(200, 4))
    X[:10] += 5
    return X, np.where(np.arange(200) < 10, -1, 1)


@pytest.fixture(scope="module")
def detector(rows):
    return cheap(VAEOutlierDetector, contamination=0.1).fit(rows[0])


def axes():
    return Figure().subplots()


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


@pytest.mark.parametrize("kind", ["rows", "histogram"])
def test_scores_are_drawn_against_the_threshold(detector, rows, kind):
    X, y = rows
    ax = axes()
    display = ScoreDisplay.from_estimator(detector, X, y, kind=kind, ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert display.threshold == pytest.approx(detector.offset_)
    assert legend(ax) == ["normal", "outlier"]
    label = ax.get_ylabel() if kind == "rows" else ax.get_xlabel()
    assert label == "score, higher is more normal"
    assert "20 below the threshold" in ax.get_title(loc="left")


def test_each_row_is_a_point_and_in_one_bar(detector, rows):
    X, y = rows
    points = ScoreDisplay.from_estimator(detector, X, y, ax=axes()).ax_.collections
    drawn = np.concatenate([each.get_offsets() for each in points])
    order = np.argsort(drawn[:, 0])
    assert_allclose(drawn[order], np.c_[np.arange(200), detector.score_samples(X)])
    bars = ScoreDisplay.from_estimator(detector, X, y, kind="histogram", ax=axes()).ax_.patches
    assert sum(bar.get_height() for bar in bars) == 200


def test_without_labels_rows_are_coloured_by_the_threshold(rows):
    forest = make_pipeline(StandardScaler(), IsolationForest(contamination=0.1, random_state=0))
    X, _ = rows
    display = ScoreDisplay.from_estimator(forest.fit(X), X, ax=axes())
    of_color = {to_hex(each.get_facecolor()[0]): each for each in display.ax_.collections}
    assert display.ax_.get_legend() is None
    flagged = of_color[OUTLIER].get_offsets()[:, 0]
    assert_array_equal(np.sort(flagged), np.flatnonzero(forest.predict(X) == -1))


@pytest.mark.parametrize(("far", "scale"), [(-3.0, "linear"), (-1e5, "symlog")])
def test_the_scale_bends_where_a_linear_one_would_hide_the_bulk(far, scale):
    scores = np.r_[np.random.RandomState(0).normal(size=300), far]
    assert ScoreDisplay.from_predictions(scores, ax=axes()).ax_.get_yscale() == scale
    display = ScoreDisplay.from_predictions(scores, kind="histogram", ax=axes())
    assert display.ax_.get_xscale() == scale
    assert sum(bar.get_height() > 0 for bar in display.ax_.patches) > 10


def test_equal_scores_can_be_drawn():
    display = ScoreDisplay.from_predictions(np.ones(5), kind="histogram", ax=axes())
    assert sum(bar.get_height() for bar in display.ax_.patches) == 5


def test_kinds_that_are_not_known_are_told():
    with pytest.raises(ValueError, match="kind='bars' must be 'rows' or 'histogram'"):
        ScoreDisplay.from_predictions(np.ones(5), kind="bars")
    with pytest.raises(ValueError, match="kind='bars' must be 'boxes' or 'histogram'"):
        ErrorDistributionDisplay.from_predictions(np.ones(2), [1, -1], kind="bars")


def test_explanations_are_bars_with_what_was_expected(detector):
    X = pd.DataFrame([[9.0, 0, 0, 0], [0, 0, 0, -9]], columns=["a", "b", "c", "d"])
    found = explain(detector, X.to_numpy(), top=2)
    ax = ExplanationDisplay.from_explanation(found, ax=axes()).ax_
    bars = [bar for bar in ax.patches if bar.get_width()]
    assert_allclose([bar.get_width() for bar in bars], found["share"])
    assert [label.get_text() for label in ax.get_yticklabels()] == found["column"].tolist()
    written = [text.get_text().strip() for text in ax.texts]
    assert f"9, expected {found['expected'][0]:.4g}" in written
    assert {"row 0", "row 1"} <= set(written)
    of_direction = {"above": OUTLIER, "below": NORMAL}
    colors = [to_hex(bar.get_facecolor()) for bar in bars]
    assert colors == [of_direction[direction] for direction in found["direction"]]
    low, high = ax.get_ylim()
    assert all(high < bar.get_y() + bar.get_height() / 2 < low for bar in bars)


def test_rows_without_reasons_leave_an_empty_picture(detector):
    nothing = explain(detector, np.zeros((1, 4))).iloc[:0]
    assert not ExplanationDisplay.from_explanation(nothing, ax=axes()).ax_.get_yticklabels()


def test_curves_are_drawn_with_what_was_left_out():
    X, _ = make_bumps(40, 0, n_points=32, random_state=0)
    detector = cheap(AEOutlierDetector, masked_fraction=0.0).fit(X)
    display = ReconstructionDisplay.from_estimator(detector, X[:2])
    assert display.ax_.shape == (2, 2)
    original, whole = display.ax_[1, 0].lines
    assert_array_equal(original.get_ydata(), X[1])
    assert_array_equal(whole.get_ydata(), detector.reconstruct(X[:2])[1])
    assert legend(display.ax_[0, 0]) == ["original", "reconstruction"]


@pytest.mark.parametrize("channels", [False, True])
def test_images_are_drawn_with_maps_of_their_errors(channels):
    X = np.random.RandomState(0).randint(0, 256, size=(30, 8, 8, 3)).astype(np.uint8)
    detector = VAEOutlierDetector(
        architecture=Conv2d(filters=(4,)), latent_dim=2, max_epochs=2, random_state=0
    ).fit(X)
    display = ReconstructionDisplay.from_estimator(detector, X[:2], channels=channels)
    assert display.ax_.shape == (2, 5 if channels else 3)
    assert_allclose(display.ax_[0, 0].images[0].get_array(), X[0] / 255)
    errors = -detector.feature_scores(X[:2])[0]
    drawn = display.ax_[0, 2].images[0].get_array()
    assert_allclose(drawn, errors[..., 0] if channels else errors.sum(-1))


def test_axes_must_be_as_many_as_there_are_panels(detector, rows):
    with pytest.raises(ValueError, match="ax holds 1 axes, but 1 x 2 are needed"):
        LatentDisplay.from_estimator(detector, rows[0], ax=axes())


def test_latent_codes_are_coloured_in_three_ways(detector, rows):
    X, y = rows
    display = LatentDisplay.from_estimator(make_pipeline(detector), X, y)
    assert [ax.get_title() for ax in display.ax_] == ["by score", "by prediction", "by truth"]
    assert_array_equal(display.codes, detector.encode(X))
    assert sum(len(each.get_offsets()) for each in display.ax_[2].collections) == 200
    assert display.ax_[0].get_xlabel() == "code 1"


def test_wide_codes_are_projected():
    codes = np.random.RandomState(0).normal(size=(30, 5))
    colors = {"by truth": np.ones(30, dtype=int)}
    display = LatentDisplay.from_predictions(codes, colors)
    assert display.ax_[0].get_xlabel() == "component 1"
    assert display.codes.shape == (30, 2)
    display = LatentDisplay.from_predictions(codes, colors, projector=KernelPCA(n_components=2))
    assert display.ax_[0].get_xlabel() == "coordinate 1"
    assert LatentDisplay.from_predictions(codes[:, :1], colors).codes.shape == (30, 2)


def test_losses_are_drawn_by_part_with_the_epoch_whose_weights_were_kept(rows):
    detector = cheap(VAEOutlierDetector, early_stopping=True, n_iter_no_change=3)
    history = detector.fit(rows[0]).history_
    ax = LossDisplay.from_estimator(make_pipeline(detector), ax=axes()).ax_
    assert legend(ax) == ["loss", "reconstruction", "kl", "held out"]
    lines = {line.get_label(): line for line in ax.lines}
    assert_allclose(lines["loss"].get_ydata(), [epoch["train_loss"] for epoch in history])
    held_out = [epoch["valid_loss"] for epoch in history]
    marks = [line for line in ax.lines if line.get_linestyle() == ":"]
    assert marks[0].get_xdata()[0] == 1 + int(np.argmin(held_out))


def test_losses_of_one_part_are_one_line(rows):
    ax = LossDisplay.from_estimator(cheap(AEOutlierDetector).fit(rows[0]), ax=axes()).ax_
    assert legend(ax) == ["reconstruction"]
    ax = LossDisplay.from_estimator(cheap(AEGMMDetector).fit(rows[0]), ax=axes()).ax_
    assert legend(ax) == ["loss", "reconstruction", "energy", "covariance"]


@pytest.mark.parametrize("kind", ["boxes", "histogram"])
def test_errors_are_drawn_by_class(detector, rows, kind):
    X, y = rows
    ax = ErrorDistributionDisplay.from_estimator(detector, X, y, kind=kind, ax=axes()).ax_
    errors = ((X - detector.reconstruct(X)) ** 2).sum(1)
    if kind == "boxes":
        assert [label.get_text() for label in ax.get_xticklabels()] == ["normal", "outlier"]
        middles = [line.get_ydata()[0] for line in ax.lines if line.get_color() == "white"]
        assert_allclose(middles, [np.median(errors[y == label]) for label in (1, -1)])
    else:
        assert sum(bar.get_height() for bar in ax.patches) == 200
        assert legend(ax) == ["normal", "outlier"]


def test_errors_of_epochs_have_two_boxes_each():
    errors = np.random.RandomState(0).chisquare(3, size=(7, 20))
    ax = ErrorDistributionDisplay.from_predictions(errors, [1, -1] * 10, ax=axes()).ax_
    assert len(ax.patches) == 14
    assert ax.get_xlabel() == "epoch"


def test_a_figure_of_its_own_is_made_without_axes(detector, rows):
    display = ScoreDisplay.from_estimator(detector, rows[0])
    assert plt.fignum_exists(display.figure_.number)


def test_a_dollar_begins_no_formula(detector):
    found = explain(detector, np.eye(4)[:1] * 9, top=1).assign(column="in_$ out_$", value="$x$ $")
    display = ExplanationDisplay.from_explanation(found, ax=axes())
    display.figure_.canvas.draw()
    assert display.ax_.get_yticklabels()[0].get_text() == "in_$ out_$"


def test_labels_may_be_floats_and_codes_lists():
    display = LatentDisplay([[1, 2], [2, 3]], {"by truth": [1.0, -1.0]}).plot()
    assert legend(display.ax_[0]) == ["normal", "outlier"]


def test_rows_without_an_error_are_in_the_histogram():
    errors, y = [0.0, 0.0, 0.5, 1.0], [1, 1, 1, -1]
    ax = ErrorDistributionDisplay.from_predictions(errors, y, kind="histogram", ax=axes()).ax_
    assert sum(bar.get_height() for bar in ax.patches) == 4
    ax = ErrorDistributionDisplay.from_predictions([0, 0], [1, -1], kind="histogram", ax=axes()).ax_
    assert sum(bar.get_height() for bar in ax.patches) == 2


def test_labels_of_other_rows_are_told():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        ScoreDisplay.from_predictions(np.ones(5), [1, -1])


def test_pipelines_are_drawn_in_the_units_of_their_rows(rows):
    X = 100 * rows[0]
    pipeline = make_pipeline(StandardScaler(), cheap(VAEOutlierDetector)).fit(X)
    whole = pipeline[0].inverse_transform(pipeline[-1].reconstruct(pipeline[0].transform(X)))
    display = ReconstructionDisplay.from_estimator(pipeline, X[:2])
    assert_allclose(display.reconstruction, whole[:2], rtol=1e-5)
    display = ErrorDistributionDisplay.from_estimator(pipeline, X, rows[1], ax=axes())
    assert_allclose(display.errors, ((X - whole) ** 2).sum(1), rtol=1e-5)


def test_curves_may_be_rows_of_a_frame(detector, rows):
    frame = pd.DataFrame(rows[0][:2])
    display = ReconstructionDisplay.from_estimator(cheap(VAEOutlierDetector).fit(frame), frame)
    assert_allclose(display.ax_[0, 0].lines[0].get_ydata(), rows[0][0])
    ReconstructionDisplay.from_predictions(frame, frame)


def test_a_search_has_a_threshold(rows):
    search = GridSearchCV(cheap(VAEOutlierDetector), {"latent_dim": [2]}, cv=2, refit=True).fit(
        rows[0]
    )
    display = ScoreDisplay.from_estimator(search, rows[0], ax=axes())
    assert display.threshold == search.best_estimator_.offset_


@pytest.mark.parametrize("display", [ScoreDisplay, LatentDisplay])
def test_other_labels_are_refused(display, detector, rows):
    X, y = rows
    with pytest.raises(ValueError, match="Labels must be"):
        display.from_estimator(detector, X, (y == -1).astype(int))


def test_what_reconstructs_nothing_is_told(rows):
    forest = IsolationForest(n_estimators=2).fit(rows[0])
    with pytest.raises(ValueError, match="IsolationForest reconstructs nothing"):
        ReconstructionDisplay.from_estimator(forest, rows[0][:2])
