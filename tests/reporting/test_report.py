"""The page about flagged rows."""

import re
import sys
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import polars as pl
import pytest
from instances import cheap
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import OneClassSVM

from skvae import AEOutlierDetector, Conv2d, EnsembleOutlierDetector, VAEOutlierDetector, report


class Page(HTMLParser):
    """The cells of the table of flagged rows, the scripts, and what is loaded."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.sources, self.tags, self.cell = [], [], [], None
        self.inside = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        self.tags.append(tag)
        self.sources += [known[name] for name in ("src", "href") if name in known]
        self.inside |= known.get("id") == "flagged"
        if self.inside and tag == "tr":
            self.rows.append([])
        if self.inside and tag in ("td", "th"):
            self.rows[-1].append("")
            self.cell = True

    def handle_endtag(self, tag):
        self.inside &= tag != "table"
        if tag in ("td", "th"):
            self.cell = None

    def handle_data(self, data):
        if self.inside and self.cell:
            self.rows[-1][-1] += data


@pytest.fixture(scope="module")
def table():
    random = np.random.RandomState(0)
    X = pd.DataFrame(random.normal(size=(200, 3)), columns=["a", "b", "c"])
    X["word"] = random.choice(["this", "that"], 200)
    X.loc[[3, 50], "b"] = [9, -12]
    return X, np.where(X.index.isin([3, 50]), -1, 1)


@pytest.fixture(scope="module")
def detector(table):
    return cheap(VAEOutlierDetector, contamination=0.05).fit(table[0])


def test_flagged_rows_come_odd_ones_first_with_reasons(detector, table):
    X, y = table
    head, *rows = Page(report(detector, X, y)).rows
    scores = detector.score_samples(X)
    assert head == ["row", "score", "p-value", "truth", "reasons"]
    assert [int(row[0]) for row in rows] == np.argsort(scores)[:10].tolist()
    assert int(rows[0][0]) in (3, 50)
    assert rows[0][3] == "outlier"
    assert re.search(r"b: (9|-12), expected .* \(\d+ %\)", rows[0][4])
    assert float(rows[0][2]) == pytest.approx(detector.p_values(X).min(), rel=1e-3)


def test_nothing_is_loaded_from_elsewhere(detector, table):
    page = report(detector, table[0])
    sources = Page(page).sources
    assert len(sources) == 2
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    assert "@import" not in page
    assert "url(" not in page


def test_what_comes_from_data_is_escaped():
    evil = "<script>alert(1)</script>"
    X = pd.DataFrame({evil: ["usual"] * 99 + [evil], "x": np.arange(100.0)})
    detector = cheap(VAEOutlierDetector, contamination=0.05).fit(X)
    page = report(detector, X)
    assert page.count("<script") == 1
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert Page(page).tags.count("script") == 1


def test_the_same_page_comes_at_each_call_and_goes_to_a_file(detector, table, tmp_path):
    path = tmp_path / "page.html"
    page = report(detector, table[0], path=path)
    assert path.read_text(encoding="utf-8") == page == report(detector, table[0])
    assert [each.name for each in tmp_path.iterdir()] == ["page.html"]


def test_a_page_that_cannot_be_written_leaves_the_one_before(
    detector, table, tmp_path, monkeypatch
):
    path = tmp_path / "page.html"
    path.write_text("before", encoding="utf-8")

    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(PermissionError):
        report(detector, table[0], path=path)
    assert path.read_text(encoding="utf-8") == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_missing_is_named_with_its_remedy(detector, table, monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ImportError, match=r'pip install "skvae\[report\]"'):
        report(detector, table[0])


def test_long_words_do_not_make_a_long_page():
    X = pd.DataFrame({"word": ["a" * 10**5] * 60 + ["b" * 10**5] * 40})
    X["number"] = np.random.RandomState(0).normal(size=100)
    detector = cheap(VAEOutlierDetector, contamination=0.4).fit(X)
    assert len(report(detector, X)) < 10**6


def test_large_numbers_are_written_without_an_exponent():
    X = np.random.RandomState(0).normal(1e6, 1e3, size=(100, 2))
    X[0, 1] = 1234567
    forest = IsolationForest(contamination=0.02, random_state=0).fit(X)
    assert re.search(r"x1: 1234567, expected \d{6,7} ", Page(report(forest, X)).rows[1][-1])


def test_steps_may_make_sparse_rows():
    X = pd.DataFrame({"a": ["x"] * 99 + ["y"], "b": ["u", "v"] * 50})
    steps = OneHotEncoder(), IsolationForest(contamination=0.05, random_state=0)
    rows = Page(report(make_pipeline(*steps).fit(X), X)).rows
    assert rows[0] == ["row", "score", "reasons"]
    assert "a: y, expected x" in rows[1][-1]


def test_counts_agree_with_labels(detector, table):
    X, y = table
    page = report(detector, X, y)
    flagged = detector.predict(X) == -1
    precision = np.mean(y[flagged] == -1)
    assert f"precision {precision:.3f}, recall 1.000, AUROC 1.000" in page
    with pytest.raises(ValueError, match=r"got \[0\]"):
        report(detector, X, np.where(y == 1, 1, 0))


@pytest.mark.parametrize("library", ["pandas", "polars", "numpy"])
def test_all_kinds_of_tables_and_detectors_have_pages(table, library):
    X = table[0][["a", "b", "c"]]
    X = {"pandas": X, "polars": pl.DataFrame(X.to_dict("list")), "numpy": X.to_numpy()}[library]
    forest = make_pipeline(StandardScaler(), IsolationForest(contamination=0.05, random_state=0))
    for detector in (forest, cheap(EnsembleOutlierDetector)):
        rows = Page(report(detector.fit(X), X)).rows
        assert rows[0][:2] == ["row", "score"]
        assert "expected" in rows[1][-1]


def test_images_are_drawn_with_reconstructions_and_errors():
    X = np.random.RandomState(0).randint(0, 256, size=(40, 8, 8)).astype(np.uint8)
    detector = VAEOutlierDetector(
        architecture=Conv2d(filters=(4,)),
        latent_dim=2,
        max_epochs=2,
        contamination=0.1,
        random_state=0,
    ).fit(X)
    page = Page(report(detector, X))
    assert page.rows[0] == ["row", "score", "p-value", "pictures"]
    pictures = [source for source in page.sources if source.startswith("data:image/png")]
    assert len(pictures) == 3 * 4


def test_curves_are_drawn():
    X = np.random.RandomState(0).normal(size=(60, 250)).cumsum(1)
    detector = cheap(AEOutlierDetector, masked_fraction=0.0, contamination=0.05).fit(X)
    page = Page(report(detector, X))
    assert page.rows[1][-1] == "curve and reconstruction"


def test_a_page_without_flagged_rows_says_so(detector, table):
    usual = table[0][detector.predict(table[0]) == 1]
    page = report(detector, usual)
    assert "No row is flagged." in page
    assert Page(page).rows == []


def test_many_flagged_rows_are_limited(table):
    X = np.random.RandomState(0).normal(size=(400, 2))
    forest = IsolationForest(contamination=0.5, random_state=0).fit(X)
    page = report(forest, X)
    assert len(Page(page).rows) == 101
    assert "The 100 oddest are shown." in page


def test_settings_that_differ_from_defaults_are_told(detector, table):
    page = report(detector, table[0])
    assert "VAEOutlierDetector: contamination" in page
    assert "VAEOutlierDetector: beta" not in page


def test_row_labels_are_written_as_they_are():
    X = pd.DataFrame(np.random.RandomState(0).normal(size=(100, 2)), columns=["a", "b"])
    forest = IsolationForest(contamination=0.05, random_state=0).fit(X)
    labels = [row[0] for row in Page(report(forest, X.set_axis(X.index + 123456.5))).rows[1:]]
    assert all(label.endswith(".5") for label in labels)
    two_levels = pd.MultiIndex.from_product([["x"], range(100)])
    assert Page(report(forest, X.set_axis(two_levels))).rows[1][0].startswith("x, ")


def test_an_offset_in_an_array_is_a_threshold():
    X = np.random.RandomState(0).normal(size=(100, 2))
    machine = OneClassSVM(nu=0.1).fit(X)
    page = Page(report(machine, X))
    assert len(page.rows) == 1 + np.count_nonzero(machine.predict(X) == -1)
