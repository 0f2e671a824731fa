"""Detectors that users bring as ONNX files: what they give is recognised, tried in a child process, and kept."""
