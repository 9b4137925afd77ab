"""Breaks copies of what is checked, one slip at a time, each of which must be found out by the check that is for it."""
import re
import shutil
import stat
import tempfile
from pathlib import Path

import commands

READ = (
    ".dockerignore", ".cargo", "Cargo.lock", "Cargo.toml", "deploy", "docs/operations.md", "prover/worker/src/config.rs",
    "rust-toolchain.toml", "scripts/cuda-toolkit",
)

# A program that says little, so that slips in command lines are found out where there is no ashlar, too. The real one is
# asked by the checks themselves.
STAND_IN = r"""#!/usr/bin/env bash
case "$*" in
    --help) printf 'Usage: x\n\nCommands:\n  farm  x\n  worker  x\n  sequencer  x\n  setup  x\n  config  x\n  certs  x\n  doctor  x\n  deploy  x\n  circuits  x\n' ;;
    "config keys") echo ASHLAR_FARM_STORE ASHLAR_FARM_ARTIFACTS ASHLAR_CACHE_DIR ASHLAR_WORKER_DEVICE ASHLAR_WORKER_LISTEN_METRICS ;;
    "worker --help") printf 'Options:\n      --backend <BACKEND>\n          [possible values: auto, cpu, icicle]\n      --farm <URL>\n      --farm-tls <FOLDER>\n      --kinds <KINDS>\n      --device <N>\n      --cache-dir <DIR>\n' ;;
    "config check "*) ! grep -q '^sotre' "$3" || { echo 'no key sotre' >&2; exit 1; } ;;
    *) printf 'Options:\n' ;;
esac
"""

# Check, file, what is replaced by what (a pattern, the first place), and a part of what is to be said.
SLIPS = [
    ("containers", "deploy/containers/Containerfile", r"FROM rust:1\.\d+\.\d+", "FROM rust:1.90.0", "rust-toolchain.toml has"),
    ("containers", "deploy/containers/Containerfile", r"USER 65532:65532", "USER root", "runs as root"),
    ("containers", "deploy/containers/Containerfile", r'"9702"\]', '"9701"]', "health is not asked"),
    ("containers", "deploy/containers/Containerfile", r"deploy/containers/healthy /", "deploy/containers/health /", "to copy"),
    ("containers", "deploy/containers/Containerfile.cuda", r"WORKDIR /src", "WORKDIR src", "DL3000"),
    ("containers", "deploy/containers/Containerfile.cuda", r"RUN --mount", "RUNN --mount", "Containerfile.cuda: :"),
    ("containers", "deploy/containers/healthy", r"\[ \"\$status\" = 200 \]", "if [ 1 ]", "healthy"),
    ("containers", ".dockerignore", r"!prover\n", "", "prover/accel/Cargo.toml is needed"),
    ("compose", "deploy/compose.yaml", r"restart: unless-stopped", "restarts: unless-stopped", "restarts"),
    ("compose", "deploy/compose.yaml", r"worker-cpu-2:/etc", "worker-cpu-1:/etc", "certificate"),
    ("compose", "deploy/compose.yaml", r"https://farm:7012", "https://farm:7013", "nobody serves"),
    ("compose", "deploy/compose.yaml", r"stop_grace_period: 150s", "stop_grace_period: 60s", "a worker has for its job"),
    ("compose", "deploy/compose.yaml", r"\$\{POSTGRES_PASSWORD:\?[^}]*\}", "${POSTGRES_PASSWORD:-ashlar}", "must be set"),
    ("compose", "deploy/compose.yaml", r"- cache:/var", "- cash:/var", "no volume cash"),
    ("compose", "deploy/compose.yaml", r"networks: \[farm, store\]", "networks: [store]", "no network leads"),
    ("compose", "deploy/compose.yaml", r"target: sequencer", "target: sequenzer", "no stage"),
    ("compose", "deploy/compose.yaml", r"cap_drop: \[ALL\]", "cap_drop: []", "more than it needs"),
    ("compose", "deploy/env.example", r"POSTGRES_PASSWORD=", "POSTGRES_PASSWORD=ashlar", "people would keep"),
    ("edge", "deploy/edge/default.conf.template", r"grpc_read_timeout", "grpc_reed_timeout", "unknown directive"),
    ("edge", "deploy/edge/default.conf.template", r"server_tokens off;\n", "server_tokens off\n", "server_tokens"),
    ("edge", "deploy/edge/default.conf.template", r"127\.0\.0\.1:7001", "127.0.0.1:7011", "does not listen"),
    ("kubernetes", "deploy/kubernetes/base/farm.yaml", r"readinessProbe", "readynessProbe", "readynessProbe"),
    ("kubernetes", "deploy/kubernetes/base/farm.yaml", r"replicas: 2", "replicas: two", "replicas"),
    ("kubernetes", "deploy/kubernetes/base/farm.yaml", r"readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "security context"),
    ("kubernetes", "deploy/kubernetes/base/farm.yaml", r"enableServiceLinks: false\n", "enableServiceLinks: true\n", "enableServiceLinks"),
    ("kubernetes", "deploy/kubernetes/base/farm.yaml", r"secretName: ashlar-farm-tls", "secretName: ashlar-farm-ssl", "nothing makes the Secret"),
    ("kubernetes", "deploy/kubernetes/base/farm.yaml", r"containerPort: 7012", "containerPort: 7013", "listens on"),
    ("kubernetes", "deploy/kubernetes/base/farm.yaml", r"targetPort: work", "targetPort: werk", "no port werk"),
    ("kubernetes", "deploy/kubernetes/base/worker.yaml", r"terminationGracePeriodSeconds: 150", "terminationGracePeriodSeconds: 30", "a worker has for its job"),
    ("kubernetes", "deploy/kubernetes/base/worker.yaml", r"worker/\$\{POD_NAME\}", "worker/all", "each needs one of its own"),
    ("kubernetes", "deploy/kubernetes/base/worker.yaml", r"https://ashlar-farm:7012", "https://ashlar-farm:7003", "no Service has"),
    ("kubernetes", "deploy/kubernetes/base/worker.yaml", r"https://ashlar-farm:7012", "https://farm:7012", "no certificate is for farm"),
    ("kubernetes", "deploy/kubernetes/base/worker.yaml", r"mountPath: /var/cache/ashlar", "mountpath: /var/cache/ashlar", "volumeMounts[0]"),
    ("kubernetes", "deploy/kubernetes/base/sequencer.yaml", r"name: edge-tmp\n              mountPath", "name: edge-temp\n              mountPath", "volumes and mounts differ"),
    ("kubernetes", "deploy/kubernetes/base/authority.yaml", r"ashlar/sequencer/main", "ashlar/sequenzer/main", "its URIs are"),
    ("kubernetes", "deploy/kubernetes/base/authority.yaml", r"digital signature, server auth", "digital signature, client auth", "a coordinator needs"),
    ("kubernetes", "deploy/kubernetes/base/authority.yaml", r"renewBefore:", "renewBfore:", "renewBfore"),
    ("kubernetes", "deploy/kubernetes/base/network.yaml", r"port: 7012", "port: 7112", "nobody serves port 7112"),
    ("kubernetes", "deploy/kubernetes/base/network.yaml", r"component: sequencer\n      ports", "component: sequenser\n      ports", "a peer selects nothing"),
    ("kubernetes", "deploy/kubernetes/base/kustomization.yaml", r"- network\.yaml", "- networks.yaml", "there is no networks.yaml"),
    ("kubernetes", "deploy/kubernetes/base/kustomization.yaml", r"labels:", "commonLabels:", "does not know commonLabels"),
    ("kubernetes", "deploy/kubernetes/base/site.env", r"ASHLAR_FARM_STORE=", "ASHLAR_FARM_SOTRE=", "sets nothing"),
    ("kubernetes", "deploy/kubernetes/overlays/gpu/kustomization.yaml", r"/args/-", "/argz/-", "argz"),
    ("kubernetes", "deploy/kubernetes/overlays/gpu/worker.yaml", r"nvidia\.com/gpu: \"1\"", "nvidia.com/gpu: [1]", "nvidia.com/gpu"),
    ("kubernetes", "deploy/kubernetes/overlays/gpu/worker.yaml", r"pool: gpu\n  template", "pool: gpus\n  template", "does not choose its pods"),
    ("kubernetes", "deploy/kubernetes/overlays/gpu/worker.yaml", r"--backend=icicle", "--backend=iccle", "not `iccle`"),
    ("kubernetes", "deploy/kubernetes/components/autoscaling/scaledobject.yaml", r"name: ashlar-worker\n  min", "name: ashlar-werker\n  min", "there is no StatefulSet"),
    ("kubernetes", "deploy/kubernetes/components/autoscaling/scaledobject.yaml", r"minReplicaCount", "minReplicas", "minReplicas"),
    ("kubernetes", "deploy/kubernetes/components/monitoring/podmonitor.yaml", r"port: metrics", "port: metricz", "no port metricz"),
    ("systemd", "deploy/systemd/ashlar-farm.service", r"ProtectSystem=strict", "ProtectSystem=full", "ProtectSystem is to be"),
    ("systemd", "deploy/systemd/ashlar-farm.service", r"RestartSec=5", "RestartSec 5", "is no setting"),
    ("systemd", "deploy/systemd/ashlar-worker@.service", r"worker-%i\n", "worker-1\n", "would share a certificate"),
    ("systemd", "deploy/systemd/ashlar-worker@.service", r"TimeoutStopSec=150", "TimeoutStopSec=90", "a worker has for its job"),
    ("systemd", "deploy/systemd/ashlar-worker@.service", r"--farm-tls", "--farm-ssl", "has no --farm-ssl"),
    ("systemd", "deploy/systemd/ashlar-worker@.service", r"ASHLAR_WORKER_LISTEN_METRICS=", "ASHLAR_WORKER_LISTEN=", "sets nothing"),
    ("systemd", "deploy/systemd/ashlar.toml", r"\[farm\]\n", "[farm]\nsotre = 1\n", "no key sotre"),
    ("systemd", "deploy/systemd/ashlar.toml", r"listen = \"", "listen = ", "not TOML"),
    ("metrics", "deploy/prometheus/prometheus.yml", r"scrape_configs", "scrape_config", "promtool check config"),
    ("metrics", "deploy/prometheus/prometheus.yml", r"worker-cpu-2:9703", "worker-cpu-2:9704", "is to be scraped"),
    ("metrics", "deploy/prometheus/alerts.yml", r"ashlar_farm_queue_seconds", "ashlar_farm_queue_secs", "not in metrics.txt"),
    ("metrics", "deploy/prometheus/alerts.yml", r"state=\"live\"", 'state="alive"', "state is"),
    ("metrics", "deploy/prometheus/alerts.yml", r"> 600", "> 600000", "promtool test rules"),
    ("metrics", "deploy/prometheus/alerts.yml", r"max\(ashlar_sequencer_l1", "max(ashlar_sequencer_l1_x{", "promtool"),
    ("metrics", "deploy/prometheus/alerts.yml", r"alert: AshlarL1Silent", "alert: AshlarL1Quiet", "has no case"),
    ("metrics", "deploy/prometheus/metrics.txt", r"ashlar_worker_busy gauge\n", "", "ashlar_worker_busy is not in"),
    ("metrics", "deploy/grafana/ashlar.json", r"rate\(ashlar_farm_jobs_done_total\[\$__rate_interval\]\)", "ashlar_farm_jobs_done_total", "only grows"),
    ("metrics", "deploy/grafana/ashlar.json", r"sum by \(kind\)", "sum by kind", "ashlar.json"),
    ("metrics", "deploy/grafana/ashlar.json", r"\"x\": 8", '"x": 7', "lies over"),
    ("metrics", "deploy/grafana/ashlar.json", r"\"id\": 3,", '"id": 2,', "two panels"),
    ("metrics", "deploy/kubernetes/overlays/gpu/autoscaling.yaml", r"kind=\"wrap\"", 'kind="warp"', "not `warp`"),
    ("documents", "docs/operations.md", r"ashlar worker --farm ", "ashlar worker --frm ", "has no --frm"),
]


def checked(check, root, program):
    """What a check finds, and why it stopped, if it did: a file may be too broken for it."""
    try:
        yield from check(root, program)
    except Exception as error:  # whatever a broken file leads to is a finding
        yield f"{type(error).__name__}: {error}"


def run(root, checks):
    """The number of slips that are not found out."""
    missed = 0
    with tempfile.TemporaryDirectory() as temporary:
        stand_in = Path(temporary) / "ashlar"
        stand_in.write_text(STAND_IN)
        stand_in.chmod(stand_in.stat().st_mode | stat.S_IXUSR)
        program = commands.Program(str(stand_in))
        copy = Path(temporary) / "copy"
        for path in READ:
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if (root / path).is_dir() else shutil.copy)(root / path, copy / path)
        # What the stand-in does not know is not new with a slip.
        before = {name: set(checked(check, copy, program)) for name, check in checks.items()}
        for name, path, pattern, by, said in SLIPS:
            file = copy / path
            text = file.read_text()
            broken = re.sub(pattern, lambda _, by=by: by, text, count=1)
            if broken == text:
                print(f"self-test: {path} has no {pattern}")
                missed += 1
                continue
            file.write_text(broken)
            found = set(checked(checks[name], copy, program)) - before[name]
            file.write_text(text)
            if not any(said in problem for problem in found):
                print(f"self-test: {path}: {pattern} by {by!r}: `{said}` is not said, but {sorted(found) or 'nothing'}")
                missed += 1
    print(f"{len(SLIPS) - missed} passed, {missed} failed")
    return missed != 0
