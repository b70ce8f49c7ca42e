"""SymPy functions that stable forms are written in.

Each is defined by an elementary expression, so that SymPy can prove that a stable form equals
the plain one, and evaluates at any precision through that definition.
"""

from typing import TYPE_CHECKING, Any, cast

import sympy as sp
from sympy.core.evalf import prec_to_dps


class _Elementary(sp.Function):
    """A function defined by an elementary expression."""

    if TYPE_CHECKING:  # SymPy's metaclass hides from type checkers that a call gives an Expr

        def __new__(cls, *args: Any, **options: Any) -> Any: ...

    def _elementary(self) -> sp.Expr:
        """The definition."""
        raise NotImplementedError

    def _eval_rewrite(self, rule: Any, args: Any, **hints: Any) -> Any:
        del rule, hints
        return type(self)(*args)._elementary()

    def _eval_evalf(self, prec):
        # Cancellation is what these functions exist to avoid: carry generous guard digits.
        return self._elementary().evalf(prec_to_dps(prec) + 40).evalf(prec_to_dps(prec))

    def fdiff(self, argindex=1):
        x = sp.Dummy("x", positive=True)
        args = list(self.args)
        args[argindex - 1] = x
        derivative = sp.diff(type(self)(*args)._elementary(), x)
        return derivative.subs(x, self.args[argindex - 1])


class log1p(_Elementary):
    r"""$\ln(1+x)$ for $x > -1$, accurate near 0."""

    nargs = 1

    def _elementary(self):
        return sp.log(1 + _arg(self, 0))

    def _latex(self, printer, exp=None):
        return _power(rf"\ln\left({printer._print(1 + _arg(self, 0))}\right)", exp)


class expm1(_Elementary):
    r"""$e^{x}-1$, accurate near 0."""

    nargs = 1

    def _elementary(self):
        return sp.exp(_arg(self, 0)) - 1

    def _latex(self, printer, exp=None):
        return _power(rf"\left(e^{{{printer._print(self.args[0])}}} - 1\right)", exp)


class log1mexp(_Elementary):
    r"""$\ln(1-e^{-x})$ for $x > 0$."""

    nargs = 1

    def _elementary(self):
        return sp.log(1 - sp.exp(-_arg(self, 0)))

    def _latex(self, printer, exp=None):
        return _power(rf"\ln\left(1 - e^{{-{printer._print(self.args[0])}}}\right)", exp)


class exprel(_Elementary):
    r"""$(e^{x}-1)/x$, the relative exponential, with the value 1 at $x=0$."""

    nargs = 1

    @classmethod
    def eval(cls, *args: Any) -> Any:
        return sp.Integer(1) if args[0].is_zero else None

    def _elementary(self):
        return (sp.exp(_arg(self, 0)) - 1) / _arg(self, 0)

    def _latex(self, printer, exp=None):
        x = printer._print(self.args[0])
        return _power(rf"\frac{{e^{{{x}}} - 1}}{{{x}}}", exp)


class log1pmx(_Elementary):
    r"""$\ln(1+x)-x$ for $x > -1$, accurate near 0."""

    nargs = 1

    def _elementary(self):
        return sp.log(1 + _arg(self, 0)) - _arg(self, 0)

    def _latex(self, printer, exp=None):
        x = _arg(self, 0)
        inner = rf"\ln\left({printer._print(1 + x)}\right) - \left({printer._print(x)}\right)"
        return _power(rf"\left[{inner}\right]", exp)


class log_beta(_Elementary):
    r"""$\ln B(a, b) = \ln\Gamma(a) + \ln\Gamma(b) - \ln\Gamma(a+b)$ for $a, b > 0$."""

    nargs = 2

    def _elementary(self):
        a, b = _arg(self, 0), _arg(self, 1)
        return sp.loggamma(a) + sp.loggamma(b) - sp.loggamma(a + b)

    def _latex(self, printer, exp=None):
        a, b = (printer._print(x) for x in self.args)
        return _power(rf"\ln B\left({a}, {b}\right)", exp)


class log_beta_ratio(_Elementary):
    r"""$\ln\{B(a, b+k)/B(a, b)\}$ for $a, b > 0$ and $k\ge0$, without cancellation."""

    nargs = 3

    def _elementary(self):
        a, b, k = (_arg(self, i) for i in range(3))
        return sp.loggamma(b + k) + sp.loggamma(a + b) - sp.loggamma(b) - sp.loggamma(a + b + k)

    def _latex(self, printer, exp=None):
        a, b, k = (_arg(self, i) for i in range(3))
        top = rf"B\left({printer._print(a)}, {printer._print(b + k)}\right)"
        bottom = rf"B\left({printer._print(a)}, {printer._print(b)}\right)"
        return _power(rf"\ln\frac{{{top}}}{{{bottom}}}", exp)


def _arg(function: sp.Basic, index: int) -> Any:
    return function.args[index]


def _power(text: str, exponent: str | None) -> str:
    return text if exponent is None else rf"\left({text}\right)^{{{exponent}}}"


def to_elementary(expression: sp.Expr) -> sp.Expr:
    """`expression` with every stable function replaced by its elementary definition."""
    replaced = expression.replace(
        lambda node: isinstance(node, _Elementary), lambda node: node._elementary()
    )
    return cast(sp.Expr, replaced)
