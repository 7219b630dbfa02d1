"""Pages are doctests: each runs in a folder of its own."""

import pytest

# What a build wrote, and what builds and looks at it.
collect_ignore_glob = ["_build/*", "auto_examples/*", "generated/*", "api/generated/*"]
collect_ignore = ["browse.py", "conf.py"]


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
