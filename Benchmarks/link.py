"""A link of two interfaces: what comes in at one goes out at the other some time later.

python3 link.py FIRST SECOND MILLISECONDS, as root. It does what `tc … netem delay` does, for kernels without netem. How much
goes through a second is left to `tc … tbf` at the ends.
"""

import collections
import select
import socket
import sys
import time

EVERY_PROTOCOL = socket.htons(3)
BUFFER_FORCE = {"send": 32, "receive": 33}  # SO_SNDBUFFORCE and SO_RCVBUFFORCE of Linux
OUTGOING = 4  # of sockets' packet types: what the interface itself sends


def open_interface(name):
    interface = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, EVERY_PROTOCOL)
    for option in BUFFER_FORCE.values():
        interface.setsockopt(socket.SOL_SOCKET, option, 1 << 26)
    interface.bind((name, 0))
    interface.setblocking(False)
    return interface


def main():
    delay = float(sys.argv[3]) / 1000
    first, second = open_interface(sys.argv[1]), open_interface(sys.argv[2])
    other = {first: second, second: first}
    waiting = collections.deque()  # (when it is to go out, where, packet), oldest first
    while True:
        rest = max(0, waiting[0][0] - time.monotonic()) if waiting else None
        for interface in select.select([first, second], [], [], rest)[0]:
            packet, address = interface.recvfrom(1 << 17)
            if address[2] != OUTGOING:
                waiting.append((time.monotonic() + delay, other[interface], packet))
        while waiting and waiting[0][0] <= time.monotonic():
            _, interface, packet = waiting.popleft()
            select.select([], [interface], [])
            interface.send(packet)


if __name__ == "__main__":
    main()
