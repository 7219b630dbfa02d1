"""A data set with labels, in the forms of scikit-learn."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch


def as_bunch(
    data: NDArray[Any],
    feature_names: list[str],
    is_normal: NDArray[np.bool_],
    *,
    return_X_y: bool,
    as_frame: bool,
    DESCR: str,
    **labels: NDArray[Any],
) -> Any:
    """Return a Bunch or ``(data, target)``, of pandas objects or arrays, +1 for normal rows."""
    rows: Any = data
    target: Any = np.where(is_normal, 1, -1)
    if as_frame:
        import pandas as pd

        rows = pd.DataFrame(data, columns=feature_names).infer_objects()
        target = pd.Series(target, name="target")
        labels = {name: pd.Series(values, name=name) for name, values in labels.items()}
    if return_X_y:
        return rows, target
    return Bunch(data=rows, target=target, feature_names=feature_names, DESCR=DESCR, **labels)
