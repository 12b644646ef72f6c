"""The tables that words are decoded from, and their copy on disk.

underthesea's word model is a linear-chain CRF with two labels (B begins a word, I goes on) over features of a window of five
tokens. With two labels a feature is one number, its weight for I minus its weight for B, in log-odds, and what neighbouring
tokens add to a decision can be looked up. How the tables are made of the model: see crf.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np
from numpy.typing import NDArray
from underthesea_core import CRFFeaturizer

LETTERS = "a-zàáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ"
LETTERS += LETTERS.upper()  # of Vietnamese and English, for use inside the brackets of a regular expression

BEGIN, END, BEYOND = 0, 1, 2  # rows of what stands before a text (twice), right after it, and after that
KNOWN = 3  # row of the first known token
VIEWS = 4
WHOSE = 1 << 20  # an entry is owner * WHOSE + value

Row = tuple[float, ...]  # five weights, by where a feature's first token stands as seen from the decision: -2 to 2
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_PLAIN = re.compile(f"[!-~{LETTERS}]+")
_NUMBER = re.compile("[+-]?[0-9]+")
_ASKED = CRFFeaturizer(["T[0].lower", "T[0].istitle", "T[0].isdigit"], set())


@dataclass(frozen=True, slots=True)
class Tables:
    """The model by numbers.

    Tokens are told apart by their rows. Two neighbours are looked up in four views: as they stand, in lower case, by whether
    they are titles, and, to find what the first adds by itself, as anything at all. What they add is

        worth[entries[base of the first + step of the second] ^ owner of the first]

    The xor leaves a small value where the entry is the pair's own, else something beyond `worth`, whose last row is nothing.
    """

    ids: Mapping[str, int]  # of every token that a feature or the dictionary names
    rows: Ints  # (rows, 3 * VIEWS) bases, then steps, then owners, in all views
    entries: Ints  # (places,) the first and the last are empty
    worth: Floats  # (values + 1, 5) weights, columns as in Row
    prefixes: int  # values below are of pairs with which features of three begin
    triples: dict[int, Row]  # what these add: by that value * WHOSE + step of the third
    steps: tuple[float, float, float, float]  # transitions B to B, B to I, I to B, I to I

    def row(self, token: str) -> int:
        """The row that holds all the model knows of a token."""
        known = self.ids.get(token)
        if known is not None:
            return KNOWN + known
        # The others are alike but for their spelling in lower case, and whether they are titles or numbers.
        lower, title, digit = facts(token)
        return KNOWN + len(self.ids) + 2 * self.ids.get(lower, len(self.ids)) + title + digit

    def save(self, path: Path) -> None:
        """Write a copy in one step. Raises OSError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as fresh:
            try:
                np.savez(
                    fresh,
                    ids=np.frombuffer("\n".join(self.ids).encode(), np.uint8),
                    rows=self.rows,
                    entries=self.entries,
                    worth=self.worth,
                    prefixes=np.array(self.prefixes),
                    triples=np.array(list(self.triples)),
                    triple_rows=np.array(list(self.triples.values())),
                    steps=np.array(self.steps),
                )
                fresh.close()
                Path(fresh.name).replace(path)
            except BaseException:
                Path(fresh.name).unlink(missing_ok=True)
                raise

    @classmethod
    def load(cls, path: Path) -> Tables | None:
        """A copy that was saved; None where there is none, or it is damaged (its sums are checked)."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
                b_to_b, b_to_i, i_to_b, i_to_i = saved["steps"].tolist()
                return cls(
                    ids={token: number for number, token in enumerate(saved["ids"].tobytes().decode().split("\n"))},
                    rows=saved["rows"],
                    entries=saved["entries"],
                    worth=saved["worth"],
                    prefixes=int(saved["prefixes"]),
                    triples=dict(
                        zip(saved["triples"].tolist(), map(tuple, saved["triple_rows"].tolist()), strict=True)
                    ),
                    steps=(b_to_b, b_to_i, i_to_b, i_to_i),
                )
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None


def facts(token: str) -> tuple[str, bool, bool]:
    """A token in lower case, whether underthesea takes it for a title, and whether for a number (which is a title too)."""
    if _PLAIN.fullmatch(token):
        if not _NUMBER.fullmatch(token):
            return token.lower(), not token[0].islower(), False
        if len(token) < 10 and token.isdigit():  # its numbers have a sign, and end at 2^31
            return token, True, True
    # Of other letters Rust and Python do not think alike.
    lower, title, digit = (feature.partition("=")[2] for feature in _ASKED.process([[[token]]])[0][0])
    return lower, title == "True", digit == "True"
