"""What a page of another site can do to the Dagster page and the reports, tried in a real browser: nothing.

Needs a Chromium on the PATH. The page behind the guard is a stand-in that remembers what reached it; the
guard, the reports server and the browser are real.
"""

import contextlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from btassets_tests.browser.test_pages import pictures_module
from btassets_tests.support.door_server import Served, served_door

pytestmark = pytest.mark.browser

_ATTACK = """
(async () => {
  const page = 'http://HOST:PAGE', reports = 'http://HOST:REPORTS', told = {};
  const mutation = JSON.stringify({query: 'mutation { launchRun }'});
  const attempt = async (name, run) => {
    try { told[name] = await Promise.race([run(), new Promise((r) => setTimeout(() => r('nothing'), 1500))]); }
    catch (error) { told[name] = 'refused'; }
  };
  const read = async (url, options) => { const a = await fetch(url, options); return (await a.text()) || a.type; };
  const element = (tag, key, url) => new Promise((resolve) => {
    const made = document.createElement(tag);
    made.onload = () => resolve('loaded'); made.onerror = () => resolve('refused');
    made[key] = url; document.body.append(made);
  });
  for (const mode of ['cors', 'no-cors']) {
    for (const kind of ['text/plain', 'application/json', 'application/x-www-form-urlencoded']) {
      await attempt(`POST ${kind} ${mode}`, () => read(`${page}/graphql`,
        {method: 'POST', mode, headers: {'Content-Type': kind}, body: mutation, credentials: 'include'}));
    }
    await attempt(`GET query ${mode}`, () => read(`${page}/graphql?query=mutation{launchRun}`, {mode}));
    await attempt(`GET page ${mode}`, () => read(`${page}/`, {mode}));
    await attempt(`GET report ${mode}`, () => read(`${reports}/latest/report.html`, {mode}));
    await attempt(`GET report data ${mode}`, () => read(`${reports}/latest/report.json`, {mode}));
    await attempt(`sent on ${mode}`, () => read(`${page}/reports/latest/report.html`, {mode}));
  }
  await attempt('PUT', () => read(`${page}/graphql`, {method: 'PUT', body: mutation}));
  await attempt('beacon', async () => {
    navigator.sendBeacon(`${page}/graphql`, new Blob([mutation], {type: 'text/plain'}));
    navigator.sendBeacon(`${page}/graphql`, new Blob([mutation], {type: 'application/json'}));
    return 'sent';
  });
  await attempt('image', () => element('img', 'src', `${page}/graphql?query=mutation{launchRun}`));
  await attempt('script', () => element('script', 'src', `${reports}/latest/report.json`));
  await attempt('style', () => new Promise((resolve) => {
    const made = document.createElement('link');
    made.rel = 'stylesheet'; made.onload = () => resolve('loaded'); made.onerror = () => resolve('refused');
    made.href = `${page}/`; document.head.append(made);
  }));
  for (const kind of ['text/plain', 'multipart/form-data', 'application/x-www-form-urlencoded']) {
    const frame = document.createElement('iframe'), form = document.createElement('form');
    const field = document.createElement('input');
    frame.name = `frame-${kind}`; document.body.append(frame);
    Object.assign(form, {method: 'POST', action: `${page}/graphql`, enctype: kind, target: frame.name});
    Object.assign(field, {name: '{"query": "mutation { launchRun }", "x": "', value: '"}'});
    form.append(field); document.body.append(form); form.submit();
  }
  for (const url of [`${page}/`, `${reports}/latest/report.html`, `${page}/reports/latest/`]) {
    const frame = document.createElement('iframe');
    frame.src = url; document.body.append(frame);
  }
  await attempt('WebSocket', () => new Promise((resolve) => {
    const socket = new WebSocket(`ws://HOST:PAGE/graphql`, 'graphql-ws');
    socket.onmessage = (event) => resolve(event.data); socket.onerror = () => resolve('refused');
  }));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  told.frames = [...document.querySelectorAll('iframe')].map((frame) => {
    try { return frame.contentDocument ? frame.contentDocument.body.innerText : 'closed'; } catch { return 'closed'; }
  }).join(' | ');
  return JSON.stringify(told);
})()
"""


class _Quiet(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>foreign</title><body>")

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def foreign_site() -> Iterator[int]:
    """Port of a web site that has nothing to do with the book."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    try:
        with pictures_module().browser(1024, 900) as opened:
            yield opened
    except FileNotFoundError as error:
        pytest.skip(f"no browser test: {error}")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    made = tmp_path / "reports" / "2021-04-21-base-0123456789ab"
    made.mkdir(parents=True)
    (made / "report.html").write_text("<!doctype html><title>r</title><p>report of the book")
    (made / "report.json").write_text('{"x": "report of the book"}')
    (tmp_path / "reports" / "latest").symlink_to(made.name)
    with served_door(tmp_path / "reports") as door:
        yield door


def awaited(browser: Any, script: str) -> Any:
    answer = browser.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
    return answer["result"].get("value")


def shown(browser: Any, url: str) -> str:
    """Text of a page that is opened as from the address bar."""
    browser.ask("Page.navigate", url=url)
    browser.wait_for("document.readyState === 'complete'")
    return str(browser.evaluate("document.body ? document.body.innerText : ''"))


# The same machine under another port (same site), a name of another site, and a name that was rebound.
@pytest.mark.parametrize("site", ["127.0.0.1", "localhost", "evil.localhost"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "rebound.localhost"])
def test_a_foreign_page_reaches_nothing(browser: Any, served: Served, site: str, host: str) -> None:
    with foreign_site() as port:
        shown(browser, f"http://{site}:{port}/")
        script = _ATTACK.replace("HOST", host).replace("PAGE", str(served.port))
        told = str(awaited(browser, script.replace("REPORTS", str(served.reports_port))))
        assert '"WebSocket":"refused"' in told, "the attack did not run"
        assert "secret of the page" not in told
        assert "report of the book" not in told
        assert served.let_in == []


def test_the_attack_reaches_a_page_without_a_door(browser: Any, tmp_path: Path) -> None:
    with served_door(tmp_path, is_open=True) as served, foreign_site() as port:
        shown(browser, f"http://127.0.0.1:{port}/")
        script = _ATTACK.replace("HOST", "127.0.0.1").replace("PAGE", str(served.port))
        told = str(awaited(browser, script.replace("REPORTS", str(served.reports_port))))
        assert "secret of the page" in told
        assert {"GET", "POST", "WS"} <= {method for method, *_ in served.let_in}


def test_a_link_of_a_foreign_page_opens_nothing(browser: Any, served: Served) -> None:
    with foreign_site() as port:
        for url in (f"http://127.0.0.1:{served.port}/", f"http://127.0.0.1:{served.reports_port}/latest/report.html"):
            shown(browser, f"http://127.0.0.1:{port}/")
            browser.evaluate(f"location.href = '{url}'")
            browser.wait_for(f"location.href === '{url}' && document.readyState === 'complete'")
            text = str(browser.evaluate("document.body.innerText"))
            assert "from another site or port" in text
            assert served.let_in == []


def test_a_rebound_name_shows_nothing(browser: Any, served: Served) -> None:
    text = shown(browser, f"http://rebound.localhost:{served.port}/")
    assert "not the printed address" in text
    assert "not the printed address" in shown(
        browser, f"http://rebound.localhost:{served.reports_port}/latest/report.html"
    )
    assert served.let_in == []


def test_the_page_itself_works(browser: Any, served: Served) -> None:
    assert "secret of the page" in shown(browser, f"http://127.0.0.1:{served.port}/")
    own = """(async () => (await fetch('/graphql', {method: 'POST', headers: {'Content-Type': 'application/json'},
        body: '{"query": "{a}"}'})).text())()"""
    assert "secret of the page" in awaited(browser, own)
    socket = """new Promise((resolve) => { const socket = new WebSocket(`ws://${location.host}/graphql`);
        socket.onmessage = (event) => resolve(event.data); socket.onerror = () => resolve('refused'); })"""
    assert awaited(browser, socket) == "secret of the page"
    # The link of an asset's page, with and without telling where it comes from.
    for rel in ("", "noreferrer"):
        shown(browser, f"http://127.0.0.1:{served.port}/")
        browser.evaluate(
            f"""(() => {{ const link = document.createElement('a'); link.rel = '{rel}';
            link.href = '/reports/latest/'; document.body.append(link); link.click(); }})()"""
        )
        browser.wait_for(f"location.port === '{served.reports_port}' && document.readyState === 'complete'")
        assert "report of the book" in str(browser.evaluate("document.body.innerText"))
    index = shown(browser, f"http://127.0.0.1:{served.reports_port}/")
    assert "2021-04-21" in index
