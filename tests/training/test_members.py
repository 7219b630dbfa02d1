"""Networks of one kind are trained in one pass, each without one fold of the rows."""

import pickle
from functools import partial

import numpy as np
import pytest
import torch
from instances import cheap
from sklearn.base import clone
from torch import nn

from skvae import MLP, AEOutlierDetector, Conv1d, VAEOutlierDetector
from skvae.likelihoods import Gaussian, StudentT
from skvae.networks import AE, VAE, MaskedAE, Members, StackedMembers, can_be_stacked
from skvae.rows import folds
from skvae.thresholds import pool_folds
from skvae.training.loss import mean_terms
from skvae.training.schedule import Schedule, Stopping

ARGUMENTS = {
    "architecture": MLP(hidden_layer_sizes=6, dropout=0.0),
    "input_shape": (5,),
    "latent_dim": 2,
}
BUILDERS = {
    "AE": partial(AE, **ARGUMENTS),
    "VAE": partial(VAE, **ARGUMENTS, likelihood=StudentT, beta=0.1),
    "VAE of a fixed sigma": partial(
        VAE, **ARGUMENTS, likelihood=partial(Gaussian, sigma=0.5), beta=0.1
    ),
    "MaskedAE": partial(
        MaskedAE,
        **ARGUMENTS,
        likelihood=partial(StudentT, heteroscedastic=True),
        masked_fraction=0.35,
        n_partitions=1,
    ),
}


def members(builder, number=3):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Members([builder] * number)


@pytest.mark.parametrize("builder", BUILDERS.values(), ids=BUILDERS)
def test_members_in_one_pass_learn_what_each_would_alone(builder):
    together, alone = StackedMembers(members(builder)), members(builder)
    optimizers = [torch.optim.Adam(network.parameters(), lr=0.01) for network in (together, alone)]
    generator = torch.Generator().manual_seed(1)
    for _ in range(10):
        x = torch.randn(8, 3, 5, generator=generator)
        noise = torch.randn(8, together.noise_dim, generator=generator)
        draws = noise.reshape(8, 3, -1)
        losses = [
            mean_terms(member.terms(x[:, k], draws[:, k]))["loss"]
            for k, member in enumerate(alone.members)
        ]
        loss = mean_terms(together.terms(x, noise))["loss"]
        torch.testing.assert_close(loss, torch.stack(losses).mean())
        for optimizer, value in zip(optimizers, [loss, sum(losses) / 3], strict=True):
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
    learned = together.unstack()
    for value, expected in zip(learned.parameters(), alone.parameters(), strict=True):
        torch.testing.assert_close(value, expected, rtol=1e-4, atol=1e-5)
    start = dict(members(builder).named_parameters())
    assert any(not torch.equal(value, start[name]) for name, value in learned.named_parameters())


def test_what_can_be_stacked():
    assert all(can_be_stacked(builder()) for builder in BUILDERS.values())
    assert not can_be_stacked(AE(Conv1d(), (16,), 2))

    class Normalised(MLP):
        def build_encoder(self, input_shape, n_outputs):
            return nn.Sequential(nn.BatchNorm1d(5), super().build_encoder(input_shape, n_outputs))

    assert not can_be_stacked(AE(Normalised(), (5,), 2))


@pytest.mark.parametrize("n_rows", [10, 50, 51])
@pytest.mark.parametrize("stopping", [None, Stopping(0.2, 5, 1e-4)])
def test_each_member_leaves_out_its_fold(stopping, n_rows):
    X = np.zeros((n_rows, 2))
    schedule = Schedule(10, 8, 0.01, stopping=stopping, n_members=4)
    train, valid = schedule.split(X, seed=0)
    index = np.asarray(train.indices)
    n_train = n_rows if stopping is None else n_rows - -(-n_rows // 5)
    assert index.shape[1] == 4
    assert len(set(index.ravel())) == n_train
    left_out = [set(index.ravel()) - set(column) for column in index.T]
    assert sum(map(len, left_out)) == n_train
    assert set().union(*left_out) == set(index.ravel())
    assert schedule.n_batches(n_rows) == -(-len(index) // 8)
    fold = folds(n_rows, 4, seed=0)
    for member, column in enumerate(index.T):
        assert not (fold[column] == member).any()
    if valid is not None:
        assert not set(np.ravel(valid.indices)) & set(index.ravel())


@pytest.mark.parametrize("detector_class", [AEOutlierDetector, VAEOutlierDetector])
@pytest.mark.parametrize("architecture", [MLP(hidden_layer_sizes=8), Conv1d(filters=2)])
def test_held_out_scores_are_those_of_the_member_that_did_not_learn_the_row(
    detector_class, architecture, X
):
    X = X[X[:, 0].argsort()]
    detector = cheap(
        detector_class, standardize=False, n_estimators=3, architecture=architecture
    ).fit(X)
    assert detector.n_iter_ == 20
    assert detector.held_out_scores_.shape == (200,)
    fold = folds(200, 3, detector._recipe.seed)
    each = [
        detector._apply(detector._row_scores(member), X) for member in detector.network_.members
    ]
    scores = np.choose(fold, each).astype(np.float64)
    np.testing.assert_array_equal(detector.held_out_scores_, pool_folds(scores, fold))
    np.testing.assert_array_equal(detector.held_out_indices_, np.arange(200))
    np.testing.assert_allclose(detector.score_samples(X), np.mean(each, axis=0), rtol=1e-5)


def test_members_know_less_of_what_they_have_not_learned(rng):
    X = rng.standard_normal((60, 5))
    detector = AEOutlierDetector(n_estimators=3, max_steps=600, random_state=0).fit(X)
    assert detector.held_out_scores_.mean() < detector.score_samples(X).mean() - 0.5


@pytest.mark.parametrize("detector_class", [AEOutlierDetector, VAEOutlierDetector])
def test_members_score_a_row_alike_alone_and_among_others(detector_class, rng):
    X = rng.standard_normal((300, 7))
    detector = cheap(detector_class, n_estimators=3, max_epochs=2).fit(X)
    scores, cells = detector.score_samples(X), detector.feature_scores(X)
    for start, stop in [(0, 1), (7, 40), (299, 300)]:
        np.testing.assert_array_equal(detector.score_samples(X[start:stop]), scores[start:stop])
        np.testing.assert_array_equal(detector.feature_scores(X[start:stop]), cells[start:stop])
    np.testing.assert_allclose(cells.sum(axis=1), scores, rtol=1e-4)


def test_members_draw_in_turn(X):
    detector = cheap(VAEOutlierDetector, n_estimators=3).fit(X)
    assert detector.sample(7).shape == (7, 5)
    assert detector.encode(X).shape == (200, 2)
    assert detector.reconstruct(X).shape == X.shape


def test_more_members_than_rows():
    with pytest.raises(ValueError, match=r"n_estimators=5 .* n_samples = 4"):
        AEOutlierDetector(n_estimators=5).fit(np.eye(4))


def test_members_leave_outliers_out_of_their_losses_as_one_network_does():
    network = StackedMembers(members(BUILDERS["AE"]))
    x = torch.randn(20, 3, 5, generator=torch.Generator().manual_seed(0))
    x[:2] += 100.0
    # One tenth of the rows of each member are far off, and a tenth is left out.
    terms = network.terms(x)
    trimmed = mean_terms(terms, support_fraction=0.9)["loss"]
    torch.testing.assert_close(trimmed, mean_terms(network.terms(x[2:]))["loss"])


def test_members_that_are_trained_in_turn_keep_what_they_drew(X):
    class Rotated(MLP):
        """An architecture with a random matrix that is no part of the network's state."""

        def build_encoder(self, input_shape, n_outputs):
            return nn.Sequential(
                Rotation(*input_shape), super().build_encoder(input_shape, n_outputs)
            )

    class Rotation(nn.Module):
        def __init__(self, n_features):
            super().__init__()
            self.matrix = torch.linalg.qr(torch.randn(n_features, n_features))[0]

        def forward(self, x):
            return x @ self.matrix

    X = (X - X.mean(axis=0)) / X.std(axis=0)
    detector = cheap(
        AEOutlierDetector, n_estimators=2, architecture=Rotated(), masked_fraction=0.0, latent_dim=5
    ).fit(X)
    assert len(detector.history_) == 2 * detector.n_iter_
    loss = np.mean([epoch["train_loss"] for epoch in detector.history_ if epoch["epoch"] == 20])
    assert -detector.score_samples(X).mean() < 2 * loss


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("detector_class", [AEOutlierDetector, VAEOutlierDetector])
def test_members_are_pickled_cached_and_repeated(detector_class, X, early_stopping, tmp_path):
    detector = cheap(
        detector_class, n_estimators=3, early_stopping=early_stopping, memory=tmp_path
    ).fit(X)
    again = clone(detector).fit(X)
    assert again.history_ == detector.history_
    alone = clone(detector).set_params(memory=None).fit(X)
    for twin in (again, alone, pickle.loads(pickle.dumps(detector))):
        for method in ("score_samples", "predict", "p_values", "encode", "feature_scores"):
            np.testing.assert_array_equal(getattr(twin, method)(X), getattr(detector, method)(X))


@pytest.mark.parametrize("detector_class", [AEOutlierDetector, VAEOutlierDetector])
def test_tables_have_three_networks_and_others_one(detector_class, rng):
    def fitted(n_rows, n_features, **arguments):
        X = rng.standard_normal((n_rows, n_features))
        return detector_class(max_steps=1, random_state=0, **arguments).fit(X)

    for detector in (fitted(2, 2), fitted(5000, 2), fitted(20, 200)):
        assert isinstance(detector.network_, Members)
    for detector in (fitted(5001, 2), fitted(20, 201), fitted(20, 8, architecture=Conv1d())):
        assert not isinstance(detector.network_, Members)
