"""The README's Python runs as it stands there."""

import re
from pathlib import Path

from sklearn.datasets import load_digits, make_blobs

README = Path(__file__).parents[1] / "README.md"


def test_python_blocks(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("skvae.training.schedule.AUTO_STEPS", 1)
    X, y = make_blobs(200, n_features=4, centers=3, random_state=0)
    names = {"X": X, "X_new": X[:20], "X_batch": X[:100], "y": (y > 0) * 2 - 1}
    names["images"] = load_digits().images[:100] / 16
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) >= 3
    for block in blocks:
        exec(compile(block, str(README), "exec"), names)
    assert names["search"].best_score_ > 0
    assert names["maps"].shape == names["images"].shape


def test_two_shell_blocks():
    blocks = re.findall(r"```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 2
    for block, needed in zip(blocks, ["examples/plot_network_intrusion.py", "pytest"], strict=True):
        assert block.startswith("python -m pip install -c constraints.txt ")
        assert needed in block


def test_the_only_link_is_the_picture():
    # Others would lead nowhere where the README is shown alone.
    (link,) = re.findall(r"\]\(([^)]+)\)", README.read_text(encoding="utf-8"))
    assert (README.parent / link).exists()
