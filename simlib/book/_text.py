"""How numbers are written: powers of ten spelled out, true minus signs."""

import re

_EXPONENT = re.compile(r"(?P<digits>[\d.]+)e(?P<sign>[+-])0*(?P<power>\d+)")
_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def superscript(number: int) -> str:
    """An integer in superscript characters.

    Examples
    --------
    >>> superscript(-12)
    '⁻¹²'
    """
    return str(number).translate(_SUPERSCRIPT)


def polish(text: str) -> str:
    """Text with every `1e-06` written as a power of ten and every minus sign a true one.

    Examples
    --------
    >>> polish("from -0.5 to 1.2e-06")
    'from −0.5 to 1.2 × 10⁻⁶'
    """

    def power(match: re.Match[str]) -> str:
        exponent = int(match["sign"] + match["power"])
        return f"{match['digits']} × 10{superscript(exponent)}"

    return re.sub(r"(?<![\w)])-(?=\d)", "−", _EXPONENT.sub(power, text))
