"""Each message of skvae is on the page of common errors, and each on the page is one of skvae."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "doc" / "guide" / "errors.rst"

# What stands for a value in a message.
VALUE = "\0"

# Messages that need no entry of their own, and why.
WITHOUT_ENTRY = {
    f"{VALUE} drops columns without any value.": "ends 'has no way back through the steps'",
    f"{VALUE} has no inverse_func.": "ends 'has no way back through the steps'",
    f"{VALUE} has no inverse_transform.": "ends 'has no way back through the steps'",
    f"{VALUE} is no network of skvae.": "ends 'cannot be built again'",
    f"{VALUE} is {VALUE}.": "ends 'cannot be built again'",
    f"{VALUE} is of shape {VALUE} and {VALUE}, but should be of shape {VALUE} and {VALUE}.": (
        "ends 'cannot be built again'"
    ),
    f"{VALUE} has values that are not finite.": "ends 'cannot be built again'",
    f"its rows are of shape {VALUE}, in the table {VALUE}.": "ends 'cannot be built again'",
    f"{VALUE} Pass the training rows as reference.": "begins with 'no way back', or another one",
    f"hidden_layer_sizes must be one or more positive integers, got {VALUE}.": (
        "is worded like that of filters"
    ),
    f"X has rows of shape {VALUE}, but {VALUE} was fitted on rows of shape ({VALUE},).": (
        "is worded like that of images"
    ),
}


def messages_in(source):
    """Return the messages of the errors and warnings in a module, with VALUE for each value."""
    messages = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.args:
            name = ast.unparse(node.func).rpartition(".")[2]
            text = _text(node.args[0])
            if (name.endswith("Error") or name == "warn") and text.strip(f" {VALUE}"):
                messages.add(text)
    return messages


def _text(node):
    if isinstance(node, ast.JoinedStr):
        return "".join(map(_text, node.values))
    return node.value if isinstance(node, ast.Constant) else VALUE


def terms_on(page):
    """Return the messages that a page defines, with ``...`` for what is left out."""
    return re.findall(r"^``(.+)``\n    ", page, flags=re.MULTILINE)


def is_short_for(term, message):
    """Tell whether a term is a message with values, or other parts of it, left out."""
    pattern = ".+".join(re.escape(part) for part in term.split("..."))
    return re.fullmatch(pattern, message, flags=re.DOTALL) is not None


MESSAGES = set().union(
    *(messages_in(path.read_text(encoding="utf-8")) for path in (ROOT / "skvae").rglob("*.py"))
)
TERMS = terms_on(PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("message", sorted(MESSAGES - WITHOUT_ENTRY.keys()))
def test_messages_are_on_the_page(message):
    assert any(is_short_for(term, message) for term in TERMS)


@pytest.mark.parametrize("term", TERMS)
def test_an_entry_is_for_one_message(term):
    # Else it would hide that another has none.
    assert sum(is_short_for(term, message) for message in MESSAGES - WITHOUT_ENTRY.keys()) == 1


def test_messages_without_an_entry_are_there():
    assert WITHOUT_ENTRY.keys() <= MESSAGES


def test_messages_are_found():
    source = """
raise ValueError(f"Column {name!r} holds " "words.") from error
warnings.warn("Slow.", stacklevel=2)
raise LabelsError(str(error))
raise self.diverged("loss")
"""
    assert messages_in(source) == {f"Column {VALUE} holds words.", "Slow."}


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("Column ... holds words. ...", True),
        ("Column ... holds ...", True),
        ("Column ... holds words.", False),
        ("... holds dates. ...", False),
    ],
)
def test_terms_are_short_for_messages(term, expected):
    assert is_short_for(term, f"Column {VALUE} holds words. {VALUE}") is expected
