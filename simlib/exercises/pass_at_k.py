"""Exercises of the chapter on pass@k."""

import sympy as sp
from scipy import special

from ..forecast import Counts, log_all_fail, pass_at_k
from ..formulas import k, success_rate
from ..formulas import pass_at_k as formulas
from ._exercise import Exercise, WrongAnswer
from ._kinds import Expression, Number

# 1: one problem
_ATTEMPTS, _SUCCESSES, _TRIES = 20, 2, 5

# 2: stopped runs
_WAITS, _SOLVED, _AT = (1, 4, 9, 20, 20), (True, True, True, False, False), 5

# 3: the verifier
_RATE, _ACCEPTED, _MANY = 0.05, 0.02, 100

# 5: noise or problems?
_PROBLEMS, _NOISY = 128, 1000


def _unbiased(successes: int, attempts: int, tries: int) -> float:
    return -float(special.expm1(log_all_fail(successes, attempts, tries)))


def _stopped() -> float:
    counts = Counts.from_columns(None, _WAITS, _SOLVED, "first_success")
    return float(pass_at_k(counts, _AT).value)


EXERCISES = (
    Exercise(
        id="pass_at_k.1",
        title="Two of twenty",
        difficulty=1,
        statement=(
            f"A problem was solved in {_SUCCESSES} of {_ATTEMPTS} attempts. What is the unbiased "
            f"estimate of its pass@{_TRIES}?"
        ),
        hint="How many of all choices of five attempts contain no success?",
        kind=Number(),
        answer=lambda: _unbiased(_SUCCESSES, _ATTEMPTS, _TRIES),
        wrong=(
            WrongAnswer(
                "the plug-in rule",
                lambda: 1 - (1 - _SUCCESSES / _ATTEMPTS) ** _TRIES,
                "This draws the five attempts with replacement; draw them without.",
            ),
            WrongAnswer(
                "the share that fails",
                lambda: 1 - _unbiased(_SUCCESSES, _ATTEMPTS, _TRIES),
                "This is the share of choices without a success; pass@k is the rest.",
            ),
            WrongAnswer(
                "the expected number of successes",
                lambda: _TRIES * _SUCCESSES / _ATTEMPTS,
                "Two successes in one choice count once.",
            ),
        ),
    ),
    Exercise(
        id="pass_at_k.2",
        title="Stopped when solved",
        difficulty=2,
        statement=(
            "Five problems were attempted until their first success. Three were solved, at "
            f"attempts {', '.join(str(n) for n, s in zip(_WAITS, _SOLVED, strict=True) if s)}; "
            f"the others were given up after {_WAITS[-1]} attempts. What is the unbiased estimate "
            f"of pass@{_AT} for these problems?"
        ),
        hint="A problem that was solved at attempt $N$ is solved by $k$ attempts if $N\\le k$.",
        kind=Number(),
        answer=_stopped,
        wrong=(
            WrongAnswer(
                "Chen's formula",
                lambda: (2 + _unbiased(1, 9, _AT)) / 5,
                "That formula is for a number of attempts that was fixed in advance.",
            ),
            WrongAnswer(
                "pooled rate",
                lambda: 1 - (1 - 3 / sum(_WAITS)) ** _AT,
                "Successes over attempts is not the rate of any of these problems.",
            ),
            WrongAnswer(
                "among the solved",
                lambda: 2 / 3,
                "The problems that were given up count as well: five attempts failed on them.",
            ),
        ),
    ),
    Exercise(
        id="pass_at_k.3",
        title="One in fifty slips through",
        difficulty=2,
        statement=(
            f"A problem has success probability {_RATE}. Its verifier accepts every right answer "
            f"and one wrong answer in {1 / _ACCEPTED:.0f}. The first accepted of {_MANY} attempts "
            "is handed in. How often is it right?"
        ),
        hint="Of all accepted answers, which share is right? And how often is one accepted?",
        kind=Number(),
        answer=lambda: float(formulas.verified(_RATE, 1.0, _ACCEPTED, _MANY)),
        wrong=(
            WrongAnswer(
                "a perfect verifier",
                lambda: 1 - (1 - _RATE) ** _MANY,
                "This is pass@k; a wrong answer that was accepted first ends the search.",
            ),
            WrongAnswer(
                "the share of right attempts",
                lambda: _RATE,
                "The verifier does help: condition on being accepted.",
            ),
            WrongAnswer(
                "one in fifty of what is accepted",
                lambda: 1 - _ACCEPTED,
                "One wrong answer in fifty is accepted; wrong answers are far more frequent than "
                "right ones.",
            ),
        ),
    ),
    Exercise(
        id="pass_at_k.4",
        title="Where noise is largest",
        difficulty=3,
        statement=(
            "For many attempts the variance of the unbiased estimate of one problem's pass@$k$ is "
            "$\\frac{k^2}{n}p(1-p)^{2k-1}$. For which success probability is it largest? Give a "
            "SymPy expression in `simlib.formulas.k`."
        ),
        hint="Set the derivative of $\\ln p+(2k-1)\\ln(1-p)$ to zero.",
        kind=Expression(),
        answer=lambda: _noisiest(),
        wrong=(
            WrongAnswer(
                "the variance of one attempt",
                lambda: sp.Rational(1, 2) + 0 * k,
                "That maximises $p(1-p)$, the case $k=1$.",
            ),
            WrongAnswer(
                "where half are solved",
                lambda: 1 - 2 ** (-1 / k),
                "There pass@k is one half, but the estimate is not noisiest.",
            ),
            WrongAnswer(
                "one over k",
                lambda: 1 / k,
                "The exponent is $2k-1$, not $k-1$.",
            ),
        ),
    ),
    Exercise(
        id="pass_at_k.5",
        title="More problems or more attempts?",
        difficulty=4,
        statement=(
            f"Success rates are uniform on (0, 1), and each of {_PROBLEMS} problems gets "
            f"{_NOISY} attempts. Which share of the variance of the estimated pass@1, for the "
            "population of problems, would remain if every rate were known exactly?"
        ),
        hint="Law of total variance: between problems, and $p(1-p)/n$ within.",
        kind=Number(),
        answer=lambda: _between() / (_between() + _within()),
        wrong=(
            WrongAnswer(
                "only the attempts count",
                lambda: _within() / (_between() + _within()),
                "This is the share that would vanish.",
            ),
            WrongAnswer(
                "one attempt each",
                lambda: _between() / (_between() + _within() * _NOISY),
                "Divide the variance within a problem by its number of attempts.",
            ),
        ),
    ),
)


def _noisiest() -> sp.Expr:
    p = success_rate
    slope = sp.diff(sp.log(p) + (2 * k - 1) * sp.log(1 - p), p)
    (best,) = sp.solve(slope, p)
    return best


def _between() -> float:
    return 1 / 12


def _within() -> float:
    return (1 / 2 - 1 / 3) / _NOISY
