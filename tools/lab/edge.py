# SPDX-License-Identifier: MIT
"""A real edge: nginx with Debian's RTMP module that fetches from an origin what is played on it, once, however many play it."""
from .child import Child
from .nginx import RTMP_PORT

_CONFIG = """
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
daemon off; user root; worker_processes 1; pid {folder}/edge.pid; error_log {folder}/edge.log warn;
events {{ worker_connections 4096; }}
rtmp {{
  access_log off;
  server {{
    listen {rtmp}; listen [::]:{rtmp} ipv6only=on;
    application {app} {{ live on; wait_key on; wait_video on; pull rtmp://{origin}/{app}; }}
  }}
}}
"""


class Edge:
    """Serves application `app` on 1935 of every address of `space`, from rtmp://origin/app; ready when the constructor returns."""

    def __init__(self, run, space, origin, app):
        self.space, self.name = space, space.name
        folder = run.path(f"edge-{self.name}")
        folder.mkdir()
        config = folder / "nginx.conf"
        config.write_text(_CONFIG.format(folder=folder, rtmp=RTMP_PORT, origin=origin, app=app))
        words = ["/usr/sbin/nginx", "-p", folder, "-c", config, "-e", folder / "error.log"]
        self.child = Child(run, f"edge-{self.name}", words, space)
        self.child.wait_until(self._listens, "it listens")

    def _listens(self):
        return self.space.call("ss", "-Hltn", "sport", "=", f":{RTMP_PORT}").stdout
