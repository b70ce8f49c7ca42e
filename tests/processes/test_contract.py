"""What every error process promises, over the whole registry."""

from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simlib import mixing, processes
from tests.processes.registry import CASES, GROWTHS, MIXINGS, NON_KEY, heavy_tailed

every = pytest.mark.parametrize("name", CASES)
# A length at which no process of the registry has a corner.
SMOOTH = 60.0
# Whole numbers and others, close by and far out.
LENGTHS = np.concatenate([np.linspace(0, 12, 25), [SMOOTH], np.geomspace(70.7, 1e6, 14)])
WHOLE = slice(2, 25, 2)
TRIALS = np.arange(1.0, 13)
RELIABILITIES = np.array([0.05, 0.3, 0.5, 0.8, 0.99])
# These tests compile far more than they compute: no time is spent on optimization.
compiled = partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})


def law(process, n, attempts, trials, reliabilities):
    """Every derived quantity, at lengths that may all be chosen without compiling again."""
    log_survival, reverse = jax.vjp(process.log_survival, n)
    return {
        "log_survival": log_survival,
        "gradient": reverse(jnp.ones_like(log_survival))[0],
        "survival": process.survival(n),
        "failure": process.failure(n),
        "cumulative_hazard": process.cumulative_hazard(n),
        "pass_probability": process.pass_probability(n, attempts),
        "slope": process.log_log_slope(n),
        "hazard": process.hazard(trials),
        "horizon": process.horizon(reliabilities),
        "restricted mean": process.mean_run_length(12),
    }


compiled_law = compiled(law)


def evaluate(process, lengths=LENGTHS, attempts=3, dtype=jnp.float64, law=compiled_law):
    """The law at up to 40 lengths, and as many numbers of attempts."""
    n, k = np.ones_like(LENGTHS), np.ones_like(LENGTHS)
    n[: len(lengths)] = lengths
    k[: len(lengths)] = attempts
    found = law(process, *(jnp.asarray(x, dtype) for x in (n, k, TRIALS, RELIABILITIES)))
    return jax.tree.map(np.asarray, found)


@cache
def found(name):
    return evaluate(CASES[name].build())


@cache
def probed(name):
    """Log-survival at the horizons, far out, beside the smooth length, and beside 0."""
    horizons = found(name)["horizon"]
    lengths = [*np.where(np.isfinite(horizons), horizons, 1.0), 1e30]
    lengths += [*SMOOTH * np.exp([-1e-5, 1e-5]), 1e-9]
    value = evaluate(CASES[name].build(), lengths)["log_survival"]
    return {"horizons": value[:5], "far": value[5], "smooth": value[6:8], "start": value[8]}


@every
def test_starts_at_one(name):
    assert found(name)["survival"][0] == 1.0
    assert found(name)["log_survival"][0] == 0.0
    assert found(name)["failure"][0] == 0.0
    assert found(name)["slope"][0] == 0.0


@every
def test_never_rises_and_stays_a_probability(name):
    value = found(name)
    # Rounding may lift a plateau by a few units in the last place.
    rise = np.diff(value["log_survival"])
    assert np.all(rise <= 1e-14 * np.abs(value["log_survival"][1:]))
    for key in ("survival", "failure", "pass_probability", "hazard"):
        assert np.all((value[key] >= 0) & (value[key] <= 1)), key
    assert value["survival"][-1] < value["survival"][4] < 1


@every
def test_log_and_linear_forms_agree(name):
    value = found(name)
    assert value["survival"] == pytest.approx(np.exp(value["log_survival"]), rel=1e-13)
    assert value["failure"] == pytest.approx(1 - value["survival"], abs=1e-15)
    assert value["cumulative_hazard"] == pytest.approx(-value["log_survival"], rel=1e-15)


@every
def test_hazards_multiply_to_survival(name):
    hazard, survival = found(name)["hazard"], found(name)["survival"][WHOLE]
    assert np.cumprod(1 - hazard) == pytest.approx(survival, rel=1e-11)


@every
def test_restricted_mean_is_the_sum_of_survival(name):
    total = found(name)["survival"][WHOLE].sum()
    assert found(name)["restricted mean"] == pytest.approx(total, rel=1e-11)


@every
def test_horizon_inverts_survival(name):
    horizon, finite = found(name)["horizon"], np.isfinite(found(name)["horizon"])
    back = np.exp(probed(name)["horizons"])
    assert back[finite] == pytest.approx(RELIABILITIES[finite], rel=1e-11)
    assert np.all(np.diff(horizon[finite]) < 0)
    # Infinite exactly where survival stays above: at e^69 a slow power law has fallen too.
    limit = np.exp(probed(name)["far"])
    assert np.array_equal(finite, limit < RELIABILITIES)
    assert (limit > 1e-3) == CASES[name].plateau


@every
def test_derivative_along_the_length(name):
    value = found(name)
    gradient, slope = value["gradient"], value["slope"]
    assert np.all(gradient <= 0)
    assert np.all(np.isfinite(gradient[1:]))
    # Reverse and forward mode, and a central difference.
    assert slope[1:] == pytest.approx(LENGTHS[1:] * gradient[1:], rel=1e-9, abs=1e-12)
    low, high = probed(name)["smooth"]
    at = list(LENGTHS).index(SMOOTH)
    assert slope[at] == pytest.approx((high - low) / 2e-5, rel=1e-6)
    assert slope[at] * 1.001 != pytest.approx((high - low) / 2e-5, rel=1e-6)
    # At 0 the derivative to the right; a stable frailty starts with an infinite hazard.
    forward = probed(name)["start"] / 1e-9
    if name == "positive stable":
        assert np.isneginf(gradient[0])
        assert forward < -1e3
    else:
        assert gradient[0] == pytest.approx(forward, rel=1e-6, abs=1e-7)


@every
def test_compilation_changes_nothing(name):
    for key, value in evaluate(CASES[name].build(), law=plain_law).items():
        assert found(name)[key] == pytest.approx(value, rel=1e-10, abs=1e-14), key


def plain_law(process, n, attempts, trials, reliabilities):
    """What runs quickly, one operation at a time."""
    del attempts, trials, reliabilities
    return {key: getattr(process, key)(n) for key in ("log_survival", "survival", "failure")}


def test_compilation_changes_no_derived_quantity():
    name = "share and constant"
    for key, value in evaluate(CASES[name].build(), law=law).items():
        assert found(name)[key] == pytest.approx(value, rel=1e-10, abs=1e-14), key


def _differentiated(name):
    """Selected numbers and their reverse-mode derivatives by all parameters and the length."""
    case = CASES[name]
    reliability = 0.9 if case.plateau else 0.8

    def numbers(parameters):
        process, length = case.make(*parameters[:-1]), parameters[-1]
        values = [
            process.log_survival(length),
            process.pass_probability(length, 3),
        ]
        # The derivative of the search is the same whatever is searched: one mixture is enough.
        if case.independent or name == "gamma":
            values.append(jnp.log(process.horizon(reliability)))
        values = jnp.stack(values)
        return values, values

    return jax.jacrev(numbers, has_aux=True)


@every
def test_gradient_is_the_finite_difference_and_vmap_a_loop(name):
    case = CASES[name]
    at = np.array([*case.parameters, SMOOTH])
    step = 1e-4 * np.abs(at)
    moves = np.concatenate([h * np.diag(step) for h in (1, -1, 0.5, -0.5)])
    rows = np.concatenate([at[None], at + moves])
    gradient, values = map(np.asarray, compiled(jax.vmap(_differentiated(name)))(jnp.asarray(rows)))
    # vmap is a loop: the same numbers, one set of parameters at a time, from another program.
    for row, value in ((rows[0], values[0]), (rows[-2], values[-2])):
        process = case.make(*map(jnp.asarray, row[:-1]))
        alone = evaluate(process, [row[-1]])
        assert value[0] == pytest.approx(alone["log_survival"][0], rel=1e-11)
        assert value[1] == pytest.approx(alone["pass_probability"][0], rel=1e-9)
        if len(value) > 2 and not case.plateau:
            assert np.exp(value[2]) == pytest.approx(alone["horizon"][3], rel=1e-10)
    far_up, far_down, up, down = values[1:].reshape(4, len(at), -1)
    far, near = (far_up - far_down) / (2 * step[:, None]), (up - down) / step[:, None]
    difference = ((4 * near - far) / 3).T  # Richardson: error of fourth order
    # In units of the parameters, so that all entries are of one size.
    gradient, difference = gradient[0] * at, difference * at
    assert np.all(np.isfinite(gradient))
    assert gradient == pytest.approx(difference, rel=1e-6, abs=1e-9)
    # A gradient that misses a tenth of a per cent would be seen.
    assert 1.001 * gradient[0] != pytest.approx(difference[0], rel=1e-6, abs=1e-9)


@every
def test_single_precision_keeps_its_digits(name):
    with jax.enable_x64(False):
        process = CASES[name].build(jnp.float32)
        some = compiled_law if CASES[name].independent else compiled_single
        single = evaluate(process, dtype=jnp.float32, law=some)
    for key, value in single.items():
        exact = found(name)[key]
        assert value.dtype == np.float32, key
        # A hazard is a difference of log-survivals, a slope on a plateau one of rounding size.
        tolerance = {"hazard": 1e-6, "gradient": 1e-9, "slope": 1e-9}.get(key, 1e-30)
        finite = np.isfinite(exact) & (np.abs(exact) < 1e30)
        assert value[finite] == pytest.approx(exact[finite], rel=2e-3, abs=tolerance), key


@compiled
def compiled_single(process, n, attempts, trials, reliabilities):
    """Without what is derived from the survival, which would be one integral each."""
    del trials
    return {
        "log_survival": process.log_survival(n),
        "pass_probability": process.pass_probability(n, attempts),
        "horizon": process.horizon(reliabilities),
    }


@every
def test_results_have_the_precision_of_the_arguments(name):
    def numbers(process):
        return (
            process.log_survival(3), process.survival(3.0), process.failure(3), process.hazard(2),
            process.horizon(0.9), process.log_log_slope(7), process.mean_run_length(2000),
            process.pass_probability(3, 2),
        )  # fmt: skip

    single, double = (CASES[name].build(dtype) for dtype in (jnp.float32, jnp.float64))
    arguments = [jax.ShapeDtypeStruct((4,), jnp.float32)] * 4
    types = lambda *x: {leaf.dtype.name for leaf in jax.tree.leaves(jax.eval_shape(*x))}
    assert types(law, single, *arguments) == {"float32"}
    # Python numbers decide nothing: the process does.
    assert types(numbers, single) == {"float32"}
    assert types(numbers, double) == {"float64"}


@every
def test_pass_probability_rises_with_attempts(name):
    survival = found(name)["survival"][list(LENGTHS).index(SMOOTH)]
    k = np.array([0.0, 1.0, 2.0, 10.0, 1e4])
    passed = evaluate(CASES[name].build(), np.full(5, SMOOTH), k)["pass_probability"][:5]
    assert passed[0] == 0.0
    assert passed[1] == pytest.approx(survival, rel=1e-8)
    assert np.all(np.diff(passed) >= 0)
    independent = 1 - (1 - survival) ** k
    if CASES[name].independent:
        assert passed == pytest.approx(independent, rel=1e-11)
    else:
        # Shared difficulty: attempts fail together, so they help less.
        assert np.all(passed[2:4] < independent[2:4] * (1 - 1e-3))


@every
def test_processes_are_immutable(name):
    with pytest.raises(AttributeError):
        CASES[name].build().anything = 1


@every
def test_latent_hooks_are_consistent(name):
    case = CASES[name]
    level = np.array([0.1, 0.2, 0.3])
    latent, n, back = there_and_back(case.build(), jnp.asarray(level), jax.random.key(0))
    assert (latent is None) == case.independent
    n, back = np.asarray(n), np.asarray(back)
    finite = np.isfinite(n)
    assert -back[finite] == pytest.approx(level[finite], rel=1e-10)


@compiled
def there_and_back(process, level, key):
    latent = process.sample_latent(level.shape, key=key)
    n = process.conditional_inverse_cumulative_hazard(latent, level)
    return latent, n, process.conditional_log_survival(latent, jnp.where(jnp.isfinite(n), n, 1.0))


@pytest.mark.parametrize("name", MIXINGS)
def test_the_event_changes_the_question_not_the_law(name):
    error, success = heavy_tailed(name, "error").build(), heavy_tailed(name, "success").build()
    n = jnp.asarray(LENGTHS)
    assert success.survival(n).tolist() == error.survival(n).tolist()
    coverage = np.asarray(success.coverage(n))
    assert coverage.tolist() == found(name)["failure"].tolist() or coverage == pytest.approx(
        found(name)["failure"], rel=1e-10
    )
    assert coverage[0] == 0
    assert np.all(np.diff(coverage)[coverage[:-1] < 1 - 1e-9] > 0)
    with pytest.raises(ValueError, match="coverage needs event"):
        error.coverage(n)


def test_no_public_part_is_left_out():
    parts = lambda module, base: {
        value for name in dir(module) if isinstance(value := getattr(module, name), type)
        and issubclass(value, base) and not name.startswith("Abstract")
    }  # fmt: skip
    assert {growth for growth, _ in GROWTHS.values()} == parts(processes, processes.AbstractGrowth)
    errors = {error for error, _ in NON_KEY.values()}
    assert errors == parts(processes, processes.AbstractNonKeyErrors)
    families = {type(heavy_tailed(name).build().mixing) for name in MIXINGS}
    # A table of another family's quantiles has tests of its own.
    assert families == parts(mixing, mixing.AbstractMixing) - {mixing.Tabulated}
    used = {type(case.build()) for case in CASES.values()}
    assert used == parts(processes, processes.AbstractErrorProcess)
