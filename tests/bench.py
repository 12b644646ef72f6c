"""Speeds of the line's stages as ratios against a peer, both measured in the same run on the same texts.

`make bench` prints a table. Material: the fictional press, or the real press where it is found (DIEMBAO_PRESS or ../shared).
Ratios mean more than seconds on a shared machine: each pair is run in turn, three times, and the medians are compared.
"""

from __future__ import annotations

import gzip
import itertools
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from html import escape
from pathlib import Path
from typing import Any

import feedparser
import trafilatura
from rich.console import Console
from rich.table import Table
from selectolax.lexbor import LexborHTMLParser
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from underthesea import word_tokenize

from pipeline.crawl.entries import read_feed
from pipeline.demo.press import OUTLETS, stories
from pipeline.learning.labels import read_labelled
from pipeline.records import TOPICS, Page, Source
from pipeline.text.crf import installed_tables
from pipeline.text.extract import extract
from pipeline.text.places import Gazetteer
from pipeline.text.segmenter import COMPILED, Segmenter
from pipeline.text.words import told_words, words
from pipeline.triage.features import features
from pipeline.triage.flags import load
from tests.text.demo_pages import demo_page

ROOT = Path(__file__).parent.parent
PRESS = Path(os.environ.get("DIEMBAO_PRESS", ROOT.parent / "shared" / "press"))
ROUNDS = 3


def rate(work: Callable[[Any], object], things: Sequence[Any]) -> float:
    """Things a second."""
    began = time.perf_counter()
    for thing in things:
        work(thing)
    return len(things) / (time.perf_counter() - began)


def compare(
    ours: Callable[[Any], object], peer: Callable[[Any], object], things: Sequence[Any]
) -> tuple[float, float, float]:
    """Median rates of ours and of the peer, and the median ratio, in turn."""
    ours(things[0]), peer(things[0])
    pairs = [(rate(ours, things), rate(peer, things)) for _ in range(ROUNDS)]
    return (
        statistics.median(a for a, _ in pairs),
        statistics.median(b for _, b in pairs),
        statistics.median(a / b for a, b in pairs),
    )


def texts() -> list[str]:
    """Vietnamese article texts."""
    if (PRESS / "articles.jsonl").is_file():
        with (PRESS / "articles.jsonl").open(encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        return [row["text"] for row in rows if row["lang"] == "vi"]
    made = ["\n".join(story.body) for outlet in OUTLETS if outlet.language == "vi" for story in stories(outlet.id)]
    seed = sorted((ROOT / "models" / "seed").glob("*.jsonl"))
    return made + [item.text for path in seed for item in read_labelled(path) if item.lang == "vi"]


def pages() -> list[str]:
    """Newspaper pages."""
    if (PRESS / "extraction" / "html").is_dir():
        return [
            gzip.decompress(path.read_bytes()).decode("utf-8", "replace")
            for path in sorted((PRESS / "extraction" / "html").glob("*.gz"))[:60]
        ]
    return [
        f"<html><body><h1>{story.title}</h1>{''.join(f'<p>{part}</p>' for part in story.body)}</body></html>"
        for outlet in OUTLETS
        for story in stories(outlet.id)
    ]


# Where four real pages hold their paragraphs. Real texts are set into them, so that each page is new to every cache.
SHELLS = {
    "meth04_vnexpress_article.html": "article.fck_detail",
    "meth04_dantri_article.html": "article > div.dt-font-arial",
    "meth04_cafef_article.html": "div.detail-content",
    "meth04_baochinhphu_article.html": "div.detail-content",
}
_STATE: dict[str, Any] = {}  # of a worker process: model and gazetteer


def whole_pages(count: int = 600) -> list[bytes]:
    """Vietnamese newspaper pages: real texts in real pages, or the fictional press as its papers serve it."""
    if not (PRESS / "html").is_dir():
        return [demo_page(story.id) for outlet in OUTLETS if outlet.language == "vi" for story in stories(outlet.id)]
    shells: list[tuple[str, str]] = []
    for name, holder in SHELLS.items():
        tree = LexborHTMLParser((PRESS / "html" / name).read_bytes())
        node = tree.css_first(holder)
        assert node is not None and node.html is not None and tree.html is not None
        before, _, after = tree.html.partition(node.html)
        shells.append((f"{before}<div class='detail-content'>", f"</div>{after}"))
    with (PRESS / "articles.jsonl").open(encoding="utf-8") as lines:
        rows = itertools.islice((row for row in map(json.loads, lines) if row["lang"] == "vi"), 1_000, 1_000 + count)
        return [
            (
                before + "".join(f"<p>{escape(part)}</p>" for part in row["text"].split("\n") if part.strip()) + after
            ).encode()
            for row, (before, after) in zip(rows, itertools.cycle(shells), strict=False)
        ]


def prepare() -> None:
    """What a process needs once."""
    _STATE["model"] = load(ROOT / "models" / "current")
    _STATE["gazetteer"] = Gazetteer.from_tables(
        *((ROOT / "models" / "gazetteer" / name).read_text() for name in ("quang_tri.tsv", "provinces.tsv"))
    )
    words("Việt Nam")
    word_tokenize("Việt Nam")  # one text in a thousand is compared; the first loads underthesea's own model


def read_and_judge(html: bytes) -> int:
    """A page to its flags, as the line does it; the length of its text."""
    article = extract(Page("", html))
    if article is None:
        return 0
    told = f"{article.lead}\n{article.text}"
    split = (words(article.title), told_words(told, "vi"))
    _STATE["model"].judge("", article.title, told, split, _STATE["gazetteer"])
    return len(article.text)


def throughput(table: Table, by_words: Callable[[str], object]) -> None:
    """HTML to flags, on one core against the libraries as people wire them, and on two."""
    material = whole_pages()
    prepare()

    def as_people_do(html: bytes) -> object:
        """Title, date and text, as the line needs them; the words; the scores."""
        read = trafilatura.bare_extraction(html, with_metadata=True)
        told = f"{read.title or ''}\n{read.text or ''}" if read and not isinstance(read, dict) else ""
        return by_words(word_tokenize(told, format="text"))

    def text_only(html: bytes) -> object:
        return by_words(word_tokenize(trafilatura.extract(html) or "", format="text"))

    few = material[: len(material) * 3 // 4]  # what a worker has read before: an office reads thousands a day
    for html in few:
        read_and_judge(html)
    as_people_do(few[0]), text_only(few[0])
    for name, by_libraries in (("title, date and text", as_people_do), ("text only", text_only)):
        pairs = []
        for number in range(ROUNDS):
            fresh = material[len(few) + number :: ROUNDS][:40]
            if name == "text only":
                fresh = material[len(few) + number :: ROUNDS][40:] or fresh  # pages that no round before has seen
            pairs.append((rate(read_and_judge, fresh), rate(by_libraries, fresh)))
        table.add_row(
            "HTML to flags, one core (pages/s)",
            f"{statistics.median(a for a, _ in pairs):.0f}",
            f"trafilatura ({name}) + underthesea + scikit-learn {statistics.median(b for _, b in pairs):.1f}",
            f"{statistics.median(a / b for a, b in pairs):.1f}",
        )
    rates = {}
    for cores in (1, 2):
        with ProcessPoolExecutor(cores, multiprocessing.get_context("spawn"), initializer=prepare) as pool:
            list(pool.map(read_and_judge, few, chunksize=10))  # each has read some
            began = time.perf_counter()
            list(pool.map(read_and_judge, material, chunksize=25))
            rates[cores] = len(material) / (time.perf_counter() - began)
    table.add_row(
        "HTML to flags, two cores (pages/s)",
        f"{rates[2]:.0f}",
        f"one core {rates[1]:.0f}",
        f"{rates[2] / rates[1]:.2f}",
    )


def measure_words(table: Table) -> None:
    """Syllables a second of both decoders: on texts not seen before, remembering what other texts had, and nothing."""
    material = texts()
    unseen, seen = material[: 40 * ROUNDS], material[40 * ROUNDS : 1500]
    titles = [text.split("\n", 1)[0][:60] for text in material[-200 * ROUNDS :]]
    tables = installed_tables()
    word_tokenize("một")
    for compiled in (True, False) if COMPILED else (False,):
        way = "compiled" if compiled else "numpy"
        warm = Segmenter(tables, compiled)
        for text in seen:
            warm.words(text)
        for name, things, remembers in (
            ("warm, unseen articles", unseen, True),
            ("warm, unseen short texts", titles, True),
            ("cold, articles", unseen, False),
        ):
            pairs = []
            for turn in range(ROUNDS):  # other texts in each
                part = things[turn::ROUNDS]
                syllables = sum(len(text.split()) for text in part)
                ours = warm if remembers else Segmenter(tables, compiled)
                began = time.perf_counter()
                made = [ours.words(text) for text in part]
                between = time.perf_counter()
                reference = [word_tokenize(text, format="text") for text in part]
                pairs.append((syllables / (between - began), syllables / (time.perf_counter() - between)))
                if any(one not in (None, other) for one, other in zip(made, reference, strict=True)):
                    raise AssertionError("other words than underthesea's")
            a, b = (statistics.median(column) for column in zip(*pairs, strict=True))
            ratio = statistics.median(a / b for a, b in pairs)
            table.add_row(f"words, {way}, {name} (syllables/s)", f"{a:.0f}", f"word_tokenize {b:.0f}", f"{ratio:.1f}")
    (a, used), (b, peer) = fresh("pipeline.text.words", "words"), fresh("underthesea", "word_tokenize")
    table.add_row("words, first one of a process (s)", f"{a:.2f}", f"word_tokenize {b:.2f}", f"{b / a:.2f}")
    table.add_row(
        "words, peak memory of a process (MB)", f"{used:.0f}", f"word_tokenize {peer:.0f}", f"{peer / used:.2f}"
    )


def fresh(module: str, function: str) -> tuple[float, float]:
    """Of a process of its own: seconds to its first words, and megabytes at its peak after all texts."""
    program = f"""
import json, sys, time
began = time.perf_counter()
from {module} import {function} as split
split("Ngư dân bám biển.")
seconds = time.perf_counter() - began
for line in sys.stdin:
    split(json.loads(line))
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(seconds, int(peak.split()[1]) / 1024)
"""
    material = "\n".join(map(json.dumps, texts()))
    done = subprocess.run([sys.executable, "-c", program], input=material, capture_output=True, text=True, check=True)
    seconds, megabytes = map(float, done.stdout.split())
    return seconds, megabytes


def main() -> None:
    """Measure and print."""
    table = Table(title=f"{'real press' if PRESS.is_dir() else 'fictional press'}, median of {ROUNDS}")
    for column in ("stage", "ours", "peer", "ratio"):
        table.add_column(column)
    material = texts()[:120]
    measure_words(table)
    a, b, ratio = compare(
        lambda html: extract(Page("", html.encode())), lambda html: trafilatura.extract(html, fast=True), pages()
    )
    table.add_row("article text (pages/s)", f"{a:.0f}", f"trafilatura fast {b:.0f}", f"{ratio:.2f}")
    feed = (
        (
            "<rss version='2.0'><channel>"
            + "".join(
                f"<item><title>{text[:60]}</title><link>https://bao.vn/{n}</link></item>"
                for n, text in enumerate(material)
            )
            + "</channel></rss>"
        )
        .replace("&", "")
        .encode()
    )
    source = Source("a", "A", "https://bao.vn", "vi", "national")
    a, b, ratio = compare(lambda body: read_feed(body, "", "https://bao.vn/rss", source), feedparser.parse, [feed] * 5)
    table.add_row("feeds (files/s)", f"{a:.1f}", f"feedparser alone {b:.1f}", f"{ratio:.2f}")
    items = [item for path in sorted((ROOT / "models" / "seed").glob("*.jsonl")) for item in read_labelled(path)][:600]
    split = [(words(item.title), words(item.text)) for item in items]
    model = load(ROOT / "models" / "current")
    gazetteer = Gazetteer.from_tables(
        *((ROOT / "models" / "gazetteer" / name).read_text() for name in ("quang_tri.tsv", "provinces.tsv"))
    )
    peer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2, token_pattern=r"\S+")  # noqa: S106 - a pattern
    matrix = peer.fit_transform([" ".join(pair) for pair in split])
    learners = [LogisticRegression().fit(matrix, [item.labels[n] for item in items]) for n in range(len(TOPICS))]

    def by_peer(text: str) -> object:
        row = peer.transform([text])
        return [learner.predict_proba(row) for learner in learners]

    a, b, ratio = compare(
        lambda pair: model.judge("", pair[0], pair[1], pair, gazetteer), lambda pair: by_peer(" ".join(pair)), split
    )
    began = time.perf_counter()
    load(ROOT / "models" / "current")
    table.add_row("model, loaded (s)", f"{time.perf_counter() - began:.2f}", "floor 0.50", "")
    a_, b_, ratio_ = compare(
        lambda pair: model.logits(features(pair[0], pair[1], gazetteer)), lambda pair: by_peer(" ".join(pair)), split
    )
    table.add_row("scores, one at a time (items/s)", f"{a_:.0f}", f"scikit-learn {b_:.0f}", f"{ratio_:.2f}")
    table.add_row("flags with reasons (items/s)", f"{a:.0f}", f"scikit-learn, scores only {b:.0f}", f"{ratio:.2f}")
    throughput(table, by_peer)
    Console().print(table)


if __name__ == "__main__":
    main()
