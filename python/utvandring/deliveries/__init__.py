"""Register deliveries: checked whole, accepted whole or refused whole, and remembered."""
