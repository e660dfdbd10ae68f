"""How a machine is cut into resources: by core, thread, GPU, or not at all. Pure, and done once for all hosts alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias, get_args

from wizard.machine.model import Core, Gpu, Machine

Granularity: TypeAlias = Literal["core", "thread", "host", "gpu"]
GRANULARITIES: tuple[Granularity, ...] = get_args(Granularity)


class Piece(NamedTuple):
    """What one resource holds. `things`: for each of the layout's `numbering` the place of its cpu, core… on the
    machine, from 0."""

    things: tuple[int, ...]
    cpuset: str
    processors: frozenset[int]
    gpudevice: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """`numbering`: which of OAR's numbers its resources have; `counts`: how many of each the machine takes; `mem` as
    OAR's tools give it, None when it is not known."""

    numbering: tuple[str, ...]
    pieces: tuple[Piece, ...]
    counts: tuple[int, ...]
    mem: int | None
    gpus: bool
    #: Of the pieces' cpusets.
    longest: str

    @property
    def names(self) -> list[str]:
        """The properties of its resources, in the order in which OAR's tools set them."""
        names = ["host", *(name for name in self.numbering if name != "gpu"), "cpuset"]
        return names + ["mem"] * (self.mem is not None) + ["gpu", "gpudevice"] * self.gpus


def layout(machine: Machine, granularity: Granularity, *, gpus: bool = False) -> Layout:
    """One piece a core ("0,4": its threads), a thread, a GPU (with the cores that are its), or the whole machine,
    packages and cores in order. `gpus`: cores and threads belong to the machine's GPUs, each to one. ValueError for a
    machine that cannot be cut so."""
    if granularity == "gpu" and not machine.gpus:
        raise ValueError("it has no GPU to cut it by")
    with_gpus = granularity == "gpu" or (gpus and bool(machine.gpus) and granularity != "host")
    owner = share(machine) if with_gpus else {}
    devices = [str(gpu.device) for gpu in machine.gpus]
    numbering: tuple[str, ...] = {
        "core": ("cpu", "core"),
        "thread": ("cpu", "core", "thread"),
        "gpu": ("cpu",),
        "host": (),
    }[granularity]
    pieces: list[Piece] = []
    if granularity == "host":
        pieces.append(_piece((), machine.threads))
    elif granularity == "gpu":
        shares = [[place for place in _places(machine) if owner[place.threads] == gpu] for gpu in range(len(devices))]
        if any(len({place.package for place in of_gpu}) > 1 for of_gpu in shares):
            numbering = ()  # a GPU with cores of two packages is in no cpu
        for gpu, of_gpu in enumerate(shares):
            cpu = (of_gpu[0].package,) if numbering else ()
            threads = sorted(thread for place in of_gpu for thread in place.threads)
            pieces.append(_piece((*cpu, gpu), threads, devices[gpu]))
    else:
        for place in _places(machine):
            gpu_of = (owner[place.threads],) if with_gpus else ()
            device = devices[gpu_of[0]] if gpu_of else ""
            if granularity == "core":
                pieces.append(_piece((place.package, place.core, *gpu_of), place.threads, device))
            else:
                for thread in place.threads:
                    pieces.append(_piece((place.package, place.core, len(pieces), *gpu_of), (thread,), device))
    if with_gpus:
        numbering += ("gpu",)
    counts = tuple(max(piece.things[at] for piece in pieces) + 1 for at in range(len(numbering)))
    mem = gibibytes(machine.memory_kb) if machine.memory_kb else None
    longest = max((piece.cpuset for piece in pieces), key=len)
    return Layout(numbering, tuple(pieces), counts, mem, with_gpus, longest)


def gibibytes(kilobytes: int) -> int:
    """MemTotal as OAR's tools put it into `mem`: GiB, and one on top."""
    return kilobytes // 1024 // 1024 + 1


class _Place(NamedTuple):
    """A core by its places on the machine, from 0."""

    package: int
    core: int
    threads: tuple[int, ...]


def _places(machine: Machine) -> Iterator[_Place]:
    cores = 0
    for package, of_package in enumerate(machine.packages):
        for core in of_package.cores:
            yield _Place(package, cores, core.threads)
            cores += 1


def _piece(things: tuple[int, ...], threads: Sequence[int], gpudevice: str = "") -> Piece:
    # No ranges: OAR's job managers loop over what stands between the commas.
    return Piece(things, ",".join(map(str, threads)), frozenset(threads), gpudevice)


def share(machine: Machine) -> dict[tuple[int, ...], int]:
    """Every core (its threads) → the place of the GPU it belongs to. A GPU gets cores that are near it, as many as its
    neighbours; cores that are near none go to the GPUs with the fewest. ValueError when there are more GPUs than
    cores."""
    cores = [core for package in machine.packages for core in package.cores]
    if len(cores) < len(machine.gpus):
        raise ValueError(f"it has {len(machine.gpus)} GPUs and only {len(cores)} cores")
    near: dict[tuple[int, ...], list[int]] = {}
    for place, gpu in enumerate(machine.gpus):
        near.setdefault(_near(gpu, cores), []).append(place)
    owner: dict[tuple[int, ...], int] = {}
    held = [0] * len(machine.gpus)
    for around, gpus in near.items():
        free = [core for core in cores if core.threads not in owner and set(core.threads) & set(around)]
        if len(free) < len(gpus):  # crowded: whatever is near, each must have one
            return {core.threads: at * len(machine.gpus) // len(cores) for at, core in enumerate(cores)}
        for at, core in enumerate(free):
            gpu_of = gpus[at * len(gpus) // len(free)]
            owner[core.threads] = gpu_of
            held[gpu_of] += 1
    for core in cores:
        if core.threads not in owner:
            gpu_of = held.index(min(held))
            owner[core.threads] = gpu_of
            held[gpu_of] += 1
    return owner


def _near(gpu: Gpu, cores: list[Core]) -> tuple[int, ...]:
    """The processors that may be used near the GPU; all of them when that is not known."""
    every = {thread for core in cores for thread in core.threads}
    return tuple(sorted(every & set(gpu.threads) or every))
