"""The part of kustomize that deploy/kubernetes uses. Anything else is refused, so that nothing is passed over; where there
is a kubectl, the result is compared with its own."""
import copy
import json
import subprocess
from pathlib import Path

import yaml

KEYS = {
    "apiVersion", "kind", "namespace", "labels", "resources", "components", "configMapGenerator", "generatorOptions", "patches",
}
NOT_IN_A_NAMESPACE = {"Namespace", "ClusterRole", "ClusterRoleBinding", "StorageClass", "PersistentVolume"}


class Wrong(Exception):
    """A kustomization that cannot be built."""


def documents(path):
    try:
        return [document for document in yaml.safe_load_all(path.read_text()) if document]
    except (OSError, yaml.YAMLError) as error:
        raise Wrong(f"{path}: {error}") from error


def name(resource):
    return resource.get("kind"), resource.get("metadata", {}).get("namespace"), resource.get("metadata", {}).get("name")


def build(folder):
    """All resources of a kustomization."""
    return _apply(Path(folder), [])


def _apply(folder, resources):
    path = folder / "kustomization.yaml"
    [kustomization] = documents(path) or [{}]
    if unknown := set(kustomization) - KEYS:
        raise Wrong(f"{path}: scripts/deploy/kustomize.py does not know {', '.join(sorted(unknown))}")
    for entry in kustomization.get("resources", []):
        found = (folder / entry).resolve()
        if found.is_dir():
            resources.extend(_apply(found, []))
        elif found.is_file():
            if not found.is_relative_to(folder.resolve()):
                raise Wrong(f"{path}: {entry} lies outside, which kustomize refuses")
            resources.extend(documents(found))
        else:
            raise Wrong(f"{path}: there is no {entry}")
    for entry in kustomization.get("components", []):
        if not (folder / entry / "kustomization.yaml").is_file():
            raise Wrong(f"{path}: there is no component {entry}")
        resources = _apply((folder / entry).resolve(), resources)
    for generator in kustomization.get("configMapGenerator", []):
        if not kustomization.get("generatorOptions", {}).get("disableNameSuffixHash"):
            raise Wrong(f"{path}: disableNameSuffixHash is expected")
        resources.append(_config_map(folder, path, generator))
    for patch in kustomization.get("patches", []):
        _patch(path, patch, resources)
    for resource in resources:
        metadata = resource.setdefault("metadata", {})
        if "namespace" in kustomization and resource.get("kind") not in NOT_IN_A_NAMESPACE:
            metadata["namespace"] = kustomization["namespace"]
        for label in kustomization.get("labels", []):
            metadata.setdefault("labels", {}).update(label["pairs"])
    names = [name(resource) for resource in resources]
    if twice := {str(each) for each in names if names.count(each) > 1}:
        raise Wrong(f"{path}: twice {', '.join(sorted(twice))}")
    return resources


def _config_map(folder, path, generator):
    if unknown := set(generator) - {"name", "files", "envs", "literals"}:
        raise Wrong(f"{path}: scripts/deploy/kustomize.py does not know {', '.join(sorted(unknown))} of a generator")
    data = {}
    try:
        for entry in generator.get("files", []):
            data[Path(entry).name] = (folder / entry).read_text()
        lines = [line for entry in generator.get("envs", []) for line in (folder / entry).read_text().splitlines()]
    except OSError as error:
        raise Wrong(f"{path}: {error}") from error
    for line in lines + generator.get("literals", []):
        if line.strip() and not line.startswith("#"):
            key, equals, value = line.partition("=")
            if not equals:
                raise Wrong(f"{path}: `{line}` is not KEY=VALUE")
            data[key] = value
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": generator["name"]}, "data": data}


def _patch(path, patch, resources):
    target = patch["target"]
    chosen = [
        resource
        for resource in resources
        if resource.get("kind") == target["kind"] and resource["metadata"]["name"] == target["name"]
    ]
    if len(chosen) != 1:
        raise Wrong(f"{path}: {len(chosen)} resources are {target['kind']} {target['name']}, which is to be patched")
    for step in yaml.safe_load(patch["patch"]):
        *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in step["path"].split("/")[1:]]
        at = chosen[0]
        try:
            for part in parents:
                at = at[int(part)] if isinstance(at, list) else at[part]
            _step(at, step, last)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise Wrong(f"{path}: {step['op']} {step['path']} of {target['name']}: {error!r}") from error


def _step(at, step, last):
    value = copy.deepcopy(step.get("value"))
    match step["op"], isinstance(at, list):
        case "add", True:
            at.insert(len(at) if last == "-" else int(last), value)
        case "add", False:
            at[last] = value
        case "replace", True:
            at[int(last)] = value
        case "replace", False:
            if last not in at:
                raise KeyError(last)
            at[last] = value
        case "remove", True:
            at.pop(int(last))
        case "remove", False:
            del at[last]
        case operation, _:
            raise ValueError(operation)


def difference(folder, resources, kubectl):
    """What kubectl makes of it that is not so here, or nothing."""
    run = subprocess.run([kubectl, "kustomize", str(folder)], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        return f"kubectl kustomize: {run.stderr.strip()}"

    def by_name(found):
        return {str(name(each)): json.dumps(each, sort_keys=True) for each in found}

    ours = by_name(resources)
    theirs = by_name(document for document in yaml.safe_load_all(run.stdout) if document)
    other = [each for each in sorted(ours.keys() | theirs.keys()) if ours.get(each) != theirs.get(each)]
    return f"kubectl has others of {', '.join(other)}" if other else None
