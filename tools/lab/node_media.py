# SPDX-License-Identifier: MIT
"""A real media server that gives out by HTTP-FLV what was published by RTMP: node-media-server, as tools/install takes it from npm."""
import json
import os
import shutil
from pathlib import Path

from .child import Child
from .nginx import RTMP_PORT, WEB_PORT
from .wait import wait_for

_MODULES = Path("/var/cache/cleat/npm/node_modules")
_PROGRAM = """
const Server = require('node-media-server');
const [rtmp, web, root] = process.argv.slice(1);
new Server({ logType: 2, rtmp: { port: +rtmp, chunk_size: 4096, gop_cache: true, ping: 30, ping_timeout: 60 },
             http: { port: +web, mediaroot: root, allow_origin: '*' } }).run();
"""


def no_node_media():
    """Why there is none; None: there is."""
    if not shutil.which("node") or not (_MODULES / "node-media-server").is_dir():
        return "no node, or no node-media-server for it (tools/install test takes it from npm where npm is)"
    return None


class NodeMedia:
    """Serves on every address of `space`; ready when the constructor returns. Application live on 1935; HTTP-FLV on 8080."""

    def __init__(self, run, space):
        self.space, self.name = space, space.name
        words = ["node", "-e", _PROGRAM, RTMP_PORT, WEB_PORT, run.folder]
        self.child = Child(run, f"node-media-{self.name}", words, space, environment={**os.environ, "NODE_PATH": str(_MODULES)})
        self.child.wait_until(lambda: self._curl().returncode == 0, "it answered", 30)

    def playable(self):
        """Names of the streams that are published to it now."""
        done = wait_for(lambda: (asked := self._curl()).returncode == 0 and asked, f"{self.name} to answer", 20)
        return {name for name, stream in json.loads(done.stdout).get("live", {}).items() if stream["publisher"]}

    def _curl(self):
        return self.space.call("curl", "-sf", "--noproxy", "*", "-m", 5, f"http://127.0.0.1:{WEB_PORT}/api/streams", check=False)
