"""deploy/prometheus and deploy/grafana: queries parse, and ask for metrics, labels and values that are in metrics.txt."""
import json
import os
import subprocess

import promql_parser
import yaml

import kubernetes
import kustomize

# What Prometheus makes itself.
FOREIGN = {"up": {"job": None, "instance": None}}
# Labels that a scrape gives every series.
SCRAPED = {"job": None, "instance": None, "le": None}


def listed(text):
    """The series by name, with their labels and the values of these; None for any."""
    series = dict(FOREIGN)
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        name, kind, *labels = line.split(" ")
        given = {key: set(values.split("|")) if values else None for key, _, values in (label.partition("=") for label in labels)}
        names = {"histogram": [f"{name}_{part}" for part in ("bucket", "sum", "count")]}.get(kind, [name])
        series.update({each: given for each in names})
    return series


def query_problems(query, series):
    for variable, value in (("$__rate_interval", "5m"), ("$__range", "1h")):
        query = query.replace(variable, value)
    try:
        expression = promql_parser.parse(query)
    except ValueError as error:
        yield f"`{query}`: {error}"
        return
    for selector in selectors(expression):
        if selector.name not in series:
            yield f"{selector.name} is not in metrics.txt"
            continue
        known = SCRAPED | series[selector.name]
        for matcher in selector.matchers.matchers:
            if matcher.name not in known:
                yield f"{selector.name} has no label {matcher.name}"
                continue
            values = known[matcher.name]
            if values and not set(matcher.value.split("|")) <= values:
                yield f"{selector.name}: {matcher.name} is {' or '.join(sorted(values))}, not `{matcher.value}`"
        counts = selector.name.endswith(("_total", "_bucket", "_sum", "_count"))
        if counts and not selector.in_range:
            yield f"{selector.name} only grows: its rate or increase says something"


class Selector:
    def __init__(self, vector, in_range):
        self.name, self.matchers, self.in_range = vector.name, vector.matchers, in_range


def selectors(node, in_range=False):
    """Every series that an expression asks for."""
    if isinstance(node, promql_parser.VectorSelector):
        yield Selector(node, in_range)
    elif isinstance(node, promql_parser.MatrixSelector):
        yield Selector(node.vector_selector, True)
    else:
        for part in ("expr", "lhs", "rhs", "param"):
            child = getattr(node, part, None)
            if child is not None and not isinstance(child, str):
                yield from selectors(child, in_range)
        for child in getattr(node, "args", None) or []:
            yield from selectors(child, in_range)


def check(root, _program):
    folder = root / "deploy/prometheus"
    series = listed((folder / "metrics.txt").read_text())
    yield from promtool(folder)
    rules = [rule for group in yaml.safe_load((folder / "alerts.yml").read_text())["groups"] for rule in group["rules"]]
    tests = yaml.safe_load((folder / "alerts.test.yml").read_text())["tests"]
    tested = {test["alertname"] for each in tests for test in each["alert_rule_test"] if test.get("exp_alerts")}
    quiet = {test["alertname"] for each in tests for test in each["alert_rule_test"] if not test.get("exp_alerts")}
    for rule in rules:
        where = f"deploy/prometheus/alerts.yml: {rule['alert']}"
        yield from (f"{where}: {text}" for text in query_problems(rule["expr"], series))
        if rule["alert"] not in tested or rule["alert"] not in quiet:
            yield f"{where}: alerts.test.yml has no case where it fires and one where it does not"
        if rule.get("labels", {}).get("severity") not in ("critical", "warning", "info"):
            yield f"{where}: its severity is none of critical, warning and info"
    for test in tests:
        for given in test["input_series"]:
            yield from (f"deploy/prometheus/alerts.test.yml: {text}" for text in series_problems(given["series"], series))
    yield from scraped(root)
    yield from board(root, series)
    for overlay in kubernetes.OVERLAYS:
        try:
            resources = kustomize.build(root / "deploy/kubernetes/overlays" / overlay)
        except kustomize.Wrong:
            continue  # told by its own check
        for resource in resources:
            if resource["kind"] == "ScaledObject":
                for trigger in resource["spec"]["triggers"]:
                    for text in query_problems(trigger["metadata"].get("query", ""), series):
                        yield f"overlay {overlay}: ScaledObject {resource['metadata']['name']}: {text}"


def series_problems(text, series):
    """As for a query, but a series of a test is given as it is."""
    for problem in query_problems(text, series):
        if "only grows" not in problem:
            yield problem


def promtool(folder):
    for arguments in (["check", "config", "prometheus.yml"], ["test", "rules", "alerts.test.yml"]):
        run = subprocess.run(
            [os.environ["PROMTOOL"], *arguments], cwd=folder, capture_output=True, text=True, check=False
        )
        if run.returncode != 0:
            yield f"deploy/prometheus: promtool {' '.join(arguments)}: {run.stdout.strip()} {run.stderr.strip()}"


def scraped(root):
    """Jobs and targets of prometheus.yml, against the services of the compose file."""
    config = yaml.safe_load((root / "deploy/prometheus/prometheus.yml").read_text())
    services = yaml.safe_load((root / "deploy/compose.yaml").read_text())["services"]
    targets = {}
    for job in config["scrape_configs"]:
        for target in (target for group in job["static_configs"] for target in group["targets"]):
            targets[target.partition(":")[0]] = (job["job_name"], target.partition(":")[2])
    for name, service in services.items():
        words = service.get("command", [])
        listen = [word.rpartition(":")[2] for word in words if word.startswith("--listen-metrics=")]
        wanted = (f"ashlar-{words[0]}", listen[0]) if listen else None
        if targets.pop(name, None) != wanted:
            yield f"deploy/prometheus/prometheus.yml: {name} is to be scraped as {wanted}"
    if targets:
        yield f"deploy/prometheus/prometheus.yml: no service is called {', '.join(sorted(targets))}"


def board(root, series):
    where = "deploy/grafana/ashlar.json"
    try:
        content = json.loads((root / where).read_text())
    except json.JSONDecodeError as error:
        yield f"{where}: {error}"
        return
    variables = {variable["name"] for variable in content["templating"]["list"]}
    taken, numbers, titles = set(), set(), set()
    for panel in content["panels"]:
        title = panel["title"]
        if panel["id"] in numbers or title in titles:
            yield f"{where}: two panels are {panel['id']}, or called {title}"
        numbers.add(panel["id"])
        titles.add(title)
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        if cells & taken or at["x"] + at["w"] > 24:
            yield f"{where}: {title} lies over another panel, or beyond the edge"
        taken |= cells
        if panel["type"] == "row":
            continue
        if not panel.get("targets"):
            yield f"{where}: {title} asks for nothing"
        for target in panel.get("targets", []):
            if target["datasource"]["uid"] not in {f"${{{name}}}" for name in variables}:
                yield f"{where}: {title} asks a data source of its own"
            yield from (f"{where}: {title}: {text}" for text in query_problems(target["expr"], series))
    for path in (root / "deploy/grafana/provisioning").rglob("*.yaml"):
        try:
            yaml.safe_load(path.read_text())
        except yaml.YAMLError as error:
            yield f"{path.relative_to(root)}: {error}"
