"""Runs with memory from event to event, against exact probabilities."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simlib import Uniform, simulate
from simlib.processes import ConstantRepair, Recoverable, SelfConditioning, WeibullRepair
from simlib.simulate._histories import check_process
from tests.processes.test_history import PROCESSES, patterns, probabilities
from tests.statistics import assert_agrees

LENGTHS = np.array([1, 2, 3, 7, 30, 200])
LONG = {
    "count": SelfConditioning(0.01, 0.05, dependence="count"),
    "share": SelfConditioning(0.03, 0.9, dependence="share"),
    "strong share": SelfConditioning(0.01, 3.0, dependence="share"),
    "constant": Recoverable(0.05, ConstantRepair(0.02)),
    "Weibull": Recoverable(0.05, WeibullRepair(0.3, 0.4)),
    "none": Recoverable(0.01),
}
# What a mistake of each kind would make of the same process.
WRONG = {
    "count": lambda: SelfConditioning(0.01, 0.06, dependence="count"),
    "share": lambda: SelfConditioning(0.03, 1.0, dependence="share"),
    "strong share": lambda: SelfConditioning(0.01, 3.2, dependence="share"),
    "constant": lambda: Recoverable(0.05, ConstantRepair(0.022)),
    "Weibull": lambda: Recoverable(0.05, WeibullRepair(0.3, 0.45)),
    "none": lambda: Recoverable(0.0103),
}


@pytest.mark.parametrize("name", LONG)
def test_both_definitions_of_success(name):
    process, replicates = LONG[name], 200_000
    found = simulate.histories(process, LENGTHS, key=jax.random.key(5), replicates=replicates)
    wrong = {"a tenth more or less": np.asarray(WRONG[name]().right_at(LENGTHS))}
    assert_agrees(found.right, np.asarray(process.right_at(LENGTHS)), wrong=wrong)
    assert_agrees(
        found.survival,
        np.asarray(process.survival(LENGTHS)),
        wrong={"one step late": np.asarray(process.survival(LENGTHS - 1))},
    )
    assert found.right.n == replicates


@pytest.mark.parametrize("name", PROCESSES)
def test_whole_histories(name):
    # Every one of the 2^6 histories has its probability, not only the margins.
    process, law = PROCESSES[name]
    steps, runs = 6, 200_000
    _, wrong = simulate.sample_histories(
        process, np.arange(1, steps + 1), key=jax.random.key(6), shape=(runs,)
    )
    code = np.asarray(wrong) @ 2 ** np.arange(steps)[::-1]
    counts = np.bincount(code, minlength=2**steps)
    p = probabilities(law, steps)
    assert (patterns(steps) @ 2 ** np.arange(steps)[::-1] == np.arange(2**steps)).all()
    possible = p > 0
    assert counts[~possible].sum() == 0
    late = lambda step, errors, streak: law(step + 1, max(errors - 1, 0), max(streak - 1, 0))
    # Without feedback there is nothing to remember.
    forgets = {} if name == "no feedback" else {"forgets a step": probabilities(late, steps)}
    wrong_laws = {fault: value[possible] for fault, value in forgets.items()}
    assert_agrees(counts[possible], p[possible], n=runs, wrong=wrong_laws)


def test_errors_so_far_are_the_sum_of_wrong_steps():
    for process in (LONG["share"], LONG["Weibull"]):
        errors, wrong = simulate.sample_histories(
            process, np.arange(0, 60), key=jax.random.key(7), shape=(500,)
        )
        assert (np.cumsum(np.asarray(wrong), axis=1) == np.asarray(errors)).all()
        assert not np.asarray(wrong)[:, 0].any()


def test_number_of_errors():
    process, n, runs = SelfConditioning(0.02, 0.1, dependence="count"), 40, 200_000
    errors, _ = simulate.sample_histories(process, [n], key=jax.random.key(8), shape=(runs,))
    counts = np.bincount(np.asarray(errors)[:, 0], minlength=n + 1)
    truth = np.asarray(process.error_distribution(n))
    wrong = SelfConditioning(0.02, 0.11, dependence="count").error_distribution(n)
    assert_agrees(counts, truth, n=runs, wrong={"feedback": np.asarray(wrong)})


def test_order_shape_and_devices_change_nothing():
    process = LONG["share"]
    arguments = {"key": jax.random.key(9), "replicates": 30_000}
    one = simulate.histories(process, [[200, 3], [3, 0]], **arguments)
    assert one.right.shape == (2, 2)
    assert float(one.right.value[1, 1]) == 1.0
    assert float(one.right.value[0, 1]) == float(one.right.value[1, 0])
    mesh = jax.sharding.Mesh(np.asarray(jax.devices()), ("any",))
    many = simulate.histories(process, [[200, 3], [3, 0]], mesh=mesh, **arguments)
    assert many.right.value.tolist() == one.right.value.tolist()
    assert many.survival.value.tolist() == one.survival.value.tolist()


def test_single_precision():
    with jax.enable_x64(False):
        process = SelfConditioning(jnp.float32(0.03), jnp.float32(0.9), dependence="share")
        found = simulate.histories(process, LENGTHS, key=jax.random.key(5), replicates=200_000)
    assert found.right.value.dtype == jnp.float32
    exact = np.asarray(LONG["share"].right_at(LENGTHS))
    assert_agrees(
        np.rint(np.asarray(found.right.value, float) * 200_000).astype(int), exact, n=200_000
    )


def test_impossible_arguments():
    key = jax.random.key(0)
    with pytest.raises(TypeError, match="must remember its errors"):
        check_process(Uniform(0.1))
    with pytest.raises(TypeError):  # the annotation or the check, whichever comes first
        simulate.histories(LONG["share"], [3], key=3, replicates=10)
    with pytest.raises(ValueError, match="lengths must stay below"):
        simulate.histories(LONG["share"], [2**40], key=key, replicates=10)
    with pytest.raises(ValueError, match="at least one length"):
        simulate.sample_histories(LONG["share"], [], key=key)
