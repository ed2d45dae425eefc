"""What the logit and the linear probability model share: reading a design, and turning it into inference."""
