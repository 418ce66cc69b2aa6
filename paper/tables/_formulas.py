"""The claims of the experiments are plain text, for a terminal prints them too: their formulas in LaTeX."""

from paper.tex import escape

FORMULAS = {
    "Phi(|v|/s) - 1/2": r"$\Phi(|v|/s) - \frac12$",
    "|l|/(|l|+r)": r"$|l|/(|l|+r)$",
    "on^2/2": r"$\text{on}^2/2$",
    "min(on, 1-on)": r"$\min(\text{on}, 1-\text{on})$",
    "[k - eta r, k + eta |l|)": r"$[k - \eta r, k + \eta |l|)$",
    "n* / law -> 1": r"$n^*/\text{law} \to 1$",
    "r_0/(alpha eta |l| |G|^2)": r"$r_0/(\alpha\eta|l||G|^2)$",
    "a^2/beta - |W|^2/alpha": r"$a^2/\beta - |W|^2/\alpha$",
    "s -> 0": r"$s \to 0$",
    "chi^2": r"$\chi^2$",
    "kappa law": r"law in $\kappa$",
    "P(immediate gradient < 0)": r"$P(\text{immediate gradient} < 0)$",
    "P(exact hypergradient < 0)": r"$P(\text{exact hypergradient} < 0)$",
    "C_T(k+a) - C_T(k)": r"$C_T(k+a) - C_T(k)$",
    "kappa_0 / (E<c, F''c>/2)": r"$\kappa_0 / (\frac12 E\langle c, F''c\rangle)$",
    "kappa_0 > 0": r"$\kappa_0 > 0$",
    "slope of C_T": r"slope of $C_T$",
    "C_1 slope / (-lr <G_1, G_0>)": r"slope of $C_1$ / $(-\mathrm{lr}\,\langle G_1, G_0\rangle)$",
    "kappa_T < 0": r"$\kappa_T < 0$",
    "|G|^2": r"$|G|^2$",
    "of -k with": "of $-k$ with",
    "saves given k": "saves given $k$",
    "mean square of r ": "mean square of $r$ ",
    "E r^2 / (-2 decay s^2 V'(k+))": r"$E r^2 / (-2\lambda s^2 V'(k^+))$",
    "kappa_T per step / (-lr |G|^2)": r"$\kappa_T$ a step / $(-\mathrm{lr}\,|G|^2)$",
    "|c|^2": r"$|c|^2$",
    "> 0": "$> 0$",
    "k+": r"$k^+$",
    "1/16": "$1/16$",
    "1/2": "$1/2$",
    "1/4": "$1/4$",
    "1/8": "$1/8$",
}


def claim(text: str) -> str:
    r"""Return a claim as LaTeX; what is no known formula is escaped.

    >>> print(claim("order of C_T(k+a) - C_T(k), root"))
    order of $C_T(k+a) - C_T(k)$, root
    """
    kept: list[str] = []
    for plain, formula in FORMULAS.items():  # longer ones come first where one contains another
        if plain in text:
            text = text.replace(plain, f"\x04{len(kept)}\x05")
            kept.append(formula)
    text = escape(text)
    for place, formula in enumerate(kept):
        text = text.replace(f"\x04{place}\x05", formula)
    return text


def value(number: float) -> str:
    """A measured number to four digits.

    >>> value(0.49468), value(2.0), value(-1.1e-13), value(float("nan"))
    ('0.4947', '2', '$-1.1\\\\times10^{-13}$', '')
    """
    if number != number:
        return ""
    if number and abs(number) < 1e-4:
        mantissa, exponent = f"{number:.1e}".split("e")
        return f"${mantissa}\\times10^{{{int(exponent)}}}$"
    text = f"{number:.4g}"
    return f"${text}$" if text.startswith("-") else text


def verdict(text: str) -> str:
    """A verdict; what failed stands out.

    >>> verdict("held"), verdict("FAILED")
    ('held', '\\\\textbf{failed}')
    """
    return f"\\textbf{{{text.lower()}}}" if text.isupper() else escape(text)
