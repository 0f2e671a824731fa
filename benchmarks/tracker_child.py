"""A published tracker, run by `tracks.py` inside an environment that has the package `trackers`.

`python tracker_child.py DETECTIONS ANSWER`: reads boxes, scores and frames of people from an .npz file and writes, for
each tracker, the boxes and numbers of tracks of each frame to another. It imports nothing of ours.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import supervision
import trackers

SURE = 0.4
"""Our threshold, for a run beside the tracker's own defaults."""


def main(detections: str, answer: str) -> None:
    """Run each tracker over all frames."""
    with np.load(detections) as stored:
        frames, boxes, scores, fps = (stored[name] for name in ("frames", "boxes", "scores", "fps"))
    rate = float(fps)
    runs = {
        "ByteTrack": trackers.ByteTrackTracker(frame_rate=rate),
        "ByteTrack at our threshold": trackers.ByteTrackTracker(
            frame_rate=rate, track_activation_threshold=SURE, high_conf_det_threshold=SURE
        ),
        "OC-SORT": trackers.OCSORTTracker(frame_rate=rate),
    }
    found: dict[str, Any] = {}
    for name, tracker in runs.items():
        rows = []
        for frame in range(int(frames.max()) + 1):
            here = frames == frame
            seen = tracker.update(
                supervision.Detections(
                    xyxy=boxes[here], confidence=scores[here], class_id=np.zeros(int(here.sum()), int)
                )
            )
            rows += [(frame, int(number), *box) for box, number in zip(seen.xyxy, seen.tracker_id, strict=True)]
        found[name] = np.array([row for row in rows if row[1] >= 0], np.float64).reshape(-1, 6)
    np.savez(answer, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
