"""Pages are doctests: each runs in a folder of its own."""

import pytest

# What a build wrote.
collect_ignore_glob = ["conf.py", "_build/*", "auto_examples/*", "generated/*", "api/generated/*"]


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
