"""Sentences of the documentation are short: one idea each.

``python tests/test_prose.py doc/guide/*.rst`` prints the mean words in a sentence, and the longest.
"""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [
    page
    for page in [ROOT / "README.md", *sorted((ROOT / "doc").rglob("*.rst"))]
    if not {"generated", "auto_examples", "_templates", "sg_execution_times.rst"}
    & set(page.relative_to(ROOT).parts)
]
MOST_WORDS = 25
LONGEST = 45

# What ends a paragraph in the middle of a line of a table or a list.
CELL = re.compile(r"^\s*(\* - |- |\* |\d+\. |\| |=+ )")


def sentences(text):
    """Return the sentences of prose, without code, tables, titles and directives."""
    text = re.sub(r"```.*?```", "\n", text, flags=re.DOTALL)
    kept, skipped = [], None
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        if skipped is not None and (not line.strip() or indent > skipped):
            continue
        skipped = None
        if re.match(r"\s*(\.\. |>>>|\.\.\.|:[\w-]+:( |$)|[=\-~^|+]{3,})", line) or "|" in line:
            skipped = indent if re.match(r"\s*\.\. ", line) else None
            kept.append("")
            continue
        kept.append(CELL.sub("\n\n", line))
        if line.rstrip().endswith("::"):
            skipped = indent
    found = []
    for paragraph in re.split(r"\n\s*\n", "\n".join(kept)):
        words = re.sub(r":\w+:`~?([^`<]*)[^`]*`", r"\1", paragraph)
        words = re.sub(r"\]\([^)]*\)", "]", words)
        parts = re.split(r"(?<=[.!?:])[\"*_)`]*\s+(?=[\"*`(\[]*[A-Z0-9])", words)
        found += [each.split() for each in parts if re.search(r"[.!?:]$", each.strip())]
    return [each for each in found if len(each) > 2]


def mean_length(page):
    """Return the mean number of words in a sentence, and the longest sentence."""
    found = sentences(page.read_text(encoding="utf-8"))
    longest = max(found, key=len, default=[])
    return sum(map(len, found)) / max(1, len(found)), longest


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_sentences_are_short(page):
    mean, longest = mean_length(page)
    assert mean <= MOST_WORDS
    assert len(longest) <= LONGEST, " ".join(longest)


def test_sentences_are_what_ends_with_a_stop():
    text = "Title\n=====\n\nOne idea here. Another idea, too.\n\n.. note::\n\n   Left out, all.\n"
    text += "\nCode follows::\n\n    no_prose(at, all). Never.\n\n- Of a list one. And two more.\n"
    text += "\n>>> f(\n...     all)\n"
    assert [len(each) for each in sentences(text)] == [3, 3, 4, 3]


if __name__ == "__main__":
    for name in sys.argv[1:]:
        mean, longest = mean_length(Path(name))
        print(f"{mean:5.1f} {len(longest):3d} {name}: {' '.join(longest)}")
