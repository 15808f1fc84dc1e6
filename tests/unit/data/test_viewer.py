"""Pictures come out as a browser shows them on white."""

import base64
import json
import re
import shutil
import struct
import subprocess

import numpy as np
import pytest
from PIL import Image, ImageCms
from support.picture_files import chunk, exchanged, png

from pipeline.data import decoding

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium to compare with"),
]
PAGE = """<body><script>
const draw = source => new Promise((done, failed) => {
  const image = new Image();
  image.onerror = () => done(null);
  image.onload = () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    const context = canvas.getContext("2d");
    context.fillStyle = "white";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0);
    const shown = context.getImageData(0, 0, canvas.width, canvas.height);
    done([canvas.width, canvas.height, Array.from(shown.data)]);
  };
  image.src = source;
});
Promise.all(SOURCES.map(draw)).then(all => document.body.textContent = JSON.stringify(all));
</script></body>"""
KINDS = {"jpg": "jpeg"}


def shown(paths, folder) -> list[np.ndarray]:
    """Read what the browser shows, [height, width, 3] each."""
    sources = [
        f"data:image/{KINDS.get(p.suffix[1:], p.suffix[1:])};base64,"
        + base64.b64encode(p.read_bytes()).decode()
        for p in paths
    ]
    (folder / "page.html").write_text(PAGE.replace("SOURCES", json.dumps(sources)))
    command = [
        str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu",
        "--disable-background-networking", "--force-color-profile=srgb",
        f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=20000", "--dump-dom",
        (folder / "page.html").as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    found = re.search(r"<body>(\[.*\])</body>", done.stdout, re.DOTALL)
    assert found, done.stdout[-500:]
    pictures = json.loads(found[1])
    assert None not in pictures, paths[pictures.index(None)]
    return [np.array(data).reshape(h, w, 4)[..., :3] for w, h, data in pictures]


def write_all(folder) -> None:
    """Write a picture of each kind that a browser shows."""
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 256, (6, 9, 3), dtype=np.uint8)).resize((90, 60))
    p3 = exchanged()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    alpha = Image.fromarray(rng.integers(0, 256, (60, 90), dtype=np.uint8))
    clear = noise.copy()
    clear.putalpha(alpha)
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        whole = clear if "A" in mode else noise
        image = whole.convert("L").convert(mode) if mode in ("I;16",) else whole.convert(mode)
        image.save(folder / f"mode-{mode.replace(';', '-')}.png")
    for suffix in ("bmp", "gif", "webp", "jpg"):
        options = {"lossless": True} if suffix == "webp" else {}
        noise.save(folder / f"plain.{suffix}", **options)
    clear.save(folder / "clear.webp", lossless=True)
    noise.convert("CMYK").save(folder / "cmyk.jpg", quality=95)
    noise.save(folder / "progressive.jpg", progressive=True)
    for name, profile in (("other", p3), ("srgb", srgb), ("broken", b"nothing")):
        noise.save(folder / f"profile-{name}.png", icc_profile=profile)
        noise.save(folder / f"profile-{name}.jpg", icc_profile=profile, quality=95)
        noise.save(folder / f"profile-{name}.webp", icc_profile=profile, lossless=True)
        noise.convert("P").save(folder / f"palette-{name}.png", icc_profile=profile)
        noise.convert("L").save(folder / f"grey-{name}.png", icc_profile=profile)
        clear.save(folder / f"clear-{name}.png", icc_profile=profile)
    for orientation in range(1, 9):  # not of WebP, which Chromium does not turn
        exif = Image.Exif()
        exif[0x0112] = orientation
        noise.save(folder / f"turned-{orientation}.jpg", exif=exif, quality=95)
        noise.save(folder / f"turned-{orientation}.png", exif=exif)
    key = chunk(b"tRNS", struct.pack(">H", 1))
    png(folder / "key-1.png", 4, 1, 0, bytes([0b01010000]), key)
    png(folder / "key-2.png", 4, 2, 0, bytes([0b00011011]), key)
    png(folder / "key-4.png", 4, 4, 0, bytes([0x01, 0x2F]), key)
    png(folder / "key-8.png", 4, 8, 0, bytes([0, 1, 2, 255]), key)
    values = [0, 2570, 2571, 65535]
    key = chunk(b"tRNS", struct.pack(">H", 2570))
    png(folder / "key-16.png", 4, 16, 0, struct.pack(">4H", *values), key)
    key = chunk(b"tRNS", struct.pack(">3H", 2570, 2570, 2570))
    colours = [value for value in values for _ in range(3)]
    png(folder / "key-rgb-16.png", 4, 16, 2, struct.pack(">12H", *colours), key)
    png(folder / "alpha-16.png", 2, 16, 4, struct.pack(">4H", 0, 65535, 12345, 0))
    palette = chunk(b"PLTE", bytes([0, 0, 0, 200, 0, 0, 0, 0, 255]))
    half = chunk(b"tRNS", b"\x80\x00")
    png(folder / "palette-alpha.png", 3, 2, 3, bytes([0b00011000]), palette, half)
    frames = [noise.convert("P"), Image.new("P", (90, 60), 3)]
    frames[0].save(folder / "frames.gif", save_all=True, append_images=frames[1:])
    part = Image.new("P", (20, 20), 0)
    part.putpalette([255, 0, 0, 0, 0, 255])
    part.save(folder / "part.gif")
    content = bytearray((folder / "part.gif").read_bytes())
    content[6:10] = struct.pack("<HH", 30, 20)
    (folder / "part.gif").write_bytes(content)


def test_pictures_of_every_kind_are_as_a_browser_shows_them(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    write_all(folder)
    paths = sorted(folder.iterdir())
    wrong = []
    for path, expected in zip(paths, shown(paths, tmp_path), strict=True):
        found = np.asarray(decoding.decode(path, 256).convert("RGB")).astype(int)
        if found.shape != expected.shape:
            wrong.append((path.name, found.shape, expected.shape))
            continue
        # Browsers convert CMYK and profiles with less care, and round alpha in another way.
        limit = 12 if path.suffix == ".jpg" else 3
        difference = np.abs(found - expected).max()
        if difference > limit:
            wrong.append((path.name, int(difference), found[0, :4], expected[0, :4]))
    assert not wrong
