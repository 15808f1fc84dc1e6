"""The program that runs a model in a browser: ONNX Runtime Web, from its npm package, verified."""

import base64
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pipeline.base import paths
from pipeline.base.errors import ConvoyError

PACKAGE = "onnxruntime-web@1.30.0"
# As `npm view onnxruntime-web@1.30.0 dist.integrity` gives it; 33 MB.
SHA512 = "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
SCRIPT = "package/dist/ort.wasm.bundle.min.mjs"
WASM = "package/dist/ort-wasm-simd-threaded.wasm"
# Kept here between exports.
KEPT = paths.state() / "npm"


@dataclass(frozen=True)
class Runtime:
    """The program: a JavaScript module, and the WebAssembly that it starts."""

    package: str
    script: bytes
    wasm: bytes


def bring() -> Runtime:
    """Return the program, from the package that npm brings once.

    Raises:
        ConvoyError: npm is not there, cannot bring the package, or brings another one.
    """
    archive = KEPT / f"{PACKAGE.replace('@', '-')}.tgz"
    if not archive.exists():
        _pack(archive)
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != SHA512:
        archive.unlink()
        raise ConvoyError(f"{PACKAGE}: sha512 {found}, expected {SHA512}. It was not used.")
    with tarfile.open(archive) as package:
        script, wasm = (_member(package, name) for name in (SCRIPT, WASM))
    return Runtime(PACKAGE, script, wasm)


def _pack(archive: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise ConvoyError(
            f"--format web needs npm once, to bring {PACKAGE}. Install Node.js, which has it, or "
            f"put the package's archive at {archive}."
        )
    folder = archive.parent
    folder.mkdir(parents=True, exist_ok=True)
    # npm writes the archive under its final name, so a kill would leave half of one.
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        done = subprocess.run(
            [npm, "pack", PACKAGE, "--silent"],
            cwd=scratch,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ConvoyError(f"npm cannot bring {PACKAGE}: {done.stderr.strip()}")
        Path(scratch, done.stdout.split()[-1]).replace(archive)


def _member(package: tarfile.TarFile, name: str) -> bytes:
    stream = package.extractfile(name)
    assert stream is not None  # the archive is the one that was looked at
    return stream.read()
