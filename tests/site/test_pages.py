"""Every page as a reader meets it: complete without a network, and usable by everyone.

A page is opened once; what was seen is kept, and each test looks at one side of it.
"""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT

from tests.site.built import open_tab, pages, served

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
MODES = {"light": ("light", WIDE), "dark": ("dark", WIDE), "phone": ("light", PHONE)}

every_page = pytest.mark.parametrize("page", pages() or ["no built book"])

# What is folded away is part of the page too.
UNFOLD = """() => {
  document.querySelectorAll("details").forEach((x) => (x.open = true));
  document.querySelectorAll(".toggle-hidden").forEach((x) => x.classList.remove("toggle-hidden"));
}"""
ANIMATIONS_END = "() => Promise.all(document.getAnimations().map((x) => x.finished)).then(() => 0)"
SET_MODE = "(mode) => { document.documentElement.dataset.theme = mode; }"
# Everything in the light; in the dark only colours differ; on a phone colours are the same, but
# there are other menus around the article. (Colours take most of the time.)
# Without preloading: it would fetch style sheets by addresses relative to the page.
COLOURS = ["color-contrast", "link-in-text-block"]
NO_COLOURS = {rule: {"enabled": False} for rule in COLOURS}
EVERYWHERE, AROUND = {"include": [["html"]]}, {"exclude": [[".bd-article"]]}
AXE_RUNS = {
    "light": [(EVERYWHERE, {"runOnly": WCAG})],
    "dark": [(EVERYWHERE, {"runOnly": COLOURS})],
    "phone": [(EVERYWHERE, {"runOnly": WCAG, "rules": NO_COLOURS}), (AROUND, {"runOnly": COLOURS})],
}
RUN_AXE = """([context, options]) =>
  axe.run(context, {...options, resultTypes: ["violations"], preload: false})"""
RENDERED = """() => ({
  formulas: document.querySelectorAll(".bd-article .math").length,
  typeset: document.querySelectorAll(".bd-article .math mjx-container").length,
  errors: [...document.querySelectorAll("mjx-merror")].map((x) => x.title || x.textContent),
})"""
# Too wide for the window, and not inside something that scrolls by itself.
TOO_WIDE = """() => {
  const limit = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= limit) return [];
  return [...document.querySelectorAll(".bd-article *")]
    .filter((x) => x.getBoundingClientRect().right > limit + 1)
    .map((x) => x.tagName + "." + x.className).slice(0, 5);
}"""
REPEATED_IDS = """() => {
  const seen = new Map();
  document.querySelectorAll("[id]").forEach((x) => seen.set(x.id, (seen.get(x.id) || 0) + 1));
  return [...seen].filter(([_, count]) => count > 1).map(([id]) => id);
}"""
PICTURES = """() => [...document.querySelectorAll(".bd-article img")].map((x) => ({
  source: x.getAttribute("src"),
  alt: (x.getAttribute("alt") || "").trim(),
  caption: (x.closest("figure")?.querySelector("figcaption")?.innerText || "").trim(),
  broken: x.complete && x.naturalWidth === 0,
}))"""
# For every slider of every chart: does moving it to its other end change what is drawn?
MOVE_SLIDERS = """async () => {
  const still = [];
  let count = 0;
  for (const chart of document.querySelectorAll(".vega-embed")) {
    const paths = () => [...chart.querySelectorAll("svg path")];
    const drawn = () => paths().map((x) => x.getAttribute("d")).join();
    for (const slider of chart.querySelectorAll("input[type=range]")) {
      count += 1;
      const before = drawn(), start = slider.value;
      const ends = [slider.max, slider.min];
      slider.value = Number(start) === Number(slider.max) ? ends[1] : ends[0];
      slider.dispatchEvent(new Event("input", {bubbles: true}));
      for (let i = 0; i < 40 && drawn() === before; i++)
        await new Promise((done) => setTimeout(done, 25));
      if (drawn() === before) still.push(slider.closest("label").innerText);
      slider.value = start;
      slider.dispatchEvent(new Event("input", {bubbles: true}));
    }
  }
  const charts = document.querySelectorAll("[id^=altair-viz-]").length;
  return {charts, drawn: document.querySelectorAll(".vega-embed svg").length, count, still};
}"""


@dataclass
class Visit:
    """What was seen on one page."""

    foreign: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    mathematics: dict = field(default_factory=dict)
    violations: dict[str, list[str]] = field(default_factory=dict)
    too_wide: list[str] = field(default_factory=list)
    repeated_ids: list[str] = field(default_factory=list)
    pictures: list[dict] = field(default_factory=list)
    sliders: dict = field(default_factory=dict)
    heading: str = ""


def told(message) -> str:
    """What the console says, and about which file."""
    return f"{message.text} {message.location.get('url')}"


def watch(tab, seen: Visit, own: str) -> None:
    """Note errors, and refuse every request that leaves the book."""

    def route(request_route):
        url = request_route.request.url
        if url.startswith((own, "data:", "blob:")):
            request_route.continue_()
        else:
            seen.foreign.append(url)
            request_route.abort()

    tab.route("**/*", route)
    tab.on("console", lambda m: m.type == "error" and seen.console.append(told(m)))
    tab.on("pageerror", lambda error: seen.console.append(str(error)))


def settle(tab) -> None:
    """Wait for formulas and charts."""
    tab.wait_for_function(
        "() => !window.MathJax?.startup?.promise || window.MathJax.startup.promise.then(() => true)"
    )
    tab.wait_for_function(
        "() => document.querySelectorAll('[id^=altair-viz-]').length"
        " === document.querySelectorAll('.vega-embed svg').length"
    )


def examine(browser, address: str, page: str) -> Visit:
    seen = Visit()
    tab = open_tab(browser, viewport=WIDE, color_scheme="light", reduced_motion="reduce")
    watch(tab, seen, address)
    tab.goto(f"{address}/{page}")
    settle(tab)
    seen.heading = tab.locator("h1").first.inner_text()
    seen.mathematics = tab.evaluate(RENDERED)
    seen.repeated_ids = tab.evaluate(REPEATED_IDS)
    seen.sliders = tab.evaluate(MOVE_SLIDERS)
    tab.evaluate(UNFOLD)
    seen.pictures = tab.evaluate(PICTURES)
    tab.evaluate(AXE_SCRIPT)
    for name, (mode, size) in MODES.items():
        tab.evaluate(SET_MODE, mode)
        tab.set_viewport_size(size)
        # Colours are judged at rest, and the theme answers a change of size a moment later.
        tab.wait_for_timeout(600)
        tab.evaluate(ANIMATIONS_END)
        seen.violations[name] = [
            f"{v['id']} ({v['impact']}): {node['html'][:160]}"
            for run in AXE_RUNS[name]
            for v in tab.evaluate(RUN_AXE, list(run))["violations"]
            for node in v["nodes"]
        ]
        if size is PHONE:
            seen.too_wide = tab.evaluate(TOO_WIDE)
    tab.context.close()
    return seen


@pytest.fixture(scope="session")
def visits(browser, address):
    """Pages as they were seen; each is opened on first use."""
    seen: dict[str, Visit] = {}

    def visit(page: str) -> Visit:
        if page not in seen:
            seen[page] = examine(browser, address, page)
        return seen[page]

    return visit


@every_page
def test_nothing_is_fetched_from_elsewhere(visits, page):
    assert visits(page).foreign == []


@every_page
def test_no_error_on_the_console(visits, page):
    assert visits(page).console == []


@every_page
def test_mathematics_is_typeset(visits, page):
    seen = visits(page).mathematics
    assert seen["typeset"] >= seen["formulas"]
    assert seen["errors"] == []


@every_page
@pytest.mark.parametrize("mode", MODES)
def test_no_barrier(visits, page, mode):
    """No violation of WCAG 2.2 A or AA that axe can find."""
    assert visits(page).violations[mode] == []


@every_page
def test_no_sideways_scrolling_on_a_phone(visits, page):
    assert visits(page).too_wide == []


@every_page
def test_ids_are_unique(visits, page):
    assert visits(page).repeated_ids == []


@every_page
def test_pictures_have_alternative_text_and_caption(visits, page):
    for picture in visits(page).pictures:
        assert not picture["broken"], picture
        assert len(picture["alt"]) >= 15, picture
        assert len(picture["caption"]) >= 15, picture


@every_page
def test_sliders_redraw_their_chart(visits, page):
    seen = visits(page).sliders
    assert seen["drawn"] == seen["charts"]
    assert seen["still"] == []
    if seen["charts"]:
        assert seen["count"] >= seen["charts"]


@every_page
def test_it_works_from_the_file_system(browser, site, page):
    """Opened by a double click, without any server."""
    seen = Visit()
    tab = open_tab(browser)
    watch(tab, seen, "file:")
    tab.goto((site / page).as_uri())
    settle(tab)
    assert seen.foreign == []
    assert seen.console == []
    mathematics = tab.evaluate(RENDERED)
    assert mathematics["typeset"] >= mathematics["formulas"]
    assert tab.evaluate(MOVE_SLIDERS)["still"] == []
    tab.context.close()


def test_what_is_checked_can_fail(browser, tmp_path):
    """A page with one fault of each kind is caught."""
    fault = tmp_path / "fault.html"
    fault.write_text(
        "<!doctype html><html><head><title>t</title></head><body><h1>x</h1>"
        "<div class='bd-article'><p id='a'>a</p><p id='a' style='width:900px;color:#eee'>pale</p>"
        "<img src='http://example.invalid/x.png'><span class='math'>x</span></div>"
        "<script>console.error('fault')</script></body></html>",
        "utf-8",
    )
    with served(tmp_path) as address:
        seen = examine(browser, address, fault.name)
    assert [urlsplit(url).hostname for url in seen.foreign] == ["example.invalid"]
    assert any(message.startswith("fault") for message in seen.console)
    assert seen.repeated_ids == ["a"]
    assert seen.too_wide != []
    assert seen.mathematics["typeset"] < seen.mathematics["formulas"]
    kinds = {x.split(" ")[0] for x in seen.violations["light"]}
    assert {"color-contrast", "image-alt", "html-has-lang"} <= kinds
