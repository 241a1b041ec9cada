"""A small process that speaks the inspector's lines, without torch: for the client's own behaviour.

`thumbnails` answers with a picture, `slow` waits, `die` ends the process, `refuse` refuses in words.
"""

import json
import os
import sys
import tempfile
import time

import numpy as np

print(json.dumps({"ready": True}), flush=True)
print("a line that is no JSON", flush=True)
for line in sys.stdin:
    request = json.loads(line)
    reply = {"id": request["id"], "ok": True, "info": {"echo": request.get("word", "")}}
    if request["op"] == "die":
        print("the last words", file=sys.stderr, flush=True)
        os._exit(3)
    if request["op"] == "slow":
        time.sleep(0.3)
    if request["op"] == "refuse":
        reply = {
            "id": request["id"],
            "ok": False,
            "error": "There is no such picture.",
            "fix": "Choose another.",
        }
    elif request["op"] == "replaced":
        reply = {"id": request["id"], "ok": False, "replaced": True}
    else:
        handle, path = tempfile.mkstemp(suffix=".npz", dir=os.environ["SPEAKING_FOLDER"])
        os.close(handle)
        np.savez(path, **{"0": np.full((4, 5, 3), 7, np.uint8)})
        reply["arrays"] = path
    print(json.dumps(reply), flush=True)
