"""Experiments on continuous width: one package per question, each an ``Experiment`` of ``continuum.exp``."""
