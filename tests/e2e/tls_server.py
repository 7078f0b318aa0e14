# SPDX-License-Identifier: MIT
"""A real HTTPS server of many vhosts: nginx, with a key of its own for each."""
import subprocess

from lab.child import Child
from lab.nginx import random_body

PORT = 443

_CONFIG = """
daemon off; user root; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log warn;
events {{ worker_connections 1024; }}
http {{
  client_body_temp_path {folder}/tmp1; proxy_temp_path {folder}/tmp2; fastcgi_temp_path {folder}/tmp3;
  uwsgi_temp_path {folder}/tmp4; scgi_temp_path {folder}/tmp5;
  access_log off; default_type application/octet-stream; root {folder}/www; ssl_protocols TLSv1.2 TLSv1.3;
  {vhosts}
}}
"""
_VHOST = """
  server {{
    listen {port} ssl http2; listen [::]:{port} ssl http2; server_name {vhost};
    ssl_certificate {certificate}; ssl_certificate_key {certificate};
    location = /who {{ default_type text/plain; return 200 "{vhost} {name}"; }}
  }}
"""


def certify(run, vhost):
    """A file with a new key and a certificate by itself."""
    path = run.path(f"{vhost}.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj",
                    f"/CN={vhost}", "-addext", f"subjectAltName=DNS:{vhost}", "-keyout", path, "-out", f"{path}.part"],
                   check=True, capture_output=True, timeout=30)
    part = path.with_name(f"{path.name}.part")
    path.write_bytes(path.read_bytes() + part.read_bytes())
    part.unlink()
    return path


class TlsServer:
    """Ready when the constructor returns; on 443 /who says "VHOST NAME", /body is random_body().

    certificates  {vhost: a file of certify()}; who names none of them gets the first
    """

    def __init__(self, run, space, certificates):
        self.space, self.name = space, space.name
        folder = run.path(f"tls-{self.name}")
        (folder / "www").mkdir(parents=True)
        (folder / "www/body").write_bytes(random_body())
        vhosts = "".join(_VHOST.format(port=PORT, vhost=vhost, certificate=path, name=self.name) for vhost, path in certificates.items())
        config = folder / "nginx.conf"
        config.write_text(_CONFIG.format(folder=folder, vhosts=vhosts))
        self.child = Child(run, f"tls-{self.name}", ["/usr/sbin/nginx", "-p", folder, "-c", config, "-e", folder / "error.log"], space)
        self.child.wait_until(lambda: self.space.call("curl", "-skf", "--noproxy", "*", "https://127.0.0.1/who", check=False).stdout,
                              "it answered")
