"""What is drawn for a scene: marks as pure data, and their renderer for video and pictures."""
