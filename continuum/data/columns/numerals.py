"""Numbers as people write them: 1.234,50 €, (5), 1'234, 1.5D+03, with a percent sign behind."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from continuum.data.columns.choices import COMMA, POINT

#: Signs of currencies.
SIGNS = "$¢£¤¥֏؋৲৳૱௹฿៛₠-⃀꠸﷼﹩＄￠￡￥￦"
#: Codes and abbreviations of currencies before a number; behind it, any word is a unit.
CODES = (
    "AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR ISK JPY KRW MAD MXN MYR NGN NOK "
    "NZD PEN PHP PKR PLN RMB RON RUB SAR SEK SGD THB TRY TWD UAH USD VND ZAR Rs. Rs kr. kr Fr. Fr"
).split()
#: Letters for thousands, millions and billions behind numbers.
MULTIPLES = {"k": "e3", "m": "e6", "mn": "e6", "mio": "e6", "b": "e9", "bn": "e9"}
#: No amount that people write is longer.
LONGEST = 64
#: What makes a word of a number: 1st, 2nd.
ORDINALS = frozenset({"st", "nd", "rd", "th"})
#: Spaces and quotes that part thousands, and what stands for a minus, each with the plain character for it.
PLAIN = str.maketrans(
    {**dict.fromkeys("\u00a0\u2007\u2009\u202f", " "), "’": "'", "−": "-", "–": "-", "٫": ".", "٬": "'"}
)

#: A sign or a code of a currency.
_CURRENCY = rf"[A-Za-z]{{0,3}}[{SIGNS}]|{'|'.join(map(re.escape, CODES))}"
#: A unit behind a number.
_UNIT = r"""[^\d\s.,;:()'"+\-/\\|<>=?!*&#@_~][^\d;:()"]{0,14}[23]?"""
#: A number with its sign, currency, unit and percent sign.
_CELL = re.compile(
    rf"(?P<sign>[+-]?) ?(?P<currency>{_CURRENCY})? ?(?P<inner>[+-]?) ?(?P<body>[.,]?\d(?:[\d.,' ]*\d)?[.,]?)"
    rf"(?P<exponent>[eEdD][+-]?\d{{1,3}})? ?(?P<unit>{_UNIT})?(?P<last>-?)"
)
#: A negative amount as accountants write it.
_PARENTHESES = re.compile(r"([^()\d]*)\(([^()]*\d[^()]*)\)([^()\d]*)")

#: What may stand before the decimal sign besides digits alone: groups of three parted by a space or a quote.
_GROUPS = r"[1-9]\d{0,2}(?: \d{3})+|[1-9]\d{0,2}(?:'\d{3})+"
#: Numbers with each decimal sign; the other one parts groups of three, a comma also those of India.
READABLE = {
    POINT: re.compile(rf"(?:\d+|[1-9]\d{{0,2}}(?:,\d{{2,3}})*,\d{{3}}|{_GROUPS})(?:\.\d*)?|\.\d+"),
    COMMA: re.compile(rf"(?:\d+|[1-9]\d{{0,2}}(?:\.\d{{3}})+|{_GROUPS})(?:,\d*)?|,\d+"),
}


class Numeral(NamedTuple):
    """A number as written: sign, digits with their separators, exponent, and what it counts."""

    sign: str
    body: str
    exponent: str
    unit: str

    def readable(self, decimal: str) -> bool:
        """Whether this is a number with that decimal sign.

        >>> parts("1.234").readable(","), parts("1.5").readable(","), parts("0.123").readable(",")
        (True, False, False)
        """
        return READABLE[decimal].fullmatch(self.body) is not None

    def value(self, decimal: str) -> float:
        """The number with that decimal sign.

        >>> parts("(1.234,50 €)").value(","), parts("1,234").value("."), parts("1,5D+01").value(",")
        (-1234.5, 1234.0, 15.0)
        """
        digits = self.body.replace(" ", "").replace("'", "").replace(POINT if decimal == COMMA else COMMA, "")
        return float(f"{self.sign}{digits.replace(COMMA, POINT)}{self.exponent}")


def parts(cell: str) -> Numeral | None:
    """Return the number that a cell spells with one of the decimal signs, None for a text.

    The unit is what stands behind the number, or the currency before it; ``%`` is a unit like others. An underscore
    belongs to no number.

    >>> parts("$1,234.50")
    Numeral(sign='', body='1,234.50', exponent='', unit='$')
    >>> parts("12 kg").unit, parts("(5)").sign, parts("192.168.0.1"), parts("5 (five)")
    ('kg', '-', None, None)
    """
    text = (cell if cell.isascii() else cell.translate(PLAIN)).strip()
    sign = ""
    if len(text) > LONGEST:
        return None
    if text.endswith(")") or "(" in text:
        within = _PARENTHESES.fullmatch(text)
        if within is None:
            return None
        text, sign = "".join(within.groups()).strip(), "-"
    found = _CELL.fullmatch(text)
    if found is None:
        return None
    _, currency, _, body, exponent, unit, _ = found.groups()
    signs = sign + found["sign"] + found["inner"] + found["last"]
    if len(signs) > 1 or not (READABLE[POINT].fullmatch(body) or READABLE[COMMA].fullmatch(body)):
        return None
    if unit in ORDINALS:
        return None
    exponent = (exponent or "").replace("d", "e").replace("D", "e")
    return Numeral("-" if signs == "-" else "", body, exponent, " ".join(filter(None, (currency, _singular(unit)))))


def multiplied(numerals: Sequence[Numeral]) -> tuple[Numeral, ...] | None:
    """Return numbers of which some count thousands and others more or less, such as 900, 5K and 1.5M, as plain ones.

    None where the units are no such multiples, or all the same: 5 m alone may be metres.

    >>> [number.value(".") for number in multiplied([parts("€5K"), parts("€1.5M")])]
    [5000.0, 1500000.0]
    """
    units = [numeral.unit.rpartition(" ") for numeral in numerals]
    currencies = {currency or (unit if unit not in MULTIPLES else "") for currency, _, unit in units}
    factors = [unit if unit in MULTIPLES else "" for _, _, unit in units]
    strange = any(
        unit and unit not in MULTIPLES and (currency or unit not in currencies) for currency, _, unit in units
    )
    several = len(set(factors)) > 1 and ("k" in factors or len(set(factors) - {""}) > 1)
    if strange or not several or len(currencies) > 1 or any(numeral.exponent for numeral in numerals):
        return None
    (currency,) = currencies
    return tuple(
        numeral._replace(exponent=MULTIPLES.get(factor, ""), unit=currency)
        for numeral, factor in zip(numerals, factors, strict=True)
    )


def _singular(unit: str | None) -> str:
    """One spelling per unit: 1 year, 2 years, 5 KG., 5 kg."""
    word = (unit or "").strip().rstrip(".").casefold()
    return word[:-1] if len(word) > 3 and word.endswith("s") else word
