"""Yearly microsimulation of immigrants and their families, written as register deliveries."""

from utvandring.simulation.engine import simulate
from utvandring.simulation.yearly import simulate_yearly

__all__ = ["simulate", "simulate_yearly"]
