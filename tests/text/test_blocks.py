"""A page as blocks of text: what is read of it, what never is, and what its names say."""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser

from pipeline.text.blocks import Walk, is_comment, page_frame, short_text


def blocks(html: str) -> list[tuple[str, str]]:
    """(kind, text) of the blocks of a page."""
    root = LexborHTMLParser(f"<body>{html}</body>").body
    assert root is not None
    walk = Walk()
    walk.through(root)
    return [(block.kind, " | ".join(block.lines)) for block in walk.blocks]


def test_elements_that_part_blocks_part_them_and_those_inside_a_line_do_not() -> None:
    html = "<div>Bến <b>đò</b> <span>Cồn</span> Nhạn<p>mở lại<br>từ sáng nay</p>đò chạy<ul><li><p>bốn chuyến</p></li></ul></div>"

    assert blocks(html) == [
        ("div", "Bến đò Cồn Nhạn"),
        ("p", "mở lại | từ sáng nay"),
        ("div", "đò chạy"),
        ("li", "bốn chuyến"),
    ]


def test_a_list_of_links_is_one_block_and_a_list_with_words_of_its_own_is_walked() -> None:
    links = "".join(f"<li><a href=/{number}>Một tiêu đề khác, số {number}</a></li>" for number in range(6))
    told = "".join(f"<li>Thôn số {number} có đò, xem <a href=/{number}>giờ chạy</a></li>" for number in range(6))
    root = LexborHTMLParser(f"<body><ul>{links}</ul><ul>{told}</ul></body>").body
    assert root is not None
    walk = Walk()
    walk.through(root)
    menu, *items = walk.blocks

    assert (menu.lines, menu.items, menu.linked) == ([], 6, menu.length)
    assert [item.lines[0] for item in items] == [f"Thôn số {number} có đò, xem giờ chạy" for number in range(6)]


def test_links_bold_and_what_follows_a_picture_are_measured() -> None:
    root = LexborHTMLParser(
        "<body><p><a href=/>Bến đò</a> <b>Cồn</b></p><img src=a.jpg><p><i>Đò sang sông</i></p></body>"
    ).body
    assert root is not None
    walk = Walk()
    walk.through(root)
    first, second = walk.blocks

    assert (first.linked, first.bold, first.length, first.pictured) == (6, 3, 10, False)
    assert (second.italic, second.pictured) == (True, True)


def test_readers_comments_are_told_by_class_id_and_microdata_but_never_the_page_itself() -> None:
    tree = LexborHTMLParser(
        "<div id=a class=binh-luan>x</div><div id=b itemprop=comment>x</div><div id=c class=comments><h1>Tên bài</h1></div>"
        "<article id=d class=comments>x</article><div id=box-comment>x</div><div id=e class=commentary>x</div>"
    )

    assert tree.root is not None
    page = page_frame(tree.root)

    told = {node.id: is_comment(node) and node.mem_id not in page for node in tree.css("[id]")}

    assert told == {"a": True, "b": True, "c": False, "d": False, "box-comment": True, "e": False}


def test_text_that_is_too_long_to_be_looked_at_is_none() -> None:
    node = LexborHTMLParser("<div>Bến <b>đò</b>\n Cồn</div>").css_first("div")
    assert node is not None

    assert (short_text(node, 10), short_text(node, 9)) == ("Bến đò Cồn", "")
