"""The child process that tries what the processor promises: a real int8 and a real bf16 convolution.

It runs as `python -m desktop.trial int8 bf16`. A processor that cannot keep its promise kills it (SIGILL), which is the
answer; see `desktop.cores`.
"""

from __future__ import annotations

import sys
from typing import Any

from models import runtime

WRONG = 3
"""The exit status that says that the processor calculates wrongly."""


def convolve(precision: str) -> None:
    """One 3x3 convolution of 64 channels through OpenVINO in "int8" or "bf16", enough for oneDNN to choose AMX.

    Raises ArithmeticError where the answer is far from numpy's.
    """
    import numpy as np

    ov = runtime.openvino()
    op = ov.opset13
    random = np.random.default_rng(0)
    picture = random.random((1, 64, 16, 16), dtype=np.float32)
    kernel = random.uniform(-0.1, 0.1, (64, 64, 3, 3)).astype(np.float32)

    def rounded(value: Any, low: float, high: float, levels: int) -> Any:
        edges = [op.constant(np.float32(edge)) for edge in (low, high, low, high)]
        return op.fake_quantize(value, *edges, levels=levels)

    source = op.parameter([1, 64, 16, 16], np.float32)
    weights = op.constant(kernel)
    first = rounded(source, 0.0, 1.0, 256) if precision == "int8" else source
    second = rounded(weights, -0.1, 0.1, 255) if precision == "int8" else weights
    result = op.convolution(first, second, [1, 1], [1, 1], [1, 1], [1, 1])
    model = ov.Model([op.result(result)], [source])
    config = {"INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32", "INFERENCE_NUM_THREADS": 1}
    answer = next(iter(ov.Core().compile_model(model, "CPU", config)([picture]).values()))

    patch = picture[0, :, 3:6, 3:6]
    expected = np.einsum("ochw,chw->o", kernel, patch)
    if not np.allclose(answer[0, :, 4, 4], expected, atol=0.25):
        raise ArithmeticError(f"a convolution in {precision} gave a wrong answer")


def main(precisions: list[str]) -> int:
    """Try each of `precisions`; 0 where all went well, WRONG where an answer is wrong. Other errors say nothing."""
    try:
        for precision in precisions:
            convolve(precision)
    except ArithmeticError:
        return WRONG
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
