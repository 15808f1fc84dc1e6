"""What makes these tests the quick ones: none of them imports TensorFlow or Keras."""

import subprocess
import sys

from support.project import ROOT

COLLECT = """
import sys, pytest
status = pytest.main(["tests/unit", "--collect-only", "-q", "-p", "no:cacheprovider"])
assert status == 0, status
loaded = {"tensorflow", "keras", "keras_tuner"} & sys.modules.keys()
sys.exit(f"imported: {sorted(loaded)}" if loaded else 0)
"""


def test_no_file_of_this_tier_imports_tensorflow_or_keras():
    done = subprocess.run([sys.executable, "-c", COLLECT], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
