"""Makes log events in MiniStack and prints what was made as one JSON document.

usage: live.py ENDPOINT_URL REGION invoke COUNT            a function, and so many invocations of it
       live.py ENDPOINT_URL REGION group NAME              a log group with one log stream
       live.py ENDPOINT_URL REGION say NAME COUNT          so many lines into that stream
       live.py ENDPOINT_URL REGION stream NAME             a Kinesis stream of two shards
       live.py ENDPOINT_URL REGION records NAME FROM COUNT so many records, as a subscription filter writes them
       live.py ENDPOINT_URL REGION split NAME              cuts the stream's first shard in two

MiniStack 1.5.33 differs from AWS in ways that are made up for here, each where it is marked `Quirk`.
"""

import gzip
import json
import sys
import time

import boto3

import deploy

FUNCTION = "e2e-live"
LOG_STREAM = "2026/11/22/[$LATEST]0123456789abcdef0123456789abcdef"
HASH_KEYS = 2**128
DEADLINE_S = 30


class Region(deploy.Region):
    """The AWS clients of one Region, with those of logs."""

    def __init__(self, endpoint, region):
        super().__init__(endpoint, region)
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        self.logs = boto3.client("logs", endpoint_url=endpoint, region_name=region, **keys)
        self.streams = boto3.client("kinesis", endpoint_url=endpoint, region_name=region, **keys)


def main():
    endpoint, region, command, *arguments = sys.argv[1:]
    commands = {"invoke": invoke, "group": group, "say": say, "stream": stream, "records": records, "split": split}
    json.dump(commands[command](Region(endpoint, region), *arguments), sys.stdout)


def invoke(region, count):
    """The request ids of the invocations, and the log group they are in."""
    try:
        region.lambdas.get_function(FunctionName=FUNCTION)
    except region.lambdas.exceptions.ResourceNotFoundException:
        deploy.create_function(region, FUNCTION, Timeout=10)
    answers = [region.lambdas.invoke(FunctionName=FUNCTION, Payload="{}") for _ in range(int(count))]
    # Quirk: the request id in the response's headers is another than the function's own.
    requests = [json.load(answer["Payload"])["request"] for answer in answers]
    return {"group": f"/aws/lambda/{FUNCTION}", "requests": requests}


def group(region, name):
    """The group's ARN."""
    region.logs.create_log_group(logGroupName=name)
    region.logs.create_log_stream(logGroupName=name, logStreamName=LOG_STREAM)
    [found] = region.logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return {"arn": found["arn"].removesuffix(":*"), "stream": LOG_STREAM}


def say(region, name, count):
    """The messages, in their order."""
    first = int(time.time() * 1000) - int(count)
    events = [{"timestamp": first + number, "message": f"line {number} ✓\n"} for number in range(int(count))]
    region.logs.put_log_events(logGroupName=name, logStreamName=LOG_STREAM, logEvents=events)
    return {"messages": [event["message"] for event in events], "timestamps": [event["timestamp"] for event in events]}


def stream(region, name):
    region.streams.create_stream(StreamName=name, ShardCount=2)
    deadline = time.monotonic() + DEADLINE_S
    while region.streams.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamStatus"] != "ACTIVE":
        if time.monotonic() > deadline:
            sys.exit(f"the stream is not active after {DEADLINE_S} s")
        time.sleep(0.1)
    return {"shards": shards(region, name)}


def records(region, name, start, count):
    """The ids of the events. Quirk: MiniStack's subscription filters deliver nothing, so the records are made here."""
    numbers = range(int(start), int(start) + int(count))
    put(region, name, 0, envelope("CONTROL_MESSAGE", [event("", "CWL CONTROL MESSAGE: Checking health")]))
    used = {put(region, name, number, envelope("DATA_MESSAGE", events_of(number))) for number in numbers}
    return {"ids": [event["id"] for number in numbers for event in events_of(number)], "shards": sorted(used)}


def events_of(number):
    return [event(f"{number:054}{half:02}", f"REPORT {number}.{half}\n") for half in range(2)]


def event(name, message):
    return {"id": name, "timestamp": int(time.time() * 1000), "message": message}


def envelope(kind, events):
    """A subscription filter's record (its data begins 1f 8b)."""
    return gzip.compress(
        json.dumps(
            {
                "messageType": kind,
                "owner": "123456789012",
                "logGroup": f"/aws/lambda/{FUNCTION}",
                "logStream": LOG_STREAM,
                "subscriptionFilters": ["lamtop"],
                "logEvents": events,
            }
        ).encode()
    )


def put(region, name, number, data):
    """Puts a record so that consecutive numbers fall to places all over the stream. Returns the shard it is in."""
    key = str(number * 2654435761 % 2**32 * (HASH_KEYS // 2**32))
    answer = region.streams.put_record(StreamName=name, Data=data, PartitionKey="p", ExplicitHashKey=key)
    return answer["ShardId"]


def split(region, name):
    first = region.streams.list_shards(StreamName=name)["Shards"][0]
    lowest, highest = (int(first["HashKeyRange"][end]) for end in ("StartingHashKey", "EndingHashKey"))
    middle = str((lowest + highest) // 2)
    region.streams.split_shard(StreamName=name, ShardToSplit=first["ShardId"], NewStartingHashKey=middle)
    return {"split": first["ShardId"], "shards": shards(region, name)}


def shards(region, name):
    return [shard["ShardId"] for shard in region.streams.list_shards(StreamName=name)["Shards"]]


if __name__ == "__main__":
    main()
