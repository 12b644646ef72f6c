"""Section pages as Vietnamese papers lay them out, written for these tests; each says which of its links are articles."""

from __future__ import annotations

from dataclasses import dataclass

TITLES = (
    "Xã ven biển dựng lại bến cá sau bão",
    "Học sinh miền núi có thêm ba phòng học mới",
    "Tuyến xe buýt nối hai huyện chạy từ đầu tháng",
    "Nông dân thử giống lúa chịu mặn trên đất cát",
    "Khánh thành trạm bơm phục vụ hơn nghìn héc ta",
    "Bàn cách giữ nghề làm nón của làng cổ",
    "Cảnh báo mưa lớn ở vùng núi phía tây",
    "Chợ phiên cuối năm đông khách trở lại",
    "Sửa xong cầu treo bị lũ cuốn hồi tháng mười",
    "Thư viện huyện mở cửa cả buổi tối",
    "Ngư dân được cấp áo phao trước mùa biển động",
    "Đội bóng trường làng vào chung kết tỉnh",
)
SLUGS = (
    "xa-ven-bien-dung-lai-ben-ca-sau-bao",
    "hoc-sinh-mien-nui-co-them-ba-phong-hoc-moi",
    "tuyen-xe-buyt-noi-hai-huyen-chay-tu-dau-thang",
    "nong-dan-thu-giong-lua-chiu-man-tren-dat-cat",
    "khanh-thanh-tram-bom-phuc-vu-hon-nghin-hec-ta",
    "ban-cach-giu-nghe-lam-non-cua-lang-co",
    "canh-bao-mua-lon-o-vung-nui-phia-tay",
    "cho-phien-cuoi-nam-dong-khach-tro-lai",
    "sua-xong-cau-treo-bi-lu-cuon-hoi-thang-muoi",
    "thu-vien-huyen-mo-cua-ca-buoi-toi",
    "ngu-dan-duoc-cap-ao-phao-truoc-mua-bien-dong",
    "doi-bong-truong-lang-vao-chung-ket-tinh",
)
MENU = "".join(
    f'<li><a href="/{path}">{name}</a></li>'
    for path, name in (("thoi-su", "Thời sự"), ("kinh-te", "Kinh tế"), ("van-hoa", "Văn hóa"), ("toa-soan", "Tòa soạn"))
)


@dataclass(frozen=True, slots=True)
class Front:
    """A page, the paths of its articles, what selects them, and the path of its next page (empty: none)."""

    name: str
    path: str  # where it lives
    html: str
    articles: tuple[str, ...]
    links: str
    next: str = ""


def _page(body: str) -> str:
    head = '<meta charset="utf-8"><title>Thời sự - Báo Cồn Cát</title>'
    return f'<!DOCTYPE html><html lang="vi"><head>{head}</head><body>{body}</body></html>'


def _headings() -> Front:
    """A heading with a link, a picture with the same link, a pager; a box of topics that look like articles."""
    paths = tuple(f"/{slug}-{2400117 + 31 * n}.html" for n, slug in enumerate(SLUGS))
    items = "".join(
        f'<article class="item"><a href="{path}"><img src="/{n}.jpg" alt=""></a>'
        f'<h3 class="title-news"><a href="{path}" title="{title}">{title}</a></h3><p>{title}, theo ban quản lý.</p></article>'
        for n, (path, title) in enumerate(zip(paths, TITLES, strict=True))
    )
    topics = "".join(
        f'<div class="box-topic"><a href="/chu-de/bau-cu-cac-cap-nhiem-ky-moi-{n}">Bầu cử các cấp nhiệm kỳ mới {n}</a></div>'
        for n in range(2)
    )
    pager = '<div class="pages"><a class="cur" href="/thoi-su">1</a><a href="/thoi-su-p2">2</a><a class="next-page" href="/thoi-su-p2">›</a></div>'  # noqa: E501
    return Front(
        "headings",
        "/thoi-su",
        _page(f'<header><nav><ul>{MENU}</ul></nav></header><main>{items}{topics}{pager}</main><footer><ul>{MENU}</ul></footer>'),
        paths,
        "h3 a",
        "/thoi-su-p2",
    )  # fmt: skip


def _generated() -> Front:
    """Class names made by a program; the link holds the heading; addresses end in -post and a number."""
    paths = tuple(f"/{slug}-post{98103 + 7 * n}.html" for n, slug in enumerate(SLUGS))
    items = "".join(
        f'<div class="sc-1x9ab2 lg:col-span-4"><a class="css-9f3k21 story hover:text-red-700" href="{path}">'
        f'<h2 class="css-77ab12">{title}</h2></a></div>'
        for path, title in zip(paths, TITLES, strict=True)
    )
    return Front(
        "generated",
        "/",
        _page(f'<div class="site-menu"><ul>{MENU}</ul></div><section class="css-0a1">{items}</section>'),
        paths,
        "a.story",
    )


def _dated() -> Front:
    """The month in the address, a hexadecimal number at its end; three classes for three sizes of title."""
    paths = tuple(f"/thoi-su/202611/{slug}-{(0xA1B2C3 + 4099 * n):x}/" for n, slug in enumerate(SLUGS))
    items = "".join(
        f'<div class="card"><a class="{("h1", "h2", "h3")[min(n // 3, 2)]}" href="{path}">{title}</a></div>'
        for n, (path, title) in enumerate(zip(paths, TITLES, strict=True))
    )
    return Front("dated", "/thoi-su/", _page(f'<ul id="menu">{MENU}</ul>{items}'), paths, ".card a")


def _portal() -> Front:
    """A portal of an authority: tables, no slugs at all, the number and the moment in the address."""
    paths = tuple(f"/chi-tiet-tin/-/view-article/1/{410221 + n}/{1795400000000 + n * 7177}" for n in range(len(TITLES)))
    rows = "".join(
        f'<tr><td class="stt">{n}</td><td class="tieude"><a href="{path}">{title}</a></td><td>23/11/2026</td></tr>'
        for n, (path, title) in enumerate(zip(paths, TITLES, strict=True))
    )
    pager = '<ul class="pager"><li class="next"><a href="/tin-tuc?trang=2">Sau</a></li></ul>'
    return Front(
        "portal",
        "/tin-tuc",
        _page(f'<table class="menu"><tr><td><ul>{MENU}</ul></td></tr></table><table>{rows}</table>{pager}'),
        paths,
        ".tieude a",
        "/tin-tuc?trang=2",
    )


FRONTS = (_headings(), _generated(), _dated(), _portal())
ONLY_MENU = _page(f'<nav><ul>{MENU}</ul></nav><p>Trang đang được nâng cấp.</p><a href="/lien-he">Liên hệ tòa soạn</a>')
