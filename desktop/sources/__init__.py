"""What gives frames: camera, video, image, folder, demo; one protocol, one parser of names."""
