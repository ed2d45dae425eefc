"""Estimators: the multinomial logit, least squares, survival, and what they share; no warehouse."""
