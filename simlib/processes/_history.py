"""The interface of a process with memory: what happens to a step depends on those before it."""

from abc import abstractmethod

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PyTree

from .._types import Numbers
from ._base import AbstractErrorProcess


class AbstractHistoryProcess(AbstractErrorProcess):
    r"""An error process that goes on after an error, and remembers it.

    Two definitions of success are kept apart:

    * *no step ever failed*: `survival`, `hazard` and everything else of `AbstractErrorProcess`;
    * *right at the end*: `right_at`, the probability that step $n$ is right, whatever happened
      before.

    A step is right or wrong. What the process remembers of a history is the number of the step,
    the errors before it and the *streak*: how many of the last steps in a row were wrong.
    `error_probability` says what that means for the next step; it defines the process.

    Positions are whole numbers of steps from 1; step 0 is the right start.
    """

    @abstractmethod
    def error_probability(
        self, step: Numbers, errors: Numbers, streak: Numbers
    ) -> Float[Array, "..."]:
        r"""Probability that `step` $\ge1$ is wrong, given `errors` and `streak` before it."""

    @abstractmethod
    def right_curve(self, length: int) -> Float[Array, "{length}+1"]:
        r"""$P(\text{step } n \text{ is right})$ for $n=0,1,\dots,$ `length`, exactly.

        Parameters
        ----------
        length
            A whole number of steps; it fixes the shape, so it must not be traced.
        """

    def right_at(self, n: Numbers) -> Float[Array, "..."]:
        r"""$P(\text{step } n \text{ is right})$, for whole $n\ge0$ of any shape.

        The second definition of success. Costs what `right_curve` costs up to the largest `n`,
        which must be a concrete number.
        """
        steps = whole_steps("n", n)
        return self.right_curve(int(steps.max(initial=0)))[steps]

    def expected_errors(self, n: Numbers) -> Float[Array, "..."]:
        r"""$\mathbb{E}\,J_n=\sum_{i\le n}P(\text{step } i \text{ is wrong})$, for whole $n\ge0$."""
        steps = whole_steps("n", n)
        wrong = 1 - self.right_curve(int(steps.max(initial=0)))
        return jnp.cumsum(wrong)[steps]

    # -- hooks of the simulation engine ---------------------------------------------------
    #
    # An event is a step at which the state changes.  Between events every step is alike.

    @abstractmethod
    def start(self, shape: tuple[int, ...]) -> PyTree[Array]:
        """The state at step 0."""

    @property
    @abstractmethod
    def levels_per_event(self) -> int:
        """How many exponential variables `next_event` takes."""

    @abstractmethod
    def next_event(
        self,
        state: PyTree[Array],
        step: Float[Array, "..."],
        levels: Float[Array, "{self.levels_per_event} ..."],
    ) -> Float[Array, "..."]:
        """The step of the next event after `step`, at which the last one happened.

        `levels` are standard exponential variables, as `levels_per_event` says how many.
        """

    @abstractmethod
    def after_event(self, state: PyTree[Array]) -> PyTree[Array]:
        """The state once the next event has happened."""

    @abstractmethod
    def wrong_at_event(self, state: PyTree[Array]) -> Bool[Array, "..."]:
        """Whether the step of the event that led to this state is wrong."""

    @abstractmethod
    def wrong_until_next(self, state: PyTree[Array]) -> Bool[Array, "..."]:
        """Whether the steps between that event and the next are wrong."""


def whole_steps(name: str, n: Numbers) -> Int[np.ndarray, "..."]:
    """Concrete whole numbers of steps, or an error that names the first bad one."""
    values = np.asarray(n)
    bad = ~((values >= 0) & (values == np.floor(values)))
    if bad.any():
        raise ValueError(f"{name} must be whole numbers >= 0 of steps, got {values[bad].flat[0]}.")
    return values.astype(np.int64)
