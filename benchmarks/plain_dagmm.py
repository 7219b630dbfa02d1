"""The deep autoencoding Gaussian mixture model as published, without a guard of any kind.

Network, weights and batches are those of Zong et al. 2018 for KDD Cup 1999: layers of 60, 30,
10 and 1, tanh, an estimation network of ten with dropout, four components, batches of 1,024
and 0.1 and 0.005 for energy and inverse variances. All is trained at once, for as many steps
as skvae takes, and in float32.
"""

import math
from itertools import pairwise

import torch
from torch import nn

HIDDEN, N_COMPONENTS, BATCH_ROWS, N_STEPS = (60, 30, 10), 4, 1024, 2000
ENERGY_WEIGHT, COVARIANCE_WEIGHT = 0.1, 0.005


def layers(sizes):
    modules = [module for pair in pairwise(sizes) for module in (nn.Linear(*pair), nn.Tanh())]
    return nn.Sequential(*modules[:-1])


class PlainDAGMM(nn.Module):
    """The compression network and the estimation network."""

    def __init__(self, n_features):
        super().__init__()
        self.encoder = layers([n_features, *HIDDEN, 1])
        self.decoder = layers([1, *reversed(HIDDEN), n_features])
        self.estimator = nn.Sequential(
            nn.Linear(3, 10),
            nn.Tanh(),
            nn.Dropout(0.5),
            nn.Linear(10, N_COMPONENTS),
            nn.Softmax(dim=1),
        )

    def forward(self, x):
        """Return latent features, memberships and squared errors of rows."""
        code = self.encoder(x)
        reconstructed = self.decoder(code)
        distance = (x - reconstructed).norm(dim=1) / x.norm(dim=1)
        cosine = nn.functional.cosine_similarity(x, reconstructed)
        z = torch.cat([code, distance[:, None], cosine[:, None]], dim=1)
        return z, self.estimator(z), (x - reconstructed).square().sum(1)


def mixture(z, membership):
    counts = membership.sum(0)
    means = membership.T @ z / counts[:, None]
    offsets = z[:, None] - means
    covariances = torch.einsum("nk,nki,nkj->kij", membership, offsets, offsets)
    return counts / len(z), means, covariances / counts[:, None, None]


def energy(z, weights, means, covariances):
    offsets = z[:, None] - means
    squared = torch.einsum("nki,kij,nkj->nk", offsets, torch.linalg.inv(covariances), offsets)
    densities = torch.exp(-0.5 * squared) / (2 * math.pi * covariances).det().sqrt()
    return -(weights * densities).sum(1).log()


def scores(X_train, X, seed, n_steps=N_STEPS):
    """Return minus the energies of rows; it fails or returns NaN where the mathematics does."""
    torch.manual_seed(seed)
    x = torch.as_tensor(X_train, dtype=torch.float32)
    network = PlainDAGMM(x.shape[1])
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-4)
    for _ in range(n_steps):
        batch = x[torch.randint(len(x), (min(BATCH_ROWS, len(x)),))]
        z, membership, error = network(batch)
        weights, means, covariances = mixture(z, membership)
        inverse_variances = covariances.diagonal(dim1=1, dim2=2).reciprocal().sum()
        loss = (
            error.mean()
            + ENERGY_WEIGHT * energy(z, weights, means, covariances).mean()
            + COVARIANCE_WEIGHT * inverse_variances
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    network.eval()
    with torch.no_grad():
        z, membership, _ = network(x)
        fitted = mixture(z, membership)
        if X is not None:
            z, _, _ = network(torch.as_tensor(X, dtype=torch.float32))
        return -energy(z, *fitted).numpy()
