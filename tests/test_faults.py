"""Odd input ends in an answer or a clear error; ``benchmarks/faults.py`` makes more of it."""

from collections import Counter

from faults import run_cases


def test_odd_cases_are_answered_or_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    counts = Counter()
    run_cases(25, counts)
    assert sum(counts.values()) >= 25
    assert min(counts["answered"], counts["refused by fit"]) > 1
