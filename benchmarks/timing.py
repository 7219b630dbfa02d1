"""Times and ratios that hold on a machine whose speed drifts."""

import argparse
import platform
import time
from importlib import metadata
from statistics import median

import torch


def parser(description, **numbers):
    """Return a parser of whole numbers, or several, with these defaults."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, default in numbers.items():
        nargs = "+" if isinstance(default, list) else None
        parser.add_argument(f"--{name}", type=int, nargs=nargs, default=default)
    return parser


def begin(parser):
    """Return the arguments, let torch use ``--threads``, and print the machine."""
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(machine())
    return args


def machine():
    """Return one line on the versions and the machine."""
    names = ["skvae", "torch", "skorch", "scikit-learn", "numpy"]
    try:
        metadata.version("pyod")
        names.append("pyod")
    except metadata.PackageNotFoundError:
        pass
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in names)
    return f"{versions}; Python {platform.python_version()}, {processor()}"


def processor():
    """Return the processor's name, and how many threads torch uses."""
    name = platform.processor() or platform.machine()
    if platform.system() == "Linux":
        with open("/proc/cpuinfo") as lines:
            names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
        name = names[0] if names else name
    return f"{name}, {torch.get_num_threads()} thread(s)"


def timed(function):
    """Return what a call returns, and how long it lasts."""
    start = time.perf_counter()
    result = function()
    return result, time.perf_counter() - start


def seconds(function):
    return timed(function)[1]


def in_turn(functions, n_rounds):
    """Time functions one after the other, again and again.

    Returns
    -------
    times : dict of str to list of float
        The seconds of each function in each round. The round before the first does not
        count.
    """
    times = {name: [] for name in functions}
    for round_ in range(n_rounds + 1):
        for name, function in functions.items():
            duration = seconds(function)
            if round_:
                times[name].append(duration)
    return times


def ratio(times, name, other):
    """Return the median and the range over rounds of one function's time over another's."""
    ratios = [a / b for a, b in zip(times[name], times[other], strict=True)]
    return f"{median(ratios):6.2f}  ({min(ratios):.2f} to {max(ratios):.2f})"
