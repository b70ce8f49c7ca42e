"""One example of every family, and the harder ones."""

import jax.numpy as jnp

from simlib.mixing import (
    Beta,
    ExGaussian,
    Gamma,
    GeneralizedGamma,
    Kumaraswamy,
    LogitNormal,
    PositiveStable,
    WithAtom,
)

EXAMPLES = {
    "gamma": (Gamma, (0.05, 0.004)),
    "positive stable": (PositiveStable, (0.5, 0.1)),
    "beta": (Beta, (0.3, 5.0)),
    "Kumaraswamy": (Kumaraswamy, (0.3, 5.0)),
    "logit-normal": (LogitNormal, (-3.0, 2.0)),
    "exGaussian": (ExGaussian, (-1.0, 1.0, 0.4)),
    "generalised gamma": (GeneralizedGamma, (0.2, 0.4, 0.7)),
}
# Long left tails, narrow bulks, mass near 1.
HARD = {
    "beta, tail .035": (Beta, (0.035, 3.5)),
    "beta, both ends": (Beta, (0.2, 0.1)),
    "Kumaraswamy, tail .035": (Kumaraswamy, (0.035, 3.5)),
    "Kumaraswamy, b below 1": (Kumaraswamy, (0.3, 0.4)),
    "logit-normal, narrow": (LogitNormal, (-6.0, 0.05)),
    "logit-normal, wide": (LogitNormal, (2.0, 8.0)),
    "exGaussian, tail .035": (ExGaussian, (-1.0, 0.5, 0.035)),
    "exGaussian, almost normal": (ExGaussian, (-3.0, 1.0, 300.0)),
    "generalised gamma, Weibull": (GeneralizedGamma, (0.01, 0.3, 0.3)),
    "generalised gamma, sharp": (GeneralizedGamma, (0.5, 0.05, 5.0)),
    "positive stable, .9": (PositiveStable, (0.9, 1.0)),
    "positive stable, .1": (PositiveStable, (0.1, 0.01)),
}
ALL = EXAMPLES | HARD


def build(name: str, dtype=jnp.float64):
    """The example called `name`, with parameters of one dtype."""
    if name == "with atom":
        return WithAtom(build("beta", dtype), jnp.asarray(0.2, dtype))
    family, values = ALL[name]
    return family(*(jnp.asarray(value, dtype) for value in values))
