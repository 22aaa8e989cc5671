#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A wire tap: tap.py PROVIDER FOLDER starts the provider, stands before its socket and writes what
each connection says into FOLDER/<n>.up (to the provider) and FOLDER/<n>.down."""
import os
import socket
import subprocess
import sys
import threading

provider, folder = sys.argv[1:]
child = subprocess.Popen([provider], stdout=subprocess.PIPE)
fields = child.stdout.readline().decode().rstrip("\n").split("|")
real, fields[3] = fields[3], os.path.join(os.environ["PLUGIN_UNIX_SOCKET_DIR"], "tap")


def relay(source, target, name):
    with open(os.path.join(folder, name), "wb", buffering=0) as log:
        while data := source.recv(65536):
            log.write(data)
            target.sendall(data)
    try:
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # the other direction has ended both


with socket.socket(socket.AF_UNIX) as listener:
    listener.bind(fields[3])
    listener.listen()
    print("|".join(fields), flush=True)
    for number in range(1, 1000):
        client, _ = listener.accept()
        server = socket.socket(socket.AF_UNIX)
        server.connect(real)
        for pair in ((client, server, f"{number}.up"), (server, client, f"{number}.down")):
            threading.Thread(target=relay, args=pair, daemon=True).start()
