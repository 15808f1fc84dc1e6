import pytest
from support.project import TINY, write_params
from support.settings import tune

from pipeline.running import guard
from pipeline.search import session


def test_no_trial_runs_if_something_was_edited_while_the_stage_began(
    splits, workspace, monkeypatch
):
    """What was imported before the edit would be kept under the digest of what is there now."""
    monkeypatch.setattr(guard, "_guards", [guard.Guard("tune@mlp")])
    session.open_runner("mlp", tune(), *splits)
    write_params(workspace, TINY | {"tune": {"epochs": 3}})
    with pytest.raises(guard.ChangedError, match=r"tune\.epochs"):
        session.open_runner("mlp", tune(), *splits)
