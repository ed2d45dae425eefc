"""What leaves: which counts are withheld, and the released tables as files."""
