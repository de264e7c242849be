"""The machine's settings that make a step faster, made once at start-up."""

import ctypes
import sys


def keep_memory() -> None:
    """Let glibc keep freed memory instead of handing it back to the system after every step.

    Tensors of a step are of the same sizes each time; without this a small convolutional model spends a quarter of
    its step in page faults. Linux with glibc only; elsewhere it does nothing.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    m_trim_threshold, m_top_pad, m_mmap_threshold = -1, -2, -3
    mallopt(m_mmap_threshold, 1 << 30)
    mallopt(m_trim_threshold, 2**31 - 1)
    mallopt(m_top_pad, 64 << 20)
