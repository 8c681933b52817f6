"""The code of the deployed functions."""

import time


def on_request(event, context):
    """Does what the event asks for: takes `sleep_s`, then fails when `fail` is set."""
    time.sleep(event.get("sleep_s", 0))
    if event.get("fail"):
        raise RuntimeError("failed as asked")
    return {"version": context.function_version, "request": context.aws_request_id}


def on_message(event, context):
    """Processes no message: each of them is poison."""
    raise RuntimeError(f"cannot process {len(event['Records'])} message(s)")
