"""What changed between two deliveries, in the registers and in the marts."""
