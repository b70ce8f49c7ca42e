"""Checks of arguments say what is wrong, where, and what would be right."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simlib._checks import as_floating, check_each, check_interval


def test_floating_arrays_keep_their_dtype():
    assert as_floating(np.float32(1)).dtype == jnp.float32
    assert as_floating(jnp.ones(2, jnp.float32)).dtype == jnp.float32
    assert as_floating(jnp.ones(2, jnp.bfloat16)).dtype == jnp.bfloat16
    assert as_floating(np.arange(3)).dtype == jnp.float64
    assert as_floating([1, 2]).dtype == jnp.float64
    assert as_floating(3).dtype == jnp.float64
    with jax.enable_x64(False):
        assert as_floating(3).dtype == jnp.float32


@pytest.mark.parametrize(
    ("value", "ends", "passes"),
    [
        (0.0, (False, False), False),
        (0.0, (True, False), True),
        (1.0, (True, False), False),
        (1.0, (True, True), True),
        (0.5, (False, False), True),
        (np.nan, (True, True), False),
        (-1e-9, (True, True), False),
    ],
)
def test_interval(value, ends, passes):
    low, high = ends
    call = lambda: check_interval(
        "rate", jnp.asarray(value), 0.0, 1.0, "a share", low_included=low, high_included=high
    )
    if passes:
        call()
    else:
        brackets = f"{'[' if low else '('}0, 1{']' if high else ')'}"
        with pytest.raises(ValueError, match="rate must lie in") as caught:
            call()
        assert brackets in str(caught.value)
        assert str(jnp.asarray(value)) in str(caught.value)


def test_interval_lets_traced_values_pass():
    jax.jit(lambda x: check_interval("x", x, 0.0, 1.0, "a share"))(5.0)


def test_each_names_the_first_bad_entry():
    value = jnp.array([1.0, -2.0, -3.0])
    with pytest.raises(ValueError, match=r"must be positive. Got -2.0."):
        check_each(value, value > 0, "x must be positive.")
    assert check_each(value, value < 2, "fine").tolist() == value.tolist()


def test_each_is_part_of_a_compiled_function():
    root = eqx.filter_jit(lambda x: jnp.sqrt(check_each(x, x >= 0, "x must not be negative.")))
    assert float(root(jnp.asarray(4.0))) == 2.0
    with pytest.raises(eqx.EquinoxRuntimeError, match="x must not be negative"):
        root(jnp.asarray(-4.0)).block_until_ready()
