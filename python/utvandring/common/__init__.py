"""What all rooms use: errors, files, SQL literals, the data root, the engine's settings, the console."""
