"""Read the built site as its visitors do: ``python doc/browse.py [doc/_build/html]``.

Each link within the site must lead somewhere. In Chromium, at the widths of a desktop and of a
phone, light and dark, no page may print an error, ask for a file that is not there, load anything
from elsewhere, or be wider than the window. The search must find the page of each word first.
"""

import shutil
import sys
import threading
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from playwright.sync_api import Browser, Page, TimeoutError, sync_playwright

WINDOWS = {"desktop": (1280, 800), "phone": (390, 844)}
# Seen in each window and colour; all others are seen on the phone in light colours.
SEEN_IN_ALL = [
    "index.html",
    "guide/thresholds.html",
    "api/generated/skvae.VAEOutlierDetector.html",
    "auto_examples/index.html",
]
SEARCHES = {
    "architecture": "guide/architectures",
    "callback": "guide/architectures",
    "categorical": "guide/tables",
    "changelog": "start/whats_new",
    "cite": "start/citing",
    "contamination": "guide/contamination",
    "curve": "guide/curves",
    "dask": "guide/interoperability",
    "error": "guide/errors",
    "explain": "guide/explanations",
    "glossary": "guide/glossary",
    "GPU": "guide/large",
    "image": "guide/images",
    "install": "start/index",
    "IsolationForest": "start/migrating",
    "load": "guide/saving",
    "memmap": "guide/large",
    "missing": "guide/tables",
    "ONNX": "guide/serving",
    "p-value": "guide/thresholds",
    "partial_fit": "guide/streams",
    "pickle": "guide/saving",
    "PyOD": "start/migrating",
    "sample_weight": "guide/contamination",
    "save": "guide/saving",
    "scale": "guide/tables",
    "score": "guide/scores",
    "search": "guide/searching",
    "security": "start/security",
    "stream": "guide/streams",
    "threshold": "guide/thresholds",
}


class Links(HTMLParser):
    """The addresses that a page links to, and the places in it that others may link to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: set[str] = set()
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag links to, and its name."""
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.addresses.add(value)
            elif name in ("id", "name") and value:
                self.places.add(value)


def pages_of(site: Path) -> list[Path]:
    """Return the pages of a site, without the templates of its theme."""
    return sorted(page for page in site.rglob("*.html") if "_static" not in page.parts)


def broken_links(site: Path) -> list[str]:
    """Return the links within a site that lead nowhere."""
    pages = {page: Links(page.read_text(encoding="utf-8")) for page in pages_of(site)}
    broken = []
    for page, links in pages.items():
        for address in links.addresses:
            if urlsplit(address).scheme or address.startswith("//"):
                continue
            path, place = urldefrag(address)
            target = (page.parent / unquote(urlsplit(path).path)).resolve() if path else page
            known = pages[target].places if target in pages else {place}
            if not target.exists() or (place and unquote(place) not in known):
                broken.append(f"{page.relative_to(site)} links to {address}")
    return broken


class Server(ThreadingHTTPServer):
    """A server that lets the browser leave before it has read all."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Print no traceback: faults are what the browser sees."""


class Handler(SimpleHTTPRequestHandler):
    """A server that prints nothing."""

    def log_message(self, *args: object) -> None:
        """Print no request."""


def watched(browser: Browser, window: str, colour: str, root: str, faults: list[str]) -> Page:
    """Return a page of the browser that notes all faults it meets."""
    width, height = WINDOWS[window]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=colour,
    )
    page = context.new_page()
    where = f"{window}, {colour}"

    def note(what: str) -> None:
        faults.append(f"{page.url.removeprefix(root)} ({where}): {what}")

    page.on("console", lambda message: message.type == "error" and note(message.text))
    page.on("pageerror", lambda error: note(str(error)))
    page.on(
        "requestfailed",
        # The search reads pages for its summaries, and the next search may come before they do.
        lambda request: request.failure != "net::ERR_ABORTED" and note(f"{request.url} failed"),
    )
    page.on(
        "request",
        lambda request: (
            request.url.startswith(("http", "ws"))
            and not request.url.startswith(root)
            and note(f"loads {request.url}")
        ),
    )
    return page


def see(page: Page, address: str, faults: list[str]) -> None:
    """Open a page, and note if it is wider than its window."""
    page.goto(address, wait_until="load")
    wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    if wider > 0:
        faults.append(f"{address} is {wider} pixels wider than {page.viewport_size}")


def first_found(page: Page, root: str, word: str) -> str:
    """Return the first page that the site's own search finds for a word."""
    page.goto(f"{root}search.html?q={word}", wait_until="load")
    # Results are sorted before the first is shown.
    link = page.locator("#search-results ul.search li a").first
    try:
        link.wait_for(timeout=10_000)
    except TimeoutError:
        return "nothing"
    address = urldefrag(urljoin(page.url, link.get_attribute("href")))[0]
    return urlsplit(address.removeprefix(root)).path.removesuffix(".html")


def main(site: Path) -> int:
    """Print all faults, and return their number."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    faults = broken_links(site)
    server = Server(("127.0.0.1", 0), partial(Handler, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    root = f"http://127.0.0.1:{server.server_port}/"
    addresses = [str(page.relative_to(site)) for page in pages_of(site)]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        for window in WINDOWS:
            for colour in ("light", "dark"):
                page = watched(browser, window, colour, root, faults)
                everywhere = (window, colour) == ("phone", "light")
                for address in addresses if everywhere else SEEN_IN_ALL:
                    see(page, root + address, faults)
                page.context.close()
        page = watched(browser, "desktop", "light", root, faults)
        for word, expected in SEARCHES.items():
            found = first_found(page, root, word)
            if found != expected:
                faults.append(f"A search for {word!r} finds {found} first, and not {expected}")
        browser.close()
    server.shutdown()
    print("\n".join(faults))
    print(f"{len(addresses)} pages, {len(SEARCHES)} searches, {len(faults)} faults")
    return len(faults)


if __name__ == "__main__":
    sys.exit(min(1, main(Path(sys.argv[1] if len(sys.argv) > 1 else "doc/_build/html").resolve())))
