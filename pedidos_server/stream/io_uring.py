"""The same bytes to many sockets in one system call: Linux's io_uring (man 7 io_uring, man 2 io_uring_enter).

A fan-out is one ``send`` per stream, and what Python adds to each is a fifth of its time. Here a batch of sends
is handed to the kernel at once, which does them one after the other before the call returns. Only those that went
wrong, or took less than all, come back (IOSQE_CQE_SKIP_SUCCESS, Linux 5.17).

Spoken by ctypes, because the standard library has no binding and the third-party ones need a compiler. Where
the kernel has none or forbids it (an older one, a container's seccomp, ``kernel.io_uring_disabled``), ``open_ring``
returns None, and the hub sends in a loop.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import socket
import struct
import sys

ENTRIES = 256
"""Sends in one call: a millisecond or two in which the loop does nothing else."""

MORE_THAN_FITS = 4 * 1024 * 1024
"""Bytes that no socket takes at once."""

_SETUP, _ENTER = 425, 426  # the same on every architecture
_OFFSET_RINGS, _OFFSET_ENTRIES = 0, 0x1000_0000
_SINGLE_MMAP, _SKIPS_SUCCESS = 1 << 0, 1 << 11  # IORING_FEAT_SINGLE_MMAP, IORING_FEAT_CQE_SKIP
_SENDMSG, _SKIP_SUCCESS = 9, 1 << 6  # IORING_OP_SENDMSG, IOSQE_CQE_SKIP_SUCCESS
_FLAGS = 0x40 | 0x100 | 0x4000
"""MSG_DONTWAIT: never later, when the bytes may be others. MSG_WAITALL: less than all is no success.
MSG_NOSIGNAL."""
_ENTRY = struct.Struct("<BBHiQQIIQ24x")  # struct io_uring_sqe, 64 bytes
_COMPLETION = struct.Struct("<QiI")


class _SubmissionOffsets(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("head", "tail", "mask", "entries", "flags", "dropped", "array")]
    _fields_ += [("reserved", ctypes.c_uint32), ("address", ctypes.c_uint64)]


class _CompletionOffsets(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("head", "tail", "mask", "entries", "overflow", "cqes", "flags")]
    _fields_ += [("reserved", ctypes.c_uint32), ("address", ctypes.c_uint64)]


class _Parameters(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("sq_entries", "cq_entries", "flags", "cpu", "idle", "features")]
    _fields_ += [("wq_fd", ctypes.c_uint32), ("reserved", ctypes.c_uint32 * 3)]
    _fields_ += [("submission", _SubmissionOffsets), ("completion", _CompletionOffsets)]


class _Slice(ctypes.Structure):  # struct iovec
    _fields_ = [("base", ctypes.c_char_p), ("length", ctypes.c_size_t)]


class _Message(ctypes.Structure):  # struct msghdr
    _fields_ = [("name", ctypes.c_void_p), ("name_length", ctypes.c_uint32)]
    _fields_ += [("slices", ctypes.POINTER(_Slice)), ("slice_count", ctypes.c_size_t)]
    _fields_ += [("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t), ("flags", ctypes.c_int)]


class Ring:
    """One submission queue and one completion queue. For one thread. Raises OSError where the kernel refuses."""

    def __init__(self) -> None:
        self._call = ctypes.CDLL(None, use_errno=True).syscall
        self._slice = _Slice()
        self._message = _Message(slices=ctypes.pointer(self._slice), slice_count=1)
        parameters = _Parameters()
        self._fd = self._call(_SETUP, ENTRIES, ctypes.byref(parameters))
        if self._fd < 0:
            raise _error()
        try:
            if not parameters.features & _SINGLE_MMAP or not parameters.features & _SKIPS_SUCCESS:
                raise OSError(errno.ENOSYS, "io_uring is too old")
            submission, completion = parameters.submission, parameters.completion
            size = max(
                submission.array + parameters.sq_entries * 4,
                completion.cqes + parameters.cq_entries * _COMPLETION.size,
            )
            self._rings = mmap.mmap(self._fd, size, offset=_OFFSET_RINGS)
            self._entries = mmap.mmap(self._fd, parameters.sq_entries * _ENTRY.size, offset=_OFFSET_ENTRIES)
        except OSError:
            os.close(self._fd)
            raise
        self._words = memoryview(self._rings).cast("I")
        self._sq_tail = submission.tail // 4
        self._cq_head, self._cq_tail = completion.head // 4, completion.tail // 4
        self._cqes, self._cq_mask = completion.cqes, parameters.cq_entries - 1
        for index in range(parameters.sq_entries):
            self._words[submission.array // 4 + index] = index

    def send(self, data: bytes, descriptors: list[int]) -> dict[int, int]:
        """Sends ``data`` to at most ``ENTRIES`` sockets, without waiting for any.

        Returns those that did not take all: by descriptor how many bytes they took, or minus the error's number.
        Raises ValueError for more sockets, whose entries would overwrite each other in the ring.
        """
        if len(descriptors) > ENTRIES:
            raise ValueError(f"{len(descriptors)} sends at once; the ring has {ENTRIES} entries")
        self._slice.base, self._slice.length = data, len(data)
        # The queue is empty between calls. The kernel takes entries from its tail on, in a ring of ENTRIES.
        at = self._words[self._sq_tail] % ENTRIES
        before_the_end = descriptors[: ENTRIES - at]
        self._place(at, before_the_end)
        self._place(0, descriptors[len(before_the_end) :])
        self._words[self._sq_tail] = (self._words[self._sq_tail] + len(descriptors)) & 0xFFFF_FFFF
        left = len(descriptors)
        while left:
            taken = self._call(_ENTER, self._fd, left, 0, 0, None, 0)
            if taken >= 0:
                left -= taken
            elif ctypes.get_errno() not in (errno.EINTR, errno.EAGAIN):
                raise _error()
        return self._completions()

    def _place(self, index: int, descriptors: list[int]) -> None:
        message = ctypes.addressof(self._message)
        entries = b"".join(
            _ENTRY.pack(_SENDMSG, _SKIP_SUCCESS, 0, descriptor, 0, message, 1, _FLAGS, descriptor)
            for descriptor in descriptors
        )
        self._entries[index * _ENTRY.size : index * _ENTRY.size + len(entries)] = entries

    def _completions(self) -> dict[int, int]:
        results = {}
        head, tail = self._words[self._cq_head], self._words[self._cq_tail]
        while head != tail:
            descriptor, result, _ = _COMPLETION.unpack_from(
                self._rings, self._cqes + (head & self._cq_mask) * _COMPLETION.size
            )
            results[descriptor] = result
            head = (head + 1) & 0xFFFF_FFFF
        self._words[self._cq_head] = head
        return results

    def close(self) -> None:
        self._words.release()
        self._rings.close()
        self._entries.close()
        os.close(self._fd)


def open_ring() -> Ring | None:
    """A ring, or None where there is none to have."""
    if sys.platform != "linux" or struct.calcsize("P") != 8 or sys.byteorder != "little":
        return None
    try:
        ring = Ring()
    except OSError:
        return None
    if not counts_what_was_taken(ring):
        ring.close()
        return None
    return ring


def counts_what_was_taken(ring: Ring) -> bool:
    """False on a kernel that says EAGAIN of a send which took part of the bytes, as Linux 5.19 and 6.0 do: they would
    be sent twice."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)
        data = bytes(MORE_THAN_FITS)
        said = ring.send(data, [ours.fileno()]).get(ours.fileno(), len(data))
        ours.close()
        arrived = 0
        while piece := theirs.recv(65536):
            arrived += len(piece)
    return said == arrived


def _error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
