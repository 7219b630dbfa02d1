"""The images that everybody tries first."""

from typing import Any

import numpy as np
from sklearn.datasets import fetch_openml
from sklearn.utils import Bunch


def fetch_mnist(*, return_X_y: bool = False, **options: Any) -> Any:
    """Fetch the 70,000 handwritten digits of MNIST from OpenML.

    The first 60,000 are those usually trained on.

    Parameters
    ----------
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    **options : dict
        Further arguments of :func:`sklearn.datasets.fetch_openml`, such as ``data_home``.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        ``data`` of shape (70000, 28, 28) and dtype uint8, 0 where there is no ink,
        ``target`` of shape (70000,) with the digits, and ``DESCR``.

    See Also
    --------
    sklearn.datasets.load_digits : Small images of digits that come with scikit-learn.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied
       to document recognition", Proceedings of the IEEE 86, 1998. :doi:`10.1109/5.726791`

    Examples
    --------
    >>> from skvae.datasets import fetch_mnist
    >>> X, y = fetch_mnist(return_X_y=True)  # doctest: +SKIP
    >>> X.shape  # doctest: +SKIP
    (70000, 28, 28)
    """
    return _fetch(554, (28, 28), return_X_y=return_X_y, **options)


def fetch_cifar10(*, return_X_y: bool = False, **options: Any) -> Any:
    """Fetch the 60,000 small photographs of CIFAR-10 from OpenML.

    Parameters
    ----------
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    **options : dict
        Further arguments of :func:`sklearn.datasets.fetch_openml`, such as ``data_home``.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        ``data`` of shape (60000, 32, 32, 3) and dtype uint8, red, green and blue,
        ``target`` of shape (60000,) with the classes: 0 airplane, 1 automobile, 2 bird,
        3 cat, 4 deer, 5 dog, 6 frog, 7 horse, 8 ship, 9 truck, and ``DESCR``.

    References
    ----------
    .. [1] A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009.

    Examples
    --------
    >>> from skvae.datasets import fetch_cifar10
    >>> X, y = fetch_cifar10(return_X_y=True)  # doctest: +SKIP
    >>> X.shape  # doctest: +SKIP
    (60000, 32, 32, 3)
    """
    # The file has the channels of an image one after the other.
    data = _fetch(40927, (3, 32, 32), **options)
    data.data = np.moveaxis(data.data, 1, -1)
    return (data.data, data.target) if return_X_y else data


def _fetch(
    data_id: int, shape: tuple[int, ...], *, return_X_y: bool = False, **options: Any
) -> Any:
    raw = fetch_openml(data_id=data_id, as_frame=False, **options)
    images = raw.data.astype(np.uint8).reshape(-1, *shape)
    target = raw.target.astype(int)
    if return_X_y:
        return images, target
    return Bunch(data=images, target=target, DESCR=raw.DESCR)
