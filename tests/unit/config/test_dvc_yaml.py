"""Our reading of dvc.yaml agrees with DVC's own."""

from dvc.dependency import ParamsDependency
from dvc.repo import Repo
from ruamel.yaml import YAML
from support.project import ROOT

from pipeline.config import dvc_yaml


def read(name):
    return YAML(typ="safe").load((ROOT / name).read_text())


def test_stages_and_their_dependencies_are_the_ones_that_dvc_resolves():
    pipeline, values = read("dvc.yaml"), dvc_yaml.flatten(read("params.yaml"))
    with Repo(str(ROOT)) as repo:
        resolved = {
            stage.name: {
                dep.def_path for dep in stage.deps if not isinstance(dep, ParamsDependency)
            }
            for stage in repo.index.stages
        }
    names = set(dvc_yaml.stage_names(pipeline, values))
    assert names == resolved.keys()
    for name in names:
        assert set(dvc_yaml.stage(pipeline, values, name)["deps"]) == resolved[name]


def test_a_template_that_names_no_parameter_stays_as_it_is():
    pipeline = {"stages": {"one": {"deps": ["${gone.name}.py"]}}}
    assert dvc_yaml.stage(pipeline, {}, "one")["deps"] == ["${gone.name}.py"]
