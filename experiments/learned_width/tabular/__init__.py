"""The preset ``tabular``: is one fit of an estimator, with its defaults, as good as the best of a grid, on any table?

The estimators of ``continuum.sklearn`` and their ablations beside a grid of fixed widths with the same encoding,
scikit-learn's perceptron, linear models and trees, RealMLP and networks that grow, on the same folds of every table.
"""
