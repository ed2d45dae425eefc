"""Yearly microsimulation of immigrants and their families, written as register deliveries."""

from utvandring.simulation.alignment import totals_of
from utvandring.simulation.engine import simulate
from utvandring.simulation.propensities import propensities_of
from utvandring.simulation.yearly import simulate_yearly

__all__ = ["propensities_of", "simulate", "simulate_yearly", "totals_of"]
