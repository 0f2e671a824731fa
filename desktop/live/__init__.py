"""The threads of a session: slot, conveyor, watermark, capture, analysis, recording. No Qt, no command line."""
