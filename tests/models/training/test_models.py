import numpy as np
import pytest

from pipeline.training import models, saving


def test_a_mirrored_model_answers_with_the_mean_over_an_image_and_its_mirror_image(tmp_path):
    model, _ = models.build("compact_cnn", {}, (8, 8, 3), 5)
    saving.save(models.mirrored(model), tmp_path / "both.keras")
    both = saving.load(tmp_path / "both.keras")
    assert both.count_params() == model.count_params()
    images = np.random.default_rng(1).integers(0, 256, (4, 8, 8, 3)).astype(np.uint8)
    answers = [model.predict(each, verbose=0) for each in (images, images[:, :, ::-1])]
    assert both.predict(images, verbose=0) == pytest.approx(np.mean(answers, axis=0), abs=1e-6)
