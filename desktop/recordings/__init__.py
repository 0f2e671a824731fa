"""What keeps frames: the video writer, the sidecar, and the recording that is both."""
