"""What is no file of a table is refused by name, at once, and in little memory."""

import gzip
import os
import resource
import socket
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from continuum.data import load
from continuum.data.loading import names_file, table_of
from continuum.data.reading import files
from continuum.data.reading import limits as limit
from continuum.errors import BadInput

#: Seconds in which a refusal comes.
SOON = 1.0


def refused(path: object, message: str, seconds: float = SOON) -> None:
    start = time.process_time()
    with pytest.raises(BadInput) as caught:
        load(path)  # type: ignore[arg-type]
    assert time.process_time() - start < seconds
    said = str(caught.value)
    assert message in said
    assert len(said) < 500
    assert said.isprintable()


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/random"])
def test_devices(device: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused(device, f"{device}: expected a regular file, got a device")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kB


def test_pipes_sockets_folders_and_loops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.csv")
    refused("pipe.csv", "expected a regular file, got a pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.csv")
        refused("socket.csv", "expected a regular file, got a socket")
    refused(tmp_path, "got a folder")
    os.symlink("loop.csv", "loop.csv")
    refused("loop.csv", "Too many levels of symbolic links")


def test_large_and_hollow_files(tmp_path: Path) -> None:
    path = tmp_path / "hollow.csv"
    with path.open("wb") as file:
        file.truncate(10 * 2**30)
    refused(path, "expected at most 1024 MiB, got 10240 MiB")
    with path.open("wb") as file:
        file.write(b"a,target\n1,2\n")
        file.truncate(2**29)
    refused(path, "expected a table, got zeros")


def test_bombs(tmp_path: Path) -> None:
    packed = tmp_path / "bomb.csv.gz"
    packed.write_bytes(gzip.compress(b"1,2\n" * 2**22 + b"3,4\n" * 2**21, 9))
    refused(packed, "expected at most 200 times its own size in the archive")
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("bomb.csv", b"1,2\n" * 2**22 + b"3,4\n" * 2**21)
    refused(archive, "times as much or more")
    book = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", b" " * 2**25)
        file.writestr("xl/workbook.xml", "<a/>")
    refused(book, "times as much or more")


@pytest.mark.parametrize(
    "path", ["x" * 10_000 + ".csv", "/".join(["x" * 200] * 50), "./a\0b", "a\x1b[31m.csv", "\udcff/a"]
)
def test_impossible_paths(path: str) -> None:
    refused(path, "expected a")
    assert names_file(path)


OTHERS = {
    "PDF": (b"%PDF-1.7\n", "got a PDF"),
    "old Excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "got an old Excel workbook"),
    "web page": (b"\n<!DOCTYPE html><html>", "got a web page"),
    "JSON lines": (
        b'{"a": 1, "target": 2}\n{"a": 2, "target": 3}\n',
        "got JSON; load the DataFrame that pandas.read_json",
    ),
    "JSON": (b'[\n {"a": 1}]', "got JSON"),
    "Git LFS": (b"version https://git-lfs.github.com/spec/v1\n", "by git lfs pull"),
    "image": (b"\x89PNG\r\n\x1a\n\0\0", "got an image"),
    "binary": (b"a,target\n1,\0\0\n", "row 2: expected text, got binary data"),
    "packed twice": (gzip.compress(gzip.compress(b"a")), "packed twice"),
    "half of a packed file": (gzip.compress(os.urandom(1000))[:500], "expected a whole file packed by gzip"),
    "sheet of OpenDocument": (
        b"PK\x03\x04" + b" " * 26 + b"mimetypeapplication/vnd.oasis.opendocument",
        "save it as xlsx",
    ),
    "half of a zip": (b"PK\x03\x04" + b"a" * 50, "expected a whole file packed by zip"),
    "half of Parquet": (b"PAR1" + b"a" * 50, "expected a whole Parquet file"),
    "long cell": (b"a,target\n" + b"x" * 10**6 + b",1\n", "row 2: expected cells of at most 131072 characters"),
}


@pytest.mark.parametrize(("content", "message"), OTHERS.values(), ids=OTHERS.keys())
def test_other_formats(content: bytes, message: str, write) -> None:
    refused(write(content), message)


def test_limits_are_kept(write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("a,target\n" + "1,x\n" * 100)
    monkeypatch.setattr("continuum.data.reading.collect.MOST_CELLS", 150)
    refused(path, "expected at most 150 cells")
    monkeypatch.setattr("continuum.data.reading.files.MOST_BYTES", 100)
    refused(path, "expected at most 0 MiB")
    assert limit.MOST_BYTES == 2**30
    assert files.HOLE_BYTES < files.HEAD_BYTES


@pytest.mark.parametrize("address", ["https://example.org/my.csv?raw=true", "s3://bucket/my.parquet"])
def test_addresses(address: str) -> None:
    refused(address, "expected a file, got an address; fetch it first")


@pytest.mark.parametrize("value", [{"a": [1]}, np.eye(2), pd.Series([1]), 7, None])
@pytest.mark.usefixtures("unhooked")
def test_things_that_are_no_tables(value: object) -> None:
    refused(value, "source: expected a name, a path or a DataFrame")


def test_cells_that_are_no_values() -> None:
    refused(
        pd.DataFrame({"a": [[1], [2]], "target": [1, 2]}), "column 'a': expected numbers, texts or dates, got list [1]"
    )
    refused(pd.DataFrame({"a": []}), "got 0 rows of 1 columns")


def test_wide_files_take_time_in_proportion(write) -> None:
    def seconds(columns: int) -> float:
        path = write(",".join(f"c{i}" for i in range(columns)) + ",target\n" + ("1," * columns + "x\n") * 3)
        start = time.process_time()
        table_of(path)
        return time.process_time() - start

    seconds(100)
    few, many = min(seconds(1_000) for _ in range(3)), min(seconds(10_000) for _ in range(2))
    assert many < 30 * few  # 10 times the columns; squares would take 100 times as long


def test_names_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write) -> None:
    write("a,target\n1,x\n2,y\n", "flowers.data")
    write("a,target\n1,x\n2,y\n3,y\n", "iris")
    write("a,target\n1,x\n2,y\n", "plain")
    monkeypatch.chdir(tmp_path)
    assert load("flowers.data").name == "flowers"
    assert load("plain").n == 2
    assert load("./iris").n == load(Path("iris")).n == 3
    task = load("iris")
    assert task.n == 150
    assert task.provenance.notes.endswith("The task of that name; the file is ./iris.")
    with pytest.raises(BadInput, match=r"did you mean the file flowers\.data\?"):
        load("flowers")
    with pytest.raises(BadInput, match="expected a file, got no such file"):
        load("bees.data")
