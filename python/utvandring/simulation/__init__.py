"""Yearly microsimulation of immigrants and their families, written as register deliveries."""

from utvandring.simulation.engine import simulate

__all__ = ["simulate"]
