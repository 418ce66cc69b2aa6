"""Fetching, against a local server that answers in the format of UCI's (which itself was not tried)."""

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from continuum.data import load
from continuum.data import uci as module
from continuum.errors import BadInput

pytest.importorskip("ucimlrepo", reason="the extra 'fetch' is not installed")

ENERGY = "X1,X2,Y1,Y2\n" + "".join(f"{i},{i % 3},{i + 0.5},{-i}\n" for i in range(9))
ROLES = {"X1": "Feature", "X2": "Feature", "Y1": "Target", "Y2": "Target"}


@dataclass
class Uci:
    """What the server answers: the CSV text, the role of each column, and one misbehaviour."""

    csv: str = ENERGY
    roles: dict[str, str] = field(default_factory=lambda: dict(ROLES))
    fault: str = ""
    url: str = ""
    over: threading.Event = field(default_factory=threading.Event)

    def answer(self, path: str) -> tuple[int, bytes]:
        if path == "/data.csv":
            return (404, b"") if self.fault == "csv 404" else (200, self.csv.encode())
        if self.fault == "silent":
            self.over.wait(10)
        if self.fault == "api 404":
            return 404, b""
        if self.fault == "not json":
            return 200, b"<html>maintenance</html>"
        if self.fault == "unknown":
            return 200, json.dumps({"status": 404, "message": "No such dataset"}).encode()
        if self.fault == "no keys":
            return 200, json.dumps({"status": 200, "data": {}}).encode()
        variables = [{"name": name, "role": role} for name, role in self.roles.items()]
        data_url = None if self.fault == "no csv" else f"{self.url}/data.csv"
        body = {"uci_id": 1, "name": "x", "data_url": data_url, "variables": variables}
        return 200, json.dumps({"status": 200, "data": {**body, "additional_info": None, "intro_paper": None}}).encode()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Uci]:
    uci = Uci()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = uci.answer(self.path.partition("?")[0])
            if not uci.over.is_set():
                self.send_response(status)
                stalls = uci.fault == ("csv stalls" if self.path == "/data.csv" else "api stalls")
                self.send_header("Content-Length", str(len(body) + stalls))
                self.end_headers()
                self.wfile.write(body)
                self.wfile.flush()
                uci.over.wait(10 * stalls)

        def log_message(self, *_: object) -> None:
            """Keep the test output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        uci.url = f"http://127.0.0.1:{http.server_port}"
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        monkeypatch.setattr("ucimlrepo.fetch.API_BASE_URL", f"{uci.url}/api/dataset")
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield uci
        uci.over.set()
        http.shutdown()
        thread.join()


def test_fetched_once_then_cached(server: Uci, cache: Path) -> None:
    task = load("energy_heating")
    assert task.provenance.source == "UCI"
    assert task.feature_names == ("X1", "X2")
    np.testing.assert_array_equal(task.target, np.arange(9) + 0.5)  # Y1, though UCI marks two targets
    assert [path.name for path in cache.iterdir()] == ["energy_heating.csv"]
    server.fault = "api 404"
    again = load("energy_heating")
    assert again.provenance.source == "cache"
    assert again.checksum == task.checksum


def test_only_marked_target_is_used(server: Uci) -> None:
    server.roles = {"X1": "Feature", "X2": "ID", "Y1": "Other", "Y2": "Target"}
    task = load("yacht")
    assert task.feature_names == ("X1",)
    np.testing.assert_array_equal(task.target, -np.arange(9.0))


def test_missing_values_and_text_survive(server: Uci) -> None:
    server.csv = "weight,horsepower,origin,mpg,car_name\n1,,1,9.5,a\n2,?,3,8,b\n3,7.25,2,7,c\n"
    server.roles = {**dict.fromkeys(("weight", "horsepower", "origin"), "Feature"), "mpg": "Target", "car_name": "ID"}
    task = load("auto_mpg")
    assert task.feature_names == ("weight", "horsepower", "origin=1", "origin=2", "origin=3")
    np.testing.assert_array_equal(task.features[:, 1], [np.nan, np.nan, 7.25])


FAULTS = {
    "api 404": "HTTPError: HTTP Error 404: Not Found",
    "csv 404": "HTTPError: HTTP Error 404: Not Found",
    "csv stalls": "TimeoutError: timed out",
    "api stalls": "TimeoutError: timed out",
    "not json": "JSONDecodeError",
    "unknown": "DatasetNotFoundError: No such dataset",
    "no keys": "KeyError",
    "no csv": "not available for import",
    "silent": "timed out",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_bad_answer_is_one_clear_line(fault: str, server: Uci, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server.fault = fault
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0.2)
    with pytest.raises(BadInput) as caught:
        load("energy_heating")
    message = str(caught.value)
    assert message.startswith("energy_heating (UCI id 242): expected an answer from the UCI server, got ")
    assert FAULTS[fault] in message
    assert message.endswith("or put energy_heating.csv into the folder $CONTINUUM_UCI")
    assert "\n" not in message
    assert not cache.exists()
    assert socket.getdefaulttimeout() is None


def test_offline(server: Uci, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound but not listening: refused at once
        monkeypatch.setattr("ucimlrepo.fetch.API_BASE_URL", f"http://127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(BadInput, match="Connection refused"):
            load("letter")
    assert not cache.exists()


@pytest.mark.parametrize(
    ("task", "roles", "message"),
    [
        ("energy_heating", {"X1": "Feature", "Y2": "Target"}, ""),
        ("letter", ROLES, "expected a column lettr from the UCI server, got targets Y1, Y2"),
        ("yacht", ROLES, "expected one column marked as the target from the UCI server, got targets Y1, Y2"),
        ("yacht", {"X1": "Feature"}, "got targets none"),
        ("yacht", {"Y1": "Target"}, "got no column marked as a feature"),
    ],
)
def test_target_column(task: str, roles: dict[str, str], message: str, server: Uci, cache: Path) -> None:
    server.roles = roles
    if not message:  # the catalogue's column is found even where UCI forgot to mark it
        assert load(task).n == 9
        return
    with pytest.raises(BadInput) as caught:
        load(task)
    assert message in str(caught.value)
    assert not cache.exists()


def test_data_unfit_for_a_task_is_not_cached(server: Uci, cache: Path) -> None:
    server.csv = "X1,X2,Y1,Y2\n1,2,3,4\n1,2,,4\n"
    with pytest.raises(BadInput, match=r"energy_heating \(UCI id 242\), row 3, column 'target'"):
        load("energy_heating")
    assert not cache.exists()
