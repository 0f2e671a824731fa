"""Training of detectors: data, losses, the loop, and how good they are."""
