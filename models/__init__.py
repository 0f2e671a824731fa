"""The eyes: pixels in, a scene out. Knows nothing of windows, cameras or files of video."""
