"""SymPy functions that stable forms are written in.

Each rewrites itself to elementary functions, so that SymPy can prove that a stable form
equals the plain one, and evaluates at any precision through that rewriting.
"""

import sympy as sp
from sympy.codegen.cfunctions import expm1 as expm1
from sympy.codegen.cfunctions import log1p as log1p


class _Elementary(sp.Function):
    """A function defined by an elementary expression."""

    def _elementary(self) -> sp.Expr:
        raise NotImplementedError

    def _eval_rewrite(self, rule, args, **hints):
        return self._elementary().subs(list(zip(self.args, args, strict=True)))

    def _eval_evalf(self, prec):
        # Cancellation is what these functions exist to avoid: carry generous guard digits.
        return self._elementary().evalf(sp.core.evalf.prec_to_dps(prec) + 40)._eval_evalf(prec)

    def fdiff(self, argindex=1):
        x = sp.Dummy("x", positive=True)
        args = list(self.args)
        args[argindex - 1] = x
        derivative = sp.diff(type(self)(*args)._elementary(), x)
        return derivative.subs(x, self.args[argindex - 1])


class log1mexp(_Elementary):
    r"""$\ln(1-e^{-x})$ for $x > 0$."""

    nargs = 1

    def _elementary(self):
        return sp.log(1 - sp.exp(-self.args[0]))

    def _latex(self, printer, exp=None):
        return rf"\ln\left(1 - e^{{-{printer._print(self.args[0])}}}\right)"


class exprel(_Elementary):
    r"""$(e^{x}-1)/x$, the relative exponential, with the value 1 at $x=0$."""

    nargs = 1

    def _elementary(self):
        return (sp.exp(self.args[0]) - 1) / self.args[0]

    def _latex(self, printer, exp=None):
        x = printer._print(self.args[0])
        return rf"\frac{{e^{{{x}}} - 1}}{{{x}}}"


class log1pmx(_Elementary):
    r"""$\ln(1+x)-x$ for $x > -1$."""

    nargs = 1

    def _elementary(self):
        return sp.log(1 + self.args[0]) - self.args[0]

    def _latex(self, printer, exp=None):
        x = printer._print(self.args[0])
        return rf"\left[\ln\left(1 + {x}\right) - {x}\right]"


class log_beta(_Elementary):
    r"""$\ln B(a, b) = \ln\Gamma(a) + \ln\Gamma(b) - \ln\Gamma(a+b)$ for $a, b > 0$."""

    nargs = 2

    def _elementary(self):
        a, b = self.args
        return sp.loggamma(a) + sp.loggamma(b) - sp.loggamma(a + b)

    def _latex(self, printer, exp=None):
        a, b = (printer._print(x) for x in self.args)
        return rf"\ln B\left({a}, {b}\right)"


def to_elementary(expression: sp.Expr) -> sp.Expr:
    """`expression` with every stable function replaced by its elementary definition."""
    return expression.replace(
        lambda node: isinstance(node, (_Elementary, log1p, expm1)),
        lambda node: (
            node._elementary()
            if isinstance(node, _Elementary)
            else sp.log(1 + node.args[0])
            if isinstance(node, log1p)
            else sp.exp(node.args[0]) - 1
        ),
    )
