"""Mixtures of Gaussians, made from soft counts and moments, in float64."""

import math
from typing import Any, Generic, NamedTuple, Self, TypeVar

import torch
from torch import Tensor, nn

__all__ = ["Kept", "Mixture", "Moments", "Whitened", "expectation_maximization", "stable_cholesky"]

T = TypeVar("T", bound=Any)

# A component to which no row belongs keeps a shape: each is given this share of all rows.
PRIOR_SHARE = 1e-6
# In the units of standardised features.
SMALLEST_VARIANCE = 1e-9
SMALLEST_JITTER, LARGEST_JITTER = 1e-10, 1.0


class Moments(NamedTuple):
    """Soft counts, sums and sums of products of rows, by component, divided by all rows.

    They are means over rows, so that batches of rows can be averaged.
    """

    counts: Tensor
    sums: Tensor
    products: Tensor

    @classmethod
    def of(cls, rows: Tensor, membership: Tensor) -> Self:
        """Return the moments of (n_rows, n_features), given (n_rows, n_components)."""
        shares = membership / len(rows)
        products = (shares.T.unsqueeze(2) * rows).mT @ rows
        return cls(shares.sum(0), shares.T @ rows, products)


class Mixture(NamedTuple):
    """Weights (n_components,), means (..., n_features) and covariances (..., n_features)."""

    weights: Tensor
    means: Tensor
    covariances: Tensor

    @classmethod
    def standard(cls, n_components: int, n_features: int) -> Self:
        """Return equal components with the mean 0 and the covariance 1."""
        one = torch.eye(n_features, dtype=torch.float64)
        weights = one.new_full((n_components,), 1 / n_components)
        return cls(weights, one.new_zeros(n_components, n_features), one.repeat(n_components, 1, 1))

    @classmethod
    def from_moments(cls, moments: Moments, reg_covar: float) -> Self:
        """Return the most likely mixture, with covariances kept off zero.

        ``reg_covar`` times each feature's variance over all rows is added to the diagonals.
        """
        total = Moments(*(moment.sum(0) for moment in moments))
        counts, sums, products = (
            moment + PRIOR_SHARE * of_all for moment, of_all in zip(moments, total, strict=True)
        )
        means = sums / counts.unsqueeze(1)
        covariances = products / counts.reshape(-1, 1, 1) - _outer(means)
        variances = (total.products.diagonal() - total.sums.square()).detach().clamp(min=0)
        floor = torch.diag(reg_covar * variances + SMALLEST_VARIANCE)
        return cls(counts / counts.sum(), means, (covariances + covariances.mT) / 2 + floor)

    def moments(self) -> Moments:
        """Return the moments that have this mixture, but for the floor."""
        products = self.covariances + _outer(self.means)
        return Moments(
            self.weights,
            self.weights.unsqueeze(1) * self.means,
            self.weights.reshape(-1, 1, 1) * products,
        )

    def log_joint(self, rows: Tensor) -> Tensor:
        """Return log p(row, component) in nats, of shape (n_rows, n_components)."""
        factors, _ = stable_cholesky(self.covariances)
        offsets = (rows - self.means.unsqueeze(1)).mT
        whitened: Tensor = torch.linalg.solve_triangular(factors, offsets, upper=False)
        return self.weights.log() - _log_scale(factors) - 0.5 * whitened.square().sum(1).T


class Kept(nn.Module, Generic[T]):
    """A named tuple of tensors in the state of a network, which is not trained."""

    def __init__(self, value: T) -> None:
        super().__init__()
        self._kind = type(value)
        for name, tensor in value._asdict().items():
            self.register_buffer(name, tensor.clone())

    @property
    def value(self) -> T:
        """The tuple, as it can be changed."""
        value: T = self._kind._make(getattr(self, name) for name in self._kind._fields)
        return value

    @value.setter
    def value(self, value: T) -> None:
        for name, tensor in value._asdict().items():
            getattr(self, name).copy_(tensor.detach())


class Whitened(nn.Module):
    """A mixture with covariances that are factorized once, and their factors inverted."""

    means: Tensor
    log_factors: Tensor
    inverses: Tensor

    def __init__(self, mixture: Mixture) -> None:
        super().__init__()
        factors, _ = stable_cholesky(mixture.covariances)
        one = torch.eye(factors.shape[1], dtype=factors.dtype, device=factors.device)
        inverses = torch.linalg.solve_triangular(factors, one.expand_as(factors), upper=False)
        self.register_buffer("means", mixture.means.unsqueeze(1))
        self.register_buffer("log_factors", mixture.weights.log() - _log_scale(factors))
        self.register_buffer("inverses", inverses)

    @property
    def value(self) -> Self:
        """Itself, which stands for the mixture."""
        return self

    def log_joint(self, rows: Tensor) -> Tensor:
        """Return log p(row, component) in nats, of shape (n_rows, n_components)."""
        whitened = self.inverses @ (rows - self.means).mT
        return self.log_factors - 0.5 * whitened.square().sum(1).T


def expectation_maximization(
    rows: Tensor, membership: Tensor, reg_covar: float, max_iter: int = 100, tol: float = 1e-3
) -> tuple[Mixture, float]:
    """Fit a mixture to rows from memberships, and return it with its mean log density.

    scikit-learn's GaussianMixture warns where components coincide, which is of no matter here,
    and its k-means leaves the BLAS with one thread for good if fits in threads overlap.
    """
    before = -math.inf
    for _ in range(max_iter):
        mixture = Mixture.from_moments(Moments.of(rows, membership), reg_covar)
        log_joint = mixture.log_joint(rows)
        log_density = log_joint.logsumexp(1, keepdim=True)
        membership = (log_joint - log_density).exp()
        mean = log_density.mean().item()
        if abs(mean - before) < tol:
            break
        before = mean
    return mixture, mean


def stable_cholesky(covariances: Tensor) -> tuple[Tensor, float]:
    """Return lower factors of covariances, and what had to be added to their diagonals.

    The jitter is a share of the mean of each diagonal: 0 but for matrices that are not
    positive definite in float64, for which it grows tenfold from 1e-10, at most to 1, until
    they are. Of matrices that are not finite the factors are not finite either.
    """
    factors, failed = torch.linalg.cholesky_ex(covariances)
    jitter = 0.0
    while failed.any() and jitter < LARGEST_JITTER:
        jitter = max(10 * jitter, SMALLEST_JITTER)
        diagonals = covariances.diagonal(dim1=1, dim2=2)
        added = torch.full_like(diagonals, jitter) * diagonals.mean(1, keepdim=True)
        factors, failed = torch.linalg.cholesky_ex(covariances + torch.diag_embed(added))
    return factors, jitter


def _log_scale(factors: Tensor) -> Tensor:
    """Return the logs of what densities with such factors of covariances are divided by."""
    log_determinants = factors.diagonal(dim1=1, dim2=2).log().sum(1)
    return log_determinants + 0.5 * factors.shape[1] * math.log(2 * math.pi)


def _outer(means: Tensor) -> Tensor:
    return means.unsqueeze(2) * means.unsqueeze(1)
