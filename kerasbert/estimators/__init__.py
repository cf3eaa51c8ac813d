"""Estimators in the way of scikit-learn, which need no scikit-learn: a fit is a normal run."""
