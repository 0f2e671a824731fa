"""Small files that claim to be enormous."""

from __future__ import annotations

from pathlib import Path


class _Bits:
    """Bits one after another, and the codes of H.264 (ITU-T H.264, 9.1)."""

    def __init__(self) -> None:
        self._bits = ""

    def u(self, value: int, width: int = 1) -> None:
        """A number of so many bits."""
        self._bits += f"{value:0{width}b}"

    def ue(self, *values: int) -> None:
        """Numbers in Exp-Golomb code."""
        for value in values:
            code = f"{value + 1:b}"
            self._bits += "0" * (len(code) - 1) + code

    def unit(self, kind: int) -> bytes:
        """A NAL unit of these bits."""
        bits = self._bits + "1"
        bits += "0" * (-len(bits) % 8)
        raw = bytes([kind]) + int(bits, 2).to_bytes(len(bits) // 8, "big")
        for last in b"\0\1\2\3":  # 7.4.1: no start code within
            raw = raw.replace(bytes([0, 0, last]), bytes([0, 0, 3, last]))
        return b"\0\0\0\1" + raw


def h264_bomb(path: Path, side: int) -> Path:
    """A raw H.264 stream whose header claims `side` x `side` pixels, with twenty pictures of a few bytes each."""
    header = _Bits()
    header.u(66, 8)  # baseline
    header.u(0, 8)
    header.u(62, 8)
    header.ue(0, 0, 2, 1)  # its number, frame numbers of 4 bits, order of decoding, 1 reference
    header.u(0)
    header.ue(side // 16 - 1, side // 16 - 1)
    header.u(1)  # frames, not fields
    header.u(1)
    header.u(0, 2)
    pictures = _Bits()
    pictures.ue(0, 0)
    pictures.u(0, 2)
    pictures.ue(0, 0, 0)
    pictures.u(0, 3)
    pictures.ue(0, 0, 0)
    pictures.u(0, 3)
    data = header.unit(0x67) + pictures.unit(0x68)
    for number in range(20):
        slice_ = _Bits()
        slice_.ue(0, 7, 0)  # from the first macroblock on, all I, by the header above
        slice_.u(0, 4)
        slice_.ue(number % 2)
        slice_.u(0, 2)
        slice_.ue(0, *[1] * 30)
        data += slice_.unit(0x65)
    path.write_bytes(data)
    return path


def y4m_bomb(path: Path, side: int) -> Path:
    """A YUV4MPEG2 file whose header claims `side` x `side` pixels, with one picture of ten bytes."""
    path.write_bytes(f"YUV4MPEG2 W{side} H{side} F30:1 Ip A1:1 C420jpeg\nFRAME\n".encode() + bytes(10))
    return path
