"""Asks Wattline by OpenStack's own libraries. Arguments: what to ask as JSON; prints what was answered as JSON."""
import datetime
import json
import os
import sys
import tempfile
import types

asked = json.loads(sys.argv[1])
BASE, TOKEN, VM, PROJECT = asked["base"], asked["token"], asked["vm"], asked["project"]
START = datetime.datetime.fromtimestamp(asked["start"], datetime.timezone.utc)
END = datetime.datetime.fromtimestamp(asked["end"], datetime.timezone.utc)
answers = {}


def plain(measures):
    return [[when.isoformat(), granularity, value] for when, granularity, value in measures]


def gnocchi_client(endpoint="/gnocchi"):
    from gnocchiclient import auth, client
    from keystoneauth1 import session
    plugin = auth.GnocchiBasicPlugin(user=TOKEN, endpoint=BASE + endpoint)
    return client.Client("1", session=session.Session(auth=plugin))


def gnocchi():
    from gnocchiclient import exceptions
    client = gnocchi_client()
    answers["build"] = client.build.get()
    answers["pages"] = sorted(m["id"] for m in client.metric.list(limit=None))
    answers["short pages"] = [m["id"] for m in client.metric.list(limit=3, sorts=["id:asc"])]
    answers["resource types"] = sorted(t["name"] for t in client.resource_type.list())
    answers["resource"] = client.resource.get("instance", VM)
    answers["history"] = len(client.resource.history("instance", VM))
    answers["search"] = [r["id"] for r in client.resource.search("instance", {"=": {"project_id": PROJECT}})]
    answers["search by text"] = [r["id"] for r in client.resource.search("instance", f"project_id = '{PROJECT}'")]
    answers["rate"] = plain(client.metric.get_measures(
        "cpu", resource_id=VM, aggregation="rate:mean", granularity=60, start=START, stop=END, refresh=True))
    answers["root"] = plain(gnocchi_client("").metric.get_measures(
        "cpu", resource_id=VM, aggregation="max", granularity=60, start=START, stop=END))
    memory = client.metric.get("memory.usage", VM)["id"]
    answers["aggregates"] = plain(client.aggregates.fetch(
        ["aggregate", "max", ["*", 2, ["metric", memory, "mean"]]], granularity=60,
        start=START, stop=END)["measures"]["aggregated"])
    grouped = client.aggregates.fetch(
        "(aggregate sum (metric wattline_energy_joules sum))", search={"=": {"type": "instance"}},
        resource_type="generic", groupby=["project_id"], granularity=3600, use_history=True)
    answers["grouped"] = {g["group"]["project_id"]: [v for _, _, v in g["measures"]["measures"]["aggregated"]]
                          for g in grouped}
    answers["aggregation"] = plain(client.metric.aggregation(
        "memory.usage", query={"=": {"type": "instance"}}, aggregation="max", reaggregation="max",
        granularity=60, start=START, stop=END))
    errors = {}
    for name, call in {
        "metric": lambda: client.metric.get("00000000-0000-0000-0000-000000000000"),
        "resource": lambda: client.resource.get("generic", "nothing"),
        "type": lambda: client.resource_type.get("nothing"),
        "policy": lambda: client.archive_policy.get("nothing"),
        "rule": lambda: client.archive_policy_rule.get("nothing"),
        "write": lambda: client.metric.create(name="x", resource_id=VM),
        "time": lambda: client.metric.get_measures("cpu", resource_id=VM, start="whenever"),
    }.items():
        try:
            call()
            errors[name] = "none"
        except exceptions.ClientException as error:
            errors[name] = type(error).__name__
    answers["errors"] = errors


def keystone():
    """Clients that get their token and the addresses from Keystone."""
    from cloudkittyclient import client
    from gnocchiclient import client as gnocchi
    from keystoneauth1 import discover, session
    from keystoneauth1.identity import v3
    home = BASE + "/identity"
    plugin = v3.Password(auth_url=home + "/v3", user_id="any", password=TOKEN, project_id="any")
    asking = session.Session(auth=plugin)
    answers["keystone token"] = asking.get_token() == TOKEN
    answers["keystone addresses"] = [asking.get_endpoint(service_type=t) for t in ("metric", "rating")]
    answers["keystone metrics"] = len(gnocchi.Client("1", session=asking).metric.list())
    answers["keystone scopes"] = [s["scope_id"] for s in client.Client("2", session=asking).scope.get_scope_state()["results"]]
    answers["keystone versions"] = [v["version"] for v in discover.Discover(session.Session(), home).version_data()]
    secret = v3.ApplicationCredential(auth_url=home, application_credential_id="any", application_credential_secret=TOKEN)
    answers["keystone application"] = session.Session(auth=secret).get_token() == TOKEN
    try:
        session.Session(auth=v3.Password(auth_url=home, user_id="any", password="wl_wrong")).get_token()
        answers["keystone wrong"] = "accepted"
    except Exception as error:
        answers["keystone wrong"] = type(error).__name__


def cloudkitty():
    from cloudkittyclient import client
    from keystoneauth1 import session, token_endpoint
    plugin = token_endpoint.Token(BASE + "/cloudkitty", TOKEN)
    rating = client.Client("2", session=session.Session(auth=plugin))
    span = {"begin": START, "end": END}
    answers["summary"] = rating.summary.get_summary(groupby=["project_id", "type"], **span)
    answers["objects"] = rating.summary.get_summary(
        groupby=["time", "id"], filters={"type": "energy"}, response_format="object", **span)
    answers["dataframes"] = rating.dataframes.get_dataframes(limit=1000, **span)
    answers["scopes"] = [s["scope_id"] for s in rating.scope.get_scope_state()["results"]]
    try:
        rating.summary.get_summary(groupby=["flavor"], **span)
        answers["rating error"] = "none"
    except Exception as error:  # The class is that of the HTTP library.
        answers["rating error"] = str(error)


def observability():
    from observabilityclient import prometheus_client
    prometheus = prometheus_client.PrometheusAPIClient(BASE.split("://")[1])
    prometheus.set_basic_auth("any", TOKEN)
    found = prometheus.query(f"max_over_time(memory_usage{{project_id='{PROJECT}'}}[1h])")
    answers["observability"] = [[m.labels["resource_id"], m.value] for m in found]
    answers["observability labels"] = prometheus.label_values("resource_id")
    answers["observability series"] = len(prometheus.series(["memory_usage"]))
    return prometheus


def aodh(prometheus):
    from aodh.evaluator import gnocchi as rules
    from aodh.evaluator import prometheus as prometheus_rules
    client = gnocchi_client()
    rule = {"granularity": 60, "evaluation_periods": 2, "aggregation_method": "max", "metric": "memory.usage",
            "resource_id": VM, "resource_type": "instance", "query": json.dumps({"=": {"project_id": PROJECT}}),
            "metrics": [client.metric.get("memory.usage", VM)["id"]]}
    found = {}
    for kind in ("GnocchiResourceThresholdEvaluator", "GnocchiAggregationMetricsThresholdEvaluator",
                 "GnocchiAggregationResourcesThresholdEvaluator"):
        evaluator = getattr(rules, kind).__new__(getattr(rules, kind))
        evaluator._gnocchi_client = client
        statistics = evaluator._statistics(rule, START.isoformat(), END.isoformat())
        found[kind] = evaluator._sanitize(rule, statistics)
    answers["aodh"] = found
    evaluator = prometheus_rules.PrometheusEvaluator.__new__(prometheus_rules.PrometheusEvaluator)
    evaluator._prom = types.SimpleNamespace(query=prometheus)
    data = evaluator._get_metric_data(f"max_over_time(memory_usage{{project_id='{PROJECT}'}}[1h])")
    answers["aodh prometheus"] = evaluator._sanitize(data)


def processor():
    """CloudKitty's own processor collects an hour: by its collectors for Prometheus and for Gnocchi."""
    from cloudkitty import collector, service
    from cloudkitty.orchestrator import Worker
    from oslo_config import cfg
    folder = tempfile.mkdtemp()
    metrics, config = os.path.join(folder, "metrics.yml"), os.path.join(folder, "cloudkitty.conf")
    common = {"unit": "MB", "groupby": ["project_id"], "metadata": []}
    with open(metrics, "w") as file:
        json.dump({"metrics": {"memory_usage": {**common, "extra_args": {"aggregation_method": "max"}}}}, file)
    with open(config, "w") as file:
        file.write(f"[collect]\ncollector = prometheus\nmetrics_conf = {metrics}\n"
                   f"[collector_prometheus]\nprometheus_url = {BASE}/prometheus/api/v1\n"
                   f"prometheus_user = any\nprometheus_password = {TOKEN}\n"
                   f"[collector_gnocchi]\ngnocchi_auth_type = basic\ngnocchi_user = {TOKEN}\n"
                   f"gnocchi_endpoint = {BASE}/gnocchi\n")
    service.prepare_service(["processor"], config_files=[config])

    def collected(metric):
        worker = Worker.__new__(Worker)
        worker._collector, worker._period, worker._tenant_id = collector.get_collector(), 3600, PROJECT
        name, points = worker._collect(metric, START)
        return [name, [[float(p.qty), p.unit, p.groupby["project_id"]] for p in points]]

    answers["processor by prometheus"] = collected("memory_usage")
    with open(metrics, "w") as file:
        json.dump({"metrics": {"memory.usage": {
            "unit": "MB", "groupby": ["id", "project_id"], "metadata": ["display_name"],
            "extra_args": {"resource_type": "instance", "aggregation_method": "max"}}}}, file)
    cfg.CONF.set_override("collector", "gnocchi", "collect")
    answers["processor by gnocchi"] = collected("memory.usage")


gnocchi()
cloudkitty()
keystone()
aodh(observability())
processor()
print(json.dumps(answers))
