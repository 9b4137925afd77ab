"""deploy/kubernetes: each overlay is merged, held against the schemas of its resources, and what its resources say of each
other must be so."""
import json
import re
import shutil
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import fastjsonschema

import commands
import kustomize

VERSION = "1.34.0"
OVERLAYS = ("cpu", "gpu")
SPIFFE = re.compile(r"^spiffe://[a-z0-9._-]+/ashlar/(coordinator|sequencer|worker|admin)/([A-Za-z0-9._-]{1,128}|\$\{POD_NAME\})$")
WORKLOADS = ("Deployment", "StatefulSet")


@cache
def schemas():
    """One validator for each kind, compiled at once, because they share nearly everything."""
    [package] = find_spec("kubernetes_validate").submodule_search_locations
    folder = Path(package) / "kubernetes-json-schema" / f"v{VERSION}-local-strict"

    def read(name):
        return json.loads((folder / name).read_text().replace("/api/_definitions.json#", "#"))

    files = {
        "v1 Namespace": "namespace-v1",
        "v1 ConfigMap": "configmap-v1",
        "v1 Service": "service-v1",
        "apps/v1 Deployment": "deployment-apps-v1",
        "apps/v1 StatefulSet": "statefulset-apps-v1",
        "policy/v1 PodDisruptionBudget": "poddisruptionbudget-policy-v1",
        "networking.k8s.io/v1 NetworkPolicy": "networkpolicy-networking-v1",
    }
    properties = {kind: read(f"{file}.json") for kind, file in files.items()}
    for schema in properties.values():
        schema.pop("$schema", None)
        schema.pop("$id", None)
    custom = json.loads((Path(__file__).parent / "crds.json").read_text())
    definitions = read("_definitions.json")["$defs"] | custom.pop("$defs")
    del custom["$comment"]
    for kind, spec in custom.items():
        properties[kind] = {
            "type": "object",
            "additionalProperties": False,
            "required": ["apiVersion", "kind", "metadata", "spec"],
            "properties": {
                "apiVersion": {},
                "kind": {},
                "metadata": {"$ref": "#/$defs/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"},
                "spec": spec,
            },
        }
    whole = {"$schema": "http://json-schema.org/draft-07/schema#", "properties": properties, "$defs": definitions}
    return frozenset(properties), fastjsonschema.compile(whole, detailed_exceptions=False)


def check(root, program):
    documented = (root / "deploy/README.md").read_text()
    policy = (root / "prover/worker/src/config.rs").read_text()
    drain = int(re.search(r"drain_timeout: Duration::from_secs\((\d+)\)", policy)[1])
    for overlay in OVERLAYS:
        folder = root / "deploy/kubernetes/overlays" / overlay
        where = f"deploy/kubernetes/overlays/{overlay}"
        try:
            resources = kustomize.build(folder)
        except kustomize.Wrong as error:
            yield str(error)
            continue
        if (kubectl := shutil.which("kubectl")) and (other := kustomize.difference(folder, resources, kubectl)):
            yield f"{where}: {other}"
        for resource in resources:
            yield from (f"{where}: {' '.join(map(str, kustomize.name(resource)[::2]))}: {text}" for text in schema_problems(resource))
        site = Site(resources)
        yield from (f"{where}: {text}" for text in site.check(documented, program, drain))


def schema_problems(resource):
    kind = f"{resource.get('apiVersion')} {resource.get('kind')}"
    known, validate = schemas()
    if kind not in known:
        yield f"no schema of {kind}"
        return
    try:
        validate({kind: resource})
    except fastjsonschema.JsonSchemaValueException as error:
        yield error.message.replace(f"data.{kind}", "")


def selects(labels, selector):
    return all(labels.get(key) == value for key, value in (selector or {}).items())


class Site:
    """The resources of an overlay."""

    def __init__(self, resources):
        self.resources = resources

    def of(self, *kinds):
        return [resource for resource in self.resources if resource["kind"] in kinds]

    def named(self, kind):
        return {resource["metadata"]["name"]: resource for resource in self.of(kind)}

    @staticmethod
    def pod(workload):
        return workload["spec"]["template"]["spec"]

    @staticmethod
    def labels(workload):
        return workload["spec"]["template"]["metadata"]["labels"]

    def chosen(self, selector):
        return [each for each in self.of(*WORKLOADS) if selects(self.labels(each), selector)]

    def ports(self, workload):
        return {
            port["name"]: port["containerPort"]
            for container in self.pod(workload)["containers"]
            for port in container.get("ports", [])
        }

    def check(self, documented, program, drain):
        namespaces = {resource["metadata"].get("namespace") for resource in self.resources} - {None}
        if len(namespaces) != 1 or not namespaces <= set(self.named("Namespace")):
            yield f"namespaces are {sorted(namespaces)}, and {sorted(self.named('Namespace'))} is made"
        for resource in self.resources:
            if resource["kind"] != "Namespace" and "namespace" not in resource["metadata"]:
                yield f"{resource['kind']} {resource['metadata']['name']} has no namespace"
        for workload in self.of(*WORKLOADS):
            name = workload["metadata"]["name"]
            yield from (f"{name}: {text}" for text in self.workload(workload, documented, program, drain))
        yield from self.selectors()
        yield from self.certificates()

    def workload(self, workload, documented, program, drain):
        pod, labels = self.pod(workload), self.labels(workload)
        if not selects(labels, workload["spec"]["selector"]["matchLabels"]):
            yield "its selector does not choose its pods"
        others = [each for each in self.chosen(workload["spec"]["selector"]["matchLabels"]) if each is not workload]
        if others:
            yield f"its selector chooses the pods of {others[0]['metadata']['name']} too"
        service = workload["spec"].get("serviceName")
        if workload["kind"] == "StatefulSet" and service not in self.named("Service"):
            yield f"there is no Service {service}"
        if pod.get("automountServiceAccountToken") is not False:
            yield "its pods can speak to the API server"
        if not pod.get("securityContext", {}).get("runAsNonRoot"):
            yield "runAsNonRoot is not set"
        yield from self.volumes(workload, documented)
        for container in pod["containers"] + pod.get("initContainers", []):
            yield from (f"{container['name']}: {text}" for text in self.container(pod, container, program))
        if labels.get("app.kubernetes.io/component") == "worker":
            if pod.get("terminationGracePeriodSeconds", 30) < drain + 10:
                yield f"terminationGracePeriodSeconds does not leave the {drain} s that a worker has for its job"
            attributes = [volume.get("csi", {}).get("volumeAttributes", {}) for volume in pod["volumes"]]
            uris = [each["csi.cert-manager.io/uri-sans"] for each in attributes if "csi.cert-manager.io/uri-sans" in each]
            if len(uris) != 1 or not SPIFFE.match(uris[0]) or not uris[0].endswith("/worker/${POD_NAME}"):
                yield f"its pods have the certificates {uris}: each needs one of its own, with ${{POD_NAME}} in it"
            issuers = {each.get("csi.cert-manager.io/issuer-name") for each in attributes} - {None}
            if not issuers <= set(self.named("Issuer")):
                yield f"there is no Issuer {issuers}"

    def volumes(self, workload, documented):
        pod = self.pod(workload)
        claims = {claim["metadata"]["name"] for claim in workload["spec"].get("volumeClaimTemplates", [])}
        volumes = {volume["name"] for volume in pod.get("volumes", [])} | claims
        containers = pod["containers"] + pod.get("initContainers", [])
        mounted = {mount["name"] for container in containers for mount in container.get("volumeMounts", [])}
        if volumes != mounted:
            yield f"volumes and mounts differ by {sorted(volumes ^ mounted)}"
        text = json.dumps(pod)
        made = {
            "Secret": {each["spec"]["secretName"] for each in self.of("Certificate")} | set(self.named("Secret")),
            "ConfigMap": set(self.named("ConfigMap")),
        }
        wanted = {
            "Secret": re.findall(r'"secretName": "([^"]+)"|"secretRef": {"name": "([^"]+)"}|"secretKeyRef": {[^}]*"name": "([^"]+)"', text),
            "ConfigMap": re.findall(r'"configMap": {[^}]*"name": "([^"]+)"|"configMapRef": {"name": "([^"]+)"}', text),
        }
        for kind, found in wanted.items():
            for name in sorted({name for names in found for name in names if name} - made[kind]):
                if f"`{name}`" not in documented:
                    yield f"nothing makes the {kind} {name}, and deploy/README.md does not ask for it"

    def container(self, pod, container, program):
        context = container.get("securityContext", {})
        if not (
            context.get("allowPrivilegeEscalation") is False
            and context.get("readOnlyRootFilesystem")
            and context.get("capabilities") == {"drop": ["ALL"]}
        ):
            yield "its security context leaves more than it needs"
        if "memory" not in container.get("resources", {}).get("requests", {}):
            yield "no memory is requested"
        ports = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            for how in ("httpGet", "tcpSocket"):
                port = container.get(probe, {}).get(how, {}).get("port")
                if port is not None and port not in ports and port not in ports.values():
                    yield f"{probe} asks port {port}, which is not its"
        if not container["image"].startswith("ashlar/"):
            return
        if pod.get("enableServiceLinks") is not False:
            yield "enableServiceLinks: names of Services would set flags of ashlar"
        arguments = container["args"]
        yield from commands.check_line(program, arguments)
        yield from commands.check_variables(program, [variable["name"] for variable in container.get("env", [])])
        for reference in container.get("envFrom", []):
            of = self.named("ConfigMap").get(reference.get("configMapRef", {}).get("name"))
            yield from commands.check_variables(program, of["data"] if of else [])
        flags = dict(word.partition("=")[::2] for word in arguments if word.startswith("--"))
        listening = {int(value.rsplit(":")[-1]) for flag, value in flags.items() if flag.startswith("--listen") and value.startswith("0.")}
        if listening != set(ports.values()):
            yield f"it listens on {sorted(listening)}, and its ports are {sorted(ports.values())}"
        if farm := flags.get("--farm"):
            yield from self.address(farm)

    def address(self, farm):
        host, port = re.match(r"^https://([^:/]+):(\d+)$", farm).groups()
        service = self.named("Service").get(host)
        if service is None or int(port) not in {each["port"] for each in service["spec"]["ports"]}:
            yield f"no Service has {farm}"
        servers = [each["spec"] for each in self.of("Certificate") if "server auth" in each["spec"].get("usages", [])]
        if not any(host in each["dnsNames"] for each in servers):
            yield f"no certificate is for {host}"

    def selectors(self):
        for service in self.of("Service"):
            name, chosen = service["metadata"]["name"], self.chosen(service["spec"]["selector"])
            if not chosen:
                yield f"Service {name} selects nothing"
            for port in service["spec"]["ports"]:
                if any(port["targetPort"] not in self.ports(each) for each in chosen):
                    yield f"Service {name}: its pods have no port {port['targetPort']}"
        for budget in self.of("PodDisruptionBudget"):
            if not self.chosen(budget["spec"]["selector"]["matchLabels"]):
                yield f"PodDisruptionBudget {budget['metadata']['name']} selects nothing"
        for policy in self.of("NetworkPolicy"):
            yield from self.policy(policy)
        for monitor in self.of("PodMonitor"):
            chosen = self.chosen(monitor["spec"]["selector"]["matchLabels"])
            for endpoint in monitor["spec"]["podMetricsEndpoints"]:
                if not chosen or any(endpoint["port"] not in self.ports(each) for each in chosen):
                    yield f"PodMonitor {monitor['metadata']['name']}: a pod has no port {endpoint['port']}"
        for scaled in self.of("ScaledObject"):
            target = scaled["spec"]["scaleTargetRef"]
            workload = self.named(target["kind"]).get(target["name"])
            if workload is None:
                yield f"ScaledObject {scaled['metadata']['name']}: there is no {target['kind']} {target['name']}"
            elif "replicas" in workload["spec"]:
                yield f"{target['name']} has replicas, which each apply would set again"

    def policy(self, policy):
        name, spec = policy["metadata"]["name"], policy["spec"]
        to = self.chosen(spec["podSelector"].get("matchLabels"))
        if not to:
            yield f"NetworkPolicy {name} selects nothing"
        for direction, peers in (("ingress", "from"), ("egress", "to")):
            for rule in spec.get(direction, []):
                inside = []
                for peer in rule.get(peers, []):
                    if "podSelector" in peer and "namespaceSelector" not in peer:
                        inside = self.chosen(peer["podSelector"]["matchLabels"])
                        if not inside:
                            yield f"NetworkPolicy {name}: a peer selects nothing"
                servers = to if direction == "ingress" else inside
                served = {port for each in servers for port in self.ports(each).values()}
                for port in rule.get("ports", []):
                    if servers and port["port"] not in served:
                        yield f"NetworkPolicy {name}: nobody serves port {port['port']}"

    def certificates(self):
        for certificate in self.of("Certificate"):
            name, spec = certificate["metadata"]["name"], certificate["spec"]
            if spec["issuerRef"]["name"] not in self.named("Issuer"):
                yield f"Certificate {name}: there is no Issuer {spec['issuerRef']['name']}"
            if spec.get("isCA"):
                continue
            found = [SPIFFE.match(uri) for uri in spec.get("uris", [])]
            if len(found) != 1 or not found[0]:
                yield f"Certificate {name}: its URIs are {spec.get('uris')}, and one spiffe://DOMAIN/ashlar/ROLE/NAME is needed"
                continue
            usage = "server auth" if found[0][1] == "coordinator" else "client auth"
            if set(spec["usages"]) != {"digital signature", usage}:
                yield f"Certificate {name}: a {found[0][1]} needs digital signature and {usage}"
