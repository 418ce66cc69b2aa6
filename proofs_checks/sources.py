"""Where the claims come from."""

#: Key: citation. ``here`` marks results that this package states itself.
SOURCES = {
    "DFM": "W. H. Guss, Towards a Continuous Hyperparameter Representation for Neural Networks, draft, 2017",
    "MSHO": "A. Adam and J. Lorraine, More Efficient Stochastic Hyperparameter Optimization, report",
    "VMO": "W. Grathwohl, E. Creager, S. K. S. Ghasemipour, R. Zemel, Gradient-based Optimization of Neural Network "
    "Architecture, workshop paper, 2018",
    "Notes": "CSCI 1470, Deep Learning, Brown University, lecture notes on hyperparameters, depth and width",
    "STN": "M. MacKay, P. Vicol, J. Lorraine, D. Duvenaud, R. Grosse, Self-Tuning Networks, ICLR 2019, talk slides",
    "here": "continuum",
}
