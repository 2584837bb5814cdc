"""What else runs on this machine: processes of a cluster, and strangers on its port."""

import socket

import psutil

from bot.postgres.cluster import Cluster


def is_postmaster(pid: int | None, cluster: Cluster) -> bool:
    """Whether this process serves this cluster: ids are reused, and zombies answer signals."""
    if pid is None:
        return False
    try:
        process = psutil.Process(pid)
        arguments = " ".join(process.cmdline())
        return process.status() != psutil.STATUS_ZOMBIE and (
            str(cluster.settings) in arguments or str(cluster.data) in arguments
        )
    except psutil.Error:
        return False


def end_orphans(cluster: Cluster) -> None:
    """Kill what a killed server left running: it notices by itself only when it next waits.

    Nothing acknowledged is lost: the log on disk is replayed at the next start, as after a
    power cut. The pid file must name a dead process, or a server about to start could be hit.
    """
    if cluster.postmaster_pid() is None:
        return
    owner = cluster.data.stat().st_uid
    title = f"postgres: {cluster.name}: "
    for process in psutil.process_iter():
        try:
            if process.uids().real == owner and " ".join(process.cmdline()).startswith(title):
                process.kill()
        except psutil.Error:
            continue


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as PostgreSQL does
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
