"""Networks can be trained side by side, since their terms are functions of what is handed in."""

from functools import partial

import numpy as np
import pytest
import torch
from torch.func import functional_call, grad, stack_module_state, vmap

from skvae import MLP
from skvae.likelihoods import StudentT
from skvae.networks import AE, VAE
from skvae.rows import Batches, subset
from skvae.runtime.isolation import isolated
from skvae.runtime.recipe import Recipe
from skvae.training.engine import run_epochs
from skvae.training.loss import mean_terms
from skvae.training.schedule import Schedule

CPU = torch.device("cpu")


class Loss(torch.nn.Module):
    """What torch.func calls: the loss as the forward pass."""

    def __init__(self, network, support_fraction):
        super().__init__()
        self.network = network
        self.support_fraction = support_fraction

    def forward(self, x, noise):
        return mean_terms(self.network.terms(x, noise), self.support_fraction)["loss"]


@pytest.mark.parametrize("support_fraction", [0.8, 1.0])
@pytest.mark.parametrize("network_class", [AE, partial(VAE, likelihood=StudentT, beta=0.1)])
def test_two_members_in_one_pass_learn_what_two_fits_do(rng, network_class, support_fraction):
    X = rng.standard_normal((40, 3))
    arguments = {"architecture": MLP(hidden_layer_sizes=6), "input_shape": (3,), "latent_dim": 2}
    schedule = Schedule(n_steps=12, batch_size=10, lr=0.01, support_fraction=support_fraction)
    alone, members, batches, noise = [], [], [], []
    for seed in (0, 1):
        recipe = Recipe(network_class, arguments, seed)
        with isolated(seed, CPU):
            network = recipe.build()
            run_epochs(network, X, schedule, seed=seed)
            alone.append(dict(network.named_parameters()))
        # The rows and the noise that the fit has drawn.
        with isolated(seed, CPU):
            members.append(Loss(recipe.build().requires_grad_(True), support_fraction))
            rows = Batches(subset(X, np.arange(40)), 10, CPU, shuffle=True)
            drawn = [
                (batch, torch.randn(10, members[-1].network.noise_dim))
                for _ in range(3)
                for batch in rows
            ]
        batches.append([batch for batch, _ in drawn])
        noise.append([draw for _, draw in drawn])
    parameters, buffers = stack_module_state(members)

    def loss(parameters, buffers, x, noise):
        return functional_call(members[0], (parameters, buffers), (x, noise))

    slopes = vmap(grad(loss))
    optimizer = torch.optim.AdamW(parameters.values(), weight_decay=0.0)
    for step in range(schedule.n_steps):
        optimizer.param_groups[0]["lr"] = schedule.rate(step)
        x, draws = (torch.stack([drawn[step] for drawn in both]) for both in (batches, noise))
        gradients = slopes(parameters, buffers, x, draws)
        for name, parameter in parameters.items():
            parameter.grad = gradients[name]
        optimizer.step()
    for member, weights in enumerate(alone):
        for name, expected in weights.items():
            value = parameters[f"network.{name}"][member]
            torch.testing.assert_close(value, expected, rtol=1e-4, atol=1e-5)
