"""Images, the compose file, the TLS proxy and the systemd units."""
import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import tomllib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import crossplane
import fastjsonschema
import yaml

import commands

CONTAINERFILES = ("Containerfile", "Containerfile.cuda")
# Of systemd-analyze: 0 is locked up, 10 open.
MOST_EXPOSED = 20  # tenths


def drain_seconds(root):
    text = (root / "prover/worker/src/config.rs").read_text()
    return int(re.search(r"drain_timeout: Duration::from_secs\((\d+)\)", text)[1])


def containers(root, program):
    folder = root / "deploy/containers"
    for name in CONTAINERFILES:
        where = f"deploy/containers/{name}"
        run = subprocess.run(["hadolint", "--no-color", folder / name], capture_output=True, text=True, check=False)
        yield from (f"{where}: {line.replace(str(folder / name), '')}" for line in (run.stdout + run.stderr).splitlines())
        text = (folder / name).read_text().replace("\\\n", " ")
        yield from (f"{where}: {problem}" for problem in stages(root, text, program))
    run = subprocess.run(["bash", "-n", folder / "healthy"], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        yield f"deploy/containers/healthy: {run.stderr.strip()}"
    yield from ignored(root)


def stages(root, text, program):
    channel = tomllib.loads((root / "rust-toolchain.toml").read_text())["toolchain"]["channel"]
    if f"FROM rust:{channel}-" not in text or f"ENV RUSTUP_TOOLCHAIN={channel}\n" not in text:
        yield f"rust-toolchain.toml has {channel}"
    for source in re.findall(r"^COPY (?:--\S+ )*(\S+) ", text, re.M):
        if "--from" not in source and source != "." and not source.startswith("/") and not (root / source).exists():
            yield f"there is no {source} to copy"
    user, health, final = None, None, []
    for stage in re.split(r"^FROM ", text, flags=re.M)[1:]:
        # Later stages are made from earlier ones and keep their user.
        user = (re.findall(r"^USER (\S+)", stage, re.M) or [user])[-1]
        health = re.search(r"^HEALTHCHECK .*?CMD (\[.*\])", stage, re.M)
        command = re.search(r"^CMD (\[.*\])", stage, re.M)
        if not command:
            continue
        words = commands.json_array(command[1])
        if words is None:
            yield f"CMD {command[1]} is no JSON array"
            continue
        if words == ["--help"]:
            continue
        final.append(words[0])
        yield from commands.check_line(program, words)
        yield from commands.check_variables(program, re.findall(r"\b(ASHLAR_[A-Z_]+)=", " ".join(re.findall(r"^ENV .*", stage, re.M))))
        if user != "65532:65532":
            yield f"{words[0]} runs as {user}"
        metrics = dict(zip(words, words[1:])).get("--listen-metrics", "")
        if not health or json.loads(health[1]) != ["healthy", "127.0.0.1", metrics.rpartition(":")[2]]:
            yield f"{words[0]}: its health is not asked where --listen-metrics is"
    if not final:
        yield "no stage starts ashlar"


def ignored(root):
    """A member of the workspace that .dockerignore keeps from the builder would fail the build."""
    lines = [line for line in (root / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    members = tomllib.loads((root / "Cargo.toml").read_text())["workspace"]["members"]
    needed = [f"{member}/Cargo.toml" for member in members] + ["Cargo.lock", ".cargo/config.toml", "scripts/cuda-toolkit"]
    for path in needed + ["deploy/containers/healthy"]:
        kept = True
        for line in lines:
            pattern = line.removeprefix("!").removeprefix("**/").rstrip("/")
            parts = Path(path).parts
            prefixes = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
            tried = parts if line.removeprefix("!").startswith("**/") else prefixes
            if any(fnmatch.fnmatch(each, pattern) for each in tried):
                kept = line.startswith("!")
        if not kept:
            yield f".dockerignore: {path} is needed"


@cache
def compose_schema():
    [package] = find_spec("check_jsonschema").submodule_search_locations
    path = Path(package) / "builtin_schemas/vendor/compose-spec.json"
    schema = json.loads(path.read_text())
    closed(schema, schema["$defs"])
    return fastjsonschema.compile(schema)


def closed(schema, definitions):
    """fastjsonschema passes over `unevaluatedProperties`: says the same by the properties of all that a schema is made of."""
    for node in list(schema.values()) if isinstance(schema, dict) else schema:
        if isinstance(node, (dict, list)):
            closed(node, definitions)
    if isinstance(schema, dict) and schema.pop("unevaluatedProperties", None) is False:
        parts = [schema] + [definitions[part["$ref"].removeprefix("#/$defs/")] for part in schema.pop("allOf")]
        for key in ("properties", "patternProperties"):
            schema[key] = {name: of for part in parts for name, of in part.get(key, {}).items()}
        schema["additionalProperties"] = False


def compose(root, program):
    where = "deploy/compose.yaml"
    text = (root / where).read_text()
    try:
        content = yaml.safe_load(text)
        compose_schema()(content)
    except (yaml.YAMLError, fastjsonschema.JsonSchemaValueException) as error:
        yield f"{where}: {error}"
        return
    yield from (f"{where}: {problem}" for problem in compose_services(root, content, program))
    example = set(re.findall(r"^([A-Z0-9_]+)=", (root / "deploy/env.example").read_text(), re.M))
    used = set(re.findall(r"\$\{([A-Z0-9_]+)", text))
    if used != example:
        yield f"deploy/env.example: it and compose.yaml differ by {sorted(used ^ example)}"
    for name, default in re.findall(r"\$\{([A-Z0-9_]*(?:PASSWORD|SECRET)[A-Z0-9_]*)(:?[-?]?)", text):
        if default != ":?":
            yield f"{where}: {name} must be set by who deploys: ${{{name}:?…}}"
    if found := re.findall(r"^([A-Z0-9_]*(?:PASSWORD|SECRET)[A-Z0-9_]*)=(.+)", (root / "deploy/env.example").read_text(), re.M):
        yield f"deploy/env.example: {found[0][0]} has a value, which people would keep"


def compose_services(root, content, program):
    services = content["services"]
    folder = root / "deploy"
    for name, service in services.items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./"):
                if not (folder / source).exists():
                    yield f"{name}: there is no {source}"
            elif not source.startswith("$") and source not in content["volumes"]:
                yield f"{name}: there is no volume {source}"
        for network in service.get("networks", []):
            if network not in content["networks"]:
                yield f"{name}: there is no network {network}"
        for secret in service.get("secrets", []):
            if secret not in content["secrets"]:
                yield f"{name}: there is no secret {secret}"
        needed = service.get("depends_on", {})
        for other in needed:
            if other not in services:
                yield f"{name}: it waits for {other}, which is not there"
        if isinstance(needed, dict):
            for other, how in needed.items():
                if how["condition"] == "service_healthy" and not has_health(services.get(other, {})):
                    yield f"{name}: it waits for the health of {other}, which has none"
        if service.get("image", "").startswith("ashlar/"):
            yield from (f"{name}: {text}" for text in compose_ashlar(root, name, service, services, program))
    certificates = [
        volume
        for service in services.values()
        for volume in service.get("volumes", [])
        if ":/etc/ashlar/tls" in volume
    ]
    if twice := {each for each in certificates if certificates.count(each) > 1}:
        yield f"two services have the certificate {', '.join(sorted(twice))}"
    if unused := set(content["volumes"]) - {volume.split(":")[0] for each in services.values() for volume in each.get("volumes", [])}:
        yield f"nobody has the volumes {sorted(unused)}"


def has_health(service):
    # Our images have a check of their own.
    return "healthcheck" in service or service.get("image", "").startswith("ashlar/")


def compose_ashlar(root, name, service, services, program):
    words = service["command"]
    yield from commands.check_line(program, words)
    environment = service.get("environment", {})
    yield from commands.check_variables(program, environment)
    if not (service.get("read_only") and service.get("cap_drop") == ["ALL"]):
        yield "it may do more than it needs"
    build = service["build"]
    path = (root / "deploy" / build["context"] / build["dockerfile"]).resolve()
    if not path.is_file() or (target := build.get("target")) and f" AS {target}\n" not in path.read_text():
        yield f"{build['dockerfile']} has no stage {build.get('target')}"
    flags = dict(word.partition("=")[::2] for word in words if word.startswith("--"))
    if farm := flags.get("--farm"):
        host, port = re.match(r"^https://([^:/]+):(\d+)$", farm).groups()
        served = [word for word in services.get(host, {}).get("command", []) if word.startswith("--listen") and word.endswith(f":{port}")]
        if not served:
            yield f"nobody serves {farm}"
        if not set(service["networks"]) & set(services.get(host, {}).get("networks", [])):
            yield f"no network leads to {host}"
    if words[0] == "worker" and int(service.get("stop_grace_period", "10s").removesuffix("s")) < drain_seconds(root) + 10:
        yield f"stop_grace_period does not leave the {drain_seconds(root)} s that a worker has for its job"
    if words[0] == "worker" and f"/worker-{name.removeprefix('worker-')}:" not in " ".join(service["volumes"]):
        yield "its certificate is not its own"


def edge(root, _program):
    where = "deploy/edge/default.conf.template"
    text = (root / where).read_text()
    text = text.replace("${NGINX_LOCAL_RESOLVERS}", "127.0.0.1").replace("${L1_URL}", "https://l1.example")
    if "${" in text:
        yield f"{where}: {re.search(r'[$][{][^}]*}', text)[0]} is filled in by nobody"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "nginx.conf"
        path.write_text("events {}\nhttp {\n" + text + "}\n")
        found = crossplane.parse(str(path), strict=True, comments=False)
        for error in found["errors"]:
            # A map's lines are no directives, and it does not know nginx 1.25's.
            if re.search(r'unknown directive "(default|http2)"', error["error"]):
                continue
            yield f"{where}: {error['error'].replace(str(path), '')}"
    for listener in re.findall(r"(?:proxy_pass http|grpc_pass grpc)://(\S+);", text):
        if f"={listener}" not in (root / "deploy/compose.yaml").read_text():
            yield f"{where}: the sequencer of compose.yaml does not listen on {listener}"


def systemd(root, program):
    folder = root / "deploy/systemd"
    units = sorted(folder.glob("*.service"))
    yield from (f"deploy/systemd/ashlar.toml: {text}" for text in commands.check_config(program, (folder / "ashlar.toml").read_text()))
    for unit in units:
        yield from (f"deploy/systemd/{unit.name}: {text}" for text in unit_problems(root, unit, program))
    if shutil.which("systemd-analyze"):
        yield from by_systemd(folder, units)


def settings(unit):
    found, section = {}, None
    for line in unit.read_text().splitlines():
        if heading := re.match(r"^\[(\w+)\]$", line):
            section = heading[1]
        elif line and line[0] not in "#;":
            key, equals, value = line.partition("=")
            found.setdefault((section, key if equals else line), []).append(value)
    return found


def unit_problems(root, unit, program):
    found = settings(unit)

    def of(key):
        return (found.get(("Service", key)) or [""])[-1]

    for section, key in found:
        if section not in ("Unit", "Service", "Install") or not re.match(r"^[A-Z]\w*$", key):
            yield f"[{section}] {key} is no setting"
    words = shlex.split(of("ExecStart"))
    if not words or words[0] != "/usr/local/bin/ashlar":
        yield "ExecStart is not /usr/local/bin/ashlar"
        return
    yield from commands.check_line(program, words[1:])
    variables = [value.partition("=")[0] for value in found.get(("Service", "Environment"), [])]
    named = re.findall(r"\bASHLAR_[A-Z_]+(?==)", unit.read_text())
    yield from commands.check_variables(program, sorted({*variables, *named}))
    wanted = {
        "User": "ashlar", "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
        "CapabilityBoundingSet": "", "Restart": "on-failure", "KillMode": "mixed",
    }
    for key, value in wanted.items():
        if ("Service", key) not in found or of(key) != value:
            yield f"{key} is to be `{value}`"
    if words[1] == "worker":
        if int(of("TimeoutStopSec") or 90) < drain_seconds(root) + 10:
            yield f"TimeoutStopSec does not leave the {drain_seconds(root)} s that a worker has for its job"
        if "%i" not in of("ExecStart"):
            yield "instances would share a certificate"


def by_systemd(folder, units):
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        system = root / "etc/systemd/system"
        system.mkdir(parents=True)
        for target in ("sysinit", "basic", "shutdown", "network-online", "network", "multi-user", "umount"):
            (system / f"{target}.target").write_text(f"[Unit]\nDescription={target}\n")
        for slice_ in ("system", "-", "system-ashlar\\x2dworker"):
            (system / f"{slice_}.slice").write_text("[Unit]\nDescription=slice\n")
        binary = root / "usr/local/bin/ashlar"
        binary.parent.mkdir(parents=True)
        binary.write_text("#!/bin/sh\n")
        binary.chmod(0o755)
        for unit in units:
            shutil.copy(unit, system)
        names = [unit.name.replace("@.", "@gpu-1.") for unit in units]
        environment = os.environ | {"SYSTEMD_LOG_COLOR": "0", "SYSTEMD_COLORS": "0"}
        run = subprocess.run(
            ["systemd-analyze", "verify", f"--root={root}", "--man=no", *names],
            capture_output=True, text=True, env=environment, check=False,
        )
        for line in (run.stdout + run.stderr).splitlines():
            yield f"deploy/systemd: systemd-analyze verify: {line.replace(str(root), '')}"
        for unit in units:
            run = subprocess.run(
                ["systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={MOST_EXPOSED}", unit],
                capture_output=True, text=True, env=environment, check=False,
            )
            if run.returncode != 0:
                last = (run.stdout + run.stderr).strip().splitlines()[-1:]
                yield f"deploy/systemd/{unit.name}: more exposed than {MOST_EXPOSED / 10}: {' '.join(last)}"


def documents(root, program):
    for name in ("docs/operations.md", "deploy/README.md"):
        for words in commands.in_document((root / name).read_text()):
            yield from (f"{name}: ashlar {' '.join(words)}: {text}" for text in commands.check_line(program, words))
