from pipeline.text.tables import Floats, Ints, Row

CHUNK: int

def joined(
    text: str,
    known: bytearray,
    inside: dict[str, tuple[bytes, tuple[str, ...]]],
    last: dict[str, tuple[bytes, tuple[str, ...]]],
    model: tuple[Ints, Ints, Floats, dict[int, Row], int, int, tuple[float, float, float, float]],
    close: float,
    length: float,
    apart: str,
    joint: str,
) -> str | None: ...
