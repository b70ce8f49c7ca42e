"""One process after another."""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._checks import as_floating, as_parameter, check_interval
from .._types import Numbers
from ._base import AbstractErrorProcess, has_latent


class Segments(AbstractErrorProcess):
    r"""An output of several parts, each with a process and a clock of its own.

    $$\ln S(n)=\sum_s\ln S_s\big(\min(\max(n-b_{s-1},0),\,b_s-b_{s-1})\big)$$

    with segment $s$ between the borders $b_{s-1}$ and $b_s$, $b_0=0$; the last one has no end.
    Errors of different segments are independent. A long output that starts afresh at each border
    (a plan, a program, a summary; a context that is cleared) is described by it.

    Parameters
    ----------
    processes
        One per segment, none of which differs between units (put `Frailty` or `Mixture` around
        the segments instead).
    borders
        Where segments end, in trials: positive, increasing, one less than the processes.

    Raises
    ------
    ValueError
        If numbers of processes and borders do not fit, concrete borders do not increase, or a
        process differs between units.

    Examples
    --------
    >>> from simlib.processes import Segments, Uniform
    >>> process = Segments([Uniform(0.01), Uniform(0.001)], [100.0])
    >>> round(float(process.survival(100)), 4), round(float(process.survival(200)), 4)
    (0.366, 0.3312)
    """

    processes: tuple[AbstractErrorProcess, ...]
    borders: Float[Array, "borders"] = eqx.field(converter=as_parameter)

    def __init__(self, processes: Sequence[AbstractErrorProcess], borders: Numbers):
        self.processes = tuple(processes)
        self.borders = as_parameter(borders)

    def __check_init__(self):
        count = len(self.processes)
        if not count or self.borders.shape != (count - 1,):
            raise ValueError(
                f"borders must be one less than the processes, got shape {self.borders.shape} "
                f"for {count} processes."
            )
        check_interval("borders", self.borders, 0.0, jnp.inf, "ends of segments, in trials")
        gaps = jnp.diff(self.borders)
        check_interval("steps between borders", gaps, 0.0, jnp.inf, "borders must increase")
        for process in self.processes:
            if has_latent(process):
                raise ValueError(
                    f"processes of segments must not differ between units, got "
                    f"{type(process).__name__}; put Frailty or Mixture around the segments."
                )

    def log_survival(self, n: Numbers) -> Float[Array, "..."]:
        n = as_floating(n)
        start = jnp.concatenate([jnp.zeros_like(self.borders, shape=(1,)), self.borders])
        total = 0.0
        for s, process in enumerate(self.processes):
            # At a border the derivative is that of the segment that begins there.
            inside = jnp.where(n >= start[s], n - start[s], 0.0)
            if s < len(self.processes) - 1:
                inside = jnp.where(n < start[s + 1], inside, start[s + 1] - start[s])
            total = total + process.log_survival(inside)
        return jnp.asarray(total)
