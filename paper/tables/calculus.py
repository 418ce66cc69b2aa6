"""The most telling corrections of the ledger: printed, verdict, correct form, as excerpts of its entries."""

from paper.results import Results
from paper.tables._entries import entries, excerpt
from paper.tex import markdown, tabular

#: Of each entry pieces of its texts; they are compared with the ledger, so that they cannot drift from it.
EXCERPTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "A03": (
        (r"$\frac{\partial F}{\partial\gamma} = \frac{dF}{dy^2} \cdot y^1_{\lfloor\gamma\rfloor}"
         r" W^1_{\lfloor\gamma\rfloor}$",),
        (r"left derivative $\langle F'(S_k), c_{k-1}\rangle$", r"right derivative $\langle F'(S_k), c_k\rangle$"),
    ),
    "A08": (
        (r"When $\Delta\gamma > 1$ then the $(k+1)$th neuron",),
        (r"the gate of neuron $k + 1$ is open iff $\Delta > 1 - a .$",),
    ),
    "A13": (
        (r"$\lim_{\epsilon\to 0} \lim_{\kappa\to\infty} \frac{J_\kappa[f + \epsilon\phi] - J_\kappa[f]}{\epsilon} ="
         r" \lim_{\kappa\to\infty} \left[\frac{d}{d\epsilon} J_\kappa[f + \epsilon\phi]\right]_{\epsilon=0}$",),
        (r"for the logistic the mean of the two", r"the middle of the Clarke interval",),
    ),
    "A14": (
        (r"\sum_{z \in Z(f)} \phi(z)\,y^1(z)\,\omega_1(z)",),
        (r"$\frac{d}{d\epsilon} J[f+\epsilon\phi] = \sum_{z \in Z(f)} \frac{\phi(z)\,g(z)}{|f'(z)|}$",),
    ),
    "A18": (
        (r"$\phi = f - t\left(\psi \mapsto \sum_{z \in Z(f)} \psi(z)\,y^1(z)\,\omega_1(z)\right)$",),
        (r"In $L^2$ (over $\phi - f$ continuous with compact support), $\inf Q = -\infty$",
         r"$\phi = f - t \sum_z \frac{g(z)}{|f'(z)|}\, K(\cdot, z)$"),
    ),
    "A25": (
        (r"active in expectation and not in the magnitudes",),
        (r"iff $L$ is multi-affine", r"$E\,L(m) - L(g) = \frac{1}{2}\sum_{i,j}\operatorname{Cov}(m_i,m_j)\,"
         r"\partial_{ij}L$"),
    ),
    "C02": (
        (r"$\frac{d\mathbf{w}(\lambda)}{d\lambda} = \left(\frac{\partial^2 \mathcal{L}_{train}}{\partial"
         r" \mathbf{w}^2}\right)^{-1} \frac{\partial^2 \mathcal{L}_{train}}{\partial\lambda\,\partial \mathbf{w}}$",),
        (r"$\frac{dw^*}{d\lambda} = -\left(\partial_{ww} L\right)^{-1} \partial_{w\lambda} L$",),
    ),
}  # fmt: skip
COLUMNS = (
    r"l>{\raggedright\arraybackslash}p{0.37\linewidth}>{\raggedright\arraybackslash}p{0.11\linewidth}"
    r">{\raggedright\arraybackslash}p{0.4\linewidth}"
)


def table(results: Results) -> str:
    """A row an entry."""
    known = entries(results)
    rows = []
    for key, (printed, precise) in EXCERPTS.items():
        entry = known[key]
        texts = [excerpt(entry, "printed", *printed), entry["verdict"], excerpt(entry, "precise", *precise)]
        rows.append([key, *(markdown(whole(text)) for text in texts)])
    return tabular(COLUMNS, ("", "as printed", "verdict", "correct form"), rows, gap="3pt")


def whole(text: str) -> str:
    """A piece out of the middle of a formula gets its dollar signs back."""
    return f"${text}$" if "\\" in text and "$" not in text else text.removesuffix(" .$") + "$" * text.endswith(" .$")
