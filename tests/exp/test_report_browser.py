"""The page in a browser: headless Chromium, driven over WebDriver (https://www.w3.org/TR/webdriver2) by plain HTTP."""

import csv
import io
import json
import re
import shutil
import subprocess
import tempfile
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import torch
from continuum_experiments import gamma_sweep
from continuum_experiments.gamma_sweep.page_layer import EPOCHS, LR, data

from continuum.data import Part
from continuum.ensemble import Member, Settings, Stream, train
from continuum.exp import main
from continuum.exp.report.command import write
from continuum.exp.report.run import finished
from tests.exp.shortcuts import sketches, threads

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed (Debian package chromium)"),
    pytest.mark.skipif(not DRIVER, reason="chromedriver is not installed (Debian package chromium-driver)"),
]
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --window-size=1280,900"
).split()
KEYS = {"right": "\ue014", "page up": "\ue00e", "page down": "\ue00f", "home": "\ue011", "end": "\ue010"}
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
HOSTILE = "<img src=x onerror=document.title='broken'> & <!--"
WIDTHS = (0.5, 1.0, 1.25, 2.0, 2.5, 3.0)


class Browser:
    """One window; ``console`` holds what it complained of since last asked."""

    def __init__(self, port: int, folder: str) -> None:
        self.address = f"http://127.0.0.1:{port}/session"
        options = {"binary": CHROMIUM, "args": [*FLAGS, f"--user-data-dir={folder}"]}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        answer = self.call("POST", "", {"capabilities": {"alwaysMatch": wanted}})
        self.address += f"/{answer['sessionId']}"

    def call(self, method: str, path: str, body: object = None):
        content = json.dumps({} if body is None else body).encode() if method == "POST" else None
        request = urllib.request.Request(
            self.address + path, content, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def open(self, page: Path) -> None:
        self.call("POST", "/url", {"url": "about:blank"})  # so that another hash loads the page anew
        self.call("POST", "/url", {"url": page.as_uri()})

    def run(self, script: str, *values: object):
        return self.call("POST", "/execute/sync", {"script": script, "args": values})

    def console(self) -> list[str]:
        return [line["message"] for line in self.call("POST", "/se/log", {"type": "browser"})]

    def element(self, selector: str) -> str:
        return self.call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def press(self, *keys: str) -> None:
        """Press keys on the slider."""
        self.call("POST", f"/element/{self.element('#width')}/value", {"text": "".join(KEYS[key] for key in keys)})

    def click(self, selector: str) -> None:
        self.run("document.querySelector(arguments[0]).scrollIntoView({block: 'center'})", selector)
        self.call("POST", f"/element/{self.element(selector)}/click")

    def text(self, selector: str) -> str:
        return self.run("return document.querySelector(arguments[0]).textContent", selector)

    def all(self, selector: str, attribute: str) -> list[str]:
        script = "return [...document.querySelectorAll(arguments[0])].map((n) => n.getAttribute(arguments[1]))"
        return self.run(script, selector, attribute)

    def emulate(self, **features: str) -> None:
        listed = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.call("POST", "/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": {"features": listed}})

    def resize(self, width: int, height: int, *, mobile: bool = False) -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
        self.call("POST", "/goog/cdp/execute", {"cmd": "Emulation.setDeviceMetricsOverride", "params": metrics})


@pytest.fixture(scope="module")
def window():
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        subprocess.Popen([DRIVER, "--port=0"], stdout=subprocess.PIPE, text=True) as process,
    ):
        try:
            lines = iter(process.stdout.readline, "")
            port = next(match[1] for line in lines if (match := re.search(r"successfully on port (\d+)", line)))
            browser = Browser(int(port), folder)
            yield browser
            browser.call("DELETE", "")
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A run of two tasks, one of which bears a name that would like to be markup."""
    root = tmp_path_factory.mktemp("browser")
    random = np.random.default_rng(0)
    rows = [f"{a:.3f},{b:.3f},{a * b + 0.1:.3f}" for a, b in random.normal(size=(60, 2))]
    (root / f"{HOSTILE}.csv").write_text("\n".join(["a,b,target", *rows]) + "\n")
    flags = f"--units 4 --seeds 2 --epochs 4 --jobs 1 --widths {' '.join(map(str, WIDTHS))}".split()
    tasks = ["--tasks", str(root / f"{HOSTILE}.csv"), "wine"]
    with threads(), sketches(gamma_sweep):
        assert main(["gamma_sweep", *tasks, *flags, "--out", str(root / "runs")]) == 0
    (run,) = (root / "runs" / "gamma_sweep").iterdir()
    write(run)
    return run


@pytest.fixture
def browser(window, folder):
    """The page, freshly opened on a desk; at the end it must not have complained."""
    window.emulate()
    window.resize(1280, 900)
    window.open(folder / "report.html")
    yield window
    assert window.console() == []


def picture(browser) -> dict:
    """What the slider moves."""
    return {
        "gates": browser.all("#gates .gate", "data-gate"),
        "function": browser.all("#predicted", "d"),
        "cursors": browser.all(".chart .cursor", "x1"),
        "measured": browser.text("#readout"),
        "marked": browser.all("#table tr.here", "data-gamma"),
    }


def test_loads_without_a_word_and_fetches_nothing(browser, folder):
    assert browser.call("GET", "/title") == "A layer of real width"
    assert browser.all("#tasks input", "value") == ["0", "1"]
    assert len(browser.all("figure svg[role=img]", "aria-label")) == 2 + 6 + 2
    assert browser.run("return performance.getEntriesByType('resource').length") == 0
    manifest = json.loads((folder / "manifest.json").read_text())
    assert json.loads(browser.text("#whole")) == manifest
    assert manifest["versions"]["torch"] in browser.text("#manifest")


def test_a_console_error_would_be_seen(window, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<script>undefined.x</script>")
    window.open(page)
    assert any("TypeError" in line for line in window.console())


def test_keys_move_the_picture(browser):
    browser.press("home")
    first = picture(browser)
    assert [float(gate) for gate in first["gates"]] == [0.5, 0, 0, 0]
    browser.press("right", "right")
    second = picture(browser)
    assert [float(gate) for gate in second["gates"]] == [0.53125, 0, 0, 0]
    for moved in ("gates", "function", "cursors", "measured"):
        assert first[moved] != second[moved], moved
    browser.press("page up", "page up")
    assert browser.text("#gamma") == "2"
    assert browser.all("#width", "aria-valuetext") == ["γ = 2"]
    assert [float(gate) for gate in picture(browser)["gates"]] == [1, 1, 0, 0]
    assert picture(browser)["marked"] == ["2"]
    browser.press("page down")
    assert browser.text("#gamma") == "1"
    browser.press("end")
    assert browser.text("#gamma") == "3"
    assert "γ = 3" in browser.text("#said")


def test_pointer_moves_the_picture(browser):
    before = picture(browser)
    browser.click("[data-chart=loss] .chart")  # its middle, right of the margin for numbers
    assert browser.text("#gamma") not in ("2.25", "3")
    assert picture(browser) != before
    browser.click("#up")
    assert browser.text("#gamma") in ("2", "3")


def test_what_is_read_at_a_width_is_what_was_recorded(browser, folder):
    results = finished(folder).tables["results"].query("task == 'wine'")
    browser.press("home", "page up", "page up")
    here = results[results["gamma"] == 2.0]
    shown = browser.text("#readout").replace("−", "-")
    losses = {part: float(np.exp(np.log(here[f"{part}_loss"]).mean())) for part in ("train", "val", "test")}
    for label, part in (("training loss", "train"), ("validation loss", "val"), ("test loss", "test")):
        loss = float(re.search(rf"{label}([-\d.e]+)\[", shown).group(1))
        assert loss == pytest.approx(losses[part], rel=5e-3)  # three digits are shown
    assert float(re.search(r"test accuracy([\d.]+)\[", shown).group(1)) == pytest.approx(
        here["test_score"].mean(), rel=5e-3
    )
    assert "exactly this width" in browser.text("#between")
    kink = browser.text("[data-kink=dtrain] figcaption").replace("−", "-")
    for side in ("left", "right"):
        values = here[f"train_dgamma_{side}"]
        shown = float(re.search(rf"from the {side} ([-\d.e]+)", kink).group(1))
        assert shown == pytest.approx(values.mean(), rel=5e-3)
        assert f"negative in {(values < 0).sum()} of 2" in kink
    browser.press("right")
    assert "Interpolated between the recorded widths 2 and 2.5" in browser.text("#between")


def test_function_is_that_of_the_trained_network(browser):
    """Trained again here, and evaluated by torch; the page has weights of five digits."""
    x, y = data()
    gamma, at = 2.5, np.linspace(-1.5, 1.5, 7)
    settings = Settings(4, law="interval", activation="tanh", epochs=EPOCHS)
    stream = Stream(0, "regression", 1, Part(x[:, None], y))
    network = train([stream], [Member(gamma, init=0, lr=LR)], settings).network(0)
    with torch.no_grad():
        expected = network(torch.from_numpy(at[:, None]).float())[:, 0].double()
    script = """const [gamma, at] = arguments;
    return at.map((x) => predict(nearestNetwork(gamma), gatesAt(positionOf(gamma)), x))"""
    outputs = torch.tensor(browser.run(script, gamma, at.tolist()), dtype=torch.float64)
    torch.testing.assert_close(outputs, expected, rtol=0, atol=1e-3)
    other = torch.tensor(browser.run(script, 2.25, at.tolist()), dtype=torch.float64)
    with pytest.raises(AssertionError):
        torch.testing.assert_close(other, expected, rtol=0, atol=1e-3)


@pytest.mark.parametrize("name", ["tanh", "relu", "gelu"])
def test_activations_are_those_of_torch(browser, name):
    z = torch.linspace(-4, 4, 33, dtype=torch.float64)
    expected = getattr(torch.nn.functional, name)(z)
    values = browser.run("return arguments[1].map((z) => ACTIVATIONS[arguments[0]](z))", name, z.tolist())
    torch.testing.assert_close(torch.tensor(values, dtype=torch.float64), expected, rtol=0, atol=1e-6)


def test_table_sorts_and_shows_every_network(browser, folder):
    def values():
        return [row or 0.0 for row in browser.run("return columnsOf(tasks[state.task], 'means')[2].values")]

    def order():
        script = "return [...document.querySelectorAll('#table tbody tr')].map((row) => row.cells[2].textContent)"
        return [float(cell.replace("−", "-")) for cell in browser.run(script)]

    assert browser.all("#table th[scope=col]", "aria-sort")[0] == "ascending"
    browser.click("#table th:nth-child(3) button")
    assert order() == pytest.approx(sorted(values()), rel=1e-3)
    browser.click("#table th:nth-child(3) button")
    assert order() == pytest.approx(sorted(values(), reverse=True), rel=1e-3)
    assert browser.all("#table th[scope=col]", "aria-sort")[2] == "descending"
    assert "descending" in browser.text("#table caption")
    browser.click("#choices input[value=networks]")
    results = finished(folder).tables["results"]
    assert len(browser.all("#table tbody tr", "class")) == (results["task"] == "wine").sum()


def test_saved_rows_are_the_rows_of_the_run(browser, folder):
    results = finished(folder).tables["results"]
    head, *rows = csv.reader(io.StringIO(browser.run("return csvOf()")))
    assert head == list(results.columns)
    for name, column in zip(head, zip(*rows, strict=True), strict=True):
        if results[name].dtype.kind in "if":
            numbers = [float(value) if value else np.nan for value in column]
            np.testing.assert_array_equal(numbers, results[name].astype(float))
        else:
            assert list(column) == results[name].tolist()


def test_labels_stay_text(browser):
    assert browser.all("#tasks span", "class") == [None, None]
    browser.click("#tasks label:nth-of-type(1) input")
    assert HOSTILE in browser.text("#tasks")
    assert browser.text("#finding").startswith(f"{HOSTILE} (regression")
    assert "RMSE" in browser.text("#readout")
    assert browser.all("img", "src") == []
    assert browser.call("GET", "/title") == "A layer of real width"


def overflow(browser) -> list[str]:
    """What lies beyond the right edge, other than in a box that scrolls by itself."""
    script = """const boxed = ".scroll, pre, #tasks, clipPath, [clip-path]";
    const beyond = [...document.body.querySelectorAll("*")].filter((node) => {
      const box = node.getBoundingClientRect();
      return box.width > 1 && box.right > innerWidth + 0.5 && !node.closest(boxed);
    }).map((node) => node.outerHTML.slice(0, 80));
    return document.scrollingElement.scrollWidth > innerWidth ? ["the page", ...beyond] : beyond"""
    return browser.run(script)


def test_phone(browser, folder):
    browser.resize(375, 812, mobile=True)
    browser.open(folder / "report.html")
    assert browser.run("return innerWidth") == 375
    for task in (1, 2):
        browser.click(f"#tasks label:nth-of-type({task}) input")
        for key in ("home", "right", "end"):
            browser.press(key)
            assert overflow(browser) == []
    browser.run("document.querySelector('main').append(html('p', {id: 'wide'}, 'x'.repeat(200)))")
    assert overflow(browser)


def test_dark_and_still(browser):
    paper = "return getComputedStyle(document.body).backgroundColor"
    light = browser.run(paper)
    assert browser.run("return getComputedStyle(byId('play')).display") != "none"
    browser.emulate(prefers_color_scheme="dark", prefers_reduced_motion="reduce")
    assert browser.run(paper) != light
    assert browser.run("return getComputedStyle(byId('play')).display") == "none"


def test_play_runs_and_pauses(browser):
    browser.press("home")
    browser.click("#play")
    assert browser.text("#play") == "Pause"
    script = (
        "const [done] = arguments; const wait = () => state.position > 2 ? done(true) : setTimeout(wait, 20); wait()"
    )
    assert browser.call("POST", "/execute/async", {"script": script, "args": []})
    browser.click("#play")
    assert browser.text("#play") == "Play"


def test_everything_has_a_name_and_the_address_keeps_the_place(browser, folder):
    unnamed = """const named = "button, input, [role=region], svg[role=img], fieldset";
    const text = (n) => n.ariaLabel || n.textContent.trim() || n.getAttribute("aria-labelledby");
    return [...document.querySelectorAll(named)].filter((n) => !text(n) && !(n.labels?.length && text(n.labels[0])))
      .map((n) => n.outerHTML)"""
    assert browser.run(unnamed) == []
    assert browser.all("table caption", "class") == [None]
    browser.press("home", "page up")
    address = browser.run("return location.href")
    assert address.endswith("#task=wine&gamma=1")
    browser.call("POST", "/url", {"url": "about:blank"})
    browser.call("POST", "/url", {"url": address})
    assert browser.text("#gamma") == "1"
    browser.run("byId('width').focus()")
    assert browser.run("return getComputedStyle(byId('width'), ':focus-visible').outlineStyle") != "none"


def test_the_preview_of_a_file_needs_neither_script_nor_network(window, tmp_path):
    random = np.random.default_rng(0)
    rows = [
        f"{i};{a:.2f};{'red' if i % 3 else '<b>blue</b>'};{i % 2}".replace(".", ",")
        for i, a in enumerate(random.normal(size=90))
    ]
    path = tmp_path / f"{HOSTILE}.csv"
    path.write_text("\n".join(["id;size;colour;target", *rows]) + "\n")
    assert main(["data", str(path)]) == 0
    for width, scheme in ((1280, "light"), (375, "dark")):
        window.emulate(prefers_color_scheme=scheme)
        window.resize(width, 900, mobile=width < 500)
        window.open(tmp_path / f"{HOSTILE}.csv.preview.html")
        assert overflow(window) == []
        assert window.console() == []
    assert window.all("img, script, b", "src") == []
    assert len(window.all(".histogram rect", "x")) > 20
    assert window.run("return getComputedStyle(document.querySelector('.histogram rect')).fill") != "rgb(0, 0, 0)"
