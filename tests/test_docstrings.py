"""What the documentation says once, it says everywhere alike."""

import inspect
import re

import pytest
from instances import ARGUMENTS

import skvae

# What these parameters mean depends on the class, beyond their default.
EXCEPTIONS = {
    skvae.EnsembleOutlierDetector: {"memory", "random_state"},
    skvae.ReconstructionHistogramClassifier: {"contamination", "random_state"},
    skvae.SamplingOutlierDetector: {"contamination", "n_estimators", "random_state"},
    skvae.Conv1d: {"kernel_size"},
    skvae.Conv2d: {"kernel_size"},
}
CLASSES = [*ARGUMENTS, skvae.MLP, skvae.Conv1d, skvae.Conv2d]


def entries(documented_class, section):
    """Return type and text of each entry of a section of a docstring, by name."""
    doc = inspect.getdoc(documented_class)
    body = re.search(rf"\n{section}\n-+\n(.*?)(?=\n\n[A-Z][\w ]+\n-+\n|\Z)", doc, re.DOTALL)[1]
    found = re.findall(r"^(\w+) : (.*)\n((?:    .*\n?|\n)+)", body, re.MULTILINE)
    return {name: (kind, " ".join(text.split())) for name, kind, text in found}


def parameters_of(documented_class):
    """Return the entries of the parameters that matter most, and of all others."""
    doc = inspect.getdoc(documented_class)
    others = entries(documented_class, "Other Parameters") if "Other Parameters" in doc else {}
    return entries(documented_class, "Parameters"), others


def test_one_parameter_has_one_text():
    texts = {}
    for documented in CLASSES:
        first, others = parameters_of(documented)
        for name, (kind, text) in [*first.items(), *others.items()]:
            if name not in EXCEPTIONS.get(documented, ()):
                kind = kind.partition(", default")[0]
                texts.setdefault(name, {}).setdefault((kind, text), []).append(documented.__name__)
    assert len(texts) > 30
    assert {name: found for name, found in texts.items() if len(found) > 1} == {}


def test_one_attribute_has_one_text():
    texts = {}
    for documented in ARGUMENTS:
        for name, entry in entries(documented, "Attributes").items():
            texts.setdefault(name, set()).add(entry)
    # Its parts are those of the network.
    assert {name for name, found in texts.items() if len(found) > 1} == {"history_"}


@pytest.mark.parametrize("documented", CLASSES)
def test_all_parameters_are_documented_in_their_order(documented):
    first, others = parameters_of(documented)
    parameters = list(inspect.signature(documented).parameters)
    assert list(others or first) == [name for name in parameters if not (others and name in first)]
    assert {*first, *others} == set(parameters)


@pytest.mark.parametrize(
    "detector_class",
    [detector_class for detector_class in ARGUMENTS if len(detector_class().get_params()) > 5],
)
def test_the_docstring_says_which_five_parameters_matter(detector_class):
    (text,) = re.findall(
        r"Five parameters matter most: (.*?)\n\n", detector_class.__doc__, re.DOTALL
    )
    named = re.findall(r"``(\w+)``", text)
    assert len(named) == 5
    assert list(parameters_of(detector_class)[0]) == named


def test_what_is_public_is_listed_and_nothing_else():
    assert dir(skvae) == sorted(skvae.__all__)
    assert all(hasattr(skvae, name) for name in skvae.__all__)
