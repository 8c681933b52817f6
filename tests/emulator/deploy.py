"""Deploys functions into MiniStack, puts real traffic on them and prints what happened as one JSON document.

usage: deploy.py ENDPOINT_URL REGION

The document uses the names of lamtop's JSON contract, so that a test can compare the two field by field.
Counts come from the responses received, durations from CloudWatch's own answers. All traffic falls into one
UTC minute, because that is the grain of the metrics; the document says which (`minute`).

MiniStack 1.5.33 differs from AWS in ways that are made up for here, each where it is marked `Quirk`.
"""

import datetime
import io
import json
import pathlib
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import boto3
from botocore.config import Config

ASYNC_EVENTS = {"e2e-dead-letters": 4, "e2e-on-failure": 2}
POISONED_MESSAGES = 3
WEIGHT_OF_NEW = 0.3
# Calls through the alias by the version that is to run them: not the weights, so that a test can tell a
# version's share from its weight.
CANARY_CALLS = {"1": 75, "2": 25}
CANARY_ERRORS = {"1": 0, "2": 2}

# A round takes about 8 s on an idle machine. It may take all of a minute, not more.
ROUND_S = 30
ROUNDS = 4
DEADLINE_S = 30


@dataclass
class Call:
    """One answered Invoke: when, by which version, and how it ended (ok, error, throttled, queued)."""

    function: str
    alias: str | None
    version: str | None
    outcome: str
    started: float
    ended: float


class Region:
    """The AWS clients of one Region."""

    def __init__(self, endpoint, region):
        # No retries: a throttled call must be answered once and counted once.
        config = Config(retries={"total_max_attempts": 1}, max_pool_connections=20)

        def client(service):
            return boto3.client(
                service,
                endpoint_url=endpoint,
                region_name=region,
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=config,
            )

        self.name = region
        self.lambdas = client("lambda")
        self.queues = client("sqs")
        self.metrics = client("cloudwatch")
        self.account = client("sts").get_caller_identity()["Account"]


def main():
    endpoint, name = sys.argv[1:]
    region = Region(endpoint, name)
    queues, mapping = deploy(region)
    minute, calls, rounds = measure(region)
    depths = wait_for_failures(region, queues, rounds)
    publish(region, minute, calls)
    json.dump(document(region, minute, calls, queues, depths, mapping), sys.stdout)


# Deploying


def deploy(region):
    """Creates everything. Returns the queues by name, as (URL, ARN), and the event source mapping."""
    queues = {name: create_queue(region, name) for name in ("e2e-dlq", "e2e-failed", "e2e-poison")}
    queues["e2e-work"] = create_queue(
        region,
        "e2e-work",
        # The first failure moves a message to the redrive queue, a second after it was received.
        VisibilityTimeout="1",
        RedrivePolicy=json.dumps({"deadLetterTargetArn": queues["e2e-poison"][1], "maxReceiveCount": 1}),
    )

    create_function(region, "e2e-failing", MemorySize=256, Timeout=10)
    create_function(region, "e2e-throttled", Timeout=10)
    region.lambdas.put_function_concurrency(FunctionName="e2e-throttled", ReservedConcurrentExecutions=1)
    create_function(region, "e2e-dead-letters", DeadLetterConfig={"TargetArn": queues["e2e-dlq"][1]})
    create_function(region, "e2e-on-failure")
    create_function(region, "e2e-idle")
    create_function(region, "e2e-logs", LoggingConfig={"LogFormat": "Text", "LogGroup": "/e2e/custom"})
    create_function(region, "e2e-canary")
    create_function(region, "e2e-worker", Handler="handlers.on_message")

    # Without retries each event is exactly one invocation, and its failure is final at once.
    region.lambdas.put_function_event_invoke_config(FunctionName="e2e-dead-letters", MaximumRetryAttempts=0)
    region.lambdas.put_function_event_invoke_config(
        FunctionName="e2e-on-failure",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": queues["e2e-failed"][1]}},
    )

    region.lambdas.publish_version(FunctionName="e2e-canary")
    # A second version needs a difference: AWS publishes unchanged code and configuration only once.
    region.lambdas.update_function_configuration(FunctionName="e2e-canary", Description="the new version")
    region.lambdas.publish_version(FunctionName="e2e-canary")
    region.lambdas.create_alias(FunctionName="e2e-canary", Name="live", FunctionVersion="1")

    mapping = region.lambdas.create_event_source_mapping(
        FunctionName="e2e-worker",
        EventSourceArn=queues["e2e-work"][1],
        BatchSize=1,
        ScalingConfig={"MaximumConcurrency": 2},
    )
    for number in range(POISONED_MESSAGES):
        region.queues.send_message(QueueUrl=queues["e2e-work"][0], MessageBody=json.dumps({"number": number}))
    return queues, mapping


def create_queue(region, name, **attributes):
    url = region.queues.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    answer = region.queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, answer["Attributes"]["QueueArn"]


def create_function(region, name, **settings):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.write(pathlib.Path(__file__).with_name("handlers.py"), "handlers.py")
    region.lambdas.create_function(
        **{
            "FunctionName": name,
            "Runtime": "python3.12",
            "Role": f"arn:aws:iam::{region.account}:role/e2e",
            "Handler": "handlers.on_request",
            "Code": {"ZipFile": archive.getvalue()},
            **settings,
        }
    )


# Traffic


def measure(region):
    """Invokes until a whole round falls into one minute. Returns that minute's start, its calls and the rounds made."""
    for done in range(1, ROUNDS + 1):
        minute = minute_with_room()
        calls = invoke_everything(region)
        if minute_of(time.time()) == minute:
            return minute, calls, done
    sys.exit(f"no round of invocations fell into one minute, {ROUNDS} were tried")


def utc(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


def minute_of(seconds):
    return int(seconds) // 60 * 60


def minute_with_room():
    """The start of the present minute, or of the next one, waited for, when too little is left of the present."""
    now = time.time()
    if now + ROUND_S > minute_of(now) + 60:
        time.sleep(minute_of(now) + 60 - now)
    return minute_of(time.time())


def invoke_everything(region):
    calls = []

    def invoke(function, count, at_once=1, **keywords):
        with ThreadPoolExecutor(at_once) as pool:
            futures = [pool.submit(call, region, function, **keywords) for _ in range(count)]
            calls.extend(future.result() for future in futures)

    invoke("e2e-failing", 15)
    invoke("e2e-failing", 5, fail=True)
    invoke("e2e-logs", 3)
    invoke("e2e-throttled", 6, at_once=6, sleep_s=1)
    for function, events in ASYNC_EVENTS.items():
        invoke(function, events, queue=True, fail=True)
    # Quirk: MiniStack keeps an alias's weights but sends every call to its primary version. So each version
    # takes its turn as the primary one; what is called is the alias, and the responses say which version ran.
    for version, other in (("2", "1"), ("1", "2")):
        route(region, version, other)
        invoke("e2e-canary", CANARY_CALLS[version] - CANARY_ERRORS[version], at_once=3, alias="live")
        invoke("e2e-canary", CANARY_ERRORS[version], alias="live", fail=True)
    return calls


def route(region, primary, other):
    weights = {other: WEIGHT_OF_NEW if other == "2" else 1 - WEIGHT_OF_NEW}
    region.lambdas.update_alias(
        FunctionName="e2e-canary",
        Name="live",
        FunctionVersion=primary,
        RoutingConfig={"AdditionalVersionWeights": weights},
    )


def call(region, function, alias=None, queue=False, **event):
    started = time.time()
    try:
        answer = region.lambdas.invoke(
            FunctionName=function,
            InvocationType="Event" if queue else "RequestResponse",
            Payload=json.dumps(event),
            **({"Qualifier": alias} if alias else {}),
        )
    except region.lambdas.exceptions.TooManyRequestsException:
        return Call(function, alias, None, "throttled", started, time.time())
    answer["Payload"].read()
    outcome = "queued" if queue else "error" if "FunctionError" in answer else "ok"
    return Call(function, alias, answer["ExecutedVersion"], outcome, started, time.time())


def wait_for_failures(region, queues, rounds):
    """Waits until every failed event and message has reached its queue. Returns the depths by queue name."""
    expected = {
        "e2e-dlq": ASYNC_EVENTS["e2e-dead-letters"] * rounds,
        "e2e-failed": ASYNC_EVENTS["e2e-on-failure"] * rounds,
        "e2e-poison": POISONED_MESSAGES,
        "e2e-work": 0,
    }
    deadline = time.monotonic() + DEADLINE_S
    while (depths := {name: depth(region, queues[name][0]) for name in expected}) != expected:
        if time.monotonic() > deadline:
            sys.exit(f"the queues hold {depths}, not {expected}, after {DEADLINE_S} s")
        time.sleep(0.1)
    return depths


def depth(region, url):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = region.queues.get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return sum(int(answer["Attributes"][name]) for name in names)


# Metrics


def function_dimensions(function):
    return [{"Name": "FunctionName", "Value": function}]


def alias_dimensions(function, alias, version=None):
    dimensions = function_dimensions(function) + [{"Name": "Resource", "Value": f"{function}:{alias}"}]
    return dimensions + ([{"Name": "ExecutedVersion", "Value": version}] if version else [])


def publish(region, minute, calls):
    """Makes CloudWatch hold what AWS would: adds what MiniStack does not publish, evens out what it miscounts."""
    data = []

    def datum(name, dimensions, unit="Count", **value):
        data.append({"MetricName": name, "Dimensions": dimensions, "Timestamp": utc(minute), "Unit": unit, **value})

    for function in sorted({call.function for call in calls}):
        own = [call for call in calls if call.function == function]
        dimensions = function_dimensions(function)
        # Quirk: MiniStack counts a throttled call twice, and as an invocation and an error besides. It does not
        # see how an asynchronous invocation ends. The difference is published, negative if need be. (The tiny
        # Duration it records for a throttled call stays: durations are compared with what CloudWatch says.)
        for name, right in counts(own).items():
            difference = right - sum(read(region, dimensions, name, "Sum", minute, minute + 60))
            if difference:
                datum(name, dimensions, Value=difference)
        # Quirk: MiniStack publishes four metrics under FunctionName and nothing else.
        if function in ASYNC_EVENTS:
            datum("AsyncEventsReceived", dimensions, Value=len(own))
        else:
            datum("ConcurrentExecutions", dimensions, Value=overlap(own))

    # Quirk: asked for a metric without dimensions, MiniStack merges every dimension set. A maximum stays right,
    # because no function has more concurrency than the Region; the sums come out too large.
    for name, value in {**counts(calls), **concurrency(calls)}.items():
        datum(name, [], Value=value)

    for version in CANARY_CALLS:
        own = [call for call in calls if call.alias == "live" and call.version == version]
        dimensions = alias_dimensions("e2e-canary", "live", version)
        datum("Invocations", dimensions, Value=len(own))
        datum("Errors", dimensions, Value=counts(own)["Errors"])
        datum("Duration", dimensions, "Milliseconds", Values=[1000 * (call.ended - call.started) for call in own])
    for name, value in counts([call for call in calls if call.alias == "live"]).items():
        datum(name, alias_dimensions("e2e-canary", "live"), Value=value)

    region.metrics.put_metric_data(Namespace="AWS/Lambda", MetricData=data)


def counts(calls):
    """The calls in AWS's terms: a throttled call is no invocation; every asynchronous event is made to fail."""
    outcomes = [call.outcome for call in calls]
    return {
        "Invocations": len(outcomes) - outcomes.count("throttled"),
        "Errors": outcomes.count("error") + outcomes.count("queued"),
        "Throttles": outcomes.count("throttled"),
    }


def overlap(calls):
    """The most calls that were running at one time, as their caller saw it."""
    running = [call for call in calls if call.outcome in ("ok", "error")]
    return max((sum(other.started <= call.started < other.ended for other in running) for call in running), default=0)


def concurrency(calls):
    reserved = {"e2e-throttled": 1}
    unreserved = overlap([call for call in calls if call.function not in reserved])
    return {
        "ConcurrentExecutions": overlap(calls),
        "UnreservedConcurrentExecutions": unreserved,
        "ClaimedAccountConcurrency": unreserved + sum(reserved.values()),
    }


def read(region, dimensions, name, statistic, start, end):
    """GetMetricData's values, one a minute."""
    answer = region.metrics.get_metric_data(
        StartTime=utc(start),
        EndTime=utc(end),
        MetricDataQueries=[
            {
                "Id": "q",
                "MetricStat": {
                    "Metric": {"Namespace": "AWS/Lambda", "MetricName": name, "Dimensions": dimensions},
                    "Period": 60,
                    "Stat": statistic,
                },
            }
        ],
    )
    return answer["MetricDataResults"][0]["Values"]


# The document


def document(region, minute, calls, queues, depths, mapping):
    limits = region.lambdas.get_account_settings()["AccountLimit"]
    in_use = concurrency(calls)
    dead_letters = {
        "e2e-dead-letters": ("dead_letter_queue", "e2e-dlq"),
        "e2e-on-failure": ("on_failure", "e2e-failed"),
        "e2e-worker": ("source_redrive", "e2e-poison"),
    }

    def function(settings):
        name = settings["FunctionName"]
        reserved = region.lambdas.get_function_concurrency(FunctionName=name)
        targets = [dead_letters[name]] if name in dead_letters else []
        return {
            "name": name,
            "arn": settings["FunctionArn"],
            "runtime": settings["Runtime"],
            "memory_mb": settings["MemorySize"],
            "timeout_s": settings["Timeout"],
            "reserved_concurrency": reserved.get("ReservedConcurrentExecutions"),
            "snap_start": False,
            "metrics": function_metrics(region, minute, [call for call in calls if call.function == name], name),
            "dead_letters": [
                {"role": role, "kind": "sqs", "arn": queues[queue][1], "depth": depths[queue], "in_flight": 0}
                for role, queue in targets
            ],
            "event_sources": [event_source(mapping)] if name == "e2e-worker" else [],
            "aliases": [alias(region, minute, calls)] if name == "e2e-canary" else [],
        }

    functions = region.lambdas.list_functions()["Functions"]
    return {
        "account": region.account,
        "region": region.name,
        "minute": iso(minute),
        "concurrency": {
            "limit": limits["ConcurrentExecutions"],
            "unreserved_limit": limits["UnreservedConcurrentExecutions"],
            "in_use": in_use["ConcurrentExecutions"],
            "unreserved_in_use": in_use["UnreservedConcurrentExecutions"],
            "claimed": in_use["ClaimedAccountConcurrency"],
            "headroom": limits["ConcurrentExecutions"] - in_use["ClaimedAccountConcurrency"],
            "as_of": iso(minute),
        },
        "functions": [function(settings) for settings in functions],
    }


def iso(seconds):
    return utc(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")


def function_metrics(region, minute, calls, name):
    # Nothing was published for a function nobody called. Quirk: nor for one that an event source invokes.
    own = counts(calls) if calls else dict.fromkeys(("Invocations", "Errors", "Throttles"))
    queued = len(calls) if name in ASYNC_EVENTS else None
    return {
        **({"as_of": iso(minute), "period_s": 60} if calls else {}),
        "invocations": own["Invocations"],
        "errors": own["Errors"],
        "throttles": own["Throttles"],
        "error_rate": own["Errors"] / own["Invocations"] if own["Invocations"] else None,
        "concurrent_executions": overlap(calls) if calls and not queued else None,
        "duration_ms": durations(region, minute, function_dimensions(name)),
        "async_events_received": queued,
        "async_events_dropped": None,
        "async_event_age_ms": None,
        "dead_letter_errors": None,
        "destination_delivery_failures": None,
        "iterator_age_ms": None,
        "offset_lag": None,
        "provisioned_spillover": None,
        "recursive_invocations_dropped": None,
    }


def durations(region, minute, dimensions):
    statistics = {"avg": "Average", "p50": "p50", "p95": "p95", "p99": "p99", "max": "Maximum"}
    values = {key: read(region, dimensions, "Duration", name, minute, minute + 60) for key, name in statistics.items()}
    return {key: value[0] if value else None for key, value in values.items()}


def event_source(mapping):
    return {
        "uuid": mapping["UUID"],
        "kind": "sqs",
        "arn": mapping["EventSourceArn"],
        "state": "Enabled",
        "batch_size": mapping["BatchSize"],
        "maximum_concurrency": mapping["ScalingConfig"]["MaximumConcurrency"],
        "events": None,
    }


def alias(region, minute, calls):
    through = [call for call in calls if call.alias == "live"]
    weights = {"1": 1 - WEIGHT_OF_NEW, "2": WEIGHT_OF_NEW}

    def version(name):
        own = counts([call for call in through if call.version == name])
        duration = durations(region, minute, alias_dimensions("e2e-canary", "live", name))
        return {
            "version": name,
            "weight": weights[name],
            "share": own["Invocations"] / len(through),
            "invocations": own["Invocations"],
            "errors": own["Errors"],
            "throttles": None,
            "error_rate": own["Errors"] / own["Invocations"],
            "duration_ms": {key: duration[key] for key in ("p50", "p95", "p99")},
        }

    return {
        "name": "live",
        "version": "1",
        "additional": {"2": WEIGHT_OF_NEW},
        "versions": [version(name) for name in CANARY_CALLS],
    }


if __name__ == "__main__":
    main()
