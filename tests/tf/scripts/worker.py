"""Answer calls from standard input, one JSON line each, until it closes.

Runs unchanged on Python 3.7 with TensorFlow 1.15 and on later ones. Standard output is kept for the answers: whatever
TensorFlow prints goes to standard error.
"""

import importlib
import json
import os
import sys
import traceback


def answer(request):
    """The result of ``{"function": "module:name", "arguments": {...}}``, or the error it raised, as a dict."""
    try:
        module, name = request["function"].split(":")
        function = getattr(importlib.import_module(module), name)
        return {"result": function(**request["arguments"])}
    except BaseException as error:  # everything is an answer: the caller decides what is a failure
        trace = traceback.format_exc()[-4000:]
        return {"error": {"kind": type(error).__name__, "message": str(error)[:2000], "traceback": trace}}
    finally:
        _settle()


def _settle():
    """Let the next call find what TensorFlow is like when it starts: which control flow it makes is a global switch."""
    tf = sys.modules.get("tensorflow")
    if tf is not None and hasattr(tf, "compat"):
        tf1 = tf.compat.v1
        (tf1.disable_control_flow_v2 if tf.__version__.startswith("1.") else tf1.enable_control_flow_v2)()


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        json.dump(answer(json.loads(line)), answers)
        answers.write("\n")
        answers.flush()


if __name__ == "__main__":
    main()
