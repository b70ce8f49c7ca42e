"""What every mixing distribution must satisfy, whatever the family."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simlib.mixing import AbstractMixing, Beta, Gamma, WithAtom
from tests.mixing._families import ALL, EXAMPLES, build

NAMES = [*EXAMPLES, "with atom"]
# One shape for all tests of a family: each is compiled once.
TRIALS = jnp.asarray([0.0, 0.5, 1.0, 3.0, 30.0, 1e3, 1e6])
EVEN = jnp.linspace(0.0, 24.0, 7)


@pytest.mark.parametrize("name", [*ALL, "with atom"])
def test_the_transform_is_a_log_convex_decreasing_function_from_one(name):
    mixing = build(name)
    value = np.asarray(mixing.log_laplace(TRIALS))
    assert value[0] == 0.0
    assert np.all(np.diff(value) < 0)
    # ln E exp(-s X) is convex in s (Hoelder).
    assert np.all(np.diff(np.asarray(mixing.log_laplace(EVEN)), 2) > -1e-12)


@pytest.mark.parametrize("name", ALL)
def test_density_integrates_to_one_and_to_the_distribution_function(name):
    mixing = build(name)
    np.testing.assert_allclose(mixing.expect(jnp.ones_like), 1.0, rtol=1e-9)
    # Between two quantiles by Simpson's rule on the log-hazard.
    ends = mixing.log_hazard_quantile(jnp.asarray([0.02, 0.9]))
    y = jnp.linspace(*ends, 4001)
    f = np.exp(np.asarray(jax.jit(lambda m, y: m.log_density_log_hazard(y))(mixing, y)))
    area = (f[0] + f[-1] + 4 * f[1::2].sum() + 2 * f[2:-1:2].sum()) * float(y[1] - y[0]) / 3
    np.testing.assert_allclose(area, 0.88, rtol=1e-7)


@pytest.mark.parametrize("name", [*EXAMPLES, "with atom"])
def test_densities_of_the_rate_differ_by_their_jacobians(name):
    mixing = build(name)
    p = np.asarray([1e-6, 0.02, 0.7])
    x = -np.log1p(-p)
    base = np.asarray(mixing.log_density_log_hazard(jnp.log(jnp.asarray(x))))
    # y = ln X: dy = dp / (X (1 - p)), d logit p = dp / (p (1 - p)), d ln p = dp / p
    np.testing.assert_allclose(mixing.log_density(p), base - np.log(x * (1 - p)), rtol=1e-9)
    np.testing.assert_allclose(
        mixing.log_density_logit(np.log(p)), base - np.log(x) + np.log(p), rtol=1e-9
    )
    np.testing.assert_allclose(
        mixing.log_density_log_rate(np.log(p)), base - np.log(x * (1 - p)) + np.log(p), rtol=1e-9
    )
    np.testing.assert_allclose(
        mixing.log_cdf(p), mixing.log_cdf_log_hazard(jnp.log(jnp.asarray(x))), rtol=1e-9
    )


@pytest.mark.parametrize("name", [*ALL, "with atom"])
def test_quantiles_invert_the_distribution_function(name):
    mixing = build(name)
    q = jnp.asarray([0.25, 0.7])
    back = jnp.exp(mixing.log_cdf_log_hazard(mixing.log_hazard_quantile(q)))
    np.testing.assert_allclose(back, q, rtol=1e-6)


def test_quantiles_inside_an_atom_are_at_rate_zero():
    mixing = build("with atom")
    q = mixing.log_rate_quantile(jnp.asarray([0.19, 0.21]))
    assert np.isneginf(q[0])
    assert np.isfinite(q[1])


@pytest.mark.parametrize("name", ["gamma", "beta", "logit-normal", "with atom"])
def test_parameters_may_be_arrays(name):
    mixing = build(name)
    stacked = jax.tree.map(lambda leaf: leaf * jnp.asarray([[1.0], [0.9]]), mixing)
    second = jax.tree.map(lambda leaf: leaf * 0.9, mixing)
    both = stacked.log_laplace(TRIALS)
    assert both.shape == (2, len(TRIALS))
    np.testing.assert_allclose(both[0], mixing.log_laplace(TRIALS), rtol=1e-10)
    np.testing.assert_allclose(both[1], second.log_laplace(TRIALS), rtol=1e-10)
    assert stacked.sample((2, 3), key=jax.random.key(0)).shape == (2, 3)


@pytest.mark.parametrize("name", NAMES)
def test_derivatives_equal_finite_differences_and_jit_and_vmap_change_nothing(name):
    mixing = build(name)
    leaves, tree = jax.tree.flatten(mixing)
    # Entry 0 as it is, then each parameter and s a little up and a little down.
    h, count = 1e-5, 2 * len(leaves) + 3
    steps = np.zeros((len(leaves) + 1, count))
    for i in range(len(leaves) + 1):
        steps[i, 2 * i + 1], steps[i, 2 * i + 2] = h, -h
    for s in (0.7, 200.0):
        *values, shifted = (jnp.asarray(x) * (1 + steps[i]) for i, x in enumerate([*leaves, s]))
        value = np.asarray(_compiled(jax.tree.unflatten(tree, values), shifted))
        np.testing.assert_allclose(value[0], mixing.log_laplace(s), rtol=1e-12)
        numeric = (value[1::2] - value[2::2]) / (2 * h)
        gradient, slope = _gradient(mixing, s)
        exact = np.asarray([g * x for g, x in zip(gradient, leaves, strict=True)] + [slope * s])
        np.testing.assert_allclose(exact, numeric, rtol=2e-5, atol=1e-10)


_compiled = jax.jit(jax.vmap(lambda mixing, s: mixing.log_laplace(s)))


@jax.jit
def _gradient(mixing, s):
    gradient, slope = jax.grad(lambda m, s: m.log_laplace(s), argnums=(0, 1))(mixing, s)
    return jax.tree.leaves(gradient), slope


@pytest.mark.parametrize("name", [*ALL, "with atom"])
def test_single_precision_keeps_its_dtype_and_its_digits(name):
    single, double = build(name, jnp.float32), build(name, jnp.float64)
    value = single.log_laplace(TRIALS.astype(jnp.float32))
    assert value.dtype == jnp.float32
    np.testing.assert_allclose(value, double.log_laplace(TRIALS), rtol=2e-4)
    draws = single.sample_log_hazard((5,), key=jax.random.key(0))
    assert draws.dtype == single.mean().dtype == jnp.float32


@pytest.mark.parametrize("name", [*ALL, "with atom"])
def test_mean_rate_three_ways(name):
    mixing = build(name)
    mean = float(mixing.mean())
    np.testing.assert_allclose(mixing.expect(jnp.exp), mean, rtol=1e-8)
    np.testing.assert_allclose(jnp.exp(mixing.log_moment(1.0, 0.0)), mean, rtol=1e-8)


@pytest.mark.parametrize(
    ("make", "argument"),
    [
        (lambda: Beta(0.0, 1.0), "a must lie in"),
        (lambda: Beta(1.0, np.inf), "b must lie in"),
        (lambda: Gamma(-1.0, 1.0), "mean must lie in"),
        (lambda: Gamma(1.0, np.nan), "variance must lie in"),
        (lambda: EXAMPLES["positive stable"][0](1.0, 1.0), "index must lie in"),
        (lambda: EXAMPLES["logit-normal"][0](0.0, 0.0), "spread must lie in"),
        (lambda: EXAMPLES["exGaussian"][0](0.0, 1.0, -1.0), "tail_rate must lie in"),
        (lambda: WithAtom(Beta(1.0, 1.0), 1.0), "atom must lie in"),
    ],
)
def test_values_outside_the_domain_are_refused(make, argument):
    with pytest.raises(ValueError, match=argument):
        make()


def test_no_family_is_left_out():
    families = {type(build(name)) for name in NAMES}
    import simlib.mixing as module

    # A table of another family's quantiles has tests of its own.
    others = {AbstractMixing, module.Tabulated}
    public = {getattr(module, name) for name in module.__all__} - others
    assert families == public
